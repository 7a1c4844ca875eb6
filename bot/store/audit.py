"""The audit log: append-only rows, each carrying the hash of the one before it."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.store.database import Database, StoreError, stamp, storable

GENESIS = "0" * 64
KEY_CHANGED = "audit.key_changed"
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


class Keys:
    """The keys of the settings, each known by a number that tells nothing of it. `current`: 0 without a key."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = {_number(key): key.encode() for key in keys}
        self.current = _number(keys[0]) if keys else 0

    def __contains__(self, number: object) -> bool:
        return number == 0 or number in self._keys

    def sign(self, number: int, text: str) -> str:
        """HMAC-SHA256 with that key; SHA-256 with none."""
        if not number:
            return hashlib.sha256(text.encode()).hexdigest()
        return hmac.new(self._keys[number], text.encode(), hashlib.sha256).hexdigest()

    def proof(self, number: int, to: int, previous: str) -> str:
        """What shows, in a row made with the new key, that the old one was there as well."""
        return self.sign(number, f"{KEY_CHANGED}:{to}:{previous}") if number else ""


def _number(key: str) -> int:
    return int.from_bytes(hmac.new(key.encode(), b"aws-sec audit key", hashlib.sha256).digest()[:6]) or 1


class Chain:
    """A walk over rows, each checked against the one before it. `key`: the number of the key in force."""

    def __init__(self, keys: Keys, head: Head = Head(0, GENESIS)) -> None:
        self._keys = keys
        self.head = head
        self.key: int | None = None
        self.unkeyed = 0

    def problem(self, row: Mapping[str, Any]) -> str:
        """What is wrong with the next row, or "" and it is part of the chain."""
        number, keyed = self.head.seq + 1, row["keyed"]
        if row["seq"] != number:
            return f"row {number} is missing"
        if row["previous"] != self.head.hash:
            return f"row {number} does not follow the row before it"
        if keyed not in self._keys:
            where = "AWS_SEC_AUDIT_OLD_KEYS" if self._keys.current else "AWS_SEC_AUDIT_KEY"
            return f"row {number} was written with a key that is not set: {where} must have it"
        if self._keys.sign(keyed, _text(row)) != row["hash"]:  # both are known to whoever could measure the time
            return f"row {number} was changed"
        if self.key is not None and keyed != self.key and not self._changes_key(row):
            how = "another key" if keyed else "no key"
            return f"row {number} was written with {how}, and the key was not changed there"
        self.head, self.key = Head(number, row["hash"]), keyed
        self.unkeyed += not keyed
        return ""

    def _changes_key(self, row: Mapping[str, Any]) -> bool:
        """Whether who wrote the row had both keys."""
        detail, old = json.loads(row["detail"]), self.key or 0
        proof = self._keys.proof(old, row["keyed"], row["previous"])
        return bool(row["action"] == KEY_CHANGED and row["keyed"] and detail.get("proof") == proof)


class Audit:
    """Who did what, on what, when, with which result. Keyed with HMAC-SHA256 when a key is configured.

    `keys`: the current one first, then those that older rows were written with.
    """

    def __init__(self, db: Database, keys: Sequence[str] = ()) -> None:
        self._db = db
        self._keys = Keys(keys)

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
        """Add a row, in the caller's transaction if there is one.

        Raises StoreError when the last row has another key than the settings: what follows it would prove nothing.
        """
        with self._db.transaction():
            self.check_key()
            return self._append(action, actor, subject, result, request_id, plan_hash, detail or {})

    def check_key(self) -> None:
        """Raise StoreError unless the log goes on with the settings' key."""
        last = self._last_key()
        if last in (None, self._keys.current):
            return
        if not self._keys.current:
            raise StoreError("the audit log was written with a key: set AWS_SEC_AUDIT_KEY")
        raise StoreError(
            "the audit log's last row was not written with AWS_SEC_AUDIT_KEY: if you changed the key, run"
            " `aws-sec audit rotate`; if not, somebody altered the log"
        )

    def change_key(self, *, actor: str, witness: Head | None = None) -> Head | None:
        """Go on with the settings' key, in a row made with both keys; None when the log has it already.

        Raises StoreError when there is no key, the old one is not among the settings', or the log was altered.
        """
        with self._db.transaction():
            last, new = self._last_key(), self._keys.current
            if not new:
                raise StoreError("there is no AWS_SEC_AUDIT_KEY to go on with")
            found = self._walked(witness)
            if not found.ok:
                raise StoreError(f"the key is not changed: {found.problem}")
            if last in (None, new):
                return None
            proof = self._keys.proof(last, new, found.head.hash)
            return self._append(KEY_CHANGED, actor, "audit log", "ok", None, "", {"proof": proof})

    def _append(  # the columns of a row
        self,
        action: str,
        actor: str,
        subject: str,
        result: str,
        request_id: int | None,
        plan_hash: str,
        detail: Mapping[str, Any],
    ) -> Head:
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
            "detail": json.dumps(detail, sort_keys=True),
            "keyed": self._keys.current,
            "previous": head.hash,
        }
        row = {name: storable(value) for name, value in row.items()}  # what is hashed is what is kept
        row["hash"] = self._keys.sign(row["keyed"], _text(row))
        self._db.insert("audit", row)
        return Head(row["seq"], row["hash"])

    def _last_key(self) -> int | None:
        row = self._db.row("SELECT keyed FROM audit ORDER BY seq DESC LIMIT 1")
        return row["keyed"] if row else None

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

    def of_action(self, action: str, since: datetime | None) -> list[dict[str, Any]]:
        """The rows of an action that were written after a moment, oldest first, `detail` decoded."""
        rows = self._db.rows(
            "SELECT * FROM audit WHERE action = ? AND at > ? ORDER BY seq", [action, stamp(since) if since else ""]
        )
        return [row | {"detail": json.loads(row["detail"])} for row in rows]

    def approved_plan(self, request_id: int) -> str:
        """Hash of the plan that was approved; "" without a row of it from which an unbroken chain leads to the end."""
        row = self._db.row(
            "SELECT * FROM audit WHERE request_id = ? AND action = 'fix.approved' AND result = 'ok' ORDER BY seq",
            [request_id],
        )
        if row is None:
            return ""
        chain = Chain(self._keys, Head(row["seq"] - 1, row["previous"]))
        whole = not any(chain.problem(later) for later in self._walk(after=row["seq"] - 1))
        return str(row["plan_hash"]) if whole and chain.key == self._keys.current else ""

    def export(self, first: int = 1, last: int | None = None) -> Iterator[str]:
        """Every row from `first` to `last` as a line of JSON, oldest first."""
        for row in self._walk(after=first - 1):
            if last is not None and row["seq"] > last:
                return
            yield json.dumps(row, sort_keys=True)

    def verify(self, witness: Head | None = None) -> Verification:
        """Walk the whole chain; `witness` is a head seen earlier, in a digest say, that must still be in it."""
        found = self._walked(witness)
        if found.ok and self._last_key() not in (None, self._keys.current):
            # After a change of key, a log that ends before it was cut off: nothing older may pass for the whole.
            words = f"row {found.rows}, the last, was not written with AWS_SEC_AUDIT_KEY"
            return replace(
                found, problem=f"{words}: rows are missing, or the key was set without `aws-sec audit rotate`"
            )
        return found

    def _walked(self, witness: Head | None) -> Verification:
        chain = Chain(self._keys)
        for row in self._walk():
            problem = chain.problem(row)
            if not problem and witness and row["seq"] == witness.seq and row["hash"] != witness.hash:
                problem = f"row {row['seq']} is not the one that was witnessed"
            if problem:
                return Verification(chain.head.seq, chain.head, chain.unkeyed, problem)
        lost = witness is not None and chain.head.seq < witness.seq
        words = f"rows {chain.head.seq + 1} to {witness.seq} are missing" if lost and witness else ""
        return Verification(chain.head.seq, chain.head, chain.unkeyed, words)

    def _walk(self, after: float = -math.inf, page: int = 1000) -> Iterator[dict[str, Any]]:
        # From the start of all numbers: the smallest there is would be as good a hiding place as any.
        while rows := self._db.rows("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", [after, page]):
            yield from rows
            after = rows[-1]["seq"]


def _text(row: Mapping[str, Any]) -> str:
    """What is hashed. Bytes, which no row was written with, become what no row has: a list."""
    return json.dumps([row[name] for name in HASHED], separators=(",", ":"), default=lambda value: [repr(value)])
