"""`/aws-sec trend`: how the score and the open findings moved."""

from __future__ import annotations

import asyncio

from bot.blocks.charts import trend_page
from bot.blocks.parts import Message, sentence
from bot.ids import Action, OfTrend, Stale
from bot.pictures import is_needed, show_picture
from bot.remediate import Refusal
from bot.trend import USUAL, WINDOWS, Trend, trend
from handlers.ask import Ask


async def from_command(ask: Ask) -> None:
    """The days that the words ask for, where a status would be shown: to all in the bot's own channel only."""
    found = await asyncio.to_thread(_trend, ask, _days(ask.text))
    if ask.place.channel == ask.bot.settings.channel:
        await _post(ask, ask.place.channel, found)
    else:
        await _whisper(ask, found)


async def from_button(ask: Ask) -> None:
    """A button: below a trend, another window in its place; elsewhere, the first one."""
    days = ask.carried(OfTrend).days
    if days not in WINDOWS:
        raise Stale
    found = await asyncio.to_thread(_trend, ask, days)
    if not ask.place.channel:  # the Home tab
        await _post(ask, ask.who.user, found)
    elif ask.action == Action.TREND:  # without a suffix
        await _whisper(ask, found)
    else:
        message = trend_page(found)
        await ask.replace(message)
        if ask.place.hidden:
            await _send_picture(ask, message, found)
        else:
            await show_picture(ask.bot.post, message, ask.place.channel, ask.place.ts, found)


async def _post(ask: Ask, channel: str, found: Trend) -> None:
    message = trend_page(found)
    where, ts = await ask.bot.post.posted(channel, message)
    await show_picture(ask.bot.post, message, where, ts, found)


async def _whisper(ask: Ask, found: Trend) -> None:
    message = trend_page(found)
    await ask.whisper(message)
    await _send_picture(ask, message, found)


async def _send_picture(ask: Ask, message: Message, found: Trend) -> None:
    """A file belongs to a channel, so a picture for one person is sent to them directly."""
    post = ask.bot.post
    if is_needed(post, message, found):
        channel, ts = await post.posted(ask.who.user, message)
        if await show_picture(post, message, channel, ts, found):
            await ask.whisper(sentence("📈 The charts are in our direct messages."))


def _trend(ask: Ask, days: int) -> Trend:
    return trend(ask.bot.store, ask.bot.account, days, ask.bot.now(), ask.bot.settings.zone)


def _days(text: str) -> int:
    word = text.strip().lower().removesuffix("days").removesuffix("d").strip()
    if not word:
        return USUAL
    if word not in map(str, WINDOWS):
        raise Refusal(f"say how many days: {', '.join(map(str, WINDOWS))}")
    return int(word)
