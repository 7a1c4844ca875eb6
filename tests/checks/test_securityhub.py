"""Security Hub CSPM: on or not, checking against a standard, and who administers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import securityhub
from checks.kit import NotApplicable
from tests.checks.cases import Case
from tests.checks.test_guardduty import administration

HAS, STANDARDS = securityhub.region_has_security_hub, securityhub.hub_has_standards
DELEGATED = securityhub.organization_delegates_security_hub
ON, OFF = {"hub_arn": "arn:aws:securityhub:..."}, {"hub_arn": ""}
INCOMPLETE = "has Security Hub CSPM check nothing whole: its standards are incomplete, mostly for want of AWS Config"


def standards(*states: str) -> list[dict[str, Any]]:
    return [{"StandardsStatus": state} for state in states]


CASES = [
    Case(HAS, [ON], None),
    Case(HAS, [OFF], "has Security Hub CSPM off"),
    Case(STANDARDS, [ON, standards("READY")], None),
    Case(STANDARDS, [ON, standards("PENDING")], None),
    Case(STANDARDS, [ON, standards("INCOMPLETE", "READY")], None),
    Case(STANDARDS, [ON, standards("INCOMPLETE", "FAILED")], INCOMPLETE),
    Case(STANDARDS, [ON, standards("DELETING")], "has Security Hub CSPM without a standard"),
    Case(STANDARDS, [ON, []], "has Security Hub CSPM without a standard"),
    Case(STANDARDS, [OFF, []], NotApplicable),
    Case(DELEGATED, [administration("210987654321")], None),
    Case(DELEGATED, [administration()], "has no Security Hub CSPM administrator account"),
    Case(DELEGATED, [administration(manages=False)], NotApplicable),
    Case(DELEGATED, [administration(organization=False, manages=False)], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_is_off_until_the_account_subscribes(aws: Region) -> None:
    [before] = securityhub.hubs.stream(aws)
    assert HAS.judge(before) == "has Security Hub CSPM off"
    assert securityhub.standards.read(aws, before) == []
    aws.clients.session.client("securityhub").enable_security_hub()
    [after] = securityhub.hubs.stream(aws)
    assert HAS.judge(after) is None
    subscription = {
        "StandardsSubscriptionArn": "a",
        "StandardsArn": "b",
        "StandardsInput": {},
        "StandardsStatus": "READY",
    }
    with Stubber(aws.clients.get("securityhub", aws.region)) as stub:
        stub.add_response("get_enabled_standards", {"StandardsSubscriptions": [subscription]}, {})
        assert STANDARDS.judge(after, securityhub.standards.read(aws, after)) is None


def test_who_administers_is_asked_in_the_management_account_alone(aws: Region) -> None:
    assert list(securityhub.administration.stream(aws)) == [administration(organization=False, manages=False)]
    aws.clients.session.client("organizations", region_name="us-east-1").create_organization(FeatureSet="ALL")
    again = Region(aws.clients, aws.account, aws.region)
    named = [{"AccountId": "210987654321", "Status": "ENABLED"}, {"AccountId": "1", "Status": "DISABLE_IN_PROGRESS"}]
    with Stubber(aws.clients.get("securityhub", aws.region)) as stub:
        stub.add_response("list_organization_admin_accounts", {"AdminAccounts": named}, {})
        assert list(securityhub.administration.stream(again)) == [administration("210987654321")]


def off(_: boto3.Session) -> None:
    """An account starts without it."""


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {HAS.id: off}
