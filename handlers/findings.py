"""`/aws-sec findings`, `explain`, `mute`, `unmute`: what is wrong, why it matters, and accepting it for a while."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.models.blocks import Block

import checks
from bot.blocks import findings as blocks
from bot.blocks.pages import compliance_page
from bot.blocks.parts import Message, say, sentence
from bot.blocks.text import code, plain
from bot.compliance import report
from bot.context import Bot
from bot.ids import Action, Input, OfFinding, OfList, Stale, number_in
from bot.nearest import did_you_mean
from bot.remediate import Refusal
from bot.store.findings import Filter, Finding, NoSuchFinding
from bot.words import plural
from checks.kit import AnyCheck, Practice, Severity
from handlers import mutes
from handlers.ask import Ask

PRACTICES = {practice.key for practice in Practice}
SEVERITIES = {severity.word: int(severity) for severity in Severity}


async def findings(ask: Ask) -> None:
    """The first page of what the words ask for."""
    await ask.whisper(await asyncio.to_thread(_page, ask.bot, asked_for(ask.text)))


async def page(ask: Ask) -> None:
    """A button that opens a list, or turns its page in place."""
    asked = ask.carried(OfList)
    if asked.practice not in {"", *PRACTICES}:
        raise Stale
    message = await asyncio.to_thread(_page, ask.bot, asked)
    if ask.action != Action.PAGE:  # it has a suffix: Back or More
        await ask.replace(message)
    else:
        await ask.whisper(message)


async def practice(ask: Ask) -> None:
    """The menu below a status."""
    if ask.value not in PRACTICES:
        raise Refusal("this menu is from an older version: ask for `/aws-sec status` again")
    await ask.whisper(await asyncio.to_thread(_page, ask.bot, OfList(practice=ask.value)))


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
    await _ask_why(ask, number(ask.text, "mute"))


async def mute_finding(ask: Ask) -> None:
    """Ask for the reason, from the button."""
    await _ask_why(ask, ask.carried(OfFinding).finding)


async def muted(ask: Ask) -> Mapping[str, Any]:
    """The reason is there: hide the finding, or more."""
    await ask.parts.access.may_ask(ask.who)
    bot, length = ask.bot, blocks.mute_length(ask.inputs.get(Input.UNTIL))
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


def asked_for(text: str) -> OfList:
    """The list that the words after `findings` mean; what is nothing else is part of a name. Raises Refusal."""
    practice, severity, muted, rest = "", 0, False, []
    narrowed: dict[str, Any] = {}
    for word in text.split():
        lower = word.lower()
        key, equals, value = lower.partition("=")
        if equals and key in ("region", "service", "owner"):
            narrowed[key] = value[:30]
        elif equals and key == "new":
            narrowed["days"] = _days(value)
        elif lower in PRACTICES and not practice:
            practice = lower
        elif lower in SEVERITIES and not severity:
            severity = SEVERITIES[lower]
        elif lower == "muted":
            muted = True
        else:
            rest.append(word)
    return OfList(practice=practice, severity=severity, muted=muted, text=" ".join(rest)[:100], **narrowed)


def _days(text: str) -> int:
    found = re.fullmatch(r"(\d{1,4})([dw]?)", text)
    if not found:
        raise Refusal("say how new, as in `new=7d` or `new=2w`")
    return int(found[1]) * (7 if found[2] == "w" else 1)


def filter_of(asked: OfList, account: str, now: datetime) -> Filter:
    """The same, as the database is asked."""
    return Filter(
        account=account, practice=asked.practice, check_id=asked.check, min_severity=asked.severity,
        muted=asked.muted, text=asked.text, region=asked.region, service=asked.service, owner=asked.owner,
        since=now - timedelta(days=asked.days) if asked.days else None,
    )  # fmt: skip


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


def find(bot: Bot, finding_id: int) -> Finding:
    """The finding. Raises Refusal."""
    try:
        return bot.store.findings.get(finding_id)
    except NoSuchFinding as error:
        raise Refusal(f"{error}; `/aws-sec findings` lists those there are") from error


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


def _page(bot: Bot, asked: OfList) -> Message:
    now, which = bot.now(), filter_of(asked, bot.account, bot.now())
    found = bot.store.findings.search(which, now, limit=blocks.PAGE, offset=asked.page * blocks.PAGE)
    page = blocks.Page(asked, found, bot.store.findings.count(which, now))
    return blocks.findings_page(page, fixes=bot.fixes, now=now, zone=bot.settings.zone)


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
