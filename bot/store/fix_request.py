"""A fix request as the database keeps it: its plan, where it stands, who decided."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from checks.kit import Call, Plan


class State(enum.StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    RUNNING = "running"
    FIXED = "fixed"
    FAILED = "failed"
    REHEARSED = "rehearsed"
    MOOT = "moot"
    CHANGED = "changed"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNDOING = "undoing"
    UNDONE = "undone"
    UNDO_FAILED = "undo_failed"


MOVES: Mapping[State, frozenset[State]] = {
    State.WAITING: frozenset({State.APPROVED, State.DENIED, State.EXPIRED, State.CANCELLED}),
    State.APPROVED: frozenset({State.RUNNING, State.MOOT, State.CHANGED, State.REHEARSED, State.FAILED}),
    State.RUNNING: frozenset({State.FIXED, State.FAILED}),
    State.FIXED: frozenset({State.UNDOING}),
    State.FAILED: frozenset({State.UNDOING}),
    State.UNDOING: frozenset({State.UNDONE, State.UNDO_FAILED, State.FIXED, State.FAILED}),  # back, if it was not begun
}
"""Every move there is; anything else is refused."""

OPEN = (State.WAITING, State.APPROVED, State.RUNNING, State.UNDOING)


APPROVAL, DELETED = "approval", "deleted"
"""Kinds of cards: the approvers', and what was theirs until somebody deleted it."""


@dataclass(frozen=True)
class Card:
    """A message in Slack that shows the request. `kind`: approval, notice or deleted; `shown`: the face it shows."""

    channel: str
    ts: str
    kind: str
    shown: str


@dataclass(frozen=True)
class FixRequest:
    id: int
    finding_id: int
    account: str
    region: str
    check_id: str
    resource: str
    name: str
    plan: Plan
    plan_hash: str
    mode: str
    state: State
    requester: str
    reason: str
    created_at: datetime
    expires_at: datetime
    approver: str | None
    undoer: str | None
    ended_at: datetime | None
    result: str
    after_state: Mapping[str, str] | None
    cards: Sequence[Card]
    within: str = ""
    needed: int = 1
    approvals: Sequence[str] = ()
    """Who approved so far, of the `needed`."""
    broke_glass: str = ""
    """Why one person approved alone; empty when nobody did."""
    batch: int | None = None
    """The batch it is part of, whose messages show it."""

    @property
    def waits(self) -> bool:
        """Whether it can still be decided on."""
        return self.state is State.WAITING

    @property
    def face(self) -> str:
        """What its messages show: they are edited when it changes."""
        return f"{self.state} {len(self.approvals)}" if self.state is State.WAITING and self.approvals else self.state

    @property
    def is_shown(self) -> bool:
        """Whether all its messages show its state, and a waiting one has a message with the buttons."""
        if self.batch is not None:
            return True
        asked = self.state is not State.WAITING or any(card.kind == APPROVAL for card in self.cards)
        return asked and all(card.shown == self.face for card in self.cards if card.kind != DELETED)


@dataclass(frozen=True)
class Step:
    """One write. `state`: intent (about to be made), done, failed, or unknown (the process died making it)."""

    phase: str
    position: int
    call: str
    state: str
    answer: str


@dataclass(frozen=True)
class New:
    """What a request is made of."""

    finding_id: int
    account: str
    region: str
    check_id: str
    resource: str
    name: str
    plan: Plan
    mode: str
    requester: str
    reason: str
    created_at: datetime
    expires_at: datetime
    within: str = ""
    needed: int = 1
    batch: int | None = None
    owner: str = ""
    """The code that owns the resource, when it is to be changed directly all the same; the plan's notes say it, too."""


@dataclass(frozen=True)
class Batch:
    """The same fix on several resources: asked for, approved and shown as one, made one by one."""

    id: int
    requests: Sequence[FixRequest]
    cards: Sequence[Card]

    @property
    def plan_hash(self) -> str:
        """What an approval is bound to: every plan, in order."""
        return hash_of_all(request.plan_hash for request in self.requests)

    @property
    def created_at(self) -> datetime:
        return self.requests[0].created_at

    @property
    def waits(self) -> bool:
        """Whether it can still be decided on: batches are decided on as a whole."""
        return all(request.state is State.WAITING for request in self.requests)

    @property
    def face(self) -> str:
        """What its messages show: they are edited when it changes."""
        return " ".join(request.face for request in self.requests)

    @property
    def is_shown(self) -> bool:
        """Whether all its messages show its state, and a waiting one has a message with the buttons."""
        asked = not self.waits or any(card.kind == APPROVAL for card in self.cards)
        return asked and all(card.shown == self.face for card in self.cards if card.kind != DELETED)


def hash_of_all(plan_hashes: Iterable[str]) -> str:
    """One hash of several plans."""
    return hashlib.sha256("\n".join(plan_hashes).encode()).hexdigest()


def plan_json(plan: Plan) -> str:
    """A plan as canonical JSON: equal plans give equal text."""
    calls = {half: [c.data for c in getattr(plan, half)] for half in ("do", "undo")}
    words = {"before": dict(plan.before), "after": dict(plan.after), "notes": list(plan.notes)}
    return json.dumps(calls | words, sort_keys=True, separators=(",", ":"))


def plan_hash(plan: Plan) -> str:
    """What an approval is bound to: SHA-256 over calls, before and after. Notes (last use, say) may move on."""
    data = json.loads(plan_json(plan))
    del data["notes"]
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def plan_of(text: str) -> Plan:
    """The plan behind its JSON."""
    data = json.loads(text)
    do, undo = ([Call(**c) for c in data[half]] for half in ("do", "undo"))
    return Plan(do, undo, data["before"], data["after"], data["notes"])
