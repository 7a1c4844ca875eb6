"""`/aws-sec fix` and the buttons of a fix: plan, ask, approve, deny, take back, undo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import checks
from bot.blocks import requests as blocks
from bot.blocks.parts import say, wait
from bot.ids import Input, OfFinding, OfRequest
from bot.remediate import Refusal, can_undo
from bot.store import StoreError
from bot.store.fix_request import FixRequest, State
from bot.store.requests import NoSuchRequest
from handlers import batches
from handlers.ask import Ask
from handlers.errors import HalfDone, in_modal
from handlers.findings import number


async def fix(ask: Ask) -> None:
    """Show what would change, from the command: in one finding's resource, or in all of a check."""
    if ask.text.strip() in ask.bot.fixes:
        await batches.plan(ask, ask.text.strip())
        return
    await _plan(ask, number(ask.text, "fix"))


async def plan(ask: Ask) -> None:
    """Show what would change, from the button."""
    await _plan(ask, ask.carried(OfFinding).finding)


async def asked(ask: Ask) -> Mapping[str, Any]:
    """The reason is there: ask the approvers."""
    await ask.parts.access.may_ask(ask.who)
    value, remediator = ask.carried(OfFinding), ask.bot.remediator
    reason, limits = ask.inputs[Input.REASON], await ask.parts.access.limits(ask.who)
    directly = ask.inputs.get(Input.DIRECTLY, "")
    request = await asyncio.to_thread(remediator.request, value.finding, value.plan, ask.who, reason, limits, directly)
    if await ask.parts.cards.requests.announce(request.id, value.origin):
        return say("Asked", f"<#{ask.bot.settings.approvals_channel}> has your request {request.id}.")
    return say(
        "Asked", f"Request {request.id} is noted. Slack did not take the message to the approvers yet; I try on."
    )


async def approve(ask: Ask) -> None:
    """Record the approval, then make the change, if nobody else has to approve."""
    value, access = ask.carried(OfRequest), ask.parts.access
    approvers, limits = await access.approvers(), await access.limits(ask.who)
    async with _shown(ask, value.request):
        await asyncio.to_thread(ask.bot.remediator.approve, value.request, value.plan, ask.who, approvers, limits)
    await _run(ask, value.request)


async def glass(ask: Ask) -> None:
    """Ask for the reason to approve alone."""
    request = await asyncio.to_thread(_undecided, ask)
    await ask.open(blocks.glass_modal(request, ask.bot.fixes.get(request.check_id), ask.place.channel))


async def glass_broken(ask: Ask) -> Mapping[str, Any]:
    """The reason is there: approve alone, tell everybody, make the change."""
    request_id = ask.carried(OfRequest).request
    access, reason = ask.parts.access, ask.inputs[Input.REASON]
    allowed, limits = await access.glass_breakers(), await access.limits(ask.who)
    async with _shown(ask, request_id):
        await asyncio.to_thread(ask.bot.remediator.break_glass, request_id, ask.who, allowed, reason, limits)
    await ask.parts.cards.glass.tell(request_id)
    await _run(ask, request_id)
    ended = await asyncio.to_thread(_get, ask)
    return say("Break glass", f"*{blocks.HEADLINES[ended.state]}*", blocks.ending(ended))


async def deny(ask: Ask) -> None:
    """Ask why."""
    request = await asyncio.to_thread(_undecided, ask)
    await ask.open(blocks.deny_modal(request, ask.place.channel))


async def denied(ask: Ask) -> Mapping[str, Any]:
    """The reason is there: say no."""
    request_id = ask.carried(OfRequest).request
    approvers = await ask.parts.access.approvers()
    reason = ask.inputs[Input.REASON]
    async with _shown(ask, request_id):
        await asyncio.to_thread(ask.bot.remediator.deny, request_id, ask.who, approvers, reason)
    return say("Denied", f"Request {request_id} is denied. Nothing was changed.")


async def cancel(ask: Ask) -> None:
    """Take back one's own request."""
    request_id = ask.carried(OfRequest).request
    async with _shown(ask, request_id):
        await asyncio.to_thread(ask.bot.remediator.cancel, request_id, ask.who)


async def undo(ask: Ask) -> None:
    """Ask why, showing the calls."""
    request = await asyncio.to_thread(_get, ask)
    if not can_undo(request):
        raise Refusal(f"there is nothing to undo: the request is {request.state}")
    await ask.open(blocks.undo_modal(request, ask.bot.fixes.get(request.check_id), ask.place.channel))


async def undone(ask: Ask) -> Mapping[str, Any]:
    """The reason is there: undo."""
    request_id = ask.carried(OfRequest).request
    approvers = await ask.parts.access.approvers()
    reason = ask.inputs[Input.REASON]
    try:
        request = await asyncio.to_thread(ask.bot.remediator.undo, request_id, ask.who, approvers, reason)
    except StoreError as error:
        raise HalfDone(str(error)) from error
    finally:
        await ask.parts.cards.requests.refresh(request_id)
    return say("Undo", f"*{blocks.HEADLINES[request.state]}*", blocks.ending(request))


async def _run(ask: Ask, request_id: int) -> None:
    try:
        await asyncio.to_thread(ask.bot.remediator.run, request_id)
    except StoreError as error:
        raise HalfDone(str(error)) from error
    await ask.parts.cards.requests.refresh(request_id)


@asynccontextmanager
async def _shown(ask: Ask, request_id: int) -> AsyncIterator[None]:
    """Whatever comes of it, the request's messages tell: a refusal may mean that they were out of date."""
    try:
        yield
    finally:
        await ask.parts.cards.requests.refresh(request_id)


async def _plan(ask: Ask, finding_id: int) -> None:
    await ask.parts.access.may_ask(ask.who)
    # Reading AWS may take longer than a trigger lives, so the modal is opened first and filled later.
    view = await ask.open(wait("Reading the resource and working out what would change…"))
    await ask.filling(view).fill(await in_modal("Not possible", _planned(ask, finding_id)))


async def _planned(ask: Ask, finding_id: int) -> Mapping[str, Any]:
    proposal = await asyncio.to_thread(ask.bot.remediator.propose, finding_id, ask.who)
    return blocks.plan_modal(proposal, checks.guides()[proposal.finding.check_id], ask.place.channel)


def _undecided(ask: Ask) -> FixRequest:
    """The request, while somebody can decide on it by itself. Raises Refusal."""
    request = _get(ask)
    ask.bot.remediator.stands_alone(request)
    if request.state is not State.WAITING:
        raise Refusal(f"the request is {request.state} already")
    return request


def _get(ask: Ask) -> FixRequest:
    try:
        return ask.bot.store.requests.get(ask.carried(OfRequest).request)
    except NoSuchRequest as error:
        raise Refusal(str(error)) from error
