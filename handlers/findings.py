"""`/aws-sec findings`, `explain`, `mute`, `unmute`: what is wrong, why it matters, and accepting it for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from slack_sdk.models.blocks import Block

import checks
from bot.blocks import findings as blocks
from bot.blocks.mutes import mute_length
from bot.blocks.pages import compliance_page
from bot.blocks.parts import say, sentence
from bot.blocks.text import code, plain
from bot.compliance import report
from bot.context import Bot
from bot.ids import Input, OfFinding, OfList, Spot, number_in
from bot.nearest import did_you_mean
from bot.remediate import Refusal
from bot.store.findings import Finding
from bot.words import plural
from checks.kit import AnyCheck
from handlers import mutes
from handlers.ask import Ask
from handlers.drill import draw, find, show
from handlers.filters import asked_for


async def findings(ask: Ask) -> None:
    """The first page of what the words ask for."""
    spot = Spot(asked=asked_for(ask.text), flat=True)
    await ask.whisper(await asyncio.to_thread(draw, ask.bot, spot, ask.bot.scans.running))


async def page(ask: Ask) -> None:
    """A button below a digest or on the Home tab that opens a list; of older versions, one that turns its page."""
    asked = ask.carried(OfList)
    spot = Spot(asked=asked, flat=not asked.check)
    if ask.action.endswith((".back", ".more")) and ask.place.ts:
        await show(ask, spot)
    else:
        await ask.whisper(await asyncio.to_thread(draw, ask.bot, spot, ask.bot.scans.running))


async def explain(ask: Ask) -> None:
    """A check or a finding, from the command."""
    check, found = await asyncio.to_thread(_explained, ask.bot, ask.text.strip())
    bot = ask.bot
    explained = _explanation(bot, check, found)
    await ask.whisper(blocks.explanation_message(check, explained, found, bot.fixes, bot.now()))


async def explain_finding(ask: Ask) -> None:
    """A finding, from its button."""
    check, found = await asyncio.to_thread(_explained, ask.bot, str(ask.carried(OfFinding).finding))
    await ask.open(blocks.explanation_modal(_explanation(ask.bot, check, found)))


async def explain_message(ask: Ask) -> None:
    """The finding that a message is about, from its menu."""
    if not ask.value:
        raise Refusal("this message shows no finding: use it on one with a Fix… or Explain button")
    await explain_finding(ask)


async def compliance(ask: Ask) -> None:
    """A framework, control by control."""
    name = ask.text.strip().lower()
    known = checks.frameworks()
    if name not in known:
        if not name:
            raise Refusal(f"say which framework: {', '.join(known)}")
        hint = did_you_mean(name, known, f": there is {', '.join(known)}")
        raise Refusal(f"there is no framework {name}{hint}")
    found = await asyncio.to_thread(report, ask.bot.store, ask.bot.account, known[name], ask.bot.checks)
    await ask.whisper(compliance_page(name, found))


async def mute(ask: Ask) -> None:
    """Ask for the reason, from the command."""
    word, _, rest = ask.text.partition(" ")
    if word.lower() == "tag":
        await mutes.ask_why(ask, rest)
        return
    await _ask_why(ask, number(ask.text, "mute"))


async def mute_finding(ask: Ask) -> None:
    """Ask for the reason, from the button."""
    await _ask_why(ask, ask.carried(OfFinding).finding)


async def muted(ask: Ask) -> Mapping[str, Any]:
    """The reason is there: hide the finding, or more."""
    await ask.parts.access.may_ask(ask.who)
    bot, length = ask.bot, mute_length(ask.inputs.get(Input.UNTIL))
    wanted = ask.inputs.get(Input.SCOPE, blocks.SCOPE_DEFAULT)

    def work() -> str:
        finding = find(bot, ask.carried(OfFinding).finding)
        if wanted != blocks.SCOPE_DEFAULT:
            return mutes.begin(ask, finding, wanted, length)
        until, reason = bot.now() + length, ask.inputs[Input.REASON]
        bot.store.findings.mute(finding.id, until=until, reason=reason, actor=str(ask.who), at=bot.now())
        return f"{code(finding.name)} is hidden for {plural(length.days, 'day')}, then it comes back."

    return say("Muted", await asyncio.to_thread(work))


async def unmute(ask: Ask) -> None:
    """Show it again, from the command."""
    await _unmute(ask, number(ask.text, "unmute"))


async def unmute_finding(ask: Ask) -> None:
    """Show it again, from the button."""
    await _unmute(ask, ask.carried(OfFinding).finding)


def number(text: str, command: str) -> int:
    """A finding's number as people write it. Raises Refusal."""
    found = number_in(text.strip().removeprefix("#"))
    if found is None:
        raise Refusal(f"say which finding, as in `/aws-sec {command} 12`; `/aws-sec findings` lists them")
    return found


def no_such_check(bot: Bot, wanted: str, command: str) -> str:
    """What to say about a check that does not exist."""
    if not wanted:
        return f"say which check, as in `/aws-sec {command} s3.bucket_blocks_public_access`"
    otherwise = "; `/aws-sec explain 12` names the check of finding 12"
    return f"there is no check {wanted}{did_you_mean(wanted, bot.checks, otherwise)}"


async def _ask_why(ask: Ask, finding_id: int) -> None:
    await ask.parts.access.may_ask(ask.who)
    finding = await asyncio.to_thread(find, ask.bot, finding_id)
    if finding.state != "open":
        raise Refusal("this finding is resolved already, so there is nothing to mute")
    await ask.open(blocks.mute_modal(finding, ask.bot.now(), ask.place.channel))


async def _unmute(ask: Ask, finding_id: int) -> None:
    await ask.parts.access.may_ask(ask.who)
    bot = ask.bot

    def work() -> Finding:
        found = find(bot, finding_id)
        if not found.muted(bot.now()):
            raise Refusal("this finding is not muted")
        if found.mute:
            raise Refusal(f"mute {found.mute} hides this finding and others: end it in `/aws-sec mutes`")
        return bot.store.findings.unmute(finding_id, actor=str(ask.who), at=bot.now())

    finding = await asyncio.to_thread(work)
    await ask.whisper(sentence(f"{code(finding.name)} {plain(finding.text)}: shown again from now on."))


def _explained(bot: Bot, what: str) -> tuple[AnyCheck, Finding | None]:
    finding = find(bot, number(what, "explain")) if what.removeprefix("#").isdigit() else None
    wanted = finding.check_id if finding else what
    check = bot.checks.get(checks.RENAMED.get(wanted, wanted))
    if check is None:
        raise Refusal(no_such_check(bot, wanted, "explain"))
    return check, finding


def _explanation(bot: Bot, check: AnyCheck, finding: Finding | None) -> list[Block]:
    guide, controls = checks.guides()[check.id], checks.references(check.id)
    return blocks.explanation(check, bot.fixes.get(check.id), guide, controls, finding, bot.now())
