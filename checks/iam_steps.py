"""The single steps by which a user or role becomes an administrator, or somebody else.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html and the service authorization reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from checks.documents import Principal, Statement, makes_administrator
from checks.iam import ADMINISTRATOR_ACCESS, OF_AWS, OF_CONTROL_TOWER
from checks.iam_powers import ASSUME, EVERYTHING, VARIABLE, Identity, Policy, allows_in

RAISING = (
    *("iam:AttachUserPolicy", "iam:PutUserPolicy", "iam:AttachRolePolicy", "iam:PutRolePolicy"),
    *("iam:AttachGroupPolicy", "iam:PutGroupPolicy", "iam:AddUserToGroup"),
    *("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"),
    *("iam:DeleteUserPermissionsBoundary", "iam:DeleteRolePermissionsBoundary"),
    *("iam:PutUserPermissionsBoundary", "iam:PutRolePermissionsBoundary"),
)
"""What may make somebody an administrator."""

MAKING = ("iam:CreateRole", "iam:CreateUser", "iam:CreateGroup")
TAKING = (
    *(ASSUME, "iam:UpdateAssumeRolePolicy", "iam:PassRole"),
    *("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"),
)
"""Without one of these, nobody becomes another who does not name them."""

KEYS, VERSIONS = 2, 5
"""How many access keys a user can have, and versions a policy.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

COMPUTE: Mapping[str, Sequence[tuple[tuple[str, ...], ...]]] = {
    "cloudformation": [
        (("cloudformation:CreateStack", "cloudformation:UpdateStack"),),
        (("cloudformation:CreateChangeSet",), ("cloudformation:ExecuteChangeSet",)),
    ],
    "codebuild": [
        (
            ("codebuild:CreateProject", "codebuild:UpdateProject"),
            ("codebuild:StartBuild", "codebuild:StartBuildBatch"),
        )
    ],
    "datapipeline": [
        (
            ("datapipeline:CreatePipeline",),
            ("datapipeline:PutPipelineDefinition",),
            ("datapipeline:ActivatePipeline",),
        )
    ],
    "ec2": [
        (("ec2:RunInstances", "ec2:RequestSpotInstances"),),
        (("autoscaling:CreateLaunchConfiguration",), ("autoscaling:CreateAutoScalingGroup",)),
    ],
    "ecs-tasks": [
        (("ecs:RegisterTaskDefinition",), ("ecs:RunTask", "ecs:StartTask", "ecs:CreateService")),
        (("batch:RegisterJobDefinition",), ("batch:SubmitJob",)),
    ],
    "glue": [
        (("glue:CreateDevEndpoint",),),
        (("glue:CreateJob", "glue:UpdateJob"), ("glue:StartJobRun", "glue:CreateTrigger")),
        (("glue:CreateSession",), ("glue:RunStatement",)),
    ],
    "lambda": [
        (
            ("lambda:CreateFunction",),
            ("lambda:InvokeFunction", "lambda:AddPermission", "lambda:CreateEventSourceMapping"),
        )
    ],
    "sagemaker": [
        (("sagemaker:CreateNotebookInstance",), ("sagemaker:CreatePresignedNotebookInstanceUrl",)),
        (("sagemaker:CreateTrainingJob", "sagemaker:CreateProcessingJob"),),
    ],
    "scheduler": [(("scheduler:CreateSchedule", "scheduler:UpdateSchedule"),)],
    "ssm": [(("ssm:CreateDocument",), ("ssm:StartAutomationExecution",))],
    "states": [(("states:CreateStateMachine", "states:UpdateStateMachine"), ("states:StartExecution",))],
}
"""Service -> what, beside iam:PassRole, runs one's own code or calls as a role that trusts it: one action of each."""


@dataclass(frozen=True)
class SignIn:
    """What the credential report says of a user's password, and how many access keys it has."""

    password: bool = False
    mfa: bool = False
    keys: int = 0


@dataclass(frozen=True)
class Account:
    """All that decides who can become an administrator. `mighty`: groups of administrators, ARN -> name."""

    identities: Sequence[Identity]
    mighty: Mapping[str, str] = field(default_factory=dict)
    sign_in: Mapping[str, SignIn] = field(default_factory=dict)


def make(one: Identity) -> str:
    """How one makes a new role, user or group that makes it an administrator, in words; empty when it cannot."""
    return next(_make_role(one), "") or next(_make_user(one), "") or next(_make_group(one), "")


def _make_role(one: Identity) -> Iterator[str]:
    """A new role trusts whom its maker says."""
    for arn in _new(one, "role", "iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy"):
        if one.may("iam:CreateRole", arn) and not one.denies(ASSUME, arn, one.context):
            yield from (f"iam:CreateRole and {give} → new role" for give in _give(one, "Role", arn))


def _make_user(one: Identity) -> Iterator[str]:
    for arn in _new(one, "user", "iam:CreateUser", "iam:AttachUserPolicy", "iam:PutUserPolicy"):
        enter = next((how for how in ("iam:CreateAccessKey", "iam:CreateLoginProfile") if one.may(how, arn)), "")
        if enter and one.may("iam:CreateUser", arn):
            yield from (f"iam:CreateUser and {give} and {enter} → new user" for give in _give(one, "User", arn))


def _make_group(one: Identity) -> Iterator[str]:
    if one.is_role or not one.could_be_administrator:
        return
    for arn in _new(one, "group", "iam:CreateGroup", "iam:AddUserToGroup"):
        if one.may("iam:CreateGroup", arn) and one.may("iam:AddUserToGroup", arn):
            for give in _give(one, "Group", arn):
                yield f"iam:CreateGroup and {give} and iam:AddUserToGroup → new group"


def _new(one: Identity, kind: str, create: str, *others: str) -> list[str]:
    """ARNs that something new may have, as the patterns of the policies that allow these actions would have it."""
    if not one.names(create):
        return []
    allows = (s for policy in one.policies for action in (create, *others) for s in policy.about(action) if s.allows)
    patterns = dict.fromkeys(pattern for s in allows for pattern in s.resources or ("*",))
    start = f"{one.root.removesuffix('root')}{kind}/"
    found = []
    for pattern in patterns:
        own = pattern if one.is_role else VARIABLE.sub(one.name, pattern)
        name = own.partition(f":{kind}/")[2] or "*"
        arn = start + re.sub(r"\*+", "new", name).replace("?", "n")
        if "${" not in arn and not any(path in arn for path in OF_AWS):
            found.append(arn)
    return found


def _give(one: Identity, kind: str, arn: str, other: Identity | None = None) -> Iterator[str]:
    """The ways to give a user, role or group the administrator's policy."""
    if one.may(f"iam:Attach{kind}Policy", arn, other, iam_policyarn=_admin(one)):
        yield f"iam:Attach{kind}Policy"
    if one.may(f"iam:Put{kind}Policy", arn, other):
        yield f"iam:Put{kind}Policy"


def lift(account: Account, one: Identity, other: Identity) -> str:
    """How one makes the other (or itself) an administrator, in words; empty when it cannot."""
    if of_aws(other) or (other is not one and of_control_tower(other)):
        return ""
    if other.unbounded:
        return next(_raise(account, one, other), "") if other.could_be_administrator else ""
    off = next(_unbind(one, other), "")
    if not off or other.would_be_administrator:
        return off
    then = next(_raise(account, one, other), "") if makes_administrator((*other.all_statements, EVERYTHING)) else ""
    return f"{off} and {then}" if then else ""


def _raise(account: Account, one: Identity, other: Identity) -> Iterator[str]:
    """The ways to give the other one more policy, its own or a group's, or to rewrite one."""
    yield from _give(one, "Role" if other.is_role else "User", other.arn, other)
    for group in other.groups:
        yield from (f"{give} → group {last(group)}" for give in _give(one, "Group", group))
    for group, name in account.mighty.items():
        if not other.is_role and one.may("iam:AddUserToGroup", group):
            yield f"iam:AddUserToGroup → group {name}"
    yield from _rewrite(one, other)


def _rewrite(one: Identity, other: Identity) -> Iterator[str]:
    """The ways to make a policy that the other holds allow everything."""
    for policy in filter(_is_own, other.policies):
        rest = tuple(s for held in other.policies if held is not policy for s in held.statements)
        yield from _versions(one, policy, rest, "policy")


def _unbind(one: Identity, other: Identity) -> Iterator[str]:
    """The ways to take away the boundary that keeps the other from everything."""
    kind = "Role" if other.is_role else "User"
    if one.may(f"iam:Delete{kind}PermissionsBoundary", other.arn, other):
        yield f"iam:Delete{kind}PermissionsBoundary"
    if one.may(f"iam:Put{kind}PermissionsBoundary", other.arn, other, iam_permissionsboundary=_admin(one)):
        yield f"iam:Put{kind}PermissionsBoundary"
    if other.boundary and _is_own(other.boundary):
        yield from _versions(one, other.boundary, (), "boundary")


def _versions(one: Identity, policy: Policy, rest: Sequence[Statement], word: str) -> Iterator[str]:
    """The ways to make a policy allow everything: a new version, or an old one that does so with the `rest`."""
    room = len(policy.others) + 1 < VERSIONS or one.may("iam:DeletePolicyVersion", policy.arn)
    if room and one.may("iam:CreatePolicyVersion", policy.arn):
        yield f"iam:CreatePolicyVersion → {word} {policy.name}"
    for version, statements in policy.others:
        if makes_administrator((*rest, *statements)) and one.may("iam:SetDefaultPolicyVersion", policy.arn):
            yield f"iam:SetDefaultPolicyVersion → {version} of {word} {policy.name}"


def become(account: Account, one: Identity, other: Identity) -> str:
    """How one comes to act as the other, in words; empty when it cannot."""
    if one is other:
        return ""
    return _take_role(one, other) if other.is_role else _take_user(account, one, other)


def _take_user(account: Account, one: Identity, user: Identity) -> str:
    sign_in = account.sign_in.get(user.arn, SignIn(mfa=True))
    full = sign_in.keys >= KEYS and not one.may("iam:DeleteAccessKey", user.arn, user)
    profile = "iam:UpdateLoginProfile" if sign_in.password else "iam:CreateLoginProfile"
    for action in (*(() if full else ("iam:CreateAccessKey",)), *(() if sign_in.mfa else (profile,))):
        if one.may(action, user.arn, user):
            return f"{action} → {kind(user)}"
    return ""


def _take_role(one: Identity, role: Identity) -> str:
    if _trusted(one, role):
        return f"{ASSUME} → {kind(role)}"
    if of_aws(role):
        return ""
    if (
        not of_control_tower(role)
        and one.may("iam:UpdateAssumeRolePolicy", role.arn, role)
        and not one.denies(ASSUME, role.arn, one.context)
    ):
        return f"iam:UpdateAssumeRolePolicy → {kind(role)}"
    for service in role.services if one.names("iam:PassRole") else ():
        if actions := _pass(one, role, service):
            return f"iam:PassRole and {' and '.join(actions)} → {kind(role)}"
    return ""


def _trusted(one: Identity, role: Identity) -> bool:
    """Whether it may assume the role as things are.

    A trust policy that names whoever asks is enough; one that names the account leaves it to the account's policies.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-single-account.html
    """
    if not any(_names(id, one) or _is_account(id, one) for id in role.admitted):
        return False
    if one.denies(ASSUME, role.arn, one.context) or any(_refuses(s, one) for s in role.admitting):
        return False
    met = [w.id for s in role.admitting if s.allows and allows_in(s, one.context) for w in _of_aws_kind(s)]
    if any(_names(id, one) for id in met) and (not one.is_role or one.bounded(ASSUME, role.arn, one.context)):
        return True
    return any(_is_account(id, one) for id in met) and bool(one.may(ASSUME, role.arn, role))


def _refuses(statement: Statement, one: Identity) -> bool:
    meant = any(_names(who.id, one) or _is_account(who.id, one) for who in _of_aws_kind(statement))
    return not statement.allows and (meant or bool(statement.not_principals))


def _of_aws_kind(statement: Statement) -> list[Principal]:
    return [who for who in statement.principals if who.kind == "AWS"]


def _names(id: str, one: Identity) -> bool:
    """Whether a principal's ID stands for this one by name, or for everybody."""
    return id in ("*", one.arn) or (":assumed-role/" in id and one.is_role and id.startswith(one.sessions))


def _is_account(id: str, one: Identity) -> bool:
    return id in (one.account, one.root)


def _pass(one: Identity, role: Identity, service: str) -> Sequence[str]:
    """The actions by which a service that the role trusts is made to use it; none when it cannot be."""
    if not one.may("iam:PassRole", role.arn, role, iam_passedtoservice=service):
        return ()
    label = service.partition(".")[0]
    if label == "ec2" and not (role.profiles or one.may("iam:AddRoleToInstanceProfile")):
        return ()
    for recipe in COMPUTE.get(label, ()):
        actions = [next((action for action in choice if one.may(action)), "") for choice in recipe]
        if all(actions):
            return actions
    return ()


def last(arn: str) -> str:
    """The name of a group in its ARN."""
    return arn.rpartition("/")[2]


def kind(one: Identity) -> str:
    """ "role deploy", "user ana"."""
    return f"{'role' if one.is_role else 'user'} {one.name}"


def _admin(one: Identity) -> str:
    return f"arn:{one.arn.split(':')[1]}{ADMINISTRATOR_ACCESS}"


def _is_own(policy: Policy) -> bool:
    return bool(policy.arn) and ":iam::aws:" not in policy.arn


def of_aws(one: Identity) -> bool:
    """Whether AWS made it and only AWS may change it."""
    return any(path in one.arn for path in OF_AWS)


def of_control_tower(one: Identity) -> bool:
    """Whether Control Tower keeps everybody else from changing it."""
    return one.is_role and one.name.startswith(OF_CONTROL_TOWER)
