"""A clock that tests move."""

from __future__ import annotations

from datetime import UTC, datetime


class Clock:
    """Called for the time. It starts at the real one, because messages carry Slack's."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now
