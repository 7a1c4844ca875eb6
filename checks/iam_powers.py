"""What users and roles may do, by all their policies together: groups, boundaries and Denies included.

Evaluation: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
Service control policies and session policies are not looked at. Where a condition's outcome cannot be told, it does
not allow and it does deny: what is said of somebody must hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from checks.documents import WILD, Condition, Statement, makes_administrator, statements
from checks.iam import ADMINISTRATOR_ACCESS, default_document
from checks.wildcards import wildcard

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import GroupDetailTypeDef as Group
    from types_boto3_iam.type_defs import ManagedPolicyDetailTypeDef as Managed
    from types_boto3_iam.type_defs import RoleDetailTypeDef as Role
    from types_boto3_iam.type_defs import UserDetailTypeDef as User

CIRCUMSTANCES = frozenset(
    {
        *("aws:multifactorauthpresent", "aws:multifactorauthage", "aws:tokenissuetime", "aws:securetransport"),
        *("aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:useragent", "aws:referer"),
        *("aws:currenttime", "aws:epochtime", "aws:requestedregion"),
        *("aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:principaltype"),
        *("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths"),  # of what is in one's own account
        *("sts:externalid", "sts:rolesessionname", "sts:sourceidentity"),
    }
)
"""Condition keys that say when and from where, or what whoever asks may choose: a caller can come to meet them.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""

CHOSEN = frozenset(
    {"cloudformation:rolearn", "cloudformation:templateurl", "ec2:instanceprofile", "lambda:codesigningconfigarn"}
)
"""Condition keys that keep whoever makes something from choosing its role or its code."""

TAGS = ("aws:resourcetag/", "iam:resourcetag/", "aws:principaltag/")
VARIABLE = re.compile(r"\$\{aws:username\}", re.IGNORECASE)

Context = Mapping[str, str]
"""Condition keys of a request that are known; a key of `KNOWN` that is not in it is known to be missing."""

KNOWN = frozenset(
    {"iam:passedtoservice", "iam:policyarn", "iam:permissionsboundary", "aws:principalarn", "aws:username"}
)


ASSUME = "sts:AssumeRole"
EVERYTHING = Statement(allows=True, actions=("*",), resources=("*",))


@dataclass(frozen=True, eq=False)
class Policy:
    """One policy: the name people know it by and its statements. `arn`: empty when it is inline."""

    name: str
    statements: tuple[Statement, ...]
    arn: str = ""
    others: tuple[tuple[str, tuple[Statement, ...]], ...] = ()
    """The versions that are not in force: ID and statements."""
    group: str = ""
    """The ARN of the group it comes from; empty when it is the identity's own."""
    _found: dict[str, tuple[Statement, ...]] = field(default_factory=dict)

    def of(self, group: str) -> Policy:
        return Policy(self.name, self.statements, self.arn, self.others, group)

    def about(self, action: str) -> tuple[Statement, ...]:
        """The statements that name the action, looked up once: many identities hold the same policy."""
        if action not in self._found:
            self._found[action] = tuple(one for one in self.statements if is_about(one, action))
        return self._found[action]


@dataclass(frozen=True, eq=False)
class Identity:
    """A user or role with everything that decides what it may do.

    `unread`: policies that it holds and AWS did not list. `trust`: what a role's trust policy says, empty for a user.
    """

    arn: str
    name: str
    policies: tuple[Policy, ...]
    boundary: Policy | None = None
    groups: tuple[str, ...] = ()
    trust: tuple[Statement, ...] = ()
    profiles: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    _named: dict[str, bool] = field(default_factory=dict)

    @cached_property
    def is_role(self) -> bool:
        return ":role/" in self.arn

    @cached_property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @cached_property
    def root(self) -> str:
        """How a trust policy names its account."""
        return f"{':'.join(self.arn.split(':')[:5])}:root"

    @cached_property
    def sessions(self) -> str:
        """How the ARNs of a role's sessions begin."""
        return f"arn:{self.arn.split(':')[1]}:sts::{self.account}:assumed-role/{self.name}/"

    @cached_property
    def all_statements(self) -> tuple[Statement, ...]:
        return tuple(one for policy in self.policies for one in policy.statements)

    @cached_property
    def unbounded(self) -> bool:
        """Whether no permissions boundary stands between it and everything."""
        return self.boundary is None or makes_administrator(self.boundary.statements)

    @cached_property
    def would_be_administrator(self) -> bool:
        """Whether its policies allow everything, were there no boundary."""
        return makes_administrator(self.all_statements)

    @cached_property
    def could_be_administrator(self) -> bool:
        """Whether one more policy, which allows everything, would make it one."""
        return self.unbounded and makes_administrator((*self.all_statements, EVERYTHING))

    @cached_property
    def admitting(self) -> tuple[Statement, ...]:
        """The statements of a role's trust policy about assuming it."""
        return tuple(one for one in self.trust if is_about(one, ASSUME))

    @cached_property
    def admitted(self) -> frozenset[str]:
        """The users, roles and accounts that a role's trust policy names."""
        return frozenset(w.id for one in self.admitting if one.allows for w in one.principals if w.kind == "AWS")

    @cached_property
    def services(self) -> tuple[str, ...]:
        """The services that may assume a role."""
        return tuple(w.id for one in self.admitting if one.allows for w in one.principals if w.kind == "Service")

    @property
    def is_administrator(self) -> bool:
        return self.unbounded and self.would_be_administrator

    def names(self, *actions: str) -> bool:
        """Whether a policy allows one of the actions on something, looked up once: most name none that matters."""
        for action in actions:
            if action not in self._named:
                self._named[action] = any(one.allows for policy in self.policies for one in policy.about(action))
        return any(self._named[action] for action in actions)

    def may(self, action: str, resource: str = "", target: Identity | None = None, **about: str) -> str:
        """The name of a policy that allows it on this resource; empty when it is not allowed.

        Without a resource: on whatever resource it is allowed, as whoever makes the resource chooses its name.
        `target`: whose tags are the resource's. `about`: known condition keys, `iam_policyarn` for `iam:PolicyARN`.
        """
        if not self.names(action):
            return ""
        tags = {"aws:resourcetag/": "", **{f"aws:resourcetag/{k}": v for k, v in target.tags.items()}} if target else {}
        context = self.context | tags | {key.replace("_", ":", 1): value for key, value in about.items()}
        return self._allows(action, resource, context) if not self.denies(action, resource, context) else ""

    @cached_property
    def context(self) -> dict[str, str]:
        """What is known of every request it makes."""
        name = {} if self.is_role else {"aws:username": self.name}
        return {"aws:principalarn": self.arn, **name, **{f"aws:principaltag/{k}": v for k, v in self.tags.items()}}

    def denies(self, action: str, resource: str, context: Context) -> bool:
        """Whether a policy of its own or its boundary denies it, whatever allows it."""
        holding = (*self.policies, self.boundary) if self.boundary else self.policies
        return any(
            not one.allows and self._reaches(one, resource) and _denies(one, context)
            for policy in holding
            for one in policy.about(action)
            if resource or (one.every_resource and not one.conditions)
        )

    def _allows(self, action: str, resource: str, context: Context) -> str:
        if not self.bounded(action, resource, context):
            return ""
        allowing = (p for p in self.policies if self._any_allows(p, action, resource, context))
        return next((policy.name for policy in allowing), "")

    def bounded(self, action: str, resource: str, context: Context) -> bool:
        """Whether its boundary, if it has one, leaves the action to it."""
        return self.boundary is None or self._any_allows(self.boundary, action, resource, context)

    def _any_allows(self, policy: Policy, action: str, resource: str, context: Context) -> bool:
        return any(
            one.allows
            and (
                self._reaches(one, resource) and allows_in(one, context)
                if resource
                else all(condition.key not in CHOSEN for condition in one.conditions)
            )
            for one in policy.about(action)
        )

    def _reaches(self, statement: Statement, resource: str) -> bool:
        if not resource:
            return True
        if statement.not_resources:
            return not any(self._matches(pattern, resource) for pattern in statement.not_resources)
        return any(self._matches(pattern, resource) for pattern in statement.resources)

    def _matches(self, pattern: str, resource: str) -> bool:
        if not self.is_role:
            pattern = VARIABLE.sub(self.name, pattern)
        if not WILD.search(pattern):
            return pattern == resource
        return "${" not in pattern and bool(wildcard(pattern, one=".").fullmatch(resource))


def is_about(statement: Statement, action: str) -> bool:
    """Whether the statement names the action."""
    if statement.not_actions:
        return not any(_acts(pattern, action) for pattern in statement.not_actions)
    return any(_acts(pattern, action) for pattern in statement.actions)


def _acts(pattern: str, action: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return pattern.lower() == action.lower()
    return bool(wildcard(pattern, one=".", ignore_case=True).fullmatch(action))


def allows_in(statement: Statement, context: Context) -> bool:
    """Whether its conditions are met by what is known of a request, or can come to be."""
    return all(one.key in CIRCUMSTANCES or holds(one, context) for one in statement.conditions)


def _denies(statement: Statement, context: Context) -> bool:
    """Whether it denies in all circumstances."""
    return not any(one.key in CIRCUMSTANCES or holds(one, context) is False for one in statement.conditions)


def holds(condition: Condition, context: Context) -> bool | None:
    """Whether a condition is met by what is known of a request; None when that cannot be told."""
    prefix = next((tag for tag in TAGS if condition.key.startswith(tag)), "")
    known = condition.key in KNOWN or prefix == TAGS[2] or (prefix and "aws:resourcetag/" in context)
    value = context.get(condition.key.replace("iam:resourcetag/", "aws:resourcetag/"))
    if not known:
        return None
    if condition.operator == "null":
        return (value is None) is ([one.lower() for one in condition.values] == ["true"])
    negated = "not" in condition.operator
    if value is None:
        return condition.if_exists or negated or condition.quantifier == "forallvalues"
    pattern = "like" in condition.operator or condition.operator.startswith("arn")
    if not pattern and not condition.operator.startswith("string"):
        return None
    if any("${" in one for one in condition.values):
        return None
    fold = condition.operator.endswith("ignorecase")
    met = any(
        bool(wildcard(one, one=".", ignore_case=fold).fullmatch(value))
        if pattern
        else (one.lower() == value.lower() if fold else one == value)
        for one in condition.values
    )
    return met is not negated


def identities(
    users: Sequence[User], groups: Sequence[Group], roles: Sequence[Role], managed: Sequence[Managed]
) -> list[Identity]:
    """Every user and role with its policies, as GetAccountAuthorizationDetails tells them."""
    known = {policy["Arn"]: _managed(policy) for policy in managed}
    of_group = {
        group["GroupName"]: [p.of(group["Arn"]) for p in _held(group, group.get("GroupPolicyList", []), known)]
        for group in groups
    }
    arns = {group["GroupName"]: group["Arn"] for group in groups}
    found = []
    for user in users:
        member = [name for name in user.get("GroupList", []) if name in arns]
        own = (*_held(user, user.get("UserPolicyList", []), known), *(p for name in member for p in of_group[name]))
        found.append(_identity(user, user["UserName"], own, known, groups=tuple(arns[name] for name in member)))
    for role in roles:
        own = tuple(_held(role, role.get("RolePolicyList", []), known))
        profiles = tuple(profile["Arn"] for profile in role.get("InstanceProfileList", []))
        trust = statements(role["AssumeRolePolicyDocument"])
        found.append(_identity(role, role["RoleName"], own, known, trust=trust, profiles=profiles))
    return found


def mighty_groups(groups: Sequence[Group], managed: Sequence[Managed]) -> dict[str, str]:
    """The groups whose members are administrators, by ARN."""
    known = {policy["Arn"]: _managed(policy) for policy in managed}
    held = {group["Arn"]: _held(group, group.get("GroupPolicyList", []), known) for group in groups}
    names = {group["Arn"]: group["GroupName"] for group in groups}
    return {
        arn: names[arn] for arn, own in held.items() if makes_administrator([s for one in own for s in one.statements])
    }


def _identity(of: Any, name: str, held: Iterable[Policy], known: Mapping[str, Policy], **more: Any) -> Identity:
    policies = tuple(held)
    limit = of.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
    boundary = _known(limit, known) if limit else None
    unread = [
        policy.name for policy in (*policies, *([boundary] if boundary else [])) if policy.name and _lacks(policy)
    ]
    tags = {tag["Key"].lower(): tag["Value"] for tag in of.get("Tags", [])}
    return Identity(of["Arn"], name, policies, boundary, tags=tags, unread=tuple(unread), **more)


def _held(of: Any, inline: Sequence[Any], known: Mapping[str, Policy]) -> Iterator[Policy]:
    for attached in of.get("AttachedManagedPolicies", []):
        yield _known(attached["PolicyArn"], known)
    for own in inline:
        yield Policy(own["PolicyName"], statements(own["PolicyDocument"]))


def _known(arn: str, known: Mapping[str, Policy]) -> Policy:
    """A managed policy by its ARN; without statements when AWS did not list it."""
    if arn.endswith(ADMINISTRATOR_ACCESS):
        return known.get(arn, Policy("AdministratorAccess", (EVERYTHING,), arn))
    return known.get(arn, Policy(arn.rpartition("/")[2], (), arn))


def _lacks(policy: Policy) -> bool:
    return bool(policy.arn) and not policy.statements


def _managed(policy: Managed) -> Policy:
    others = tuple(
        (version["VersionId"], statements(version["Document"]))
        for version in policy["PolicyVersionList"]
        if not version["IsDefaultVersion"]
    )
    return Policy(policy["Arn"].rpartition("/")[2], statements(default_document(policy)), policy["Arn"], others)
