"""`/aws-sec mutes`: mutes that hide more than one finding begin, are listed, and end."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.blocks.findings import scopes
from bot.blocks.mutes import mutes_page, scope
from bot.ids import Input, OfMute, Stale
from bot.remediate import Refusal
from bot.store.findings import Finding
from bot.words import plural
from handlers.ask import Ask


async def mutes(ask: Ask) -> None:
    """List them."""
    bot = ask.bot
    found = await asyncio.to_thread(bot.store.mutes.current, bot.account, bot.now())
    await ask.whisper(mutes_page(found, bot.settings.zone))


async def show(ask: Ask) -> None:
    """List them, from the button of a finding that one hides."""
    ask.carried(OfMute)
    await mutes(ask)


async def end(ask: Ask) -> None:
    """End one, from its button."""
    await ask.parts.access.may_ask(ask.who)
    bot, number = ask.bot, ask.carried(OfMute).mute
    ended = await asyncio.to_thread(bot.store.mutes.end, bot.account, number, by=str(ask.who), at=bot.now())
    if ended is None:
        raise Refusal("this mute is over already")
    await mutes(ask)


def begin(ask: Ask, finding: Finding, wanted: str, length: timedelta) -> str:
    """Hide all of a finding's check, or what of it the same owner has; what to say. Raises Stale and Refusal."""
    if wanted not in ("check", "owner"):
        raise Stale
    if wanted not in scopes(finding):
        raise Refusal("who owns this resource is not known any more, so nothing was muted: choose again what to hide")
    bot, owner = ask.bot, finding.owner if wanted == "owner" else ""
    begun = bot.store.mutes.begin(
        finding.account, finding.check_id, owner,
        until=bot.now() + length, reason=ask.inputs[Input.REASON], by=str(ask.who), at=bot.now(),
    )  # fmt: skip
    hides = f"{plural(begun.hides, 'finding')} now, and what is found later"
    lasts = f"is hidden for {plural(length.days, 'day')}: {hides}"
    return f"{scope(begun)} {lasts}. Mute {begun.id}; `/aws-sec mutes` ends it."
