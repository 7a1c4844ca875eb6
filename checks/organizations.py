"""AWS Organizations: whether the account is in one, and what the one that manages it sets for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypedDict

from checks.documents import DIFFERS, Statement, statements
from checks.iam_roles import organization
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

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import DelegatedAdministratorTypeDef as Administrator
    from types_boto3_organizations.type_defs import PolicySummaryTypeDef as Summary

NOT_MANAGING = "it is not the management account of an organization"
REGION = "aws:requestedregion"


class Membership(TypedDict):
    """The organization's ID, or nothing."""

    organization: str


class Policies(TypedDict):
    """What a management account has set. `control`: the service control policies in force."""

    manages: bool
    control: Sequence[str]
    tag_policies: Sequence[str]
    opts_out_of_ai: bool


@collector(arn=ACCOUNT_ARN, name="account {account}", scope=Scope.ACCOUNT, needs=(organization,))
def membership(aws: Aws) -> Iterator[Membership]:
    yield {"organization": next((found["Id"] for found in aws.read(organization)), "")}


@collector("organizations:ListDelegatedAdministrators", arn="{Arn}", scope=Scope.ACCOUNT, needs=(organization,))
def delegated_administrators(aws: Aws) -> Iterator[Administrator]:
    """The accounts that administer a service for the organization; only its management account may list them.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListDelegatedAdministrators.html
    """
    if _manages(aws):
        yield from aws.items("organizations:ListDelegatedAdministrators", "DelegatedAdministrators")


@collector(
    "organizations:ListPolicies",
    "organizations:ListTargetsForPolicy",
    "organizations:DescribePolicy",
    arn=ACCOUNT_ARN,
    name="organization of {account}",
    scope=Scope.ACCOUNT,
    needs=(organization,),
)
def organization_policies(aws: Aws) -> Iterator[Policies]:
    """The policies that are attached somewhere, AWS's own FullAWSAccess aside."""
    if not _manages(aws):
        yield {"manages": False, "control": [], "tag_policies": [], "opts_out_of_ai": False}
        return
    control = [_content(aws, one) for one in _attached(aws, "SERVICE_CONTROL_POLICY")]
    yield {
        "manages": True,
        "control": control,
        "tag_policies": [one["Name"] for one in _attached(aws, "TAG_POLICY")],
        "opts_out_of_ai": bool(_attached(aws, "AISERVICES_OPT_OUT_POLICY")),
    }


def _attached(aws: Aws, kind: str) -> list[Summary]:
    own = [one for one in aws.items("organizations:ListPolicies", "Policies", Filter=kind) if not one["AwsManaged"]]

    def attached(policy: Summary) -> bool:
        targets = aws.items("organizations:ListTargetsForPolicy", "Targets", PolicyId=policy["Id"])
        return next(targets, None) is not None

    return [one for one, yes in zip(own, aws.each(attached, own), strict=True) if yes]


def _content(aws: Aws, policy: Summary) -> str:
    return str(aws.call("organizations:DescribePolicy", PolicyId=policy["Id"])["Policy"]["Content"])


def _manages(aws: Aws) -> bool:
    return any(found["MasterAccountId"] == aws.account for found in aws.read(organization))


@check(membership, practice=Practice.CONFIG, severity=Severity.LOW)
def account_is_in_an_organization(membership: Membership) -> Verdict:
    """Account is in an organization.

    Only an organization can say what nobody in an account may do, its root user included, and see all accounts at once.

    Fix: Invite the account into your organization, or make one; the account's own bills and settings stay its own.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/account-controls.html#account-2
    """
    return expect(membership["organization"], "is in no organization")


@check(delegated_administrators, practice=Practice.AWARENESS, severity=Severity.HIGH)
def delegated_administrator_is_expected(
    administrator: Administrator, *, expected_accounts: tuple[str, ...] = ()
) -> Verdict:
    """Delegated administrator is an expected account.

    It reads or changes settings of a service in every account; whoever holds it holds a piece of all of them.

    Fix: Deregister the account if it should not administer for the others. Accounts that should belong into
    expected_accounts of this check, in AWS_SEC_THRESHOLDS; until there are some, nothing is judged.
    See: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html
    """
    if not expected_accounts:
        raise NotApplicable("expected_accounts of this check is not set")
    return expect(administrator["Id"] in expected_accounts, "administers for the organization, and is not expected to")


@check(organization_policies, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def organization_denies_other_regions(policies: Policies) -> Verdict:
    """Organization denies regions that it does not use.

    What somebody starts in a region where nobody looks, miners most often, runs until the bill comes.

    Fix: Attach a service control policy that denies all but global services where aws:RequestedRegion is not one of
    yours; Control Tower's region deny control is one.
    See: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_general.html
    """
    _must_manage(policies)
    denies = any(_denies_regions(one) for document in policies["control"] for one in statements(document))
    return expect(denies, "has no service control policy in force that denies other regions")


@check(organization_policies, practice=Practice.CONFIG, severity=Severity.LOW)
def organization_has_a_tag_policy(policies: Policies) -> Verdict:
    """Organization has a tag policy.

    When every team spells its tags the same way, a resource in trouble has an owner who can be found.

    Fix: Enable tag policies, write one that names the tags and values you use, and attach it to the root.
    See: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_tag-policies.html
    """
    _must_manage(policies)
    return expect(policies["tag_policies"], "has no tag policy in force")


@check(organization_policies, practice=Practice.AWARENESS, severity=Severity.LOW)
def organization_opts_out_of_ai_services(policies: Policies) -> Verdict:
    """Organization has opted out of training AI services.

    Some of AWS's AI services may keep what they are given to improve themselves, in other regions too.

    Fix: Enable AI services opt-out policies and attach one that opts out of all services to the root.
    See: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_ai-opt-out.html
    """
    _must_manage(policies)
    return expect(policies["opts_out_of_ai"], "has no AI services opt-out policy in force")


def _must_manage(policies: Policies) -> None:
    if not policies["manages"]:
        raise NotApplicable(NOT_MANAGING)


def _denies_regions(statement: Statement) -> bool:
    """Whether it denies most of what there is outside of named regions."""
    most = statement.every_action or bool(statement.not_actions)
    outside = any(c.key == REGION and c.operator in DIFFERS and c.values for c in statement.conditions)
    return not statement.allows and most and outside
