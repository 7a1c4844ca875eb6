"""The same fix on several resources: plan, ask, approve, deny, take back, undo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from bot.blocks import batches as blocks
from bot.blocks.parts import say, wait
from bot.ids import Input, OfBatch, OfCheck, number_in
from bot.remediate import Refusal, can_undo
from bot.store import StoreError
from bot.store.fix_request import Batch
from bot.store.requests import NoSuchRequest
from handlers.ask import Ask
from handlers.errors import HalfDone, in_modal


async def plan(ask: Ask, check_id: str) -> None:
    """Show what would change in every resource a check fails for."""
    await ask.parts.access.may_ask(ask.who)
    view = await ask.open(wait("Reading the resources and working out what would change…"))
    await ask.filling(view).fill(await in_modal("Not possible", _planned(ask, check_id)))


async def plan_from_button(ask: Ask) -> None:
    """The same, from the button below a list of findings."""
    await plan(ask, ask.carried(OfCheck).check)


async def asked(ask: Ask) -> Mapping[str, Any]:
    """The reason is there: ask the approvers."""
    await ask.parts.access.may_ask(ask.who)
    value, limits = ask.carried(OfCheck), await ask.parts.access.limits(ask.who)
    chosen, reason = _chosen(ask), ask.inputs[Input.REASON]
    bulk = ask.bot.bulk
    batch = await asyncio.to_thread(bulk.request, value.check, value.plan, chosen, ask.who, reason, limits)
    if await ask.parts.cards.batches.announce(batch.id, value.origin):
        return say("Asked", f"<#{ask.bot.settings.approvals_channel}> has your request for {len(batch.requests)}.")
    return say("Asked", "Your request is noted. Slack did not take the message to the approvers yet; I try on.")


async def approve(ask: Ask) -> None:
    """Record the approval, then make the changes, if nobody else has to approve."""
    value, access = ask.carried(OfBatch), ask.parts.access
    approvers, limits = await access.approvers(), await access.limits(ask.who)
    async with _shown(ask, value.batch):
        await asyncio.to_thread(ask.bot.bulk.approve, value.batch, value.plan, ask.who, approvers, limits)
    await _follow(ask, value.batch, ask.bot.bulk.run(value.batch))


async def deny(ask: Ask) -> None:
    """Ask why."""
    batch = await asyncio.to_thread(_get, ask)
    if not batch.waits:
        raise Refusal("the request was decided on already")
    await ask.open(blocks.deny_all_modal(batch, ask.place.channel))


async def denied(ask: Ask) -> Mapping[str, Any]:
    """The reason is there: say no."""
    batch_id, reason = ask.carried(OfBatch).batch, ask.inputs[Input.REASON]
    approvers = await ask.parts.access.approvers()
    async with _shown(ask, batch_id):
        await asyncio.to_thread(ask.bot.bulk.deny, batch_id, ask.who, approvers, reason)
    return say("Denied", "The request is denied. Nothing was changed.")


async def cancel(ask: Ask) -> None:
    """Take back one's own request."""
    batch_id = ask.carried(OfBatch).batch
    async with _shown(ask, batch_id):
        await asyncio.to_thread(ask.bot.bulk.cancel, batch_id, ask.who)


async def undo(ask: Ask) -> None:
    """Ask which and why, showing the calls."""
    batch = await asyncio.to_thread(_get, ask)
    if not any(map(can_undo, batch.requests)):
        raise Refusal("there is nothing to undo")
    await ask.open(blocks.undo_all_modal(batch, ask.place.channel))


async def undone(ask: Ask) -> Mapping[str, Any]:
    """The reason is there: undo."""
    batch_id, reason = ask.carried(OfBatch).batch, ask.inputs[Input.REASON]
    approvers = await ask.parts.access.approvers()
    await _follow(ask, batch_id, ask.bot.bulk.undo(batch_id, _chosen(ask), ask.who, approvers, reason))
    return say("Undo", blocks.result_of(await asyncio.to_thread(_get, ask)))


async def _planned(ask: Ask, check_id: str) -> Mapping[str, Any]:
    proposal = await asyncio.to_thread(ask.bot.bulk.propose, check_id, ask.who)
    return blocks.batch_modal(proposal, ask.bot.fixes[check_id], ask.place.channel)


async def _follow(ask: Ask, batch_id: int, changes: Iterator[Batch]) -> None:
    """Make the changes, and show after each how far they are."""
    try:
        while await asyncio.to_thread(next, changes, None):
            await ask.parts.cards.batches.refresh(batch_id)
    except StoreError as error:
        raise HalfDone(str(error)) from error
    finally:
        await ask.parts.cards.batches.refresh(batch_id)


@asynccontextmanager
async def _shown(ask: Ask, batch_id: int) -> AsyncIterator[None]:
    """Whatever comes of it, the batch's messages tell."""
    try:
        yield
    finally:
        await ask.parts.cards.batches.refresh(batch_id)


def _chosen(ask: Ask) -> set[int]:
    return {number for one in ask.inputs.get(Input.CHOSEN, "").split() if (number := number_in(one)) is not None}


def _get(ask: Ask) -> Batch:
    try:
        return ask.bot.store.batches.get(ask.carried(OfBatch).batch)
    except NoSuchRequest as error:
        raise Refusal(str(error)) from error
