"""Taking statements out of a resource policy, for plans: every other statement stays as it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from checks.documents import public_grants, statements
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
        raise NotApplicable("its policy lets in nobody from outside")
    kept = without_public(policy) or (empty if isinstance(empty, str) else "")
    return Plan(
        do=[put(kept)] if kept else [empty] if isinstance(empty, Call) else [],
        undo=[put(policy)],
        before={"policy": in_a_line(policy)},
        after={"policy": in_a_line(kept) if kept else "none"},
        notes=[REMOVED, *notes],
    )


def in_a_line(policy: str) -> str:
    """The same, whatever white space and order of keys it is written with."""
    return json.dumps(json.loads(policy), sort_keys=True)


def _raw(policy: str) -> list[dict[str, Any]]:
    found = json.loads(policy)["Statement"]
    return [found] if isinstance(found, dict) else list(found)
