"""What users and roles may use and never do, as IAM remembers it: services last accessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from checks.documents import statements
from checks.iam import OF_AWS, OF_CONTROL_TOWER, default_document, groups, policies, roles, users
from checks.kit import (
    Aws,
    NotApplicable,
    Practice,
    Scope,
    Severity,
    Unknown,
    Verdict,
    check,
    collector,
    expect,
    now,
)
from checks.wildcards import ONE, wildcard

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import GroupDetailTypeDef as Group
    from types_boto3_iam.type_defs import ManagedPolicyDetailTypeDef as Policy
    from types_boto3_iam.type_defs import PolicyDetailTypeDef as Inline
    from types_boto3_iam.type_defs import RoleDetailTypeDef as Role
    from types_boto3_iam.type_defs import ServiceLastAccessedTypeDef as Service
    from types_boto3_iam.type_defs import UserDetailTypeDef as User

Written: TypeAlias = Mapping[str, datetime]
"""Service -> since when a policy names it."""

GENERATE, GET = "iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails"
AT_ONCE = 50
"""Reports that are asked for before the first is fetched."""
PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each time of fetching: AWS takes a few to write a report."""
NAMED = 8
"""Services that a finding names."""


UNTRACKED = (
    *("iam:PassRole", "rds-db:*", "neptune-db:*", "kafka-cluster:*", "execute-api:*", "dax:*", "vpc-lattice-svcs:*"),
    *("aoss:APIAccessAll", "appsync:GraphQL", "elasticfilesystem:Client*", "es:ESHttp*", "*:Connect"),
)
"""What is done without a call of an AWS API, so that IAM does not remember it: passing a role, connecting, mounting.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html"""


class Granted(TypedDict):
    """A user or role, and what AWS says of the services it may use: None when AWS could not tell, see `error`.

    `written`: the services that policies of the account's own name, each with the moment since when. Those that come
    with AWS's policies are nobody's choice.
    """

    arn: str
    name: str
    written: Mapping[str, datetime]
    services: Sequence[Service] | None
    error: str


@collector(GENERATE, GET, arn="{arn}", name="{name}", scope=Scope.ACCOUNT, needs=(users, groups, roles, policies))
def granted(aws: Aws) -> Iterator[Granted]:
    """Every user and role except AWS's own and Control Tower's. AWS is asked where own policies name services."""
    own = {policy["Arn"]: _managed(policy) for policy in aws.read(policies)}
    by_name = {group["GroupName"]: group for group in aws.read(groups)}
    everybody = [_user(user, by_name, own) for user in aws.read(users)]
    everybody += [_role(role, own) for role in aws.read(roles) if not _is_kept(role)]
    yield from (one for one in everybody if not one["written"])
    others = [one for one in everybody if one["written"]]
    for first in range(0, len(others), AT_ONCE):
        yield from _reports(aws, others[first : first + AT_ONCE])


def _reports(aws: Aws, some: Sequence[Granted]) -> Iterator[Granted]:
    jobs = dict(zip((one["arn"] for one in some), aws.each(lambda one: _job(aws, one["arn"]), some), strict=True))
    waiting = {one["arn"]: one for one in some}
    for seconds in PAUSES:
        if not waiting:
            break
        aws.pause(seconds)
        asked = list(waiting.values())
        for one, (finished, services, error) in zip(
            asked, aws.each(lambda one: _report(aws, jobs[one["arn"]]), asked), strict=True
        ):
            if finished:
                yield {**waiting.pop(one["arn"]), "services": services, "error": error}
    yield from waiting.values()


def _job(aws: Aws, arn: str) -> str:
    return str(aws.call(GENERATE, Arn=arn)["JobId"])


def _report(aws: Aws, job: str) -> tuple[bool, Sequence[Service] | None, str]:
    """Whether the report is finished, what it says, and why it says nothing."""
    services: list[Service] = []
    page = aws.call(GET, JobId=job)
    if page["JobStatus"] == "IN_PROGRESS":
        return False, None, ""
    if page["JobStatus"] == "FAILED":
        return True, None, str(page.get("Error", {}).get("Message", "AWS does not say why"))
    services += page["ServicesLastAccessed"]
    while page.get("IsTruncated"):
        page = aws.call(GET, JobId=job, Marker=page["Marker"])
        services += page["ServicesLastAccessed"]
    return True, services, ""


def _user(user: User, by_name: Mapping[str, Group], own: Mapping[str, Written]) -> Granted:
    in_groups = [by_name[name] for name in user.get("GroupList", []) if name in by_name]
    made = user["CreateDate"]
    written = [_written(user, user.get("UserPolicyList", []), made, own)]
    written += [_written(group, group.get("GroupPolicyList", []), made, own) for group in in_groups]
    return _granted(user, user["UserName"], written)


def _role(role: Role, own: Mapping[str, Written]) -> Granted:
    return _granted(role, role["RoleName"], [_written(role, role.get("RolePolicyList", []), role["CreateDate"], own)])


def _granted(of: User | Role, name: str, written: Sequence[Written]) -> Granted:
    return {
        "arn": of["Arn"],
        "name": name,
        "written": _earliest(written),
        "services": None,
        "error": "AWS is still writing the report: it is read at the next scan",
    }


def _written(of: Any, inline: Sequence[Inline], made: datetime, own: Mapping[str, Written]) -> Written:
    """What its own policies name: since whoever holds them was made; managed ones tell when they were changed last."""
    held = [own.get(attached["PolicyArn"], {}) for attached in of.get("AttachedManagedPolicies", [])]
    managed = [{name: max(made, since) for name, since in one.items()} for one in held]
    return _earliest([*(dict.fromkeys(_services(one["PolicyDocument"]), made) for one in inline), *managed])


def _managed(policy: Policy) -> Written:
    since = next(version["CreateDate"] for version in policy["PolicyVersionList"] if version["IsDefaultVersion"])
    return dict.fromkeys(_services(default_document(policy)), since)


def _earliest(found: Sequence[Written]) -> Written:
    names = {name for one in found for name in one}
    return {name: min(one[name] for one in found if name in one) for name in sorted(names)}


def _services(document: Any) -> set[str]:
    """The services that a policy allows something of by name."""
    actions = [action for one in statements(document) if one.allows for action in one.actions]
    tracked = [
        action for action in actions if not any(pattern.fullmatch(action) for pattern in map(_pattern, UNTRACKED))
    ]
    return {
        service.lower() for service, colon, _ in (one.partition(":") for one in tracked) if colon and "*" not in service
    }


def _pattern(action: str) -> re.Pattern[str]:
    return wildcard(action, one=ONE, ignore_case=True)


def _is_kept(role: Role) -> bool:
    return any(path in role["Arn"] for path in OF_AWS) or role["RoleName"].startswith(OF_CONTROL_TOWER)


@check(granted, now, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def granted_services_are_used(granted: Granted, now: datetime, *, days: int = 90) -> Verdict:
    """User or role uses the services that its policies name.

    What it never needs, whoever steals its credentials has all the same. IAM remembers 400 days of use. Only policies
    of your own are judged, and of these what they have named for long; AWS's name more than anybody uses.

    Fix: Take the unused services out of its policies, or give it a policy of the actions it uses; Access Analyzer
    writes that from CloudTrail.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
    """
    if not granted["written"]:
        raise NotApplicable("no policy of the account's own names a service for it")
    long = {name for name, since in granted["written"].items() if now - since >= timedelta(days=days)}
    if not long:
        raise NotApplicable(f"what it may use was granted less than {days} days ago")
    if granted["services"] is None:
        raise Unknown(f"services last accessed: {granted['error']}")
    used = {service["ServiceNamespace"] for service in granted["services"] if _since(service, now, days)}
    if not used:
        raise NotApplicable("it uses no service at all: other checks speak of unused users and roles")
    idle = sorted({service["ServiceNamespace"] for service in granted["services"]} & long - used)
    more = f" and {len(idle) - NAMED} more" if len(idle) > NAMED else ""
    return expect(not idle, f"has not used in {days} days what it may use: {', '.join(idle[:NAMED])}{more}")


def _since(service: Service, now: datetime, days: int) -> bool:
    last = service.get("LastAuthenticated")
    return last is not None and now - last < timedelta(days=days)
