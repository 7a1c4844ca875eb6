"""IAM policies: who is given everything, what hangs on users, and what hangs on nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypedDict

from checks.documents import allows_everything
from checks.iam import default_document, groups, policies, roles, users
from checks.kit import Aws, NotApplicable, Practice, Scope, Severity, Verdict, check, collector, expect

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ManagedPolicyDetailTypeDef as Policy
    from types_boto3_iam.type_defs import PolicyDetailTypeDef as Inline
    from types_boto3_iam.type_defs import UserDetailTypeDef as User


class Holder(TypedDict):
    """A user, group or role with its inline policies."""

    arn: str
    name: str
    inline: Sequence[Inline]


@collector(arn="{arn}", name="{name}", scope=Scope.ACCOUNT, needs=(users, groups, roles))
def holders(aws: Aws) -> Iterator[Holder]:
    for user in aws.read(users):
        yield {"arn": user["Arn"], "name": user["UserName"], "inline": user.get("UserPolicyList", [])}
    for group in aws.read(groups):
        yield {"arn": group["Arn"], "name": group["GroupName"], "inline": group.get("GroupPolicyList", [])}
    for role in aws.read(roles):
        yield {"arn": role["Arn"], "name": role["RoleName"], "inline": role.get("RolePolicyList", [])}


@check(policies, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def policy_grants_no_full_admin(policy: Policy) -> Verdict:
    """Attached policy does not allow everything.

    Whoever holds it is an administrator, under a name that does not tell.

    Fix: Allow only the actions that are used (see last accessed), or detach it and use AdministratorAccess knowingly.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
    """
    if not policy["AttachmentCount"]:
        raise NotApplicable("the policy is attached to nobody")
    return expect(not allows_everything(default_document(policy)), "allows every action on every resource")


@check(holders, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def inline_policy_grants_no_full_admin(holder: Holder) -> Verdict:
    """Inline policy does not allow everything.

    It makes an administrator, and no list of policies shows it.

    Fix: Replace it by a managed policy that allows only the actions that are used.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
    """
    if not holder["inline"]:
        raise NotApplicable("it has no inline policy")
    everything = [one["PolicyName"] for one in holder["inline"] if allows_everything(one["PolicyDocument"])]
    return expect(not everything, f"is allowed every action on every resource by its inline {', '.join(everything)}")


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
