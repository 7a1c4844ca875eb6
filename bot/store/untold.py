"""Who must still be told that somebody approved alone: settled with the approval, crossed out when it is told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.store.database import Database, stamp


@dataclass(frozen=True)
class Announcement:
    """A request that was approved alone, and a channel that is to hear of it. `at`: when it was approved."""

    request: int
    channel: str
    at: datetime


class Untold:
    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, request: int, channels: Collection[str], at: datetime) -> None:
        """Note that these channels are to hear of it."""
        with self._db.transaction():
            for channel in channels:
                self._db.insert("announcements", {"request_id": request, "channel": channel, "at": stamp(at)})

    def all(self) -> list[Announcement]:
        """What nobody was told yet, oldest first."""
        rows = self._db.rows("SELECT * FROM announcements WHERE told_at IS NULL ORDER BY at, request_id, channel")
        return [Announcement(row["request_id"], row["channel"], datetime.fromisoformat(row["at"])) for row in rows]

    def told(self, one: Announcement, at: datetime) -> None:
        """Cross it out."""
        where = [stamp(at), one.request, one.channel]
        self._db.write("UPDATE announcements SET told_at = ? WHERE request_id = ? AND channel = ?", where)
