"""How the account stands: one glance, worst first, and the next step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, SectionBlock

from bot.blocks.filters import filter_blocks, filter_buttons, is_narrow
from bot.blocks.findings import finding_line, fix_button
from bot.blocks.parts import BLOCK_ID, Message, actions, button, context, header, lines, modal, section, select
from bot.blocks.text import code, plain
from bot.ids import Action, OfList, Spot, View
from bot.runner import Progress
from bot.standing import PracticeStanding, Standing
from bot.store.findings import Finding
from bot.store.scans import Score
from bot.store.tallies import Choices
from bot.words import age, bar, counted, plural
from checks.kit import AnyCheck

NO_BREAK = "\N{NO-BREAK SPACE}"  # ordinary spaces that follow each other are drawn as one
NOTHING, NONE_OF_THESE = "nothing open", "none of these"
"""What a practice has; the second where filters let only some through."""
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
    at: Spot,
    choices: Choices | None = None,
    scans: bool = True,
) -> Message:
    """The twelve practices. `before`: the score of a week ago; `progress`: of a scan that is on its way.

    `at`: the filters that are on; `choices`: what their menus offer, where they are open; `scans`: whether we can.
    """
    score = _score(stands.score)
    open_words = counted(stands.open)
    blocks: list[Block] = [header(f"Security status of AWS account {stands.account}")]
    change = change_words(stands.score, before.score if before else None)
    blocks.append(section(f"*Score {score} of 100*{change}  ·  open: {open_words}"))
    nothing = NONE_OF_THESE if is_narrow(at.asked) else NOTHING
    blocks += lines([practice_line(one, nothing) for one in worst_first(stands.practices)])
    if worst:
        blocks.append(section("*Worst first*"))
        blocks += [section(finding_line(one, now), fix_button(one, fixes, now)) for one in worst]
    elif is_narrow(at.asked):
        blocks.append(section("Nothing is open that the filters let through."))
    elif stands.read:
        blocks.append(section("Nothing is open. ✅"))
    blocks += unread(stands)
    blocks.append(context(_age(stands, progress, now)))
    blocks += filter_blocks(at, choices, note=": what is counted and listed. Scores are the whole account's.")
    blocks += _next_steps(stands, at, scan_button(at, busy=progress is not None) if scans else None)
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
    words = f"⏳ Reading AWS account {account} for the first time: {progress_words(progress)}"
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


def practice_line(one: PracticeStanding, nothing: str = NOTHING) -> str:
    """One practice: a bar, its score and what is open; what to say where nothing is."""
    score = f"`{bar(one.score)} {_score(one.score).rjust(3, NO_BREAK)}`"
    unread_words = (
        f"  ·  {one.total - one.read} of {plural(one.total, 'check')} not read" if one.read < one.total else ""
    )
    return f"{score}  *{one.practice.value}*  {_open(one, nothing)}{unread_words}"


def unread(stands: Standing) -> list[Block]:
    """What could not be read, and what to do about it."""
    if not stands.unknown:
        return []
    reasons = [f"• {plain(reason)}" for reason in stands.unknown[:UNREAD]]
    more = len(stands.unknown) - UNREAD
    if more > 0:
        reasons.append(f"• and {more} more: `aws-sec doctor` lists them")
    return [*lines(["❔ *Could not be read, so neither pass nor fail*", *reasons])]


def _open(one: PracticeStanding, nothing: str) -> str:
    if one.failed:
        return counted(one.open)
    return nothing if one.score is not None else "nothing to judge"


def _score(score: int | None) -> str:
    return "–" if score is None else str(score)  # noqa: RUF001


def change_words(score: int | None, before: int | None) -> str:
    """How a score differs from that of a week ago; "" where one of them is not known."""
    if score is None or before is None:
        return ""
    change = score - before
    arrow = "▲" if change > 0 else "▼"
    return f"  {arrow} {change:+d} in a week" if change else "  = as a week ago"


def worst_first(practices: Sequence[PracticeStanding]) -> list[PracticeStanding]:
    """The practices as people read them: the lowest score first, those without one last."""
    return sorted(practices, key=lambda one: (one.score is None, one.score or 0, -one.failed))


def _age(stands: Standing, progress: Progress | None, now: datetime) -> str:
    read = f"{stands.read} of {plural(stands.total, 'check')} read everywhere"
    hidden = f"  ·  {plural(stands.muted, 'finding')} muted" if stands.muted else ""
    scanned = f"Scanned {age(now - stands.scanned_at)}" if stands.scanned_at else "Never scanned completely"
    if progress:
        return f"{scanned}; ⏳ a new scan runs, this message follows: {progress_words(progress)}  ·  {read}{hidden}"
    return f"{scanned}  ·  {read}{hidden}"


def progress_words(progress: Progress) -> str:
    """How far a scan is: a bar, and the same as text."""
    if not progress.total:
        return "starting"
    reading = f", now {code(progress.reading, 80)}" if progress.reading else ""
    return f"`{bar(100 * progress.done // progress.total)}` {progress.done} of {progress.total} reads{reading}"


def scan_button(at: Spot, *, busy: bool) -> ButtonElement:
    """Scan again, or stop the scan; on a check's page, only that check."""
    if busy:
        return button("Stop the scan", Action.STOP, OfList())
    return button("Check again" if at.asked.check or at.finding else "Scan now", Action.SCAN, at)


def _next_steps(stands: Standing, at: Spot, scan: ButtonElement | None) -> list[Block]:
    listed = {one.practice.key: one for one in worst_first(stands.practices) if one.failed or one.read < one.total}
    menu = {key: f"{one.practice.value} ({one.failed} open)" for key, one in listed.items()}
    all_of_them = button("All findings", Action.OPEN, at.moved(flat=True), suffix=".all")
    buttons = [all_of_them, *filter_buttons(at), *([scan] if scan else [])]
    packed = at.moved().pack()
    if len(packed) <= BLOCK_ID:  # the menu's options are too short to carry the filters, so its block's id does
        return [actions(*([select("Open a practice", Action.PRACTICE, menu)] if menu else []), *buttons, id=packed)]
    opened = [button(words, Action.OPEN, at.moved(practice=key), suffix=f".{key}") for key, words in menu.items()]
    return [*([actions(*opened)] if opened else []), actions(*buttons)]
