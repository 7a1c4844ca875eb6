"""Messages that follow a scan, and where in them people are meanwhile: what is drawn next is what they look at."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.ids import Spot
from bot.runner import Running

Key = tuple[str, str]
"""A message: its channel and timestamp."""


@dataclass
class Followed:
    """A message that follows. `spot`: where the person is in it; `turn`: held by whoever draws it."""

    spot: Spot
    runs: set[Running] = field(default_factory=set)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Places:
    """The messages that follow a scan just now. Of others nothing is remembered: their buttons know it all."""

    def __init__(self) -> None:
        self._followed: dict[Key, Followed] = {}

    def begin(self, key: Key, spot: Spot, run: Running) -> Followed | None:
        """Follow the scan until `end`; None when the message follows it already."""
        followed = self._followed.setdefault(key, Followed(spot))
        followed.spot = spot
        if run in followed.runs:
            return None
        followed.runs.add(run)
        return followed

    def end(self, key: Key, run: Running) -> None:
        """The scan is over, or the message cannot follow any more."""
        followed = self._followed.get(key)
        if followed:
            followed.runs.discard(run)
            if not followed.runs:
                del self._followed[key]

    def moved(self, key: Key, spot: Spot) -> asyncio.Lock:
        """Somebody looks at something else there. What to hold while it is drawn."""
        followed = self._followed.get(key, Followed(spot))
        followed.spot = spot
        return followed.turn
