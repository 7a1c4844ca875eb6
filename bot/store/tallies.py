"""How many findings there are, by check, practice, region and the like: what lists and their filters are made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from bot.store.database import Database
from bot.store.findings import Filter, matching

SERVICE = (
    "CASE WHEN resource LIKE 'arn:%:%:%' THEN"
    " substr(resource, 5 + instr(substr(resource, 5), ':'),"
    " instr(substr(resource, 5 + instr(substr(resource, 5), ':')), ':') - 1) ELSE '' END"
)
"""An ARN's third part: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""


@dataclass(frozen=True)
class Choices:
    """What the filters of an account can be set to: value -> how many open findings, most first."""

    regions: dict[str, int]
    services: dict[str, int]
    owners: dict[str, int]
    accounts: tuple[str, ...]


class Tallies:
    def __init__(self, db: Database) -> None:
        self._db = db

    def by_check(self, which: Filter, now: datetime) -> dict[str, tuple[int, int]]:
        """Check id -> the severity of its findings, and how many there are."""
        where, params = matching(which, now)
        rows = self._db.rows(
            f"SELECT check_id, max(severity) AS severity, count(*) AS n FROM seen WHERE {where} GROUP BY 1",  # noqa: S608
            params,
        )
        return {row["check_id"]: (row["severity"], row["n"]) for row in rows}

    def by_practice(self, which: Filter, now: datetime) -> dict[str, Counter[int]]:
        """Practice key -> severity -> how many."""
        where, params = matching(which, now)
        found: dict[str, Counter[int]] = {}
        for row in self._db.rows(
            f"SELECT practice, severity, count(*) AS n FROM seen WHERE {where} GROUP BY 1, 2",  # noqa: S608
            params,
        ):
            found.setdefault(row["practice"], Counter())[row["severity"]] = row["n"]
        return found

    def choices(self, account: str, now: datetime, *, most: int = 90) -> Choices:
        """So many of each at most: Slack's menus hold a hundred."""
        where, params = matching(Filter(account=account), now)

        def counted(of: str) -> dict[str, int]:
            rows = self._db.rows(
                f"SELECT {of} AS value, count(*) AS n FROM seen WHERE {where} GROUP BY 1 HAVING value <> ''"  # noqa: S608
                " ORDER BY n DESC, 1 LIMIT :most",
                params | {"most": most},
            )
            return {row["value"]: row["n"] for row in rows}

        return Choices(counted("region"), counted(SERVICE), counted("owner"), self.accounts())

    def accounts(self) -> tuple[str, ...]:
        """Every account that was ever scanned into this database."""
        return tuple(row["account"] for row in self._db.rows("SELECT DISTINCT account FROM scans ORDER BY 1"))
