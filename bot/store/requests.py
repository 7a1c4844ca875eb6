"""Fix requests: a state machine moved only by compare-and-set, with an audit row for each move."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.store.audit import Audit
from bot.store.database import Database, moment, stamp
from bot.store.fix_request import MOVES, OPEN, Card, FixRequest, New, State, Step, plan_hash, plan_json, plan_of
from checks.kit import Call

NO_ANSWER = "the bot stopped before AWS's answer was noted"


class ResourceBusy(Exception):
    """Another request for the same resource is open."""


class NoSuchRequest(Exception):
    """There is no fix request with this number."""


class Requests:
    def __init__(self, db: Database, audit: Audit) -> None:
        self._db = db
        self._audit = audit

    def create(self, new: New) -> FixRequest:
        """A request that waits for approval. Raises ResourceBusy when one is open for the resource."""
        digest = plan_hash(new.plan)
        row = {
            "finding_id": new.finding_id,
            "account": new.account,
            "region": new.region,
            "check_id": new.check_id,
            "resource": new.resource,
            "name": new.name,
            "plan": plan_json(new.plan),
            "plan_hash": digest,
            "mode": new.mode,
            "state": State.WAITING.value,
            "requester": new.requester,
            "reason": new.reason,
            "created_at": stamp(new.created_at),
            "expires_at": stamp(new.expires_at),
            "within": new.within,
            "needed": new.needed,
            "batch": new.batch,
        }
        try:
            with self._db.transaction():
                request_id = self._db.insert("requests", row)
                self._audit.append(
                    "fix.requested",
                    actor=new.requester,
                    subject=new.resource,
                    request_id=request_id,
                    plan_hash=digest,
                    detail={"check": new.check_id, "reason": new.reason, "mode": new.mode} | _owned(new),
                )
        except sqlite3.IntegrityError as error:
            first = self._open_for(new.account, new.region, new.resource)
            if first is None:
                raise
            raise ResourceBusy(f"fix request {first.id} for {first.name} is still open") from error
        return self.get(request_id)

    def get(self, request_id: int) -> FixRequest:
        """The request; raises NoSuchRequest."""
        row = self._db.row("SELECT * FROM requests WHERE id = ?", [request_id])
        if row is None:
            raise NoSuchRequest(f"there is no fix request {request_id}")
        return _request(row)

    def _open_for(self, account: str, region: str, resource: str) -> FixRequest | None:
        """The one that is open; an account's settings are one resource, so it may be about another of them."""
        where = (account, region, resource)
        return next((r for r in self.in_state(*OPEN) if (r.account, r.region, r.resource) == where), None)

    def of_batch(self, batch: int) -> list[FixRequest]:
        """The requests of a batch, in the order in which they are made."""
        return [_request(row) for row in self._db.rows("SELECT * FROM requests WHERE batch = ? ORDER BY id", [batch])]

    def asked_by(self, requester: str, *, last: int = 5) -> list[FixRequest]:
        """A person's newest requests, the newest first."""
        rows = self._db.rows("SELECT * FROM requests WHERE requester = ? ORDER BY id DESC LIMIT ?", [requester, last])
        return [_request(row) for row in rows]

    def in_state(self, *states: State) -> list[FixRequest]:
        """All requests in these states, oldest first."""
        marks = ", ".join("?" for _ in states)
        rows = self._db.rows(f"SELECT * FROM requests WHERE state IN ({marks}) ORDER BY id", [*states])  # noqa: S608
        return [_request(row) for row in rows]

    def failed_since(self, at: datetime) -> int:
        """How many requests failed after their first write since a moment: what the circuit breaker counts."""
        row = self._db.row(
            "SELECT count(*) AS n FROM requests r WHERE r.state IN ('failed', 'undo_failed') AND r.ended_at > ?"
            " AND EXISTS (SELECT 1 FROM steps s WHERE s.request_id = r.id)",
            [stamp(at)],
        )
        return int(row["n"]) if row else 0

    def started_since(self, at: datetime) -> int:
        """How many requests made their first write after a moment: what the hourly cap counts."""
        row = self._db.row(
            "SELECT count(DISTINCT request_id) AS n FROM steps WHERE phase = 'do' AND at > ?", [stamp(at)]
        )
        return int(row["n"]) if row else 0

    def move(  # a move is who, from where, to where, why
        self,
        request_id: int,
        source: State,
        target: State,
        *,
        actor: str,
        at: datetime,
        result: str = "",
        **fields: Any,
    ) -> bool:
        """Compare and set: False, and nothing written, when the request is no longer in `source`."""
        if target not in MOVES.get(source, frozenset()):
            raise ValueError(f"a request does not go from {source} to {target}")
        changes = {"state": target.value, **fields} | ({"result": result} if result else {})
        if target not in OPEN:
            changes["ended_at"] = stamp(at)
        assignments = ", ".join(f"{name} = :{name}" for name in changes)
        with self._db.transaction():
            moved = self._db.write(
                f"UPDATE requests SET {assignments} WHERE id = :the_id AND state = :source",  # noqa: S608  # names are ours
                changes | {"the_id": request_id, "source": source.value},
            )
            if moved:
                request = self.get(request_id)
                self._audit.append(
                    f"fix.{target.value}",
                    actor=actor,
                    subject=request.resource,
                    request_id=request_id,
                    plan_hash=request.plan_hash,
                    detail=({"result": result} if result else {}) | _told(fields),
                )
        return bool(moved)

    def add_approval(self, request_id: int, *, actor: str, at: datetime) -> bool:
        """Note that one more person approved, and approve the request when that makes enough.

        False, and nothing written, when it no longer waits or this person approved before.
        """
        with self._db.transaction():
            request = self.get(request_id)
            if request.state is not State.WAITING or actor in request.approvals:
                return False
            approvals = [*request.approvals, actor]
            self._db.write("UPDATE requests SET approvals = ? WHERE id = ?", [json.dumps(approvals), request_id])
            if len(approvals) >= request.needed:
                return self.move(request_id, State.WAITING, State.APPROVED, actor=actor, at=at, approver=actor)
            self._audit.append(
                "fix.approval",
                actor=actor,
                subject=request.resource,
                request_id=request_id,
                plan_hash=request.plan_hash,
                detail={"result": f"{len(approvals)} of {request.needed}"},
            )
            return True

    def refused(self, request: FixRequest, *, actor: str, action: str, why: str) -> None:
        """An audit row for somebody who was told no; nothing else changes."""
        self._audit.append(
            action,
            actor=actor,
            subject=request.resource,
            result="refused",
            request_id=request.id,
            plan_hash=request.plan_hash,
            detail={"why": why},
        )

    def begin_step(
        self, request: FixRequest, phase: str, position: int, call: Call, *, actor: str, at: datetime
    ) -> bool:
        """Write down the intent before a call; False when the request is no longer on its way, as another process says.

        Raises sqlite3.IntegrityError if this very call was begun before.
        """
        with self._db.transaction():
            if self.get(request.id).state is not (State.RUNNING if phase == "do" else State.UNDOING):
                return False
            self._db.insert(
                "steps",
                {
                    "request_id": request.id,
                    "phase": phase,
                    "position": position,
                    "call": json.dumps(call.data, sort_keys=True),
                    "state": "intent",
                    "at": stamp(at),
                },
            )
            self._audit.append(
                "aws.write",
                actor=actor,
                subject=request.resource,
                result="intent",
                request_id=request.id,
                plan_hash=request.plan_hash,
                detail={"phase": phase, "position": position} | call.data,
            )
        return True

    def end_step(  # which step, how it ended, on whose behalf
        self, request: FixRequest, phase: str, position: int, *, answer: str, actor: str, problem: str = ""
    ) -> None:
        """Write down how the call ended. `answer`: AWS's request id, "" if there was no answer."""
        self._end_step(request, phase, position, "failed" if problem else "done", answer, problem, actor)

    def end_unknown(self, request: FixRequest, *, actor: str) -> None:
        """Write down of each call that was begun and never ended that nobody knows how it did: a crash came between."""
        with self._db.transaction():
            for step in self.steps(request.id):
                if step.state == "intent":
                    self._end_step(request, step.phase, step.position, "unknown", "", NO_ANSWER, actor)

    def _end_step(
        self, request: FixRequest, phase: str, position: int, state: str, answer: str, problem: str, actor: str
    ) -> None:
        with self._db.transaction():
            self._db.write(
                "UPDATE steps SET state = ?, answer = ? WHERE request_id = ? AND phase = ? AND position = ?",
                [state, problem or answer, request.id, phase, position],
            )
            self._audit.append(
                "aws.write",
                actor=actor,
                subject=request.resource,
                result="ok" if state == "done" else state,
                request_id=request.id,
                plan_hash=request.plan_hash,
                detail={"phase": phase, "position": position, "answer": answer} | ({"why": problem} if problem else {}),
            )

    def steps(self, request_id: int) -> list[Step]:
        """The writes begun so far, in order."""
        rows = self._db.rows("SELECT * FROM steps WHERE request_id = ? ORDER BY phase, position", [request_id])
        return [Step(r["phase"], r["position"], r["call"], r["state"], r["answer"]) for r in rows]

    def put_card(self, request_id: int, card: Card) -> None:
        """Remember a message that shows the request, or what it shows by now."""
        with self._db.transaction():
            others = [c for c in self.get(request_id).cards if (c.channel, c.ts) != (card.channel, card.ts)]
            text = json.dumps([asdict(c) for c in [*others, card]])
            self._db.write("UPDATE requests SET cards = ? WHERE id = ?", [text, request_id])

    def outdated_cards(self, ended_since: datetime) -> list[FixRequest]:
        """Requests, open or ended lately, that a message shows otherwise than they are, or that no approver sees."""
        marks = ", ".join("?" for _ in OPEN)
        rows = self._db.rows(
            f"SELECT * FROM requests WHERE batch IS NULL AND (state IN ({marks}) OR ended_at > ?) ORDER BY id",  # noqa: S608
            [*OPEN, stamp(ended_since)],
        )
        return [request for request in map(_request, rows) if not request.is_shown]


def _owned(new: New) -> dict[str, Any]:
    """What the audit row says of a change past the code that owns the resource."""
    return {"directly": True, "owner": new.owner} if new.owner else {}


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What of a move's fields belongs into its audit row."""
    return {"broke_glass": fields["broke_glass"]} if "broke_glass" in fields else {}


def _request(row: Mapping[str, Any]) -> FixRequest:
    plain = (
        "id", "finding_id", "account", "region", "check_id", "resource", "name", "plan_hash", "mode",
        "requester", "reason", "approver", "undoer", "result", "within", "needed", "broke_glass", "batch",
    )  # fmt: skip
    return FixRequest(
        **{name: row[name] for name in plain},
        plan=plan_of(row["plan"]),
        state=State(row["state"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        expires_at=datetime.fromisoformat(row["expires_at"]),
        ended_at=moment(row["ended_at"]),
        after_state=json.loads(row["after_state"]) if row["after_state"] else None,
        approvals=json.loads(row["approvals"]),
        cards=[Card(**card) for card in json.loads(row["cards"])],
    )
