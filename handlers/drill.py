"""From a status to a practice, a check and one resource, and back: each edits the message it was clicked in."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from pydantic import ValidationError

from bot.blocks import drill as blocks
from bot.blocks import status as status_blocks
from bot.blocks.drill import Frame
from bot.blocks.filters import ANY, FILTERS, NONE
from bot.blocks.findings import PAGE, Page
from bot.blocks.parts import Message
from bot.context import Bot
from bot.drill import check_standing, checks_of, narrowed
from bot.ids import Action, OfList, Spot, Stale, number_in, unpack
from bot.remediate import Refusal
from bot.runner import Progress, Running
from bot.standing import Standing, standing
from bot.store.findings import Filter, Finding, NoSuchFinding
from bot.store.fix_request import OPEN
from checks import RENAMED
from handlers.ask import Ask
from handlers.filters import PRACTICES, filter_of

WORST = 3
WEEK = timedelta(days=7)


async def open_spot(ask: Ask) -> None:
    """A button that leads somewhere: down, back, to another page, to the filters."""
    await show(ask, ask.carried(Spot))


async def practice(ask: Ask) -> None:
    """The menu below a status."""
    if ask.value not in PRACTICES:
        raise Refusal("this menu is from an older version: ask for `/aws-sec status` again")
    # The menus of older versions carry no filters, and Slack names their block.
    at = unpack(Spot, ask.block) if ask.block.startswith("{") else Spot()
    await show(ask, Spot(asked=at.asked.filters).moved(practice=ask.value))


async def narrow(ask: Ask) -> None:
    """A menu that filters: the same page, with this filter or without."""
    at, name = unpack(Spot, ask.block), ask.action.removeprefix(f"{Action.FILTER}.")
    if name not in FILTERS:
        raise Stale
    value = NONE[name] if ask.value == ANY else number_in(ask.value) if isinstance(NONE[name], int) else ask.value
    whole = {"whole": value != NONE[name]} if name == "owner" else {}
    try:
        asked = OfList.model_validate({**at.asked.model_dump(), name: value, **whole, "page": 0})
    except ValidationError:
        raise Stale from None
    await show(ask, at.model_copy(update={"asked": asked, "checks_page": 0}))


async def show(ask: Ask, at: Spot) -> None:
    """Draw a spot in place of what the message shows."""
    async with ask.parts.places.moved(ask.place.key, at):
        await ask.replace(await asyncio.to_thread(draw, ask.bot, at, ask.bot.scans.running))


def draw(bot: Bot, at: Spot, run: Running | None) -> Message:
    """What the database says there is at a spot. `run`: a scan to tell of. Raises Refusal and Stale."""
    if at.asked.practice not in {"", *PRACTICES}:
        raise Stale
    now, which = bot.now(), filter_of(at.asked, bot, bot.now())
    last = bot.store.scans.last(which.account)
    scanned = last.ended_at if last else None
    progress: Progress | None = run.progress if run else None
    choices = bot.store.tallies.choices(which.account, now) if at.menus else None
    frame = Frame(at, now, bot.settings.zone, scanned, progress, choices, which.account == bot.account)
    if at.finding:
        return _resource(bot, frame)
    if at.asked.check:
        return _check(bot, frame, which)
    if at.flat:
        return blocks.list_page(frame, _page(bot, frame, which, PAGE), fixes=bot.fixes)
    stands = standing(bot.store, which.account, bot.checks.values(), now)
    if at.asked.practice:
        return _practice(bot, frame, which, stands)
    return _status(bot, frame, which, stands, run)


def find(bot: Bot, finding_id: int) -> Finding:
    """The finding. Raises Refusal."""
    try:
        return bot.store.findings.get(finding_id)
    except NoSuchFinding as error:
        raise Refusal(f"{error}; `/aws-sec findings` lists those there are") from error


def _status(bot: Bot, frame: Frame, which: Filter, stands: Standing, run: Running | None) -> Message:
    if run and not stands.scanned_at:
        return status_blocks.scanning(which.account, run.progress)
    if which != Filter(account=which.account):
        stands = narrowed(stands, bot.store, which, frame.now)
    worst = bot.store.findings.search(which, frame.now, limit=500)
    first = {finding.check_id: finding for finding in reversed(worst)}  # one of each check
    ordered = sorted(first.values(), key=lambda f: (-f.severity, f.check_id not in bot.fixes, f.opened_at, f.id))
    return status_blocks.status(
        stands,
        ordered[:WORST],
        fixes=bot.fixes,
        before=bot.store.scans.score_before(which.account, frame.now - WEEK),
        progress=frame.progress,
        now=frame.now,
        at=frame.at,
        choices=frame.choices,
        scans=frame.scans,
    )


def _practice(bot: Bot, frame: Frame, which: Filter, stands: Standing) -> Message:
    key = frame.at.asked.practice
    (one,) = [one for one in narrowed(stands, bot.store, which, frame.now).practices if one.practice.key == key]
    checks = checks_of(bot.store, bot.checks, key, which, frame.now)
    before = bot.store.scans.score_before(which.account, frame.now - WEEK)
    return blocks.practice_page(frame, one, checks, before)


def _check(bot: Bot, frame: Frame, which: Filter) -> Message:
    id = RENAMED.get(frame.at.asked.check, frame.at.asked.check)
    stands = check_standing(bot.store, bot.checks, id, replace(which, practice=""), frame.now)
    if stands is None:
        raise Refusal("there is no such check any more: ask for `/aws-sec status` again")
    check = bot.checks.get(id)
    practice = check.practice.key if check else frame.at.asked.practice  # so that the way back leads somewhere
    asked = frame.at.asked.model_copy(update={"check": id, "practice": practice})
    frame = replace(frame, at=frame.at.model_copy(update={"asked": asked, "flat": False}))
    which = replace(which, check_id=id, practice="")
    return blocks.check_page(frame, stands, check, _page(bot, frame, which, blocks.RESOURCES), fixes=bot.fixes)


def _resource(bot: Bot, frame: Frame) -> Message:
    finding = find(bot, frame.at.finding)
    check = bot.checks.get(finding.check_id)
    title = check.title if check else finding.check_id
    requests = bot.store.requests.in_state(*OPEN)
    mine = next((request.id for request in requests if request.finding_id == finding.id), 0)
    own = finding.account == bot.account
    frame = replace(frame, scans=own, account_name=bot.settings.account_name if own else "")
    return blocks.resource_page(frame, finding, title, fixes=bot.fixes, request=mine)


def _page(bot: Bot, frame: Frame, which: Filter, size: int) -> Page:
    """The page that is asked for, or the last where the list got shorter."""
    total = bot.store.findings.count(which, frame.now)
    number = blocks.last_page(frame.at.asked.page, total, size)
    found = bot.store.findings.search(which, frame.now, limit=size, offset=number * size)
    return Page(frame.at.asked.model_copy(update={"page": number}), found, total, size)
