"""`/aws-sec freeze`: no fixes for a while."""

from __future__ import annotations

import asyncio

from bot.blocks.freezes import freezes_page, frozen
from bot.freezing import NotUnderstood, wanted
from bot.ids import OfFreeze
from bot.remediate import Refusal
from handlers.ask import Ask


async def freeze(ask: Ask) -> None:
    """List the freezes, or declare one, for everybody to read."""
    bot, text = ask.bot, ask.text.strip()
    if not text:
        await _list(ask)
        return
    await ask.parts.access.may_freeze(ask.who)
    try:
        asked = wanted(text, bot.now(), bot.settings.zone, bot.account, bot.settings.account_name)
    except NotUnderstood as error:
        raise Refusal(str(error)) from error
    begun = await asyncio.to_thread(
        bot.store.freezes.begin, asked.tag, asked.until, asked.reason, by=str(ask.who), at=bot.now()
    )
    if begun is None:
        raise Refusal("this freeze holds already; `/aws-sec freeze` lists it")
    await ask.parts.cards.tell_everybody(frozen(begun, bot.settings.zone))


async def unfreeze(ask: Ask) -> None:
    """End a freeze, from its button."""
    bot, number = ask.bot, ask.carried(OfFreeze).freeze
    await ask.parts.access.may_freeze(ask.who)
    ended = await asyncio.to_thread(bot.store.freezes.end, number, by=str(ask.who), at=bot.now())
    if ended is None:
        raise Refusal("this freeze is over already")
    await ask.parts.cards.tell_everybody(frozen(ended, bot.settings.zone, ended_by=str(ask.who)))
    await _list(ask)


async def _list(ask: Ask) -> None:
    bot = ask.bot
    declared = await asyncio.to_thread(bot.store.freezes.current, bot.now())
    planned = [one for one in bot.settings.freezes if one.until > bot.now()]
    await ask.whisper(freezes_page(declared, planned, bot.settings.zone))
