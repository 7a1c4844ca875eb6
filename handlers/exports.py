"""`/aws-sec export`: findings as a file, in a thread."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.blocks.parts import Message, section
from bot.blocks.text import code, mention, plain
from bot.context import Bot
from bot.export import FORMATS, About, filename
from bot.nearest import did_you_mean
from bot.post import PostError
from bot.remediate import Refusal
from bot.store.findings import Filter
from bot.words import plural
from handlers.ask import Ask
from handlers.filters import asked_for, filter_of

log = logging.getLogger(__name__)


async def export(ask: Ask) -> None:
    """Write the findings that the words ask for into a file, and put it into the thread of a message that says so."""
    kind, _, words = ask.text.strip().partition(" ")
    kind = kind.lower()
    if kind not in FORMATS:
        listed = f": there is {', '.join(FORMATS)}"
        raise Refusal(
            f"there is no format {kind}{did_you_mean(kind, FORMATS, listed)}" if kind else f"say which{listed}"
        )
    bot, asked = ask.bot, asked_for(words)
    which = replace(filter_of(asked, bot, bot.now()), muted=asked.muted or None)  # a file says which are muted
    with TemporaryDirectory(prefix="aws-sec-") as folder:
        path = Path(folder) / filename(kind, bot.now())
        written = await asyncio.to_thread(_write, bot, path, kind, which)
        detail = {"format": kind, "words": words, "findings": written}
        append, who = bot.store.audit.append, str(ask.who)
        await asyncio.to_thread(append, "findings.exported", actor=who, subject=bot.account, detail=detail)
        about = f" ({plain(words, 100)})" if words else ""
        text = f"{plural(written, 'finding')}{about} as {code(path.name)}, asked for by {mention(str(ask.who))}"
        channel, thread = await _said(ask, Message(text, [section(f"📄 {text}. The file is in the thread.")]))
        try:
            await bot.post.upload(channel, thread, path, path.name, f"aws-sec: {plural(written, 'finding')}")
        except PostError:
            await _take_back(bot, channel, thread, Message(text, [section(f"📄 {text}. Slack did not take the file.")]))
            raise
    if channel != ask.place.channel:
        await ask.whisper(Message("Exported", [section(f"I am not in this channel, so the file is in <#{channel}>.")]))


async def _take_back(bot: Bot, channel: str, ts: str, message: Message) -> None:
    """Promise no file that is not there."""
    try:
        await bot.post.update(channel, ts, message)
    except PostError as error:
        log.warning("a message promises a file that is not there: %s", error)


async def _said(ask: Ask, message: Message) -> tuple[str, str]:
    """Channel and timestamp of the message: here, or in the bot's own channel where it is no member of this one."""
    try:
        return ask.place.channel, await ask.bot.post.post(ask.place.channel, message)
    except PostError as error:
        if not error.certain or ask.place.channel == ask.bot.settings.channel:
            raise
    return ask.bot.settings.channel, await ask.bot.post.post(ask.bot.settings.channel, message)


def _write(bot: Bot, path: Path, kind: str, which: Filter) -> int:
    """How many findings the file holds."""
    now, seen = bot.now(), count(1)
    findings = (finding for finding, _ in zip(bot.store.findings.each(which, now), seen, strict=False))
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(FORMATS[kind](findings, About(bot.checks, now)))
    return next(seen) - 1
