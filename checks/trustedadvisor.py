"""The account's support plan, and what AWS Trusted Advisor says of its security."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypedDict

from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    NotApplicable,
    Practice,
    Scope,
    Severity,
    Verdict,
    check,
    collector,
    expect,
)

NO_PLAN = "SubscriptionRequiredException"
"""What AWS Support answers to an account with the Basic plan.
Source: https://docs.aws.amazon.com/awssupport/latest/user/about-support-api.html"""


class Plan(TypedDict):
    """Whether the account has a support plan with an API, any but Basic and Developer.

    `security`: Trusted Advisor's security checks, name by ID.
    """

    subscribed: bool
    security: Mapping[str, str]


class Advice(TypedDict):
    """A security check of Trusted Advisor. `status`: ok, warning, error or not_available."""

    check_id: str
    name: str
    status: str
    flagged: int


@collector("support:DescribeTrustedAdvisorChecks", arn=ACCOUNT_ARN, name="account {account}", scope=Scope.ACCOUNT)
def support_plan(aws: Aws) -> Iterator[Plan]:
    got = aws.call("support:DescribeTrustedAdvisorChecks", language="en", absent=NO_PLAN)
    security = {one["id"]: one["name"] for one in got.get("checks", []) if one["category"] == "security"}
    yield {"subscribed": bool(got), "security": security}


@collector(
    "support:DescribeTrustedAdvisorCheckSummaries",
    arn="arn:{partition}:trustedadvisor::{account}:checks/security/{check_id}",
    name="{name}",
    scope=Scope.ACCOUNT,
    needs=(support_plan,),
)
def security_advice(aws: Aws) -> Iterator[Advice]:
    """The security checks with how each stands; none without a support plan."""
    [plan] = aws.read(support_plan)
    names = plan["security"]
    if not names:
        return
    found = aws.call("support:DescribeTrustedAdvisorCheckSummaries", checkIds=list(names))
    for one in found["summaries"]:
        flagged = one["resourcesSummary"]["resourcesFlagged"]
        yield {"check_id": one["checkId"], "name": names[one["checkId"]], "status": one["status"], "flagged": flagged}


@check(support_plan, practice=Practice.AWARENESS, severity=Severity.LOW)
def account_has_a_support_plan(plan: Plan) -> Verdict:
    """Account has a Business support plan or better.

    In an incident it is the only way to reach an engineer at AWS at once, and it shows all that Trusted Advisor checks.

    Fix: Subscribe to AWS Business Support or better for accounts in production. It is charged by the month.
    See: https://docs.aws.amazon.com/awssupport/latest/user/aws-support-plans.html
    """
    return expect(plan["subscribed"], "has the Basic or Developer support plan")


@check(security_advice, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def security_advice_is_followed(advice: Advice) -> Verdict:
    """Trusted Advisor's security check is not red.

    AWS marks red what it recommends to act on: keys found in public, ports and buckets open to everyone.

    Fix: Open the check in Trusted Advisor and settle each resource, or exclude those that are meant to be so.
    See: https://docs.aws.amazon.com/awssupport/latest/user/security-checks.html
    """
    if advice["status"] == "not_available":
        raise NotApplicable("Trusted Advisor has not run this check")
    return expect(advice["status"] != "error", f"is red for {advice['flagged']} resources")
