"""How the account stands: one glance, worst first, and the next step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, SectionBlock

from bot.blocks.findings import finding_line, fix_button
from bot.blocks.parts import Message, actions, button, context, header, lines, modal, section, select
from bot.blocks.text import code, plain
from bot.ids import Action, OfList, View
from bot.runner import Progress
from bot.standing import PracticeStanding, Standing
from bot.store.findings import Finding
from bot.store.scans import Score
from bot.words import age, bar, counted, plural
from checks.kit import AnyCheck

NO_BREAK = "\N{NO-BREAK SPACE}"  # ordinary spaces that follow each other are drawn as one
UNREAD = 3
"""Reasons for what could not be read that a message names."""


def status(
    stands: Standing,
    worst: Sequence[Finding],
    *,
    fixes: Collection[str],
    before: Score | None,
    progress: Progress | None,
    now: datetime,
) -> Message:
    """The twelve practices. `before`: the score of a week ago; `progress`: of a scan that is on its way."""
    score = _score(stands.score)
    open_words = counted(stands.open)
    blocks: list[Block] = [header(f"Security status of AWS account {stands.account}")]
    blocks.append(section(f"*Score {score} of 100*{_moved(stands.score, before)}  ·  open: {open_words}"))
    blocks += lines([practice_line(one) for one in worst_first(stands.practices)])
    if worst:
        blocks.append(section("*Worst first*"))
        blocks += [section(finding_line(one, now), fix_button(one, fixes, now)) for one in worst]
    elif stands.read:
        blocks.append(section("Nothing is open. ✅"))
    blocks += unread(stands)
    blocks.append(context(_age(stands, progress, now)))
    blocks.append(_next_steps(stands, busy=progress is not None))
    text = f"Score {score} of 100, open: {open_words}. Account {stands.account}"
    return Message(text, blocks)


def status_modal(message: Message) -> dict[str, Any]:
    """The same in a modal, without the buttons, which need a message to answer in."""
    shown = [block for block in message.blocks if not isinstance(block, ActionsBlock)]
    for block in shown:
        if isinstance(block, SectionBlock):
            block.accessory = None
    return modal(View.SAY, "Security status", [*shown, context("More with `/aws-sec status` and `/aws-sec findings`.")])


def scanning(account: str, progress: Progress) -> Message:
    """What is shown while the very first scan runs."""
    words = f"⏳ Reading AWS account {account} for the first time: {_progress(progress)}"
    return Message(words, [section(words), actions(button("Stop the scan", Action.STOP, OfList()))])


def check_result(
    check: AnyCheck,
    counts: Mapping[str, int],
    found: Sequence[Finding],
    reasons: Sequence[str],
    *,
    fixes: Collection[str],
    now: datetime,
) -> Message:
    """What one check's run found. `counts`: status in words -> how many; `reasons`: why something is unknown."""
    words = ", ".join(f"{count:,} {status}" for status, count in counts.items() if count) or "nothing to look at"
    blocks: list[Block] = [section(f"*{plain(check.title)}*\n{code(check.id)}: {words}")]
    blocks += lines([f"❔ {plain(reason)}" for reason in reasons[:UNREAD]])
    blocks += [section(finding_line(one, now), fix_button(one, fixes, now)) for one in found]
    if found:
        blocks.append(actions(button("All of its findings", Action.PAGE, OfList(check=check.id))))
    return Message(f"{check.title}: {words}", blocks)


def practice_line(one: PracticeStanding) -> str:
    """One practice: a bar, its score and what is open."""
    score = f"`{bar(one.score)} {_score(one.score).rjust(3, NO_BREAK)}`"
    unread_words = (
        f"  ·  {one.total - one.read} of {plural(one.total, 'check')} not read" if one.read < one.total else ""
    )
    return f"{score}  *{one.practice.value}*  {_open(one)}{unread_words}"


def unread(stands: Standing) -> list[Block]:
    """What could not be read, and what to do about it."""
    if not stands.unknown:
        return []
    reasons = [f"• {plain(reason)}" for reason in stands.unknown[:UNREAD]]
    more = len(stands.unknown) - UNREAD
    if more > 0:
        reasons.append(f"• and {more} more: `aws-sec doctor` lists them")
    return [*lines(["❔ *Could not be read, so neither pass nor fail*", *reasons])]


def _open(one: PracticeStanding) -> str:
    if one.failed:
        return counted(one.open)
    return "nothing open" if one.score is not None else "nothing to judge"


def _score(score: int | None) -> str:
    return "–" if score is None else str(score)  # noqa: RUF001


def _moved(score: int | None, before: Score | None) -> str:
    if score is None or before is None or before.score is None:
        return ""
    change = score - before.score
    arrow = "▲" if change > 0 else "▼" if change < 0 else "="
    return f"  {arrow} {change:+d} in a week" if change else "  = as a week ago"


def worst_first(practices: Sequence[PracticeStanding]) -> list[PracticeStanding]:
    """The practices as people read them: the lowest score first, those without one last."""
    return sorted(practices, key=lambda one: (one.score is None, one.score or 0, -one.failed))


def _age(stands: Standing, progress: Progress | None, now: datetime) -> str:
    read = f"{stands.read} of {plural(stands.total, 'check')} read everywhere"
    hidden = f"  ·  {plural(stands.muted, 'finding')} muted" if stands.muted else ""
    scanned = f"Scanned {age(now - stands.scanned_at)}" if stands.scanned_at else "Never scanned completely"
    if progress:
        return f"{scanned}; ⏳ a new scan runs, this message follows: {_progress(progress)}  ·  {read}{hidden}"
    return f"{scanned}  ·  {read}{hidden}"


def _progress(progress: Progress) -> str:
    if not progress.total:
        return "starting"
    reading = f", now {code(progress.reading, 80)}" if progress.reading else ""
    return f"`{bar(100 * progress.done // progress.total)}` {progress.done} of {progress.total} reads{reading}"


def _next_steps(stands: Standing, *, busy: bool) -> Block:
    menu = {
        one.practice.key: f"{one.practice.value} ({one.failed} open)"
        for one in worst_first(stands.practices)
        if one.failed
    }
    elements = [select("Open a practice", Action.PRACTICE, menu)] if menu else []
    buttons = [button("Stop the scan", Action.STOP, OfList()) if busy else button("Scan now", Action.SCAN, OfList())]
    return actions(*elements, button("All findings", Action.PAGE, OfList()), *buttons)
