"""Thirty days before the demo began, made up: a chart needs days, and the emulated account is as old as the demo."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.demo.aws import ACCOUNT
from bot.store import Store
from bot.store.scans import Score

DAYS = 30
STORY = {
    30: (54, {4: 19, 3: 66, 2: 107, 1: 82}),
    24: (57, {4: 18, 3: 62, 2: 106, 1: 82}),
    17: (52, {4: 21, 3: 67, 2: 108, 1: 83}),  # somebody opened a few doors
    13: (58, {4: 17, 3: 60, 2: 105, 1: 81}),
    8: (60, {4: 16, 3: 58, 2: 104, 1: 81}),
    3: (62, {4: 14, 3: 56, 2: 103, 1: 80}),
}
"""So many days ago -> the score and how many findings of each severity were open, until the next of these days."""


def make_up(store: Store, now: datetime) -> None:
    """Keep a score for each of the days, without a scan behind it: its number is below those of real scans."""
    for ago in range(DAYS, 0, -1):
        score, open = STORY[min(day for day in STORY if day >= ago)]
        at = now - timedelta(days=ago)
        store.scans.record_score(-ago, ACCOUNT, Score(at, score, {}, sum(open.values()), open))
