"""How an account's score and open findings moved: the last complete scan of each day, as people and charts read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from bot.store import Store
from bot.store.scans import Score

WINDOWS = (7, 30, 90)
"""Days that can be asked for."""
USUAL = 30
FEWEST = 3
"""Days with a scan below which there is no chart."""


@dataclass(frozen=True)
class Day:
    """How things stood when a day ended, or stand now. `open`: severity -> findings not muted; None: not known.

    `scanned`: a complete scan ended on this day; otherwise it shows what the last one before said.
    """

    on: date
    score: int | None
    open: Mapping[int, int] | None
    scanned: bool


@dataclass(frozen=True)
class Trend:
    """So many days, today the last; shorter where nothing is known of the first."""

    account: str
    days: Sequence[Day]
    asked: int

    @property
    def scored(self) -> Sequence[Day]:
        """The days whose score is known; none where too few days were scanned for a chart."""
        return self._enough([day for day in self.days if day.score is not None])

    @property
    def counted(self) -> Sequence[Day]:
        """The days whose findings are known by severity; none where too few days were scanned for a chart."""
        return self._enough([day for day in self.days if day.open is not None])

    @property
    def drawable(self) -> bool:
        """Whether there is anything to draw."""
        return bool(self.scored or self.counted)

    @property
    def scanned(self) -> int:
        """On how many of the days a complete scan ended."""
        return sum(day.scanned for day in self.days)

    @staticmethod
    def _enough(days: Sequence[Day]) -> Sequence[Day]:
        return days if sum(day.scanned for day in days) >= FEWEST else ()


def trend(store: Store, account: str, days: int, now: datetime, zone: tzinfo) -> Trend:
    """How the account stood on each of the last days, in a time zone. Says nothing of days before the first scan."""
    today = now.astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    midnight = datetime.combine(first, datetime.min.time(), zone)
    last = store.scans.score_before(account, midnight)
    by_day: dict[date, Score] = {}
    for score in store.scans.scores(account, midnight, now):
        by_day[score.at.astimezone(zone).date()] = score
    found: list[Day] = []
    for on in (first + timedelta(days=number) for number in range(days)):
        last = by_day.get(on, last)
        if last is not None:
            found.append(Day(on, last.score, last.by_severity, on in by_day))
    return Trend(account, found, days)


def thinned(days: Sequence[Day], most: int) -> Sequence[Day]:
    """At most so many of the days, evenly apart, the last among them."""
    step = -(-len(days) // most)
    return days[::-1][::step][::-1] if step > 1 else days
