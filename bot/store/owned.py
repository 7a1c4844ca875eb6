"""Open findings by who owns the resource: counts, the worst, the oldest, how long what was closed had been open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

from bot.store.database import Database, stamp
from bot.store.findings import MUTED

OPEN = f"account = :account AND state = 'open' AND NOT ({MUTED})"
"""Open, and not hidden by a mute."""
THEIRS = "(:owner = '' OR owner = :owner)"
"""Of one owner, to the letter as AWS compares tags; of everybody where none is named."""


class Owned:
    def __init__(self, db: Database) -> None:
        self._db = db

    def by_severity(self, account: str, now: datetime) -> dict[str, Counter[int]]:
        """Owner -> severity -> how many are open, who has most first; "" stands for nobody."""
        found: dict[str, Counter[int]] = {}
        for row in self._db.rows(
            f"SELECT owner, severity, count(*) AS n FROM seen WHERE {OPEN} GROUP BY 1, 2",  # noqa: S608
            {"account": account, "now": stamp(now)},
        ):
            found.setdefault(row["owner"], Counter())[row["severity"]] = row["n"]
        return dict(sorted(found.items(), key=lambda one: (-one[1].total(), one[0])))

    def names(self, account: str) -> set[str]:
        """Every owner that a resource's tag named at the last complete scan."""
        rows = self._db.rows("SELECT DISTINCT owner FROM owners WHERE account = ?", [account])
        return {row["owner"] for row in rows}

    def muted(self, account: str, owner: str, now: datetime) -> int:
        """How many of an owner's open findings a mute hides."""
        row = self._db.row(
            f"SELECT count(*) AS n FROM seen WHERE account = :account AND state = 'open' AND {MUTED} AND {THEIRS}",  # noqa: S608
            {"account": account, "owner": owner, "now": stamp(now)},
        )
        return int(row["n"]) if row else 0

    def worst(self, account: str, owner: str, now: datetime, limit: int) -> list[int]:
        """The numbers of the worst that are open, worst first, then oldest first."""
        return self._numbers(account, owner, now, "severity DESC, opened_at, id", limit)

    def oldest(self, account: str, owner: str, now: datetime, *, grave: int, limit: int) -> list[int]:
        """The numbers of those open for longest; those of at least severity `grave` before all others."""
        return self._numbers(account, owner, now, f"severity >= {int(grave)} DESC, opened_at, severity DESC, id", limit)

    def hidden(self, mutes: Collection[int], owner: str) -> dict[int, int]:
        """Mute -> how many of an owner's open findings it hides; none that hides none."""
        rows = self._db.rows(
            "SELECT h.mute, count(*) AS n FROM hidden_by h JOIN seen ON seen.id = h.finding"
            " WHERE h.state = 'open' AND seen.owner = ? GROUP BY 1",
            [owner],
        )
        return {row["mute"]: row["n"] for row in rows if row["mute"] in mutes}

    def took(self, account: str, owner: str, since: datetime) -> list[timedelta]:
        """Of each that was resolved after a moment and still is: how long it had been open."""
        rows = self._db.rows(
            "SELECT opened_at, resolved_at FROM seen WHERE account = :account AND state = 'resolved'"  # noqa: S608
            f" AND resolved_at > :since AND {THEIRS}",
            {"account": account, "owner": owner, "since": stamp(since)},
        )
        return [datetime.fromisoformat(r["resolved_at"]) - datetime.fromisoformat(r["opened_at"]) for r in rows]

    def _numbers(self, account: str, owner: str, now: datetime, order: str, limit: int) -> list[int]:
        rows = self._db.rows(
            f"SELECT id FROM seen WHERE {OPEN} AND {THEIRS} ORDER BY {order} LIMIT :limit",  # noqa: S608
            {"account": account, "owner": owner, "now": stamp(now), "limit": limit},
        )
        return [row["id"] for row in rows]
