"""`/aws-sec status`, `check` and `digest`: how the account stands."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from bot.blocks import status as blocks
from bot.blocks.parts import Message, sentence
from bot.blocks.text import code, plain
from bot.context import Bot
from bot.ids import Spot
from bot.post import PostError
from bot.remediate import Refusal
from bot.runner import Running
from bot.store.findings import Filter
from checks import RENAMED
from handlers.ask import Ask, Living
from handlers.drill import draw, find
from handlers.filters import account_of, asked_for
from handlers.findings import no_such_check
from handlers.follow import Followed

log = logging.getLogger(__name__)

WORST = 3


async def status(ask: Ask) -> None:
    """Answer from what is stored, at once; when that is old or there is none, scan and follow."""
    bot, at = ask.bot, Spot(asked=asked_for(ask.text))
    own = await asyncio.to_thread(account_of, at.asked, bot) == bot.account
    stale = own and await asyncio.to_thread(_is_stale, bot)
    run = await bot.scans.start(requested_by=str(ask.who)) if stale else bot.scans.running if own else None
    message = await asyncio.to_thread(draw, bot, at, run)
    living = Living(ask, await _post_or_whisper(ask, message))
    if run:
        await _follow(ask, run, living, at)


async def _post_or_whisper(ask: Ask, message: Message) -> str:
    """The timestamp of the answer in the bot's channel; "" when only the person sees it."""
    if ask.place.channel == ask.bot.settings.channel:
        try:
            return await ask.bot.post.post(ask.place.channel, message)
        except PostError as error:
            if not error.certain:
                raise
            log.warning("the status is not in %s for all to see: %s", ask.place.channel, error)
            why = f"⚠️ Only you see this. {plain(str(error))}"
            message = Message(message.text, [*sentence(why).blocks, *message.blocks])
    await ask.whisper(message)
    return ""


async def in_window(ask: Ask) -> None:
    """What is stored, in a modal, from Slack's menu."""
    message = await asyncio.to_thread(draw, ask.bot, Spot(), ask.bot.scans.running)
    await ask.open(blocks.status_modal(message))


async def scan_now(ask: Ask) -> None:
    """The button below a status and what it opens: scan again, on a check's page only that check, and follow."""
    bot, at = ask.bot, ask.carried(Spot)
    await asyncio.to_thread(draw, bot, at, None)  # what is not there cannot be scanned
    check = at.asked.check
    if at.finding:
        check = (await asyncio.to_thread(find, bot, at.finding)).check_id
    run = await bot.scans.start(requested_by=str(ask.who), checks=[RENAMED.get(check, check)] if check else [])
    living, places = Living(ask, "" if ask.place.hidden else ask.place.ts, clicked=True), ask.parts.places
    followed = places.begin(living.key, at, run)  # first: from the moment it is drawn people click in it
    try:
        async with places.moved(living.key, at):
            await ask.replace(await asyncio.to_thread(draw, bot, at, run))
        if followed:
            await _to_the_end(bot, run, living, followed)
    finally:
        if followed:
            places.end(living.key, run)


async def stop(ask: Ask) -> None:
    """The button below a status while a scan runs: end it."""
    await ask.parts.access.may_ask(ask.who)
    run = ask.bot.scans.running
    if run is None:
        raise Refusal("no scan is running")
    await ask.bot.scans.cancel(run)
    await asyncio.to_thread(ask.bot.store.audit.append, "scan.stopped", actor=str(ask.who), subject=ask.bot.account)


async def show(ask: Ask) -> None:
    """The button below a digest."""
    await ask.whisper(await asyncio.to_thread(draw, ask.bot, Spot(), ask.bot.scans.running))


async def check(ask: Ask) -> None:
    """Run one check now."""
    bot = ask.bot
    wanted = RENAMED.get(ask.text.strip(), ask.text.strip())
    if wanted not in bot.checks:
        raise Refusal(no_such_check(bot, wanted, "check"))
    await ask.whisper(sentence(f"⏳ Running {code(wanted)}…"))
    run = await bot.scans.start(requested_by=str(ask.who), checks=[wanted])
    result = await run.result()
    if not result.ok:
        raise Refusal(result.note)
    await ask.whisper(await asyncio.to_thread(_result, bot, wanted))


async def digest(ask: Ask) -> None:
    """Post a digest now, besides the daily one."""
    await ask.whisper(sentence(await ask.parts.schedule.post_digest_now(ask.who)))


async def _follow(ask: Ask, run: Running, living: Living, at: Spot) -> None:
    """Let a new message follow the scan, unless somebody's click has it follow already."""
    places, key = ask.parts.places, living.key
    followed = places.begin(key, at, run)
    if followed is None:
        return
    try:
        await _to_the_end(ask.bot, run, living, followed)
    finally:
        places.end(key, run)


async def _to_the_end(bot: Bot, run: Running, living: Living, followed: Followed) -> None:
    """Show how far the scan is, wherever in the message the person goes meanwhile, and then what came of it."""
    async for progress in run.updates():
        share = progress.done / progress.total if progress.total else 0.0
        async with followed.turn:
            await living.progress(lambda: draw(bot, followed.spot, run), share)
    result = await run.result()
    async with followed.turn:
        other = bot.scans.running if bot.scans.running is not run else None
        picture = await asyncio.to_thread(draw, bot, followed.spot, other)
        if not result.ok:
            note = plain(result.note)
            picture = Message(f"{picture.text}. {note}", [*sentence(f"⚠️ {note}").blocks, *picture.blocks])
        await living.end(picture)


def _is_stale(bot: Bot) -> bool:
    last = bot.store.scans.last(bot.account)
    return last is None or last.ended_at is None or bot.now() - last.ended_at > timedelta(
        minutes=bot.settings.stale_minutes
    )  # fmt: skip


def _result(bot: Bot, check_id: str) -> Message:
    now = bot.now()
    readings = [r for r in bot.store.scans.readings(bot.account) if r.check_id == check_id]
    counts = {
        "pass": sum(r.passed for r in readings),
        "fail": sum(r.failed for r in readings),
        "unknown": sum(r.unknown for r in readings),
        "not applicable": sum(r.not_applicable for r in readings),
    }
    found = bot.store.findings.search(Filter(account=bot.account, check_id=check_id), now, limit=WORST)
    reasons = [line for r in readings for line in r.unknown_text.splitlines()]
    return blocks.check_result(bot.checks[check_id], counts, found, reasons, fixes=bot.fixes, now=now)
