"""IAM policies: who is given everything, what hangs on users, and what hangs on nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from checks.documents import allows_everything, statements
from checks.iam import OF_AWS, default_document, groups, policies, roles, users
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Scope,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    fix,
)
from checks.wildcards import wildcard

ANY_ROLE = re.compile(r"arn:[\w*-]+:iam::[\d*]*:(role/)?\*")
HOW = {"sts:AssumeRole": "assume", "iam:PassRole": "pass"}

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


class Written(TypedDict):
    """What the account itself allows somebody: name and document of each policy, no name where it is the resource."""

    arn: str
    name: str
    documents: Sequence[tuple[str, Any]]


class Access(TypedDict):
    """Who holds one of AWS's policies."""

    policy: str
    holders: list[str]
    arns: list[str]


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


@collector(arn="{arn}", name="{name}", scope=Scope.ACCOUNT, needs=(policies, holders))
def written(aws: Aws) -> Iterator[Written]:
    """The account's own policies that are attached, and those with inline policies."""
    for policy in aws.read(policies):
        if policy["AttachmentCount"]:
            name = policy["Arn"].rpartition(":")[2]
            yield {"arn": policy["Arn"], "name": name, "documents": [("", default_document(policy))]}
    for holder in aws.read(holders):
        if holder["inline"] and not any(path in holder["arn"] for path in OF_AWS):
            inline = [(one["PolicyName"], one["PolicyDocument"]) for one in holder["inline"]]
            yield {"arn": holder["arn"], "name": holder["name"], "documents": inline}


@collector(arn=ACCOUNT_ARN, name="account {account}", scope=Scope.ACCOUNT, needs=(holders,))
def cloudshell_access(aws: Aws) -> Iterator[Access]:
    """Who holds AWSCloudShellFullAccess."""
    yield _holding(aws, "AWSCloudShellFullAccess")


@collector(arn=ACCOUNT_ARN, name="account {account}", scope=Scope.ACCOUNT, needs=(holders,))
def bedrock_access(aws: Aws) -> Iterator[Access]:
    """Who holds AmazonBedrockFullAccess."""
    yield _holding(aws, "AmazonBedrockFullAccess")


def _holding(aws: Aws, name: str) -> Access:
    policy = f"arn:{aws.partition}:iam::aws:policy/{name}"
    found = [one for one in aws.read(holders) if any(held["PolicyArn"] == policy for held in one["attached"])]
    return {"policy": policy, "holders": [one["name"] for one in found], "arns": [one["arn"] for one in found]}


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
def nobody_has_full_cloudshell_access(access: Access) -> Verdict:
    """Nobody holds AWSCloudShellFullAccess.

    With it, files can be moved in and out of the account through a shell that no network control sees.

    Fix: Detach AWSCloudShellFullAccess; give those who need CloudShell a policy without file upload and download.
    See: https://docs.aws.amazon.com/cloudshell/latest/userguide/sec-auth-with-identities.html
    """
    return expect(not access["holders"], f"gives AWSCloudShellFullAccess to {', '.join(access['holders'])}")


@check(bedrock_access, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def nobody_has_full_bedrock_access(access: Access) -> Verdict:
    """Nobody holds AmazonBedrockFullAccess.

    With it, every model can be used without end, which is what stolen keys are sold for, and guardrails be taken off.

    Fix: Detach AmazonBedrockFullAccess; allow bedrock:InvokeModel on the models that are used.
    See: https://docs.aws.amazon.com/bedrock/latest/userguide/security_iam_id-based-policy-examples.html
    """
    return expect(not access["holders"], f"gives AmazonBedrockFullAccess to {', '.join(access['holders'])}")


DETACH = [f"iam:{how}{kind}Policy" for kind in ("User", "Group", "Role") for how in ("Detach", "Attach")]


@fix(nobody_has_full_cloudshell_access, *DETACH, risk=Risk.CUTS_ACCESS)
def take_cloudshell(access: Access) -> Plan:
    """Detach AWSCloudShellFullAccess from everybody."""
    return detach([access["policy"]], access["arns"])


@fix(nobody_has_full_bedrock_access, *DETACH, risk=Risk.CUTS_ACCESS)
def take_bedrock(access: Access) -> Plan:
    """Detach AmazonBedrockFullAccess from everybody."""
    return detach([access["policy"]], access["arns"])


def detach(managed: Sequence[str], arns: Sequence[str], *notes: str) -> Plan:
    """Take managed policies off users, groups and roles. Raises NotApplicable where AWS does not let one do that."""
    if not arns:
        raise NotApplicable("nobody holds it")
    kept = [arn for arn in arns if any(path in arn for path in OF_AWS)]
    if kept:
        raise NotApplicable(f"{kept[0].rpartition('/')[2]} is a role of AWS's own: change its permission set")
    off = [_one_of(arn) | {"PolicyArn": policy} for arn in arns for policy in managed]
    kinds = [arn.split(":")[5].partition("/")[0].title() for arn in arns for _ in managed]
    named = {arn.partition(":iam::")[2]: arn for arn in arns}
    return Plan(
        do=[Call(f"iam:Detach{kind}Policy", params) for kind, params in zip(kinds, off, strict=True)],
        undo=[Call(f"iam:Attach{kind}Policy", params) for kind, params in zip(kinds, off, strict=True)],
        before={name: ", ".join(policy.rpartition("/")[2] for policy in managed) for name in named},
        after=dict.fromkeys(named, "detached"),
        notes=["Whatever they do by this policy alone will be refused; other policies stay.", *notes],
    )


def _one_of(arn: str) -> dict[str, str]:
    kind, _, name = arn.split(":", 5)[5].partition("/")
    return {f"{kind.title()}Name": name.rpartition("/")[2]}


@check(written, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def policy_allows_no_whole_service(written: Written, *, spared: tuple[str, ...] = ()) -> Verdict:
    """Policy allows no whole service.

    All of kms is also deleting keys, all of cloudtrail is also switching the log off; few need more than some actions.

    Fix: Name the actions that are used, or the resources they are used on. Services that may be allowed whole belong
    into spared of this check, in AWS_SEC_THRESHOLDS.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-21
    """
    found = [(name, _whole(document, {*spared})) for name, document in written["documents"]]
    return _said([(name, f"allows {what}") for name, what in found if what])


@check(written, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def policy_names_its_roles(written: Written) -> Verdict:
    """Policy names the roles that may be assumed or passed.

    Whoever may assume or pass any role has what the mightiest of them has, and each new one, too.

    Fix: Name the roles in Resource; for iam:PassRole, name the service in a condition on iam:PassedToService.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    found = [(name, _any_role(document)) for name, document in written["documents"]]
    return _said([(name, f"may {' and '.join(sorted(how))} any role") for name, how in found if how])


def _said(found: Sequence[tuple[str, str]]) -> Verdict:
    """What each document does, by which inline policy."""
    return "; ".join(f"{words} by its inline {name}" if name else words for name, words in found) or None


def _whole(document: Any, spared: set[str]) -> str:
    """The services of which it allows everything, on everything, without condition; nothing when it allows all."""
    allows = [s for s in statements(document) if s.allows and s.every_resource and not s.conditions]
    if most := next((s for s in allows if s.not_actions), None):
        return "" if allows_everything(document) else most.what
    actions = (action.lower().split(":") for one in allows for action in one.actions if not one.every_action)
    found = {service for service, *rest in actions if rest and not rest[0].strip("*") and "*" not in service}
    return f"all of {', '.join(sorted(found - spared))}" if found - spared else ""


def _any_role(document: Any) -> set[str]:
    """Whether it lets any role be assumed or passed, by an action that names this."""
    allows = [s for s in statements(document) if s.allows and not s.conditions]
    anything = [s for s in allows if s.every_resource or s.not_resources or any(map(ANY_ROLE.fullmatch, s.resources))]
    named = [action for one in anything for action in one.actions if action.partition(":")[2].strip("*")]
    return {
        how
        for action, how in HOW.items()
        if any(wildcard(one, ignore_case=True, one=".").fullmatch(action) for one in named)
    }
