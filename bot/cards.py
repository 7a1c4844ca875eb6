"""The messages that show fix requests and batches: posted once, and kept true to the database whatever gets lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from bot.blocks.batches import batch_card
from bot.blocks.parts import Message
from bot.blocks.requests import card
from bot.context import Bot
from bot.glass import Glass
from bot.post import PostError
from bot.store.fix_request import APPROVAL, DELETED, Batch, Card, FixRequest, State
from bot.store.requests import NoSuchRequest

log = logging.getLogger(__name__)

MEMORY = timedelta(days=1)
"""How long after its end a request's messages are still caught up with."""
LOOK = timedelta(minutes=10)
"""How often it is looked whether the approvers' messages are still there."""
POSTING = timedelta(seconds=30)
"""A request younger than this may still be on its way to the approvers."""


class Shown(Protocol):
    """What messages show. `face`: what they say of it; they are edited when it changes."""

    @property
    def id(self) -> int: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def waits(self) -> bool: ...
    @property
    def face(self) -> str: ...
    @property
    def cards(self) -> Sequence[Card]: ...


S = TypeVar("S", bound=Shown)


class Cards:
    """All of them: those of requests that stand alone, and those of batches."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        store, settings = bot.store, bot.settings

        def draw(request: FixRequest, kind: str) -> Message:
            fix = bot.fixes.get(request.check_id)
            return card(request, fix, kind, settings.zone, glass=bool(settings.break_glass))

        def draw_batch(batch: Batch, kind: str) -> Message:
            return batch_card(batch, bot.fixes.get(batch.requests[0].check_id), kind, settings.zone)

        requests, batches = store.requests, store.batches

        def alone() -> list[int]:
            return [one.id for one in requests.in_state(State.WAITING) if one.batch is None]

        def together() -> list[int]:
            return sorted({one.batch for one in requests.in_state(State.WAITING) if one.batch is not None})

        self.requests = Board(bot, "request", requests.get, requests.put_card, requests.outdated_cards, alone, draw)
        self.batches = Board(bot, "batch", batches.get, batches.put_card, batches.outdated, together, draw_batch)
        self.glass = Glass(store, bot.fixes, bot.post, bot.now)

    async def catch_up(self) -> None:
        """Mend what an outage or a restart left behind: requests nobody was shown, messages of an older state."""
        await self.requests.catch_up()
        await self.batches.catch_up()
        await self.glass.catch_up()

    async def tell_everybody(self, message: Message) -> None:
        """Post to every channel the bot speaks in; one that does not take it is logged."""
        for channel in self._bot.settings.channels:
            try:
                await self._bot.post.post(channel, message)
            except PostError as error:
                log.warning("%s was not told in %s: %s", message.text, channel, error)


class Board(Generic[S]):
    """Posts and refreshes. One thing at a time, so that an older state never overwrites a newer one."""

    def __init__(  # whose, and how it is kept and drawn
        self,
        bot: Bot,
        kind: str,
        get: Callable[[int], S],
        put: Callable[[int, Card], None],
        outdated: Callable[[datetime], list[S]],
        waiting: Callable[[], list[int]],
        draw: Callable[[S, str], Message],
    ) -> None:
        self._bot = bot
        self._kind = kind
        self._get_now = get
        self._put = put
        self._outdated = outdated
        self._waiting = waiting
        self._draw = draw
        self._turns: dict[int, asyncio.Lock] = {}
        self._looked = bot.now()

    async def announce(self, id: int, origin: str) -> bool:
        """Show a new request where it was asked for and to the approvers; whether the approvers have it.

        The approvers come last: should the bot end in between, it is their message that a later start makes up for.
        """
        async with self._turn(id):
            if origin and origin != self._bot.settings.approvals_channel:
                noticed = await self._post(id, origin, "notice")
                if not noticed and origin != self._bot.settings.channel:  # the bot is not in every channel
                    await self._post(id, self._bot.settings.channel, "notice")
            return await self._post(id, self._bot.settings.approvals_channel, APPROVAL)

    async def refresh(self, id: int) -> None:
        """Make every message of it show what the database says now, if there is such a thing."""
        async with self._turn(id):
            try:
                shown = await self._get(id)
            except NoSuchRequest:
                return
            for one in shown.cards:
                if one.kind != DELETED and one.shown != shown.face:
                    await self._update(shown, one)

    async def catch_up(self) -> None:
        """Mend what an outage or a restart left behind."""
        now = self._bot.now()
        for late in await asyncio.to_thread(self._outdated, now - MEMORY):
            unasked = late.waits and not any(one.kind == APPROVAL for one in late.cards)
            if unasked and now - late.created_at > POSTING:
                async with self._turn(late.id):
                    await self._find_or_post(late)
            await self.refresh(late.id)
        if now - self._looked >= LOOK:
            self._looked = now
            for id in await asyncio.to_thread(self._waiting):
                async with self._turn(id):
                    await self._look(await self._get(id))

    async def _look(self, shown: S) -> None:
        """Post the approvers' message anew if somebody deleted it: without it nobody could decide."""
        for one in [one for one in shown.cards if one.kind == APPROVAL]:
            try:
                there = await self._bot.post.is_there(one.channel, one.ts)
            except PostError as error:
                log.warning("%s %s: the message to the approvers was not found: %s", self._kind, shown.id, error)
                continue
            if not there:
                await self._replace(shown, one)

    async def _replace(self, shown: S, one: Card) -> None:
        """The approvers' message is gone while it waits for them: it is posted where they are now."""
        log.warning("%s %s is shown to the approvers anew: its message is gone", self._kind, shown.id)
        await self._keep(shown.id, replace(one, kind=DELETED))
        await self._post(shown.id, self._bot.settings.approvals_channel, APPROVAL)

    def _turn(self, id: int) -> asyncio.Lock:
        return self._turns.setdefault(id, asyncio.Lock())

    async def _get(self, id: int) -> S:
        return await asyncio.to_thread(self._get_now, id)

    async def _find_or_post(self, late: S) -> None:
        channel = self._bot.settings.approvals_channel
        try:
            ts = await self._bot.post.find_block(channel, self._block_id(late.id), late.created_at)
        except PostError as error:
            log.warning("%s %s is not with the approvers yet: %s", self._kind, late.id, error)
            return
        if ts:
            await self._keep(late.id, Card(channel, ts, APPROVAL, ""))
        else:
            await self._post(late.id, channel, APPROVAL)

    async def _post(self, id: int, channel: str, kind: str) -> bool:
        shown = await self._get(id)
        try:
            ts = await self._bot.post.post(channel, self._message(shown, kind))
        except PostError as error:
            log.warning("%s %s could not be shown in %s: %s", self._kind, id, channel, error)
            return False
        await self._keep(id, Card(channel, ts, kind, shown.face))
        return True

    async def _update(self, shown: S, one: Card) -> None:
        try:
            await self._bot.post.update(one.channel, one.ts, self._message(shown, one.kind))
        except PostError as error:
            log.warning("%s %s is not up to date in %s: %s", self._kind, shown.id, one.channel, error)
            if not error.gone:
                return  # it is tried again
            if one.kind == APPROVAL and shown.waits:
                await self._replace(shown, one)
                return
        await self._keep(shown.id, replace(one, shown=shown.face))

    async def _keep(self, id: int, one: Card) -> None:
        await asyncio.to_thread(self._put, id, one)

    def _message(self, shown: S, kind: str) -> Message:
        message = self._draw(shown, kind)
        message.blocks[0].block_id = self._block_id(shown.id)
        return message

    def _block_id(self, id: int) -> str:
        """How a restarted bot finds out whether the message is out already."""
        return f"{self._kind}:{id}"
