"""IAM policies: who is given everything, what hangs on users, and what hangs on nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

from checks.documents import allows_everything
from checks.iam import default_document, groups, policies, roles, users
from checks.kit import ACCOUNT_ARN, Aws, NotApplicable, Practice, Scope, Severity, Verdict, check, collector, expect

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import AttachedPolicyTypeDef as Attached
    from types_boto3_iam.type_defs import GroupDetailTypeDef as Group
    from types_boto3_iam.type_defs import ManagedPolicyDetailTypeDef as Policy
    from types_boto3_iam.type_defs import PolicyDetailTypeDef as Inline
    from types_boto3_iam.type_defs import RoleDetailTypeDef as Role
    from types_boto3_iam.type_defs import UserDetailTypeDef as User


class Holder(TypedDict):
    """A user, group or role, and the policies it holds itself."""

    arn: str
    name: str
    inline: Sequence[Inline]
    attached: Sequence[Attached]


@collector(arn="{arn}", name="{name}", scope=Scope.ACCOUNT, needs=(users, groups, roles))
def holders(aws: Aws) -> Iterator[Holder]:
    """Every user, group and role."""
    for user in aws.read(users):
        yield _holder(user, user["UserName"], user.get("UserPolicyList", []))
    for group in aws.read(groups):
        yield _holder(group, group["GroupName"], group.get("GroupPolicyList", []))
    for role in aws.read(roles):
        yield _holder(role, role["RoleName"], role.get("RolePolicyList", []))


def _holder(of: User | Group | Role, name: str, inline: Sequence[Inline]) -> Holder:
    return {"arn": of["Arn"], "name": name, "inline": inline, "attached": of.get("AttachedManagedPolicies", [])}


@collector(arn="{arn}", name="{name}", scope=Scope.ACCOUNT, needs=(holders,))
def inline_holders(aws: Aws) -> Iterator[Holder]:
    """Those with inline policies."""
    yield from (holder for holder in aws.read(holders) if holder["inline"])


@collector(arn=ACCOUNT_ARN, name="account {account}", scope=Scope.ACCOUNT, needs=(holders,))
def cloudshell_access(aws: Aws) -> Iterator[Mapping[str, list[str]]]:
    """Who holds AWSCloudShellFullAccess."""
    policy = f"arn:{aws.partition}:iam::aws:policy/AWSCloudShellFullAccess"
    found = (holder for holder in aws.read(holders) if any(one["PolicyArn"] == policy for one in holder["attached"]))
    yield {"holders": [holder["name"] for holder in found]}


@check(policies, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def policy_grants_no_full_admin(policy: Policy) -> Verdict:
    """Attached policy does not allow everything.

    Whoever holds it is an administrator, under a name that does not tell.

    Fix: Allow only the actions that are used (see last accessed), or detach it and use AdministratorAccess knowingly.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
    """
    if not policy["AttachmentCount"]:
        raise NotApplicable("the policy is attached to nobody")
    return expect(not allows_everything(default_document(policy)), "makes an administrator of whoever holds it")


@check(inline_holders, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def inline_policy_grants_no_full_admin(holder: Holder) -> Verdict:
    """Inline policy does not allow everything.

    It makes an administrator, and no list of policies shows it.

    Fix: Replace it by a managed policy that allows only the actions that are used. For a role of IAM Identity Center,
    do so in its permission set.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
    """
    everything = [one["PolicyName"] for one in holder["inline"] if allows_everything(one["PolicyDocument"])]
    return expect(not everything, f"is an administrator by its inline {', '.join(everything)}")


@check(users, practice=Practice.POLICIES, severity=Severity.LOW)
def user_gets_permissions_from_groups(user: User) -> Verdict:
    """User gets permissions from groups only.

    Permissions given one user at a time are forgotten when people change teams.

    Fix: Give the permissions to a group or role, and take them off the user.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-2
    """
    inline = [policy["PolicyName"] for policy in user.get("UserPolicyList", [])]
    attached = [policy["PolicyName"] for policy in user.get("AttachedManagedPolicies", [])]
    return expect(not inline and not attached, f"holds {', '.join([*attached, *inline])} itself")


@check(policies, practice=Practice.POLICIES, severity=Severity.LOW)
def policy_is_attached(policy: Policy) -> Verdict:
    """Customer-managed policy is attached.

    A policy nobody holds is not reviewed, and is one click from being given to somebody.

    Fix: Delete the policy if nothing will need it; CloudFormation or Terraform may own it.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-delete.html
    """
    boundaries = policy.get("PermissionsBoundaryUsageCount", 0)  # emulators leave it out
    return expect(policy["AttachmentCount"] or boundaries, "is attached to nobody")


@check(cloudshell_access, practice=Practice.POLICIES, severity=Severity.MEDIUM)
def nobody_has_full_cloudshell_access(access: Mapping[str, list[str]]) -> Verdict:
    """Nobody holds AWSCloudShellFullAccess.

    With it, files can be moved in and out of the account through a shell that no network control sees.

    Fix: Detach AWSCloudShellFullAccess; give those who need CloudShell a policy without file upload and download.
    See: https://docs.aws.amazon.com/cloudshell/latest/userguide/sec-auth-with-identities.html
    """
    return expect(not access["holders"], f"gives AWSCloudShellFullAccess to {', '.join(access['holders'])}")
