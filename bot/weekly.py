"""What the weekly edition adds to a digest: how long things stay open, what has for longest, how things moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from statistics import median

from bot.store import Store
from bot.store.findings import Finding
from bot.store.owned import Owned
from bot.trend import USUAL, Trend, trend
from checks.kit import Severity

WEEK = timedelta(days=7)
OLDEST = 5
"""Findings that are open for longest which it names."""


@dataclass(frozen=True)
class Week:
    """Seven days of an account, or of what one owner has in it.

    `took`: in the median, how long what was resolved had been open; `oldest`: critical and high before all others.
    `trend`: of the account, so of no owner.
    """

    took: timedelta | None
    oldest: Sequence[Finding]
    trend: Trend | None = None


def week(store: Store, account: str, owner: str, now: datetime, zone: tzinfo) -> Week:
    """The week that ends now."""
    owned = Owned(store.db)
    took = owned.took(account, owner, now - WEEK)
    oldest = owned.oldest(account, owner, now, grave=Severity.HIGH, limit=OLDEST)
    return Week(
        timedelta(seconds=median(one.total_seconds() for one in took)) if took else None,
        store.findings.those(oldest),
        None if owner else trend(store, account, USUAL, now, zone),
    )
