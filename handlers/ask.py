"""What a person did in Slack, where, and how to answer them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.blocks.parts import Message, sentence
from bot.cards import Cards
from bot.context import Bot
from bot.ids import Value, unpack
from bot.people import Person
from bot.post import PostError
from bot.schedule import Schedule
from bot.slack_errors import SLACK_ERRORS
from handlers.access import Access
from handlers.follow import Key, Places

log = logging.getLogger(__name__)

V = TypeVar("V", bound=Value)

EDIT_SECONDS = 3.0
"""Between two edits of one message: chat.update is allowed some 50 times a minute.
Source: https://docs.slack.dev/apis/web-api/rate-limits"""
HIDDEN_EDITS = 2
"""Edits between the first and the last of a message that only one person sees: a response URL takes five, and a try
that failed may count as one."""


@dataclass(frozen=True)
class Parts:
    """What every handler works with. `working`: what is on its way just now."""

    bot: Bot
    access: Access
    cards: Cards
    schedule: Schedule
    places: Places = field(default_factory=Places)
    working: set[asyncio.Task[Any]] = field(default_factory=set)

    def begun(self) -> None:
        """The task that calls this is waited for when the bot ends."""
        task = asyncio.current_task()
        assert task is not None
        self.working.add(task)
        task.add_done_callback(self.working.discard)


@dataclass(frozen=True)
class Place:
    """Where the person was: a message (`ts`), seen by them alone (`hidden`) or by all."""

    channel: str = ""
    ts: str = ""
    hidden: bool = False

    @property
    def key(self) -> Key:
        return self.channel, self.ts


@dataclass(frozen=True)
class Ask:
    """One thing a person did. `text`: words after the command; `value`: what the button or modal carries, packed.

    `block`: the id of the block that was clicked in, which carries what a menu's short values cannot.
    """

    parts: Parts
    who: Person
    place: Place
    respond: AsyncRespond | None
    action: str = ""
    trigger: str = ""
    text: str = ""
    value: str = ""
    block: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    view: str = ""

    @property
    def bot(self) -> Bot:
        return self.parts.bot

    async def known(self) -> Ask:
        """The same, by the person as one of this workspace. Raises Refusal for strangers; PostError likewise."""
        return replace(self, who=await self.parts.access.member(self.who))

    def carried(self, kind: type[V]) -> V:
        """What the button or modal points at. Raises Stale."""
        return unpack(kind, self.value)

    async def whisper(self, message: Message) -> None:
        """Answer so that only the person sees it. Raises PostError."""
        if self.respond is not None:
            await self._respond(self.respond, message, replace_original=False)
        else:
            await self._beside(message)

    async def replace(self, message: Message) -> None:
        """Show something else in place of the message the button is on. Raises PostError."""
        if self.place.hidden and self.respond is not None:
            await self._respond(self.respond, message, replace_original=True)
        else:
            await self.bot.post.update(self.place.channel, self.place.ts, message)

    async def open(self, view: Mapping[str, Any]) -> str:
        """Open a modal; its id. Raises PostError."""
        return await self.bot.post.open_view(self.trigger, view)

    def filling(self, view: str) -> Ask:
        """The same ask, whose answers go into an open modal."""
        return replace(self, view=view)

    async def fill(self, view: Mapping[str, Any]) -> None:
        """Show the answer in the open modal; if it was closed meanwhile, beside it. Raises PostError."""
        try:
            await self.bot.post.update_view(self.view, view)
        except PostError:
            texts = [block["text"]["text"] for block in view["blocks"] if block["type"] == "section"]
            await self.whisper(sentence("\n".join(texts)))

    async def _respond(self, respond: AsyncRespond, message: Message, *, replace_original: bool) -> None:
        form = self.bot.post.natives.best(message)  # what is refused here is asked about once more below
        try:
            answer = await respond(response_type="ephemeral", replace_original=replace_original, **form.payload())
        except SLACK_ERRORS as error:
            log.warning("a response URL did not answer: %s", type(error).__name__)  # its address is a secret
        else:
            if answer.status_code == 200:
                return
        await self._beside(message)

    async def _beside(self, message: Message) -> None:
        """In the channel, for the person alone; as a direct message where there is none or it is out of reach."""
        try:
            if self.place.channel:
                await self.bot.post.whisper(self.place.channel, self.who.user, message)
                return
        except PostError as error:
            if not error.certain or self.who.team != self.bot.team:
                raise
        await self.bot.post.post(self.who.user, message)


class Living:
    """A message that follows something that takes its time."""

    def __init__(self, ask: Ask, ts: str = "", *, clicked: bool = False) -> None:
        self._ask = ask
        self._ts = ts
        self._clicked = clicked
        self._next_edit = time.monotonic() + EDIT_SECONDS / 3
        self._hidden_edits = 0
        self._gone = False

    @property
    def key(self) -> Key:
        """The message; of an answer that cannot be edited, something that no other has."""
        return self._ask.place.key if self._clicked else (self._ask.place.channel, self._ts or str(id(self)))

    async def progress(self, message: Callable[[], Message], share: float) -> None:
        """Show how far it is, unless it is too early for an edit or the message cannot be edited.

        `share`: how much is done. What only one person sees is edited a few times, evenly over the whole.
        """
        if self._gone or time.monotonic() < self._next_edit:
            return
        if not self._ts:
            if not self._clicked or not (self._hidden_edits + 1) / (HIDDEN_EDITS + 1) <= share < 1:
                return
            self._hidden_edits = int(share * (HIDDEN_EDITS + 1))
        self._next_edit = time.monotonic() + EDIT_SECONDS
        try:
            await self._show(await asyncio.to_thread(message))
        except PostError as error:  # the next edit shows more
            log.warning("a message does not follow: %s", error)
            self._gone = error.gone

    async def end(self, message: Message) -> None:
        """Show what came of it, to the person alone when somebody deleted the message. Raises PostError."""
        try:
            if not self._gone:
                await self._show(message)
                return
        except PostError as error:
            if not error.gone:
                raise
        await self._ask.whisper(message)

    async def _show(self, message: Message) -> None:
        if self._ts:
            await self._ask.bot.post.update(self._ask.place.channel, self._ts, message)
        elif self._clicked:
            await self._ask.replace(message)
        else:
            await self._ask.whisper(message)
