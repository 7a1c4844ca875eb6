"""What only a person can do: show the steps, send them to somebody, look again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import checks
from bot.blocks import checklists as blocks
from bot.blocks.parts import say, sentence
from bot.blocks.text import mention
from bot.checklists import RECHECKED, SENT, Looked, looked, note
from bot.context import Bot
from bot.ids import Input, OfFinding
from bot.people import Person
from bot.post import PostError
from bot.remediate import Refusal
from bot.store.findings import Finding
from checks import Guide
from checks.kit import AnyCheck
from handlers.ask import Ask
from handlers.drill import find
from handlers.errors import in_modal


async def steps(ask: Ask) -> None:
    """Show the steps."""
    finding, check, guide = await asyncio.to_thread(_checklist, ask.bot, ask.carried(OfFinding).finding)
    await ask.open(blocks.checklist_modal(finding, check, guide, ask.place.channel))


async def send(ask: Ask) -> Mapping[str, Any]:
    """Somebody was chosen: send them the steps."""
    finding_id, bot = ask.carried(OfFinding).finding, ask.bot
    await ask.parts.access.may_ask(ask.who)
    finding, check, guide = await asyncio.to_thread(_checklist, bot, finding_id)
    to, reason = ask.inputs.get(Input.PERSON, ""), ask.inputs[Input.REASON]
    written = {"to": to, "reason": reason}
    try:
        await _may_send(ask, finding, to)
    except (Refusal, PostError) as error:
        why = written | {"why": str(error)}
        await asyncio.to_thread(note, bot.store, finding, ask.who, SENT, "refused", **why)
        if isinstance(error, Refusal):
            error.audited = True
        raise
    await asyncio.to_thread(note, bot.store, finding, ask.who, SENT, "intent", **written)
    result = "failed"
    try:
        await bot.post.post(to, blocks.checklist(finding, check, guide, str(ask.who), reason))
        result = "ok"
    finally:
        await asyncio.to_thread(note, bot.store, finding, ask.who, SENT, result, to=to)
    return say("Sent", f"{mention(str(Person(bot.team, to)))} has the steps, with your name and your reason.")


async def recheck(ask: Ask) -> None:
    """Run the check alone, now, and say what it is: in the modal with the steps, or beside the message."""
    carried = ask.carried(OfFinding)
    finding, check, guide = await asyncio.to_thread(_checklist, ask.bot, carried.finding)
    if not ask.view:
        await ask.whisper(sentence(blocks.CHECKING))
        await ask.whisper(blocks.answer_message(finding, check, await _look(ask, finding)))
        return

    def shown(said: str) -> Mapping[str, Any]:
        return blocks.checklist_modal(finding, check, guide, carried.origin, said)

    async def answered() -> Mapping[str, Any]:
        return shown(blocks.answer(finding, check, await _look(ask, finding)))

    await ask.fill(shown(blocks.CHECKING))
    await ask.fill(await in_modal("Not checked", answered()))


async def _may_send(ask: Ask, finding: Finding, to: str) -> None:
    if finding.state != "open":
        raise Refusal("this finding is resolved already, so there is nothing to do")
    await ask.parts.access.may_get(to)


async def _look(ask: Ask, finding: Finding) -> Looked:
    bot = ask.bot
    if full := bot.scans.running:
        await full.result()  # it may have read this before the person was done
    began = bot.now()
    run = await bot.scans.start(requested_by=str(ask.who), checks=[finding.check_id])
    result = await run.result()
    if not result.ok:
        raise Refusal(result.note)
    found = await asyncio.to_thread(looked, bot.store, finding, began)
    await asyncio.to_thread(note, bot.store, finding, ask.who, RECHECKED, "ok", now=found.status.value)
    return found


def _checklist(bot: Bot, finding_id: int) -> tuple[Finding, AnyCheck, Guide]:
    """The finding, its check, and how a person does what it asks for. Raises Refusal."""
    finding = find(bot, finding_id)
    check = bot.checks.get(checks.RENAMED.get(finding.check_id, finding.check_id))
    if check is None:
        raise Refusal(f"the check {finding.check_id} is not run any more (AWS_SEC_SKIP_CHECKS)")
    guide = checks.guides()[check.id]
    if not guide.steps:
        raise Refusal("there are no steps for this one: `/aws-sec explain` says what can be done")
    return finding, check, guide
