"""Owners who get direct messages: who wants none, and whom Slack would not let us reach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.store.database import Database, stamp


@dataclass(frozen=True)
class Unreached:
    """Somebody whom the last message did not reach. `why`: Slack's code, or the words of a refusal of ours."""

    user: str
    why: str
    at: datetime


class OwnersTold:
    def __init__(self, db: Database) -> None:
        self._db = db

    def stop(self, user: str, at: datetime) -> None:
        """Note that somebody wants no more of them."""
        self._put(user, "stopped_at", stamp(at))

    def resume(self, user: str) -> None:
        """Note that somebody wants them again."""
        self._put(user, "stopped_at", None)

    def wants_none(self, user: str) -> bool:
        row = self._db.row("SELECT stopped_at FROM owners_told WHERE user = ?", [user])
        return bool(row and row["stopped_at"])

    def refused(self, user: str, why: str, at: datetime) -> None:
        """Note that a message did not reach somebody."""
        with self._db.transaction():
            self._put(user, "refused", why)
            self._put(user, "refused_at", stamp(at))

    def reached(self, user: str) -> None:
        """Note that one did."""
        self._put(user, "refused_at", None)

    def unreached(self) -> list[Unreached]:
        """Everybody whom the last message did not reach."""
        rows = self._db.rows("SELECT * FROM owners_told WHERE refused_at IS NOT NULL ORDER BY user")
        return [Unreached(row["user"], row["refused"], datetime.fromisoformat(row["refused_at"])) for row in rows]

    def _put(self, user: str, column: str, value: str | None) -> None:
        self._db.write(
            f"INSERT INTO owners_told (user, {column}) VALUES (?, ?)"  # noqa: S608  # names are ours
            f" ON CONFLICT DO UPDATE SET {column} = excluded.{column}",
            [user, value],
        )
