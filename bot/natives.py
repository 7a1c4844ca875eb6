"""Which of Slack's own charts and tables this workspace takes, as far as it was seen.

Workspaces and plans get new blocks at different times; one that does not know them answers `invalid_blocks`.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.blocks.native import Drawn
from bot.blocks.parts import Message
from bot.slack_errors import SLACK_ERRORS, error_code

REFUSED = ("invalid_blocks", "invalid_attachments")
ASKED_AGAIN = 24 * 60 * 60.0
"""Seconds until a kind of block that was refused is tried again."""
T = TypeVar("T")


class Natives:
    """What one workspace refused, and when: kept as long as the process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused: dict[str, float] = {}

    def best(self, message: Message) -> Message:
        """The message, or its plain form where the workspace refused such blocks within the last day."""
        if not isinstance(message, Drawn):
            return message
        since = self._clock() - ASKED_AGAIN
        return message.plain if any(self._refused.get(kind, since) > since for kind in message.kinds) else message

    async def send(self, message: Message, send: Callable[[Message], Awaitable[T]]) -> T:
        """Send what is best; when it is refused, its plain form, whose success proves which of the two was wrong."""
        best = self.best(message)
        try:
            return await send(best)
        except SLACK_ERRORS as error:
            if not isinstance(best, Drawn) or error_code(error) not in REFUSED:
                raise
        answer = await send(best.plain)
        self._refused |= dict.fromkeys(best.kinds, self._clock())
        return answer
