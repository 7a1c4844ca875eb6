"""The messages that show a fix request: posted once, and kept true to the database whatever gets lost on the way."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

from bot.blocks.parts import Message
from bot.blocks.requests import card
from bot.context import Bot
from bot.post import PostError
from bot.store.fix_request import Card, FixRequest, State
from bot.store.requests import NoSuchRequest

log = logging.getLogger(__name__)

MEMORY = timedelta(days=1)
"""How long after its end a request's messages are still caught up with."""
POSTING = timedelta(seconds=30)
"""A request younger than this may still be on its way to the approvers."""


class Cards:
    """Posts and refreshes. One request at a time, so that an older state never overwrites a newer one."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._turns: dict[int, asyncio.Lock] = {}

    async def announce(self, request_id: int, origin: str) -> bool:
        """Show a new request where it was asked for and to the approvers; whether the approvers have it.

        The approvers come last: should the bot end in between, it is their message that a later start makes up for.
        """
        async with self._turn(request_id):
            if origin and origin != self._bot.settings.approvals_channel:
                noticed = await self._post(request_id, origin, "notice")
                if not noticed and origin != self._bot.settings.channel:  # the bot is not in every channel
                    await self._post(request_id, self._bot.settings.channel, "notice")
            return await self._post(request_id, self._bot.settings.approvals_channel, "approval")

    async def tell_everybody(self, message: Message) -> None:
        """Post to every channel the bot speaks in; one that does not take it is logged."""
        settings = self._bot.settings
        for channel in dict.fromkeys((settings.channel, settings.approvals_channel, settings.digest_channel)):
            try:
                if channel:
                    await self._bot.post.post(channel, message)
            except PostError as error:
                log.warning("%s was not told in %s: %s", message.text, channel, error)

    async def refresh(self, request_id: int) -> None:
        """Make every message of the request show what the database says now, if there is such a request."""
        async with self._turn(request_id):
            try:
                request = await self._get(request_id)
            except NoSuchRequest:
                return
            for one in request.cards:
                if one.shown != request.face:
                    await self._update(request, one)

    async def catch_up(self) -> None:
        """Mend what an outage or a restart left behind: requests nobody was shown, messages of an older state."""
        now = self._bot.now()
        late = await asyncio.to_thread(self._bot.store.requests.outdated_cards, now - MEMORY)
        for request in late:
            unasked = request.state is State.WAITING and not any(c.kind == "approval" for c in request.cards)
            if unasked and now - request.created_at > POSTING:
                async with self._turn(request.id):
                    await self._find_or_post(request)
            await self.refresh(request.id)

    def _turn(self, request_id: int) -> asyncio.Lock:
        return self._turns.setdefault(request_id, asyncio.Lock())

    async def _get(self, request_id: int) -> FixRequest:
        return await asyncio.to_thread(self._bot.store.requests.get, request_id)

    async def _find_or_post(self, request: FixRequest) -> None:
        channel = self._bot.settings.approvals_channel
        try:
            ts = await self._bot.post.find_block(channel, block_id(request.id), request.created_at)
        except PostError as error:
            log.warning("request %s is not with the approvers yet: %s", request.id, error)
            return
        if ts:
            await self._keep(request.id, Card(channel, ts, "approval", ""))
        else:
            await self._post(request.id, channel, "approval")

    async def _post(self, request_id: int, channel: str, kind: str) -> bool:
        request = await self._get(request_id)
        try:
            ts = await self._bot.post.post(channel, self._message(request, kind))
        except PostError as error:
            log.warning("request %s could not be shown in %s: %s", request_id, channel, error)
            return False
        await self._keep(request_id, Card(channel, ts, kind, request.face))
        return True

    async def _update(self, request: FixRequest, one: Card) -> None:
        try:
            await self._bot.post.update(one.channel, one.ts, self._message(request, one.kind))
        except PostError as error:
            log.warning("request %s is not up to date in %s: %s", request.id, one.channel, error)
            if not error.gone:
                return  # it is tried again
        await self._keep(request.id, replace(one, shown=request.face))

    async def _keep(self, request_id: int, one: Card) -> None:
        await asyncio.to_thread(self._bot.store.requests.put_card, request_id, one)

    def _message(self, request: FixRequest, kind: str) -> Message:
        settings = self._bot.settings
        fix = self._bot.fixes.get(request.check_id)
        message = card(request, fix, kind, settings.zone, glass=bool(settings.break_glass))
        message.blocks[0].block_id = block_id(request.id)
        return message


def block_id(request_id: int) -> str:
    """How a restarted bot finds out whether a request's message is out already."""
    return f"request:{request_id}"
