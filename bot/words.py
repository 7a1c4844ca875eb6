"""Numbers, ages and moments as people read them, in Slack and in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from checks.kit import Severity

NONE = "-"


def controls(asked: Mapping[str, Sequence[str]]) -> str:
    """Controls of frameworks as people write them: {"cis_5.0": ["1.4"]} as "CIS 5.0 1.4"."""
    return "; ".join(f"{_framework(key)} {', '.join(ids)}" for key, ids in asked.items())


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def age(since: timedelta) -> str:
    """How long ago, in the largest unit that fits."""
    return "just now" if since < timedelta(minutes=1) else f"{span(since)} ago"


def span(length: timedelta) -> str:
    """How long, in the largest unit that fits, at least a minute."""
    minutes = max(1, int(length.total_seconds()) // 60)
    for size, unit in ((60 * 24, "day"), (60, "hour")):
        if minutes >= size:
            return plural(minutes // size, unit)
    return plural(minutes, "minute")


def when(moment: datetime | None, zone: tzinfo | None = None) -> str:
    """A moment with its time zone's name; in the zone it carries unless another is given."""
    if moment is None:
        return NONE
    local = moment.astimezone(zone) if zone else moment
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def counted(by_severity: Mapping[int, int]) -> str:
    """Counts by severity, worst first: "1 critical, 4 high"."""
    worst_first = sorted(by_severity.items(), reverse=True)
    return ", ".join(f"{count:,} {Severity(level).word}" for level, count in worst_first if count) or NONE


def bar(score: int | None, width: int = 10) -> str:
    """A score of 0 to 100 as text that reads as a bar."""
    if score is None:
        return "·" * width
    full = score * width // 100
    return "█" * full + "░" * (width - full)


def _framework(key: str) -> str:
    name, _, version = key.partition("_")
    return f"{name.upper() if len(name) < 5 else name.capitalize()} {version}".rstrip()
