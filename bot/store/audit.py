"""The audit log: append-only rows, each carrying the hash of the one before it."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.store.database import Database, stamp, storable

GENESIS = "0" * 64
HASHED = ("seq", "at", "actor", "action", "subject", "request_id", "plan_hash", "result", "detail", "keyed", "previous")


@dataclass(frozen=True)
class Head:
    """The last row: what a digest shows, so that Slack witnesses the length and content of the log."""

    seq: int
    hash: str


@dataclass(frozen=True)
class Verification:
    """What a walk over the chain found. `problem` is empty when every row is as it was written."""

    rows: int
    head: Head
    unkeyed: int
    problem: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem


class Audit:
    """Who did what, on what, when, with which result. Keyed with HMAC-SHA256 when a key is configured."""

    def __init__(self, db: Database, key: str = "") -> None:
        self._db = db
        self._key = key.encode()

    def append(  # the columns of a row
        self,
        action: str,
        *,
        actor: str,
        subject: str,
        result: str = "ok",
        request_id: int | None = None,
        plan_hash: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> Head:
        """Add a row, in the caller's transaction if there is one."""
        with self._db.transaction():
            head = self.head()
            row: dict[str, Any] = {
                "seq": head.seq + 1,
                "at": stamp(datetime.now(UTC)),
                "actor": actor,
                "action": action,
                "subject": subject,
                "request_id": request_id,
                "plan_hash": plan_hash,
                "result": result,
                "detail": json.dumps(detail or {}, sort_keys=True),
                "keyed": int(bool(self._key)),
                "previous": head.hash,
            }
            row = {name: storable(value) for name, value in row.items()}  # what is hashed is what is kept
            row["hash"] = self._hash(row)
            self._db.insert("audit", row)
            return Head(row["seq"], row["hash"])

    def head(self) -> Head:
        """The last row's number and hash; number 0 for an empty log."""
        row = self._db.row("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
        return Head(row["seq"], row["hash"]) if row else Head(0, GENESIS)

    def rows(self, *, last: int = 20, request_id: int | None = None, before: int | None = None) -> list[dict[str, Any]]:
        """The newest rows first, `detail` decoded."""
        rows = self._db.rows(
            "SELECT * FROM audit WHERE (:request IS NULL OR request_id = :request)"
            " AND (:before IS NULL OR seq < :before) ORDER BY seq DESC LIMIT :last",
            {"request": request_id, "before": before, "last": last},
        )
        return [row | {"detail": json.loads(row["detail"])} for row in rows]

    def approved_plan(self, request_id: int) -> str:
        """Hash of the plan that was approved, "" without a row of it that fits (and has the key, if there is one)."""
        row = self._db.row(
            "SELECT * FROM audit WHERE request_id = ? AND action = 'fix.approved' AND result = 'ok' ORDER BY seq",
            [request_id],
        )
        if row is None or (self._key and not row["keyed"]) or self._hash(row) != row["hash"]:
            return ""
        return str(row["plan_hash"])

    def export(self) -> Iterator[str]:
        """Every row as a line of JSON, oldest first."""
        for row in self._walk():
            yield json.dumps(row, sort_keys=True)

    def verify(self, witness: Head | None = None) -> Verification:
        """Walk the whole chain; `witness` is a head seen earlier, in a digest say, that must still be in it."""
        previous, expected, keyed, unkeyed = GENESIS, 1, False, 0
        for row in self._walk():
            problem = self._problem(row, expected, previous, keyed)
            if not problem and witness and row["seq"] == witness.seq and row["hash"] != witness.hash:
                problem = f"row {row['seq']} is not the one that was witnessed"
            if problem:
                return Verification(expected - 1, Head(expected - 1, previous), unkeyed, problem)
            previous, expected, keyed = (row["hash"], expected + 1, keyed or bool(row["keyed"]))
            unkeyed += not row["keyed"]
        head = Head(expected - 1, previous)
        lost = witness is not None and head.seq < witness.seq
        return Verification(
            head.seq, head, unkeyed, f"rows {head.seq + 1} to {witness.seq} are missing" if lost and witness else ""
        )

    def _problem(self, row: Mapping[str, Any], expected: int, previous: str, keyed: bool) -> str:
        if row["seq"] != expected:
            return f"row {expected} is missing"
        if row["previous"] != previous:
            return f"row {expected} does not follow the row before it"
        if row["keyed"] and not self._key:
            return f"row {expected} was written with a key: set AWS_SEC_AUDIT_KEY to verify it"
        if keyed and not row["keyed"]:
            return f"row {expected} was written without the key"
        if self._hash(row) != row["hash"]:  # both are known to whoever could measure the time this takes
            return f"row {expected} was changed"
        return ""

    def _hash(self, row: Mapping[str, Any]) -> str:
        text = json.dumps([row[name] for name in HASHED], separators=(",", ":"), default=repr).encode()
        if row["keyed"]:
            return hmac.new(self._key, text, hashlib.sha256).hexdigest()
        return hashlib.sha256(text).hexdigest()

    def _walk(self, page: int = 1000) -> Iterator[dict[str, Any]]:
        after = -math.inf  # the smallest number there is would be as good a hiding place as any
        while rows := self._db.rows("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", [after, page]):
            yield from rows
            after = rows[-1]["seq"]
