"""Taking statements out of a resource policy, for plans: every other statement stays as it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from checks.documents import Principal, public_grants, statements
from checks.kit import Call, NotApplicable, Plan

REMOVED = "Whoever relied on what is removed, unnamed, loses it: look who uses it before you approve."


def public_statements(policy: str) -> list[dict[str, Any]]:
    """The statements, as they are written, that let everyone in. Raises Unknown for what is no policy."""
    public = public_grants(policy)
    return [raw for raw, read in zip(_raw(policy), statements(policy), strict=True) if read in public]


def without_public(policy: str) -> str:
    """The policy without them, as JSON; empty when no statement is left."""
    kept = [one for one in _raw(policy) if one not in public_statements(policy)]
    return json.dumps(json.loads(policy) | {"Statement": kept}) if kept else ""


def close(policy: str, put: Callable[[str], Call], empty: Call | str, notes: Sequence[str] = ()) -> Plan:
    """The plan that takes the public statements out. `empty`: what to do, or to write, when none is left.

    Raises NotApplicable when there is none to take out.
    """
    if not policy or not public_statements(policy):
        raise NotApplicable("its policy lets in nobody from outside", as_it_is(policy))
    return _replace(policy, without_public(policy), put, empty, notes)


def shut_out(
    policy: str,
    found: Callable[[str], Collection[str]],
    put: Callable[[str], Call],
    empty: Call,
    notes: Sequence[str] = (),
) -> Plan:
    """The plan that takes accounts out of the principals that statements allow. `found`: those a policy lets in.

    Raises NotApplicable where they get in by more than that.
    """
    if not found(policy):
        raise NotApplicable("its policy lets in no other account", as_it_is(policy))
    denied = [one for one in _raw(policy) if one.get("Effect") != "Allow"]

    def without(one: dict[str, Any]) -> dict[str, Any] | None:
        return _without(one, found(json.dumps({"Statement": [one, *denied]})))  # not those that others let in

    kept = [left for one in _raw(policy) if (left := without(one))]
    later = json.dumps(json.loads(policy) | {"Statement": kept}) if kept else ""
    if later and found(later):
        raise NotApplicable("its policy lets them in by a condition, not by name: change that by hand")
    return _replace(policy, later, put, empty, notes)


def _replace(policy: str, later: str, put: Callable[[str], Call], empty: Call | str, notes: Sequence[str] = ()) -> Plan:
    kept = later or (empty if isinstance(empty, str) else "")
    return Plan(
        do=[put(kept)] if kept else [empty] if isinstance(empty, Call) else [],
        undo=[put(policy)],
        before=as_it_is(policy),
        after=as_it_is(kept),
        notes=[REMOVED, *notes],
    )


def _without(statement: dict[str, Any], accounts: Collection[str]) -> dict[str, Any] | None:
    """The statement without these accounts; None where it names nobody else."""
    principal = statement.get("Principal")
    if statement.get("Effect") != "Allow" or not isinstance(principal, dict) or "AWS" not in principal:
        return statement
    ids = [principal["AWS"]] if isinstance(principal["AWS"], str) else principal["AWS"]
    left = [id for id in ids if Principal("AWS", id).account not in accounts]
    if len(left) == len(ids):
        return statement
    others = {kind: named for kind, named in principal.items() if kind != "AWS"} | ({"AWS": left} if left else {})
    return statement | {"Principal": others} if others else None


def with_condition(policy: str, of: Sequence[Mapping[str, Any]], operator: str, key: str, value: str) -> str:
    """The policy with one condition more in some of its statements, as they are written."""

    def narrowed(statement: dict[str, Any]) -> dict[str, Any]:
        conditions = statement.get("Condition", {})
        return statement | {"Condition": {**conditions, operator: {**conditions.get(operator, {}), key: value}}}

    changed = [narrowed(one) if one in of else one for one in _raw(policy)]
    return json.dumps(json.loads(policy) | {"Statement": changed})


def as_it_is(policy: str) -> dict[str, str]:
    """What a plan shows of a policy, and compares before an undo."""
    return {"policy": in_a_line(policy) if policy else "none"}


def in_a_line(policy: str) -> str:
    """The same, whatever white space and order of keys it is written with."""
    return json.dumps(json.loads(policy), sort_keys=True)


def _raw(policy: str) -> list[dict[str, Any]]:
    found = json.loads(policy)["Statement"]
    return [found] if isinstance(found, dict) else list(found)
