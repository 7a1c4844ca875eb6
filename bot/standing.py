"""How an account stands on the twelve practices: one formula, said in words in the documentation.

A check's part is the share of its resources that passed, among all that were looked at and not muted; what could not
be read counts as not passed, so that losing a permission never lifts a score. A practice, and the account, is the
mean of its checks weighted by severity (1, 2, 4, 8). A check with nothing to look at has no part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.store import Store
from bot.store.scans import Reading, Score
from checks.kit import AnyCheck, Practice

WEIGHTS = {1: 1, 2: 2, 3: 4, 4: 8}
NAMED_REGIONS = 3
"""Regions a reason names; more are counted."""


@dataclass(frozen=True)
class PracticeStanding:
    """One practice. `score`: 0 to 100, None when nothing could be judged. `open`: severity -> findings not muted."""

    practice: Practice
    score: int | None
    open: Counter[int]
    read: int
    total: int

    @property
    def failed(self) -> int:
        return self.open.total()


@dataclass(frozen=True)
class Standing:
    """The whole account. `read` of `total` checks could be read everywhere; `unknown` says what stood in the way."""

    account: str
    score: int | None
    practices: tuple[PracticeStanding, ...]
    open: Counter[int]
    read: int
    total: int
    unknown: tuple[str, ...]
    muted: int
    scanned_at: datetime | None

    def as_score(self, at: datetime) -> Score:
        """What is kept of it to show how the score moves."""
        practices = {p.practice.key: p.score for p in self.practices}
        return Score(at, self.score, practices, self.open.total(), dict(self.open))


@dataclass(frozen=True)
class _Part:
    passed: int
    judged: int
    unknown: int
    weight: int
    texts: tuple[tuple[str, str], ...]
    seen: bool


def standing(store: Store, account: str, checks: Collection[AnyCheck], now: datetime) -> Standing:
    """How the account stands according to the last readings of these checks."""
    readings: dict[str, list[Reading]] = {}
    for reading in store.scans.readings(account):
        readings.setdefault(reading.check_id, []).append(reading)
    open_by_practice, muted = store.findings.counts(account, now)
    parts = {check: _part(check, readings.get(check.id, []), muted.get(check.id, 0)) for check in checks}
    last = store.scans.last(account)
    practices = tuple(
        _practice(practice, parts, open_by_practice.get(practice.key, Counter())) for practice in Practice
    )
    return Standing(
        account,
        _score(parts.values()),
        practices,
        sum((p.open for p in practices), Counter()),
        sum(_is_read(part) for part in parts.values()),
        len(parts),
        tuple(reasons(text for part in parts.values() for text in part.texts)),
        muted.total(),
        last.ended_at if last else None,
    )


def reasons(unread: Iterable[tuple[str, str]]) -> Counter[str]:
    """Why something could not be read -> how often, each told once for all its regions. Given: words and a region."""
    regions: dict[str, dict[str, None]] = {}
    times: Counter[str] = Counter()
    for words, region in unread:
        told = words.replace(f" in {region}", " in {}", 1)
        regions.setdefault(told, {})[region] = None
        times[told] += 1

    def said(told: str) -> str:
        names = sorted(regions[told])
        where = ", ".join(names) if len(names) <= NAMED_REGIONS else f"{len(names)} regions"
        return told.replace(" in {}", f" in {where}", 1)

    return Counter({said(told): count for told, count in times.items()})


def _practice(practice: Practice, parts: Mapping[AnyCheck, _Part], found: Counter[int]) -> PracticeStanding:
    mine = [part for check, part in parts.items() if check.practice is practice]
    return PracticeStanding(practice, _score(mine), found, sum(_is_read(part) for part in mine), len(mine))


def _part(check: AnyCheck, readings: Collection[Reading], muted: int) -> _Part:
    passed, failed, unknown = (sum(getattr(r, n) for r in readings) for n in ("passed", "failed", "unknown"))
    texts = tuple((line, r.region) for r in readings for line in r.unknown_text.splitlines())
    judged = passed + max(failed - muted, 0) + unknown
    return _Part(passed, judged, unknown, WEIGHTS[check.severity], texts, bool(readings))


def _is_read(part: _Part) -> bool:
    return part.seen and not part.unknown


def _score(parts: Collection[_Part]) -> int | None:
    judged = [part for part in parts if part.judged]
    weight = sum(part.weight for part in judged)
    # Rounded down: 100 is for accounts with nothing left to do.
    return int(100 * sum(part.weight * part.passed / part.judged for part in judged) / weight) if weight else None
