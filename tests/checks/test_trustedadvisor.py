"""The support plan and Trusted Advisor's checks. The emulator has a plan and no summaries: those are played back."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import trustedadvisor
from checks.kit import NotApplicable
from checks.trustedadvisor import security_advice, support_plan
from tests.checks.cases import Case

PLAN = trustedadvisor.account_has_a_support_plan
ADVICE = trustedadvisor.security_advice_is_followed


def advice(status: str) -> dict[str, Any]:
    return {"check_id": "Pfx0RwqBli", "name": "Amazon S3 Bucket Permissions", "status": status, "flagged": 3}


CASES = [
    Case(PLAN, [{"subscribed": True}], None),
    Case(PLAN, [{"subscribed": False}], "has the Basic or Developer support plan"),
    Case(ADVICE, [advice("ok")], None),
    Case(ADVICE, [advice("warning")], None),
    Case(ADVICE, [advice("error")], "is red for 3 resources"),
    Case(ADVICE, [advice("not_available")], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def listed(id: str, category: str) -> dict[str, Any]:
    return {"id": id, "name": f"name of {id}", "category": category, "description": "", "metadata": []}


def test_without_a_plan_there_is_no_advice(aws: Region) -> None:
    with Stubber(aws.clients.get("support", aws.region)) as stub:
        stub.add_client_error("describe_trusted_advisor_checks", "SubscriptionRequiredException")
        assert list(security_advice.stream(aws)) == []
    assert aws.read(support_plan) == [{"subscribed": False, "security": {}}]


def test_reads_how_each_security_check_stands_in_one_call(aws: Region) -> None:
    counts = {"resourcesProcessed": 9, "resourcesFlagged": 3, "resourcesIgnored": 0, "resourcesSuppressed": 0}
    summary = {"timestamp": "2026-03-02T00:00:00Z", "resourcesSummary": counts, "categorySpecificSummary": {}}
    with Stubber(aws.clients.get("support", aws.region)) as stub:
        checks = [listed("a", "security"), listed("b", "cost_optimizing")]
        stub.add_response("describe_trusted_advisor_checks", {"checks": checks}, {"language": "en"})
        answer = {"summaries": [summary | {"checkId": "a", "status": "error"}]}
        stub.add_response("describe_trusted_advisor_check_summaries", answer, {"checkIds": ["a"]})
        found = list(security_advice.stream(aws))
    assert found == [{"check_id": "a", "name": "name of a", "status": "error", "flagged": 3}]


def test_reads_the_plan(aws: Region) -> None:
    (found,) = support_plan.stream(aws.at("us-east-1"))
    assert found["subscribed"]
    assert "Amazon S3 Bucket Permissions" in found["security"].values()
