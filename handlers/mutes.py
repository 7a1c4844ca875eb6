"""`/aws-sec mutes`: mutes that hide more than one finding begin, are listed, and end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.blocks.findings import scopes
from bot.blocks.mutes import mute_length, mutes_page, scope, tag_modal
from bot.blocks.parts import say
from bot.context import Bot
from bot.ids import Input, OfMute, OfTag, Stale
from bot.recording import connect, target
from bot.remediate import Refusal
from bot.store.findings import Finding
from bot.store.mutes import Mute
from bot.tagged import tagged
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
    return _begun(begun, length)


async def ask_why(ask: Ask, typed: str) -> None:
    """Ask for the reason of a mute of a tag, from the command. Raises Refusal."""
    await ask.parts.access.may_ask(ask.who)
    await ask.open(tag_modal(_tag(typed), ask.place.channel))


async def tag_muted(ask: Ask) -> Mapping[str, Any]:
    """The reason is there: see what has the tag, and hide it. Raises Refusal, CallError and CannotScan."""
    await ask.parts.access.may_ask(ask.who)
    tag, length = _tag(ask.carried(OfTag).tag), mute_length(ask.inputs.get(Input.UNTIL))
    return say("Muted", await asyncio.to_thread(_hide, ask, tag, length))


def _hide(ask: Ask, tag: str, length: timedelta) -> str:
    bot = ask.bot
    resources = _having(bot, tag)
    if not resources:
        raise Refusal(f"nothing in the account has the tag {tag}, so nothing was muted")
    bot.store.mutes.set_tagged(bot.account, tag, resources)
    begun = bot.store.mutes.begin(
        bot.account, "", "", tag=tag,
        until=bot.now() + length, reason=ask.inputs[Input.REASON], by=str(ask.who), at=bot.now(),
    )  # fmt: skip
    return _begun(begun, length)


def _having(bot: Bot, tag: str) -> set[str]:
    home = connect(bot.settings)
    if home.account != bot.account:
        raise Refusal(f"the credentials are for account {home.account} now, not {bot.account}; nothing was muted")
    return tagged(home, target(bot.settings, home).regions, tag)


def _tag(typed: str) -> str:
    """A tag as AWS allows it. Source: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html"""
    tag = typed.strip()
    if not re.fullmatch(r"[^=\s][^=]{0,127}(=.{0,256})?", tag):
        raise Refusal("say which tag, as in `/aws-sec mute tag env=sandbox`")
    return tag


def _begun(begun: Mute, length: timedelta) -> str:
    hides = f"{plural(begun.hides, 'finding')} now, and what is found later"
    lasts = f"is hidden for {plural(length.days, 'day')}: {hides}"
    return f"{scope(begun)} {lasts}. Mute {begun.id}; `/aws-sec mutes` ends it."
