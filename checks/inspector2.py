"""Amazon Inspector: what it scans in a region, and what it found there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

from checks import inhabitants
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Unknown,
    Verdict,
    check,
    collector,
    expect,
    fix,
    now,
)

if TYPE_CHECKING:
    from types_boto3_inspector2.type_defs import CoveredResourceTypeDef as Covered
    from types_boto3_inspector2.type_defs import FindingDetailTypeDef as Detail
    from types_boto3_inspector2.type_defs import FindingTypeDef as Finding

ON = ("ENABLED", "ENABLING")
ENABLE, DISABLE = "inspector2:Enable", "inspector2:Disable"
OLDEST = 100
"""Findings that are read: the oldest, which say how long people leave them."""

GAPS = frozenset(
    {
        "ACCESS_DENIED",
        "ACCESS_DENIED_TO_ENCRYPTION_KEY",
        "INTEGRATION_CONNECTION_LOST",
        "INTERNAL_ERROR",
        "NO_INVENTORY",
        "STALE_INVENTORY",
        "UNMANAGED_EC2_INSTANCE",
    }
)
"""Reasons of no scan that people can do something about, and did not choose.
https://docs.aws.amazon.com/inspector/latest/user/assessing-coverage.html"""


class Scanning(TypedDict):
    """What Inspector scans in one region: kind of resource -> status."""

    account_id: str
    kinds: Mapping[str, str]


class Found(TypedDict):
    """What Inspector found in one region where it is on: the oldest critical findings, and those with an exploit.

    `more`: whether there may be more of those with an exploit. `uncovered`: what it does not scan.
    """

    critical: Sequence[Finding]
    known: Sequence[Detail]
    more: bool
    uncovered: Sequence[Covered]


@collector("inspector2:BatchGetAccountStatus", arn=ACCOUNT_ARN, name="{region}")
def scannings(aws: Aws) -> Iterator[Scanning]:
    """An account that never turned it on may be left out of the answer."""
    found = aws.call("inspector2:BatchGetAccountStatus", accountIds=[aws.account])
    kinds = {kind: state["status"] for one in found["accounts"] for kind, state in one["resourceState"].items()}
    yield {"account_id": aws.account, "kinds": kinds}


@collector(
    "inspector2:ListFindings",
    "inspector2:BatchGetFindingDetails",
    "inspector2:ListCoverage",
    arn=ACCOUNT_ARN,
    name="{region}",
    needs=(scannings,),
)
def found(aws: Aws) -> Iterator[Found]:
    """Of a region where Inspector scans something; an administrator account would see its members' as well."""
    [scanning] = aws.read(scannings)
    if not any(status in ON for status in scanning["kinds"].values()):
        return
    ours = {"comparison": "EQUALS", "value": aws.account}
    inactive = {"scanStatusCode": [{"comparison": "EQUALS", "value": "INACTIVE"}], "accountId": [ours]}
    exploited = [one["findingArn"] for one in _oldest(aws, exploitAvailable="YES")]
    critical, known = _oldest(aws, severity="CRITICAL"), _details(aws, exploited)
    yield {
        "critical": critical,
        "known": known,
        "more": len(exploited) == OLDEST or len(known) < len(exploited),
        "uncovered": list(aws.items("inspector2:ListCoverage", "coveredResources", filterCriteria=inactive)),
    }


def _oldest(aws: Aws, **only: str) -> list[Finding]:
    wanted = only | {"findingStatus": "ACTIVE", "awsAccountId": aws.account}
    got = aws.call(
        "inspector2:ListFindings",
        filterCriteria={name: [{"comparison": "EQUALS", "value": value}] for name, value in wanted.items()},
        sortCriteria={"field": "FIRST_OBSERVED_AT", "sortOrder": "ASC"},
        maxResults=OLDEST,
    )
    findings: list[Finding] = got["findings"]
    return findings


def _details(aws: Aws, arns: Sequence[str]) -> list[Detail]:
    """Ten at a time, as many as AWS takes."""

    def read(batch: Sequence[str]) -> list[Detail]:
        got: list[Detail] = aws.call("inspector2:BatchGetFindingDetails", findingArns=batch).get("findingDetails", [])
        return got

    batches = [arns[start : start + 10] for start in range(0, len(arns), 10)]
    return [detail for page in aws.each(read, batches) for detail in page]


@check(scannings, inhabitants.has_instances, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def region_scans_instances(scanning: Scanning, inhabited: bool) -> Verdict:
    """Inspector scans EC2 instances for vulnerabilities.

    What is known to be broken is attacked within days; a scan names each instance that still carries it.

    Fix: Activate EC2 scanning in Inspector. It costs money by the instance and month.
    See: https://docs.aws.amazon.com/inspector/latest/user/scanning-ec2.html
    """
    return _scans(scanning, "ec2", inhabited, "EC2 instance")


@check(scannings, inhabitants.has_repositories, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def region_scans_container_images(scanning: Scanning, inhabited: bool) -> Verdict:
    """Inspector scans container images for vulnerabilities.

    Images are built once and run for months, with whatever was found out about their packages since.

    Fix: Activate ECR scanning in Inspector. It costs money by the image, and by each time it is scanned again.
    See: https://docs.aws.amazon.com/inspector/latest/user/scanning-ecr.html
    """
    return _scans(scanning, "ecr", inhabited, "ECR repository")


@check(scannings, inhabitants.has_functions, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def region_scans_functions(scanning: Scanning, inhabited: bool) -> Verdict:
    """Inspector scans Lambda functions for vulnerable packages.

    AWS patches the runtime; the libraries packed with the function are for you to keep up to date.

    Fix: Activate Lambda standard scanning in Inspector. It costs money by the function and month.
    See: https://docs.aws.amazon.com/inspector/latest/user/scanning-lambda.html
    """
    return _scans(scanning, "lambda", inhabited, "Lambda function")


@check(scannings, inhabitants.has_functions, practice=Practice.MONITORING, severity=Severity.LOW)
def region_scans_code_of_functions(scanning: Scanning, inhabited: bool) -> Verdict:
    """Inspector scans the code of Lambda functions.

    It finds injections, secrets in the code and weak cryptography in what you wrote yourselves.

    Fix: Activate Lambda code scanning in Inspector. It costs money by the function and month.
    See: https://docs.aws.amazon.com/inspector/latest/user/scanning_resources_lambda_code.html
    """
    return _scans(scanning, "lambdaCode", inhabited, "Lambda function")


@check(found, now, practice=Practice.CONFIG, severity=Severity.HIGH)
def critical_findings_are_fixed_in_time(found: Found, now: datetime, *, days: int = 15) -> Verdict:
    """Inspector's critical findings are fixed in time.

    A critical vulnerability is one step from somebody else's code on your machine.

    Fix: Update the package, the image or the function that the finding names; Inspector closes it by itself.
    See: https://docs.aws.amazon.com/inspector/latest/user/findings-understanding.html
    """
    ages = [(now - one["firstObservedAt"]).days for one in found["critical"]]
    late = sum(age >= days for age in ages)
    if not late:
        return None
    many = f"at least {late}" if late == OLDEST else str(late)
    finding = "finding" if many == "1" else "findings"
    return f"has {many} critical Inspector {finding} open for {days} days or more, the oldest for {max(ages)} days"


@check(found, now, practice=Practice.CONFIG, severity=Severity.HIGH)
def exploited_vulnerabilities_are_fixed_when_due(found: Found, now: datetime) -> Verdict:
    """Vulnerabilities that are known to be exploited are fixed.

    CISA lists what attackers use now, and the day by which it has to be gone.

    Fix: Update what the finding names before anything else; Inspector closes it by itself.
    See: https://docs.aws.amazon.com/inspector/latest/user/findings-understanding-details.html
    """
    due = [due for one in found["known"] if (due := one.get("cisaData", {}).get("dateDue"))]
    late = [day for day in due if day < now]
    if not late and found["more"]:
        raise Unknown("Inspector has more findings with an exploit than are read here: look there for those of CISA")
    if not late:
        return None
    finding = "1 finding" if len(late) == 1 else f"{len(late)} findings"
    return f"has {finding} that CISA knows to be exploited past the day it is due, the first since {min(late):%Y-%m-%d}"


@check(found, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def nothing_escapes_inspector(found: Found) -> Verdict:
    """Inspector can scan all that it should.

    An instance without the Systems Manager agent, or one that stopped to report, looks clean because nobody looked.

    Fix: Let Systems Manager manage the instances, or turn on hybrid scanning, and grant what Inspector was denied.
    See: https://docs.aws.amazon.com/inspector/latest/user/assessing-coverage.html
    """
    gaps = [one for one in found["uncovered"] if one.get("scanStatus", {}).get("reason") in GAPS]
    if not gaps:
        return None
    reasons = ", ".join(sorted({one["scanStatus"]["reason"] for one in gaps}))
    what = gaps[0]["resourceId"] + (f" and {len(gaps) - 1} more" if len(gaps) > 1 else "")
    return f"has Inspector unable to scan {what} ({reasons})"


def _scans(scanning: Scanning, kind: str, inhabited: bool, what: str) -> Verdict:
    if not inhabited:
        raise NotApplicable(f"the region holds no {what}")
    on = scanning["kinds"].get(kind, "DISABLED") in ON
    return expect(on, f"has no {what} scanned by Inspector{' for its code' if kind == 'lambdaCode' else ''}")


def _turn_on(scanning: Scanning, kinds: Mapping[str, str], cost: str) -> Plan:
    """Turn on what is off of these; `kinds`: what the API calls each -> its name in the answer.

    Source: https://docs.aws.amazon.com/inspector/v2/APIReference/API_Enable.html
    """
    off = [name for name, kind in kinds.items() if scanning["kinds"].get(kind, "DISABLED") not in ON]
    if not off:
        raise NotApplicable("Inspector scans it already")
    whose: dict[str, Any] = {"accountIds": [scanning["account_id"]], "resourceTypes": off}
    return Plan(
        do=[Call(ENABLE, whose)],
        undo=[Call(DISABLE, whose)],
        before=dict.fromkeys(off, "not scanned"),
        after=dict.fromkeys(off, "scanned"),
        notes=[
            f"It costs money by {cost}; the first 15 days of an account are free.",
            "In a member account AWS refuses: the organization's Inspector administrator account decides there.",
            "Undo removes the findings made meanwhile.",
        ],
    )


@fix(region_scans_instances, ENABLE, DISABLE, risk=Risk.SAFE)
def scan_instances(scanning: Scanning, inhabited: bool) -> Plan:
    """Let Inspector scan EC2 instances."""
    return _turn_on(scanning, {"EC2": "ec2"}, "the instance and month")


@fix(region_scans_container_images, ENABLE, DISABLE, risk=Risk.SAFE)
def scan_container_images(scanning: Scanning, inhabited: bool) -> Plan:
    """Let Inspector scan container images."""
    return _turn_on(scanning, {"ECR": "ecr"}, "the image, and by each time it is scanned again")


@fix(region_scans_functions, ENABLE, DISABLE, risk=Risk.SAFE)
def scan_functions(scanning: Scanning, inhabited: bool) -> Plan:
    """Let Inspector scan packages of Lambda functions."""
    return _turn_on(scanning, {"LAMBDA": "lambda"}, "the function and month")


@fix(region_scans_code_of_functions, ENABLE, DISABLE, risk=Risk.SAFE)
def scan_code_of_functions(scanning: Scanning, inhabited: bool) -> Plan:
    """Let Inspector scan code of Lambda functions."""
    both = {"LAMBDA": "lambda", "LAMBDA_CODE": "lambdaCode"}  # standard scanning comes with it
    return _turn_on(scanning, both, "the function and month")
