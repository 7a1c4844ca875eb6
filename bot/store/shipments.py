"""Which rows of the audit log were copied to a place outside the host: each batch is settled before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.store.database import Database, moment, stamp

MOST = 1000
"""Rows of a batch."""


def by_count(first: int, head: int) -> int:
    """The last row of a batch that begins with `first`, of a log that ends with `head`."""
    return min(head, first + MOST - 1)


class Shipments:
    """The batches of one copy, in its own table. `fit`: the last row of a batch, given its first and the log's last."""

    def __init__(self, db: Database, table: str = "shipments", fit: Callable[[int, int], int] = by_count) -> None:
        self._db = db
        self._table = table
        self._fit = fit

    def next(self, at: datetime) -> tuple[int, int] | None:
        """First and last row of the batch to send: one that may not have arrived, or of what was written since."""
        with self._db.transaction():
            row = self._unsent()
            if row:
                return row["first"], row["last"]
            row = self._db.row(
                f"SELECT (SELECT coalesce(max(last), 0) + 1 FROM {self._table}) AS first,"  # noqa: S608  # names are ours
                " (SELECT coalesce(max(seq), 0) FROM audit) AS head"
            )
            assert row
            if row["first"] > row["head"]:
                return None
            first, last = row["first"], self._fit(row["first"], row["head"])
            self._db.insert(self._table, {"first": first, "last": last, "at": stamp(at)})
            return first, last

    def begun(self) -> datetime | None:
        """Since when a batch is on its way that may not have arrived; None when there is none."""
        row = self._unsent()
        return moment(row["at"]) if row else None

    def sent(self, first: int, at: datetime) -> None:
        """Note that the batch is there."""
        self._db.write(f"UPDATE {self._table} SET sent_at = ? WHERE first = ?", [stamp(at), first])  # noqa: S608

    def unsent(self, first: int) -> None:
        """Note that the batch is certainly not there."""
        self._db.write(f"DELETE FROM {self._table} WHERE first = ? AND sent_at IS NULL", [first])  # noqa: S608

    def last(self) -> tuple[int, int] | None:
        """First and last row of the newest batch that is there."""
        where = "WHERE sent_at IS NOT NULL ORDER BY first DESC LIMIT 1"
        row = self._db.row(f"SELECT first, last FROM {self._table} {where}")  # noqa: S608
        return (row["first"], row["last"]) if row else None

    def _unsent(self) -> dict[str, Any] | None:
        return self._db.row(f"SELECT * FROM {self._table} WHERE sent_at IS NULL ORDER BY first")  # noqa: S608
