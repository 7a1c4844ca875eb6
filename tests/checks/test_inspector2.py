"""Inspector: what it scans, what it found, and what escapes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from bot.aws import Region
from checks import inspector2
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import NOW, Case
from tests.checks.test_guardduty_plans import off_with_a_function

KINDS = {
    inspector2.region_scans_instances: ("ec2", "has no EC2 instance scanned by Inspector"),
    inspector2.region_scans_container_images: ("ecr", "has no ECR repository scanned by Inspector"),
    inspector2.region_scans_functions: ("lambda", "has no Lambda function scanned by Inspector"),
    inspector2.region_scans_code_of_functions: (
        "lambdaCode",
        "has no Lambda function scanned by Inspector for its code",
    ),
}
LATE, KNOWN = inspector2.critical_findings_are_fixed_in_time, inspector2.exploited_vulnerabilities_are_fixed_when_due
ESCAPES = inspector2.nothing_escapes_inspector


def scanning(**kinds: str) -> dict[str, Any]:
    return {"account_id": "123456789012", "kinds": kinds}


def found(**given: Any) -> dict[str, Any]:
    return {"critical": [], "known": [], "more": False, "uncovered": []} | given


def day(number: int) -> datetime:
    return datetime(2026, 2, number, 12, tzinfo=UTC)


def critical(*days: int) -> dict[str, Any]:
    return found(critical=[{"firstObservedAt": day(number)} for number in days])


def uncovered(*reasons: str) -> dict[str, Any]:
    return found(uncovered=[{"resourceId": f"i-{reason}", "scanStatus": {"reason": reason}} for reason in reasons])


CASES = [
    case
    for check, (kind, problem) in KINDS.items()
    for case in (
        Case(check, [scanning(**{kind: "ENABLED"}), True], None),
        Case(check, [scanning(**{kind: "ENABLING"}), True], None),
        Case(check, [scanning(**{kind: "DISABLED"}), True], problem),
        Case(check, [scanning(**{kind: "SUSPENDED"}), True], problem),
        Case(check, [scanning(), True], problem),
        Case(check, [scanning(), False], NotApplicable),
    )
]
CASES += [
    Case(LATE, [found(), NOW], None),
    Case(LATE, [critical(20), NOW], None),
    Case(LATE, [critical(10, 20), NOW], "has 1 critical Inspector finding open for 15 days or more, the oldest for 20 days"),
    Case(LATE, [critical(10, 12), NOW], "has 2 critical Inspector findings open for 15 days or more, the oldest for 20 days"),
    Case(
        LATE,
        [critical(*[10] * 100), NOW],
        "has at least 100 critical Inspector findings open for 15 days or more, the oldest for 20 days",
    ),
    Case(KNOWN, [found(), NOW], None),
    Case(KNOWN, [found(known=[{"cisaData": {"dateDue": datetime(2026, 4, 1, tzinfo=UTC)}}, {}]), NOW], None),
    Case(
        KNOWN,
        [found(known=[{"cisaData": {"dateDue": day(3)}}]), NOW],
        "has 1 finding that CISA knows to be exploited past the day it is due, the first since 2026-02-03",
    ),
    Case(
        KNOWN,
        [found(known=[{"cisaData": {"dateDue": day(3)}}, {"cisaData": {"dateDue": day(2)}}]), NOW],
        "has 2 findings that CISA knows to be exploited past the day it is due, the first since 2026-02-02",
    ),
    Case(
        KNOWN,
        [found(known=[{"cisaData": {"dateDue": day(3)}}], more=True), NOW],
        "has 1 finding that CISA knows to be exploited past the day it is due, the first since 2026-02-03",
    ),
    Case(ESCAPES, [found()], None),
    Case(ESCAPES, [uncovered("EXCLUDED_BY_TAG", "EC2_INSTANCE_STOPPED", "UNSUPPORTED_OS")], None),
    Case(
        ESCAPES,
        [uncovered("UNMANAGED_EC2_INSTANCE")],
        "has Inspector unable to scan i-UNMANAGED_EC2_INSTANCE (UNMANAGED_EC2_INSTANCE)",
    ),
    Case(
        ESCAPES,
        [uncovered("STALE_INVENTORY", "NO_INVENTORY")],
        "has Inspector unable to scan i-STALE_INVENTORY and 1 more (NO_INVENTORY, STALE_INVENTORY)",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_more_findings_than_are_read_may_be_known_to_be_exploited() -> None:
    with pytest.raises(Unknown):
        KNOWN.judge(found(known=[{}], more=True), NOW)


def test_code_of_functions_brings_standard_scanning_along() -> None:
    plan = inspector2.scan_code_of_functions.plan
    assert plan(scanning(), True).do[0].params["resourceTypes"] == ["LAMBDA", "LAMBDA_CODE"]
    assert plan(scanning(**{"lambda": "ENABLED"}), True).undo[0].params["resourceTypes"] == ["LAMBDA_CODE"]


def test_where_it_scans_nothing_nothing_is_asked(aws: Region) -> None:
    assert list(inspector2.scannings.stream(aws)) == [scanning()]
    assert list(inspector2.found.stream(aws)) == []


def test_reads_the_oldest_findings_and_the_details_of_those_with_an_exploit(aws: Region) -> None:
    aws.clients.session.client("inspector2").enable(accountIds=[aws.account], resourceTypes=["EC2"])
    assert list(inspector2.found.stream(Region(aws.clients, aws.account, aws.region))) == [found()]
    arns = [f"arn:aws:inspector2:eu-west-1:123456789012:finding/{number:032x}" for number in range(12)]
    status = {"accountId": aws.account, "state": STATE, "resourceState": {"ec2": STATE, "ecr": STATE}}
    only = {"findingStatus": [equals("ACTIVE")], "awsAccountId": [equals(aws.account)]}
    asked: dict[str, Any] = {"sortCriteria": ANY, "maxResults": 100}
    with Stubber(aws.clients.get("inspector2", aws.region)) as stub:
        stub.add_response("batch_get_account_status", {"accounts": [status]})
        with_exploit = asked | {"filterCriteria": {"exploitAvailable": [equals("YES")]} | only}
        stub.add_response("list_findings", {"findings": [whole(arn) for arn in arns]}, with_exploit)
        severe = asked | {"filterCriteria": {"severity": [equals("CRITICAL")]} | only}
        stub.add_response("list_findings", {"findings": [whole(arns[0])]}, severe)
        for batch in (arns[:10], arns[10:]):
            details = [{"findingArn": arn, "cisaData": {"dateDue": day(3)}} for arn in batch]
            stub.add_response("batch_get_finding_details", {"findingDetails": details}, {"findingArns": batch})
        stub.add_response("list_coverage", {"coveredResources": []})
        [one] = inspector2.found.stream(Region(aws.clients, aws.account, aws.region))
    assert LATE.judge(one, NOW) is not None
    assert KNOWN.judge(one, NOW) is not None
    assert len(one["known"]) == 12


STATE = {"status": "ENABLED", "errorCode": "ALREADY_ENABLED", "errorMessage": "-"}


def equals(value: str) -> dict[str, str]:
    return {"comparison": "EQUALS", "value": value}


def whole(arn: str) -> dict[str, Any]:
    return {
        "findingArn": arn, "awsAccountId": "123456789012", "type": "PACKAGE_VULNERABILITY", "description": "-",
        "remediation": {}, "severity": "CRITICAL", "status": "ACTIVE", "resources": [{"type": "AWS_EC2_INSTANCE", "id": "i-1"}],
        "firstObservedAt": day(1), "lastObservedAt": day(2),
    }  # fmt: skip


def unscanned(aws: boto3.Session) -> None:
    off_with_a_function(aws)
    aws.client("ecr").create_repository(repositoryName="shop")


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = dict.fromkeys((check.id for check in KINDS), unscanned)
