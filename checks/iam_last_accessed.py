"""What users and roles may use and never do, as IAM remembers it: services last accessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from checks.iam import OF_AWS, OF_CONTROL_TOWER, full_policies, grants_all, groups, roles, users
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

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import GroupDetailTypeDef as Group
    from types_boto3_iam.type_defs import RoleDetailTypeDef as Role
    from types_boto3_iam.type_defs import ServiceLastAccessedTypeDef as Service
    from types_boto3_iam.type_defs import UserDetailTypeDef as User

GENERATE, GET = "iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails"
AT_ONCE = 50
"""Reports that are asked for before the first is fetched."""
PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each time of fetching: AWS takes a few to write a report."""
NAMED = 8
"""Services that a finding names."""


class Granted(TypedDict):
    """A user or role and the services its policies let it use. `services`: None when AWS could not tell, see `error`.

    `administrator`: whether it is allowed everything, so that of course it does not use it all.
    """

    arn: str
    name: str
    created: datetime
    administrator: bool
    services: Sequence[Service] | None
    error: str


@collector(GENERATE, GET, arn="{arn}", name="{name}", scope=Scope.ACCOUNT, needs=(users, groups, roles, full_policies))
def granted(aws: Aws) -> Iterator[Granted]:
    """Every user and role with policies, except AWS's own and Control Tower's; administrators are not asked about."""
    full = {policy["Arn"] for policy in aws.read(full_policies)}
    by_name = {group["GroupName"]: group for group in aws.read(groups)}
    everybody = [_user(user, by_name, full) for user in aws.read(users) if _holds(user)]
    everybody += [_role(role, full) for role in aws.read(roles) if _holds(role) and not _is_kept(role)]
    yield from (one for one in everybody if one["administrator"])
    others = [one for one in everybody if not one["administrator"]]
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


def _user(user: User, by_name: Mapping[str, Group], full: set[str]) -> Granted:
    in_groups = [by_name[name] for name in user.get("GroupList", []) if name in by_name]
    mighty = grants_all(user.get("AttachedManagedPolicies", []), user.get("UserPolicyList", []), full) or any(
        grants_all(group.get("AttachedManagedPolicies", []), group.get("GroupPolicyList", []), full)
        for group in in_groups
    )
    return _granted(user, user["UserName"], mighty)


def _role(role: Role, full: set[str]) -> Granted:
    mighty = grants_all(role.get("AttachedManagedPolicies", []), role.get("RolePolicyList", []), full)
    return _granted(role, role["RoleName"], mighty)


def _granted(of: User | Role, name: str, mighty: bool) -> Granted:
    return {
        "arn": of["Arn"],
        "name": name,
        "created": of["CreateDate"],
        "administrator": mighty,
        "services": None,
        "error": "AWS is still writing the report: it is read at the next scan",
    }


def _holds(of: User | Role) -> bool:
    return any(of.get(key) for key in ("AttachedManagedPolicies", "UserPolicyList", "RolePolicyList", "GroupList"))


def _is_kept(role: Role) -> bool:
    return any(path in role["Arn"] for path in OF_AWS) or role["RoleName"].startswith(OF_CONTROL_TOWER)


@check(granted, now, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def granted_services_are_used(granted: Granted, now: datetime, *, days: int = 90) -> Verdict:
    """User or role uses the services it may use.

    What it never needs, whoever steals its credentials has all the same. IAM remembers 400 days of use.

    Fix: Take the unused services out of its policies, or give it a policy of the actions it uses; Access Analyzer
    writes that from CloudTrail. Replace a broad policy of AWS's own by a narrower one.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
    """
    if granted["administrator"]:
        raise NotApplicable("it is an administrator: other checks speak of that")
    if now - granted["created"] < timedelta(days=days):
        raise NotApplicable(f"it is younger than {days} days")
    if granted["services"] is None:
        raise Unknown(f"services last accessed: {granted['error']}")
    used = [service for service in granted["services"] if _since(service, now, days)]
    if not used:
        raise NotApplicable("it uses no service at all: other checks speak of unused users and roles")
    idle = sorted(service["ServiceNamespace"] for service in granted["services"] if service not in used)
    more = f" and {len(idle) - NAMED} more" if len(idle) > NAMED else ""
    return expect(not idle, f"has not used in {days} days what it may use: {', '.join(idle[:NAMED])}{more}")


def _since(service: Service, now: datetime, days: int) -> bool:
    last = service.get("LastAuthenticated")
    return last is not None and now - last < timedelta(days=days)
