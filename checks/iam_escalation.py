"""The ways by which users and roles can make themselves administrators, through others if need be.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html and the service authorization reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from checks.documents import Principal, Statement, makes_administrator
from checks.iam import ADMINISTRATOR_ACCESS, OF_AWS, OF_CONTROL_TOWER, aws_policies, groups, policies, roles, users
from checks.iam_credentials import credential_report, on
from checks.iam_powers import ASSUME, Identity, Policy, allows_in, identities, mighty_groups
from checks.kit import Aws, NotApplicable, Practice, Scope, Severity, Unknown, Verdict, check, collector, expect

RAISING = (
    *("iam:AttachUserPolicy", "iam:PutUserPolicy", "iam:AttachRolePolicy", "iam:PutRolePolicy"),
    *("iam:AttachGroupPolicy", "iam:PutGroupPolicy", "iam:AddUserToGroup"),
    *("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"),
    *("iam:DeleteUserPermissionsBoundary", "iam:DeleteRolePermissionsBoundary"),
)
"""What may make somebody an administrator."""

COMPUTE: Mapping[str, Sequence[tuple[tuple[str, ...], ...]]] = {
    "cloudformation": [(("cloudformation:CreateStack", "cloudformation:UpdateStack"),)],
    "codebuild": [(("codebuild:CreateProject", "codebuild:UpdateProject"), ("codebuild:StartBuild",))],
    "datapipeline": [
        (
            ("datapipeline:CreatePipeline",),
            ("datapipeline:PutPipelineDefinition",),
            ("datapipeline:ActivatePipeline",),
        )
    ],
    "ec2": [(("ec2:RunInstances",),)],
    "ecs-tasks": [(("ecs:RegisterTaskDefinition",), ("ecs:RunTask", "ecs:StartTask", "ecs:CreateService"))],
    "glue": [
        (("glue:CreateDevEndpoint",),),
        (("glue:CreateJob", "glue:UpdateJob"), ("glue:StartJobRun", "glue:CreateTrigger")),
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
    "states": [(("states:CreateStateMachine", "states:UpdateStateMachine"), ("states:StartExecution",))],
}
"""Service -> what, beside iam:PassRole, runs one's own code or calls as a role that trusts it: one action of each."""


@dataclass(frozen=True)
class SignIn:
    """What the credential report says of a user's password."""

    password: bool = False
    mfa: bool = False


@dataclass(frozen=True)
class Account:
    """All that decides who can become an administrator. `mighty`: groups of administrators, ARN -> name."""

    identities: Sequence[Identity]
    mighty: Mapping[str, str] = field(default_factory=dict)
    sign_in: Mapping[str, SignIn] = field(default_factory=dict)


class Standing(TypedDict):
    """Where a user or role stands. `by`: what makes it an administrator; `path`: the steps by which it becomes one."""

    arn: str
    name: str
    tags: Sequence[Mapping[str, str]]
    by: Sequence[str]
    attached: Sequence[str]
    path: Sequence[str]
    unread: Sequence[str]


def ways(account: Account) -> dict[str, tuple[str, ...]]:
    """The shortest way of each identity to become an administrator, by ARN: none for those who already are, in steps.

    Whoever has no way is not in it.
    """
    found = {one.arn: tuple[str, ...]() for one in account.identities if one.is_administrator}
    waiting = [one for one in account.identities if one.arn not in found and not _of_aws(one)]
    reached, length = [one for one in account.identities if one.arn in found], 0
    while reached or length < 2:
        length += 1
        steps = {one.arn: way for one in waiting if (way := _next(account, one, reached, found, length))}
        found |= steps
        reached = [one for one in waiting if one.arn in steps]
        waiting = [one for one in waiting if one.arn not in steps]
    return found


def _next(
    account: Account, one: Identity, reached: Sequence[Identity], found: Mapping[str, tuple[str, ...]], length: int
) -> tuple[str, ...]:
    """The way of one identity in this many steps, or nothing."""
    if length == 1 and one.names(*RAISING) and (step := _raise(account, one, one)):
        return (f"{step} → itself" if "→" not in step else step,)
    for other in reached:
        if step := _become(account, one, other):
            return (step, *found[other.arn])
    if length == 2 and one.names(*RAISING):
        for other in account.identities:
            if other is not one and (step := _raise(account, one, other)) and (then := _become(account, one, other)):
                return (f"{step} → {_kind(other)}" if "→" not in step else step, then)
    return ()


def _raise(account: Account, one: Identity, other: Identity) -> str:
    """How one makes the other (or itself) an administrator, in words; empty when it cannot."""
    if _of_aws(other) or (other is not one and _of_control_tower(other)):
        return ""
    if not other.unbounded:
        return next(_lift(one, other), "") if other.would_be_administrator else ""
    if not other.could_be_administrator:
        return ""
    return next(_add(account, one, other), "") or next(_rewrite(one, other), "")


def _add(account: Account, one: Identity, other: Identity) -> Iterator[str]:
    """The ways to give the other one more policy, its own or a group's."""
    kind = "Role" if other.is_role else "User"
    admin = f"arn:{other.arn.split(':')[1]}{ADMINISTRATOR_ACCESS}"
    if one.may(f"iam:Attach{kind}Policy", other.arn, other, iam_policyarn=admin):
        yield f"iam:Attach{kind}Policy"
    if one.may(f"iam:Put{kind}Policy", other.arn, other):
        yield f"iam:Put{kind}Policy"
    for group in other.groups:
        if one.may("iam:AttachGroupPolicy", group, iam_policyarn=admin):
            yield f"iam:AttachGroupPolicy → group {_last(group)}"
        if one.may("iam:PutGroupPolicy", group):
            yield f"iam:PutGroupPolicy → group {_last(group)}"
    for group, name in account.mighty.items():
        if not other.is_role and one.may("iam:AddUserToGroup", group):
            yield f"iam:AddUserToGroup → group {name}"


def _rewrite(one: Identity, other: Identity) -> Iterator[str]:
    """The ways to make a policy that the other holds allow everything."""
    for policy in filter(_is_own, other.policies):
        if one.may("iam:CreatePolicyVersion", policy.arn):
            yield f"iam:CreatePolicyVersion → policy {policy.name}"
        rest = tuple(s for held in other.policies if held is not policy for s in held.statements)
        for version, statements in policy.others:
            if makes_administrator((*rest, *statements)) and one.may("iam:SetDefaultPolicyVersion", policy.arn):
                yield f"iam:SetDefaultPolicyVersion → {version} of policy {policy.name}"


def _lift(one: Identity, other: Identity) -> Iterator[str]:
    """The ways to take away the boundary that is all that keeps the other from everything."""
    action = f"iam:Delete{'Role' if other.is_role else 'User'}PermissionsBoundary"
    if one.may(action, other.arn, other):
        yield action
    boundary = other.boundary
    if boundary and _is_own(boundary) and one.may("iam:CreatePolicyVersion", boundary.arn):
        yield f"iam:CreatePolicyVersion → boundary {boundary.name}"


def _become(account: Account, one: Identity, other: Identity) -> str:
    """How one comes to act as the other, in words; empty when it cannot."""
    if one is other:
        return ""
    return _take_role(one, other) if other.is_role else _take_user(account, one, other)


def _take_user(account: Account, one: Identity, user: Identity) -> str:
    sign_in = account.sign_in.get(user.arn, SignIn(mfa=True))
    profile = "iam:UpdateLoginProfile" if sign_in.password else "iam:CreateLoginProfile"
    for action in ("iam:CreateAccessKey", *(() if sign_in.mfa else (profile,))):
        if one.may(action, user.arn, user):
            return f"{action} → {_kind(user)}"
    return ""


def _take_role(one: Identity, role: Identity) -> str:
    if _trusted(one, role):
        return f"{ASSUME} → {_kind(role)}"
    if _of_aws(role):
        return ""
    if (
        not _of_control_tower(role)
        and one.may("iam:UpdateAssumeRolePolicy", role.arn, role)
        and not one.denies(ASSUME, role.arn, one.context)
    ):
        return f"iam:UpdateAssumeRolePolicy → {_kind(role)}"
    for service in role.services if one.names("iam:PassRole") else ():
        if actions := _pass(one, role, service):
            return f"iam:PassRole and {' and '.join(actions)} → {_kind(role)}"
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


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]


def _kind(one: Identity) -> str:
    return f"{'role' if one.is_role else 'user'} {one.name}"


def _is_own(policy: Policy) -> bool:
    return bool(policy.arn) and ":iam::aws:" not in policy.arn


def _of_aws(one: Identity) -> bool:
    return any(path in one.arn for path in OF_AWS)


def _of_control_tower(one: Identity) -> bool:
    return one.is_role and one.name.startswith(OF_CONTROL_TOWER)


@collector(
    arn="{arn}",
    name="{name}",
    scope=Scope.ACCOUNT,
    needs=(users, groups, roles, policies, aws_policies, credential_report),
)
def standings(aws: Aws) -> Iterator[Standing]:
    """Every user, and every role that is neither AWS's own nor Control Tower's."""
    managed = [*aws.read(policies), *aws.read(aws_policies)]
    rows = aws.read(credential_report)
    account = Account(
        identities(aws.read(users), aws.read(groups), aws.read(roles), managed),
        mighty_groups(aws.read(groups), managed),
        {row["arn"]: SignIn(on(row, "password_enabled"), on(row, "mfa_active")) for row in rows},
    )
    found = ways(account)
    tags: dict[str, Any] = {one["Arn"]: one.get("Tags", []) for one in (*aws.read(users), *aws.read(roles))}
    for one in account.identities:
        if not _of_aws(one) and not _of_control_tower(one):
            yield _standing(one, found.get(one.arn, ()), tags[one.arn])


def _standing(one: Identity, way: Sequence[str], tags: Sequence[Mapping[str, str]]) -> Standing:
    mighty = [policy for policy in one.policies if makes_administrator(policy.statements)]
    by = [f"{p.name} of group {_last(p.group)}" if p.group else p.name for p in mighty]
    return {
        "arn": one.arn,
        "name": one.name,
        "tags": tags,
        "by": (by or ["its policies together"]) if one.is_administrator else [],
        "attached": [policy.arn for policy in mighty if policy.arn and not policy.group],
        "path": list(way),
        "unread": list(one.unread),
    }


@check(standings, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def principal_cannot_become_administrator(standing: Standing) -> Verdict:
    """User or role cannot make itself an administrator.

    Whoever steals its credentials gets everything in a few calls, though no list of administrators shows it.

    Fix: Name the resources in the policy that allows the first step: one's own user, roles that a service really needs.
    A permissions boundary or a Deny does it too. Where a service control policy forbids a step, mute this.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    if standing["by"]:
        raise NotApplicable("it is an administrator already")
    if not standing["path"] and standing["unread"]:
        raise Unknown(f"AWS did not list what {', '.join(standing['unread'])} allows")
    return expect(not standing["path"], f"can become an administrator: {', then '.join(standing['path'])}")
