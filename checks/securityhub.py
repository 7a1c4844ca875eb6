"""AWS Security Hub CSPM, which AWS called Security Hub until 2025."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypedDict

from checks.iam_roles import organization
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_securityhub.type_defs import StandardsSubscriptionTypeDef as Subscription


class Hub(TypedDict):
    """Security Hub CSPM in one region; `hub_arn` is empty where it is off."""

    hub_arn: str


class Administration(TypedDict):
    """Who administers Security Hub CSPM. `organization`: whether the account is in one, `manages`: and manages it."""

    organization: bool
    manages: bool
    administrators: list[str]


@collector("securityhub:DescribeHub", arn=ACCOUNT_ARN, name="{region}")
def hubs(aws: Aws) -> Iterator[Hub]:
    """Where it is off, the account is not subscribed: AWS answers InvalidAccessException, not a denial.

    Source: https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DescribeHub.html
    """
    got = aws.call("securityhub:DescribeHub", absent=("InvalidAccessException", "ResourceNotFoundException"))
    yield {"hub_arn": got.get("HubArn", "")}


@collector("securityhub:ListOrganizationAdminAccounts", arn=ACCOUNT_ARN, name="{region}", needs=(organization,))
def administration(aws: Aws) -> Iterator[Administration]:
    """Only the management account of an organization may ask who administers."""
    management = next((found["MasterAccountId"] for found in aws.read(organization)), "")
    manages = management == aws.account
    found = aws.items("securityhub:ListOrganizationAdminAccounts", "AdminAccounts") if manages else iter(())
    enabled = [one["AccountId"] for one in found if one["Status"] == "ENABLED"]
    yield {"organization": bool(management), "manages": manages, "administrators": enabled}


@extra("securityhub:GetEnabledStandards")
def standards(aws: Aws, hub: Hub) -> Sequence[Subscription]:
    """None where it is off."""
    if not hub["hub_arn"]:
        return []
    return list(aws.items("securityhub:GetEnabledStandards", "StandardsSubscriptions"))


@check(hubs, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def region_has_security_hub(hub: Hub) -> Verdict:
    """Security Hub CSPM is on in the region.

    It gathers what GuardDuty, Inspector, Macie and AWS's own controls find, in one place.

    Fix: Enable Security Hub CSPM in the region and choose a standard. It needs AWS Config and costs money by the check.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-settingup.html
    """
    return expect(hub["hub_arn"], "has Security Hub CSPM off")


@fix(region_has_security_hub, "securityhub:EnableSecurityHub", "securityhub:DisableSecurityHub", risk=Risk.SAFE)
def enable_security_hub(hub: Hub) -> Plan:
    """Turn Security Hub CSPM on in the region.

    Source: https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_EnableSecurityHub.html
    """
    return Plan(
        do=[Call("securityhub:EnableSecurityHub", {"EnableDefaultStandards": True})],
        undo=[Call("securityhub:DisableSecurityHub", {})],
        before={"Security Hub CSPM": "on" if hub["hub_arn"] else "off"},
        after={"Security Hub CSPM": "on"},
        notes=[
            "AWS's default standards come with it. It costs money by the check; the first 30 days are free.",
            "Most of its checks need AWS Config, which costs money by the change it records.",
            "Undo turns it off, and what it found meanwhile is gone after 90 days.",
        ],
    )


@check(hubs, standards, practice=Practice.MONITORING, severity=Severity.LOW)
def hub_has_standards(hub: Hub, standards: Sequence[Subscription]) -> Verdict:
    """Security Hub CSPM checks the region against a standard.

    Without a standard it only collects what other services find, and checks nothing itself.

    Fix: Enable AWS Foundational Security Best Practices, or the standard that you are held to.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/standards-reference.html
    """
    if not hub["hub_arn"]:
        raise NotApplicable("Security Hub CSPM is off there: another check tells of it")
    states = [one["StandardsStatus"] for one in standards if one["StandardsStatus"] != "DELETING"]
    if states and all(state in ("FAILED", "INCOMPLETE") for state in states):
        return "has Security Hub CSPM check nothing whole: its standards are incomplete, mostly for want of AWS Config"
    return expect(states, "has Security Hub CSPM without a standard")


@check(administration, practice=Practice.MONITORING, severity=Severity.LOW)
def organization_delegates_security_hub(administration: Administration) -> Verdict:
    """The organization has a Security Hub administrator account.

    Security people then see all accounts from one of their own, not from the one that may do everything.

    Fix: In the management account, name a delegated administrator for Security Hub CSPM, in every region.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/designate-orgs-admin-account.html
    """
    if not administration["manages"]:
        where = "another account manages it" if administration["organization"] else "the account is in no organization"
        raise NotApplicable(where)
    return expect(administration["administrators"], "has no Security Hub CSPM administrator account")
