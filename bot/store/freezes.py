"""Freezes that people declared in Slack: no fix is made while one holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.store.audit import Audit
from bot.store.database import Database, stamp


@dataclass(frozen=True)
class Frozen:
    """A freeze. `tag`: the tag (`key` or `key=value`) of the resources it is about; empty: all of the account."""

    id: int
    tag: str
    start: datetime
    until: datetime
    reason: str
    by: str


class Freezes:
    def __init__(self, db: Database, audit: Audit) -> None:
        self._db = db
        self._audit = audit

    def begin(self, tag: str, until: datetime, reason: str, *, by: str, at: datetime) -> Frozen | None:
        """Declare one, from now on; None when their very same one holds already: Slack delivers things twice."""
        row = {"tag": tag, "start": stamp(at), "until": stamp(until), "reason": reason, "by": by}
        with self._db.transaction():
            if any((one.tag, one.until, one.reason, one.by) == (tag, until, reason, by) for one in self.current(at)):
                return None
            id = self._db.insert("freezes", row)
            detail = {"freeze": id, "until": stamp(until), "reason": reason}
            self._audit.append("freeze.begun", actor=by, subject=tag or "everything", detail=detail)
        return Frozen(id, tag, at, until, reason, by)

    def end(self, id: int, *, by: str, at: datetime) -> Frozen | None:
        """End one before its time; None when there is none that holds."""
        with self._db.transaction():
            found = next((one for one in self.current(at) if one.id == id), None)
            if found:
                self._db.write("UPDATE freezes SET ended_at = ?, ended_by = ? WHERE id = ?", [stamp(at), by, id])
                self._audit.append("freeze.ended", actor=by, subject=found.tag or "everything", detail={"freeze": id})
        return found

    def current(self, now: datetime) -> list[Frozen]:
        """Those that hold now, the first to end first."""
        rows = self._db.rows("SELECT * FROM freezes WHERE until > ? AND ended_at IS NULL ORDER BY until", [stamp(now)])
        return [_frozen(row) for row in rows]


def _frozen(row: Mapping[str, Any]) -> Frozen:
    start, until = (datetime.fromisoformat(row[name]) for name in ("start", "until"))
    return Frozen(row["id"], row["tag"], start, until, row["reason"], row["by"])
