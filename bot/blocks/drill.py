"""What a status opens in place: a practice, a check, a list of findings, one resource; each with the way back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from slack_sdk.models.blocks import Block, ButtonElement

from bot.blocks.filters import filter_blocks, filter_buttons, is_narrow
from bot.blocks.findings import Page, finding_buttons, finding_line, finding_rows, muted_words, title_of
from bot.blocks.parts import Message, actions, button, context, lines, section
from bot.blocks.status import NONE_OF_THESE, NOTHING, UNREAD, change_words, practice_line, progress_words, scan_button
from bot.blocks.text import code, moment, plain, severity
from bot.console import console_url
from bot.drill import CheckStanding
from bot.ids import Action, OfCheck, Spot
from bot.runner import Progress
from bot.standing import PracticeStanding
from bot.store.findings import Finding
from bot.store.scans import Score
from bot.store.tallies import Choices
from bot.words import age, plural
from checks.kit import AnyCheck

CHECKS = 8
"""Checks on a page of a practice."""
RESOURCES = 8
"""Findings on a page of a check."""


@dataclass(frozen=True)
class Frame:
    """What every page has besides its own. `choices`: what filters offer, where their menus are open.

    `progress`: of a scan that runs; `scans`: whether we can scan this account; `account_name`: what people call it.
    """

    at: Spot
    now: datetime
    zone: tzinfo
    scanned_at: datetime | None
    progress: Progress | None = None
    choices: Choices | None = None
    scans: bool = True
    account_name: str = ""


def practice_page(
    frame: Frame, one: PracticeStanding, checks: Sequence[CheckStanding], before: Score | None
) -> Message:
    """A practice's checks: those that fail, then those that could not be read; the others are counted."""
    at, name = frame.at, one.practice.value
    listed = [check for check in checks if check.failed or check.unknown]
    page = last_page(at.checks_page, len(listed), CHECKS)
    first, last = page * CHECKS, min((page + 1) * CHECKS, len(listed))
    change = change_words(one.score, before.practices.get(one.practice.key) if before else None)
    nothing = NONE_OF_THESE if is_narrow(at.asked) else NOTHING
    blocks: list[Block] = [section(practice_line(one, nothing) + change)]
    for check in listed[first:last]:
        opened = at.moved(check=check.id, page=0, checks_page=page)
        words = f"{severity(check.severity)}  {plain(check.title, 150)}\n{_counts(check, at)}"
        blocks.append(section(words, button("Open", Action.OPEN, opened)))
    found = plural(len(listed), "check") + (" needs a look" if len(listed) == 1 else " need a look")
    passing = sum(1 for check in checks if check.passed and check not in listed)
    counts = f"{_range(first, last, len(listed))}{found}  ·  {passing:,} pass  ·  {len(checks):,} in all"
    blocks.append(context(f"{counts}  ·  {_age(frame)}"))
    turns = _turns(at, "checks_page", page, more=last < len(listed))
    return Message(f"{name}: {found}", [*blocks, *_footer(frame, "‹ Back to status", turns)])  # noqa: RUF001


def check_page(
    frame: Frame, stands: CheckStanding, check: AnyCheck | None, page: Page, *, fixes: Collection[str]
) -> Message:
    """One check: why it matters, what could not be read, and the resources that fail."""
    at, number = frame.at, page.asked.page
    why = plain(check.why, 600) if check else "This check is not run any more."
    facts = f"{severity(stands.severity)}  ·  {code(stands.id)}  ·  {_counts(stands, at)}"
    blocks: list[Block] = [section(f"*{plain(stands.title, 150)}*\n{facts}\n{why}")]
    blocks += lines([f"❔ {plain(reason)}" for reason in stands.reasons[:UNREAD]])
    for finding in page.findings:
        words = finding_line(finding, frame.now) + muted_words(finding, frame.now, frame.zone)
        blocks.append(section(words, button("Open", Action.OPEN, at.moved(finding=finding.id, page=number))))
    found = plural(page.total, "muted finding" if at.asked.muted else "open finding")
    blocks.append(context(f"{_range(page.first - 1, page.last, page.total)}{found}  ·  {_age(frame)}"))
    moves = _turns(at, "page", number, more=page.last < page.total)
    if stands.id in fixes and page.total > 1 and not at.asked.muted:
        moves.append(button("Fix several…", Action.FIX_ALL, OfCheck(check=stands.id)))
    return Message(f"{plain(stands.title)}: {found}", [*blocks, *_footer(frame, "‹ Back to its practice", moves)])  # noqa: RUF001


def list_page(frame: Frame, page: Page, *, fixes: Collection[str]) -> Message:
    """Findings of any check, worst first."""
    title = title_of(page.asked)
    if page.findings:
        blocks: list[Block] = [section(f"*{title}* · {page.first} to {page.last} of {page.total:,}")]
        blocks += finding_rows(page, fixes=fixes, now=frame.now, zone=frame.zone)
    else:
        blocks = [section(f"No {title[0].lower()}{title[1:]}.")]
    blocks.append(context(_age(frame)))
    moves = _turns(frame.at, "page", page.asked.page, more=page.last < page.total)
    return Message(f"{title}: {plural(page.total, 'finding')}", [*blocks, *_footer(frame, "‹ Back to status", moves)])  # noqa: RUF001


def resource_page(frame: Frame, finding: Finding, title: str, *, fixes: Collection[str], request: int = 0) -> Message:
    """One resource: what is wrong, since when, whose it is, where AWS shows it, and what can be done.

    `request`: the fix request about it that is still open; 0: there is none.
    """
    zone = frame.zone
    since = f"{moment(finding.opened_at, zone)} ({age(frame.now - finding.opened_at)})"
    if finding.first_seen < finding.opened_at:
        since += f", first on {moment(finding.first_seen, zone)}"
    account = f"{code(finding.account)}" + (f" {plain(frame.account_name, 60)}" if frame.account_name else "")
    url = console_url(finding.resource, finding.region)
    facts = [
        f"*Check*  {plain(title, 150)} ({code(finding.check_id)})",
        f"*Resource*  {code(finding.resource, 300)}",
        f"*Where*  {finding.region}, account {account}" + (f"  ·  <{url}|AWS console>" if url else ""),
        f"*Since*  {since}  ·  last seen {moment(finding.last_seen, zone)}",
        f"*Owner*  {plain(finding.owner, 100) if finding.owner else 'not known: its tags name nobody'}",
    ]
    if finding.state == "resolved":
        facts.append(f"✅ *Resolved*  {moment(finding.resolved_at, zone)}: nothing is left to do")
    if request:
        facts.append(f"⏳ *Fix request {request}* is still open")
    facts += [muted_words(finding, frame.now, zone).strip()] if finding.muted(frame.now) else []
    head = f"{severity(finding.severity)}  {code(finding.name, 120)} {plain(finding.text)}"
    blocks: list[Block] = [section(f"{head}\nFinding {finding.id}"), *lines(facts)]
    if finding.state == "open":
        blocks.append(actions(*finding_buttons(finding, fixes, frame.now)))
    blocks.append(context(_age(frame)))
    up = "its check" if frame.at.asked.check else "the list" if frame.at.flat else "status"
    scan = [scan_button(frame.at, busy=frame.progress is not None)] if frame.scans else []
    return Message(plain(f"{finding.name} {finding.text}"), [*blocks, actions(_up(frame.at, f"‹ Back to {up}"), *scan)])  # noqa: RUF001


def last_page(wanted: int, total: int, size: int) -> int:
    """The page that is wanted, or the last where the list got shorter."""
    return min(wanted, max(0, (total - 1) // size))


def _counts(check: CheckStanding, at: Spot) -> str:
    words = [f"*{check.failed:,}* {'muted' if at.asked.muted else 'fail'}"] if check.failed else []
    words += [f"{check.unknown:,} could not be read"] if check.unknown else []
    # What passes is only counted, so nobody knows whose it is, how old, or what it is called.
    if not (at.asked.owner or at.asked.days or at.asked.text or at.asked.muted):
        words += [f"{check.passed:,} pass"]
    return "  ·  ".join(words) or "nothing open"


def _range(first: int, last: int, total: int) -> str:
    """Which of them are shown, unless all are."""
    return f"{first + 1} to {last} of " if last - first < total else ""


def _age(frame: Frame) -> str:
    scanned = f"Scanned {age(frame.now - frame.scanned_at)}" if frame.scanned_at else "Never scanned completely"
    return f"{scanned}  ·  ⏳ a scan runs: {progress_words(frame.progress)}" if frame.progress else scanned


def _turns(at: Spot, of: str, number: int, *, more: bool) -> list[ButtonElement]:
    """The pages before and after this one."""
    back, forth = at.moved(**{of: number - 1}), at.moved(**{of: number + 1})
    return [
        *([button("‹ Previous", Action.OPEN, back, suffix=".back")] if number else []),  # noqa: RUF001
        *([button("Next ›", Action.OPEN, forth, suffix=".more")] if more else []),  # noqa: RUF001
    ]


def _up(at: Spot, words: str) -> ButtonElement:
    return button(words, Action.OPEN, at.up(), suffix=".up")


def _footer(frame: Frame, up: str, moves: Sequence[ButtonElement]) -> list[Block]:
    scan = [scan_button(frame.at, busy=frame.progress is not None)] if frame.scans else []
    return [
        *filter_blocks(frame.at, frame.choices),
        actions(_up(frame.at, up), *moves, *filter_buttons(frame.at), *scan),
    ]
