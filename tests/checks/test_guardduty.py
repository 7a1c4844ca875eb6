"""GuardDuty in a region: on or not, who administers it, and findings that nobody looked into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from bot.aws import Region
from checks import guardduty
from checks.kit import NotApplicable
from tests.checks.cases import NOW, Case

HAS, CENTRAL = guardduty.region_has_guardduty, guardduty.detector_is_managed_centrally
DELEGATED, FINDINGS = guardduty.organization_delegates_guardduty, guardduty.high_severity_findings_are_dealt_with
ID = "12abc34d567e8fa901bc2d34e56789f0"
ADMINISTRATOR = "210987654321"


OPEN_AND_HIGH = {"service.archived": {"Equals": ["false"]}, "severity": {"GreaterThanOrEqual": 7}}


def detectors(*statuses: str) -> dict[str, Any]:
    return {"detectors": [{"Status": status} for status in statuses], "ids": [ID for _ in statuses]}


def administration(*administrators: str, organization: bool = True, manages: bool = True) -> dict[str, Any]:
    return {"organization": organization, "manages": manages, "administrators": list(administrators)}


def finding(created: str, title: str = "Credentials used from outside") -> dict[str, Any]:
    return {"CreatedAt": created, "Title": title, "Type": f"UnauthorizedAccess:{created[:10]}", "Severity": 8.0}


def open_ones(*findings: dict[str, Any]) -> dict[str, Any]:
    return {"detector_id": ID, "findings": list(findings)}


CASES = [
    Case(HAS, [detectors("ENABLED")], None),
    Case(HAS, [detectors("DISABLED")], "has GuardDuty suspended"),
    Case(HAS, [detectors()], "has no GuardDuty detector"),
    Case(CENTRAL, [detectors("ENABLED"), "member"], None),
    Case(CENTRAL, [detectors("ENABLED"), "administrator"], None),
    Case(CENTRAL, [detectors("ENABLED"), "alone"], "has a GuardDuty that no administrator account sees"),
    Case(CENTRAL, [detectors("ENABLED"), ""], NotApplicable),
    Case(CENTRAL, [detectors("DISABLED"), "alone"], NotApplicable),
    Case(CENTRAL, [detectors(), ""], NotApplicable),
    Case(DELEGATED, [administration(ADMINISTRATOR)], None),
    Case(DELEGATED, [administration()], "has no GuardDuty administrator account"),
    Case(DELEGATED, [administration(manages=False)], NotApplicable),
    Case(DELEGATED, [administration(organization=False, manages=False)], NotApplicable),
    Case(FINDINGS, [open_ones(), NOW], None),
    Case(FINDINGS, [open_ones(finding("2026-03-01T13:00:00.000Z")), NOW], None),
    Case(FINDINGS, [open_ones(finding("2026-01-01T13:00:00.000Z", "[SAMPLE] Credentials")), NOW], None),
    Case(
        FINDINGS,
        [open_ones(finding("2026-02-28T12:00:00.000Z")), NOW],
        "has a GuardDuty finding of high severity open for 2 days or more, the oldest for 2 days "
        "(UnauthorizedAccess:2026-02-28)",
    ),
    Case(
        FINDINGS,
        [open_ones(finding("2026-02-20T12:00:00.000Z"), finding("2026-02-28T12:00:00.000Z")), NOW],
        "has 2 GuardDuty findings of high severity open for 2 days or more, the oldest for 10 days "
        "(UnauthorizedAccess:2026-02-20)",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_is_read_where_it_is_off_on_and_suspended(aws: Region) -> None:
    ours = aws.clients.session.client("guardduty")
    assert [HAS.judge(one) for one in guardduty.detection.stream(aws)] == ["has no GuardDuty detector"]
    detector = ours.create_detector(Enable=True)["DetectorId"]
    assert [HAS.judge(one) for one in guardduty.detection.stream(aws)] == [None]
    ours.update_detector(DetectorId=detector, Enable=False)
    assert [HAS.judge(one) for one in guardduty.detection.stream(aws)] == ["has GuardDuty suspended"]


def test_what_is_not_there_is_made_and_says_why_it_is_not_undone() -> None:
    plan = guardduty.enable_guardduty.plan(detectors())
    assert [(call.call, call.params) for call in plan.do] == [("guardduty:CreateDetector", {"Enable": True})]
    assert plan.undo == []
    assert any("no undo" in note for note in plan.notes)


def test_who_administers_is_asked_in_the_management_account_alone(aws: Region) -> None:
    [outside] = guardduty.administration.stream(aws)
    assert outside == administration(organization=False, manages=False)
    aws.clients.session.client("organizations", region_name="us-east-1").create_organization(FeatureSet="ALL")
    again = Region(aws.clients, aws.account, aws.region)
    assert list(guardduty.administration.stream(again)) == [administration()]
    aws.clients.session.client("guardduty").enable_organization_admin_account(AdminAccountId=ADMINISTRATOR)
    assert list(guardduty.administration.stream(again)) == [administration(ADMINISTRATOR)]


def test_a_detector_is_alone_a_member_or_administers(aws: Region) -> None:
    ours = aws.clients.session.client("guardduty")
    ours.create_detector(Enable=True)
    [found] = guardduty.detection.stream(aws)
    assert guardduty.central.read(aws, found) == ""
    aws.clients.session.client("organizations", region_name="us-east-1").create_organization(FeatureSet="ALL")
    again = Region(aws.clients, aws.account, aws.region)
    assert guardduty.central.read(again, found) == "alone"
    member = {
        "AccountId": ADMINISTRATOR,
        "MasterId": "1",
        "Email": "a@b.example",
        "RelationshipStatus": "Enabled",
        "UpdatedAt": "",
    }
    with Stubber(aws.clients.get("guardduty", aws.region)) as stub:
        stub.add_response("get_administrator_account", {"Administrator": {}})
        stub.add_response("list_members", {"Members": [member]})
        assert guardduty.central.read(again, found) == "administrator"
        administers = {"AccountId": ADMINISTRATOR, "RelationshipStatus": "Enabled"}
        stub.add_response("get_administrator_account", {"Administrator": administers})
        assert guardduty.central.read(again, found) == "member"
        left = administers | {"RelationshipStatus": "Resigned"}
        stub.add_response("get_administrator_account", {"Administrator": left})
        stub.add_response("list_members", {"Members": []})
        assert guardduty.central.read(again, found) == "alone"


def test_findings_are_read_fifty_at_a_time(aws: Region) -> None:
    aws.clients.session.client("guardduty").create_detector(Enable=True)
    assert [watch["findings"] for watch in guardduty.watches.stream(aws)] == [[]]
    ids = [f"{number:032x}" for number in range(60)]
    full = finding("2026-02-20T12:00:00.000Z") | {
        "AccountId": aws.account, "Arn": "arn", "Id": ids[0], "Region": aws.region, "Resource": {},
        "SchemaVersion": "2.0", "UpdatedAt": "2026-02-20T12:00:00.000Z",
    }  # fmt: skip
    with Stubber(aws.clients.get("guardduty", aws.region)) as stub:
        ours = {"Criterion": {"accountId": {"Equals": [aws.account]}} | OPEN_AND_HIGH}
        asked: dict[str, Any] = {"DetectorId": ANY, "FindingCriteria": ours}
        stub.add_response("list_findings", {"FindingIds": ids[:50], "NextToken": "more"}, asked)
        stub.add_response("list_findings", {"FindingIds": ids[50:]})
        stub.add_response("get_findings", {"Findings": [full] * 50})
        stub.add_response("get_findings", {"Findings": [full] * 10})
        [watch] = guardduty.watches.stream(aws)
    assert len(watch["findings"]) == 60


def test_where_it_is_off_no_findings_are_asked_for(aws: Region) -> None:
    aws.clients.session.client("guardduty").create_detector(Enable=False)
    assert list(guardduty.watches.stream(aws)) == []


def suspended(aws: boto3.Session) -> None:
    aws.client("guardduty").create_detector(Enable=False)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {HAS.id: suspended}
