"""Which rows of the audit log were copied to a place outside the host: each batch is settled before it is sent."""

from __future__ import annotations

from datetime import datetime

from bot.store.database import Database, stamp

MOST = 1000
"""Rows of a batch."""


class Shipments:
    def __init__(self, db: Database) -> None:
        self._db = db

    def next(self, at: datetime) -> tuple[int, int] | None:
        """First and last row of the batch to send: one that may not have arrived, or of what was written since."""
        with self._db.transaction():
            row = self._db.row("SELECT first, last FROM shipments WHERE sent_at IS NULL ORDER BY first")
            if row:
                return row["first"], row["last"]
            row = self._db.row(
                "SELECT (SELECT coalesce(max(last), 0) + 1 FROM shipments) AS first,"
                " (SELECT coalesce(max(seq), 0) FROM audit) AS head"
            )
            assert row
            if row["first"] > row["head"]:
                return None
            first, last = row["first"], min(row["head"], row["first"] + MOST - 1)
            self._db.insert("shipments", {"first": first, "last": last, "at": stamp(at)})
            return first, last

    def sent(self, first: int, at: datetime) -> None:
        """Note that the batch is there."""
        self._db.write("UPDATE shipments SET sent_at = ? WHERE first = ?", [stamp(at), first])

    def last(self) -> tuple[int, int] | None:
        """First and last row of the newest batch that is there."""
        row = self._db.row("SELECT first, last FROM shipments WHERE sent_at IS NOT NULL ORDER BY first DESC LIMIT 1")
        return (row["first"], row["last"]) if row else None
