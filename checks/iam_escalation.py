"""The ways by which users and roles can make themselves administrators, through others if need be.

Each step is in `iam_steps`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict

from checks.documents import makes_administrator
from checks.iam import aws_policies, groups, policies, roles, users
from checks.iam_credentials import credential_report, keys, on
from checks.iam_powers import Identity, identities, mighty_groups
from checks.iam_steps import (
    MAKING,
    RAISING,
    TAKING,
    Account,
    SignIn,
    become,
    kind,
    last,
    lift,
    make,
    of_aws,
    of_control_tower,
)
from checks.kit import Aws, NotApplicable, Practice, Scope, Severity, Unknown, Verdict, check, collector, expect


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
    waiting = [one for one in account.identities if one.arn not in found and not of_aws(one)]
    everybody, reached = _Named(account.identities), _Named([one for one in account.identities if one.arn in found])
    length = 0
    while reached.identities or length < 2:
        length += 1
        steps = {one.arn: way for one in waiting if (way := _next(account, one, reached, everybody, found, length))}
        found |= steps
        reached = _Named([one for one in waiting if one.arn in steps])
        waiting = [one for one in waiting if one.arn not in steps]
    return found


def _next(
    account: Account,
    one: Identity,
    reached: _Named,
    everybody: _Named,
    found: Mapping[str, tuple[str, ...]],
    length: int,
) -> tuple[str, ...]:
    """The way of one identity in this many steps, or nothing."""
    if length == 1 and (way := _by_itself(account, one)):
        return way
    return _through(account, one, reached, found) or (_through_raised(account, one, everybody) if length == 2 else ())


class _Named:
    """Identities, and those of them that name in their trust policy whoever asks, by how they do so."""

    def __init__(self, identities: Sequence[Identity]) -> None:
        self.identities = identities
        self._by_id: dict[str, list[Identity]] = {}
        for one in identities:
            for id in one.admitted:
                key = f"{id.rpartition('/')[0]}/" if ":assumed-role/" in id else id
                self._by_id.setdefault(key, []).append(one)

    def takeable(self, one: Identity) -> Sequence[Identity]:
        """All that one might become: most may take nobody who does not name them."""
        if one.names(*TAKING):
            return self.identities
        return [other for key in (one.arn, one.sessions, "*") for other in self._by_id.get(key, ())]


def _by_itself(account: Account, one: Identity) -> tuple[str, ...]:
    step = lift(account, one, one) if one.names(*RAISING) else ""
    step = step or (make(one) if one.names(*MAKING) else "")
    return ((step if "→" in step else f"{step} → itself"),) if step else ()


def _through(account: Account, one: Identity, reached: _Named, found: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    for other in reached.takeable(one):
        if step := become(account, one, other):
            return (step, *found[other.arn])
    return ()


def _through_raised(account: Account, one: Identity, everybody: _Named) -> tuple[str, ...]:
    """By making another an administrator and becoming that one."""
    for other in everybody.takeable(one) if one.names(*RAISING) else ():
        if other is not one and (step := lift(account, one, other)) and (then := become(account, one, other)):
            return (step if "→" in step else f"{step} → {kind(other)}", then)
    return ()


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
        {row["arn"]: SignIn(on(row, "password_enabled"), on(row, "mfa_active"), keys(row)) for row in rows},
    )
    found = ways(account)
    tags: dict[str, Any] = {one["Arn"]: one.get("Tags", []) for one in (*aws.read(users), *aws.read(roles))}
    for one in account.identities:
        if not of_aws(one) and not of_control_tower(one):
            yield _standing(one, found.get(one.arn, ()), tags[one.arn])


def _standing(one: Identity, way: Sequence[str], tags: Sequence[Mapping[str, str]]) -> Standing:
    mighty = [policy for policy in one.policies if makes_administrator(policy.statements)]
    by = [f"{p.name} of group {last(p.group)}" if p.group else p.name for p in mighty]
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
