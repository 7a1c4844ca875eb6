"""One at a time, and few who wait: what costs much is not piled up by many clicks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class TooMany(Exception):
    """So many wait already that another one is sent away."""


class Turns:
    """`most`: how many may wait or have their turn."""

    def __init__(self, most: int) -> None:
        self._room = asyncio.Semaphore(most)
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn. Raises TooMany."""
        if self._room.locked():
            raise TooMany
        async with self._room, self._turn:
            yield
