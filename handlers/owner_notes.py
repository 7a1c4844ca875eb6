"""The buttons below what owners are told: no more of these, and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.blocks import owner_notes as blocks
from bot.blocks.parts import Message
from bot.ids import OfPerson
from bot.remediate import Refusal
from bot.store.owners_told import OwnersTold
from handlers.ask import Ask
from handlers.home import show_home


async def stop(ask: Ask) -> None:
    """Tell this person no more."""
    told = OwnersTold(ask.bot.store.db)
    await _note(ask, "owner_note.stopped", lambda user: told.stop(user, ask.bot.now()), blocks.stopped)


async def resume(ask: Ask) -> None:
    """Tell this person again."""
    await _note(ask, "owner_note.resumed", OwnersTold(ask.bot.store.db).resume, blocks.resumed)


async def _note(ask: Ask, action: str, write: Callable[[str], None], said: Callable[[str], Message]) -> None:
    user = ask.carried(OfPerson).user
    if user != ask.who.user:
        raise Refusal("that is for whom the message is to decide")
    await asyncio.to_thread(write, user)
    await asyncio.to_thread(ask.bot.store.audit.append, action, actor=str(ask.who), subject=str(ask.who))
    if ask.place.channel:
        await ask.whisper(said(user))
    else:  # it was clicked in the Home tab, which shows it
        await show_home(ask.bot, ask.parts.access, ask.who)
