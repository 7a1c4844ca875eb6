"""What everybody hears when one person approves alone: in each channel once, whatever gets lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from bot.blocks.parts import Message
from bot.blocks.requests import glass_broken
from bot.post import PostError
from bot.store import Store
from bot.store.untold import Announcement, Untold
from checks.kit import Fix

log = logging.getLogger(__name__)

POSTING = timedelta(seconds=30)
"""What is younger may still be on its way, from a process that ends just now."""


class Voice(Protocol):
    """What is needed of `bot.post.Post`."""

    async def post(self, channel: str, message: Message) -> str: ...
    async def find_block(self, channel: str, block_id: str, since: datetime) -> str | None: ...


class Glass:
    """Tells every channel of the settings, and makes up for what nobody heard."""

    def __init__(self, store: Store, fixes: Mapping[str, Fix], post: Voice, now: Callable[[], datetime]) -> None:
        self._store = store
        self._untold = Untold(store.db)
        self._fixes = fixes
        self._post = post
        self._now = now
        self._turn = asyncio.Lock()

    async def tell(self, request: int) -> None:
        """Post what was just approved alone; what does not go out now is made up for."""
        async with self._turn:
            for one in await asyncio.to_thread(self._untold.all):
                if one.request == request:
                    await self._tell(one, look=False)

    async def catch_up(self) -> None:
        """Post what no channel has, after looking whether it is there: an answer may have been lost."""
        async with self._turn:
            for one in await asyncio.to_thread(self._untold.all):
                if self._now() - one.at > POSTING:
                    await self._tell(one, look=True)

    async def _tell(self, one: Announcement, *, look: bool) -> None:
        request = await asyncio.to_thread(self._store.requests.get, one.request)
        message = glass_broken(request, self._fixes.get(request.check_id))
        message.blocks[0].block_id = f"glass:{one.request}"
        try:
            if not look or await self._post.find_block(one.channel, f"glass:{one.request}", one.at) is None:
                await self._post.post(one.channel, message)
        except PostError as error:
            log.warning("request %s was approved alone, and %s was not told yet: %s", one.request, one.channel, error)
        else:
            await asyncio.to_thread(self._untold.told, one, self._now())
