"""`/aws-sec status`, `check` and `digest`: how the account stands."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.blocks import status as blocks
from bot.blocks.parts import Message, sentence
from bot.blocks.text import code, plain
from bot.context import Bot
from bot.remediate import Refusal
from bot.runner import Progress, Running
from bot.standing import standing
from bot.store.findings import Filter
from checks import RENAMED
from handlers.ask import Ask, Living
from handlers.findings import no_such_check

WORST = 3
WEEK = timedelta(days=7)


async def status(ask: Ask) -> None:
    """Answer from what is stored, at once; when that is old or there is none, scan and follow."""
    bot = ask.bot
    stale = await asyncio.to_thread(_is_stale, bot)
    run = await bot.scans.start(requested_by=str(ask.who)) if stale else bot.scans.running
    message = await asyncio.to_thread(_picture, bot, run)
    if ask.place.channel == bot.settings.channel:
        living = Living(ask, await bot.post.post(ask.place.channel, message))
    else:
        await ask.whisper(message)
        living = Living(ask)
    if run:
        await _follow(bot, run, living)


async def in_window(ask: Ask) -> None:
    """What is stored, in a modal, from Slack's menu."""
    message = await asyncio.to_thread(_picture, ask.bot, ask.bot.scans.running)
    await ask.open(blocks.status_modal(message))


async def scan_now(ask: Ask) -> None:
    """The button below a status: scan again, and let that message follow."""
    run = await ask.bot.scans.start(requested_by=str(ask.who))
    living = Living(ask, "" if ask.place.hidden else ask.place.ts, clicked=True)
    await living.end(await asyncio.to_thread(_picture, ask.bot, run))
    await _follow(ask.bot, run, living)


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
    await ask.whisper(await asyncio.to_thread(_picture, ask.bot, ask.bot.scans.running))


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


async def _follow(bot: Bot, run: Running, living: Living) -> None:
    async for _ in run.updates():
        await living.progress(lambda: _picture(bot, run))
    result = await run.result()
    picture = await asyncio.to_thread(_picture, bot, None)
    if not result.ok:
        note = plain(result.note)
        picture = Message(f"{picture.text}. {note}", [*sentence(f"⚠️ {note}").blocks, *picture.blocks])
    await living.end(picture)


def _picture(bot: Bot, run: Running | None) -> Message:
    now = bot.now()
    progress: Progress | None = run.progress if run else None
    stands = standing(bot.store, bot.account, bot.checks.values(), now)
    if run and not stands.scanned_at:
        return blocks.scanning(bot.account, run.progress)
    worst = bot.store.findings.search(Filter(account=bot.account), now, limit=500)
    first = {finding.check_id: finding for finding in reversed(worst)}  # one of each check
    ordered = sorted(first.values(), key=lambda f: (-f.severity, f.check_id not in bot.fixes, f.opened_at, f.id))
    before = bot.store.scans.score_before(bot.account, now - WEEK)
    return blocks.status(stands, ordered[:WORST], fixes=bot.fixes, before=before, progress=progress, now=now)


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
