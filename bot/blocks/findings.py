"""Findings: a line, a page of them, one explained, and muting."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from slack_sdk.models.blocks import Block, ButtonElement

from bot.blocks.checklists import steps_of
from bot.blocks.filters import narrowing
from bot.blocks.mutes import MUTE_DEFAULT, MUTES, WHERE_SHOWN
from bot.blocks.parts import (
    Message,
    actions,
    button,
    choice,
    context,
    modal,
    preformatted,
    section,
    text_input,
)
from bot.blocks.text import code, mention, moment, plain, severity, visible
from bot.ids import Action, Input, OfFinding, OfList, OfMute, Spot, View
from bot.store.findings import Finding
from bot.words import age
from bot.words import controls as in_words
from checks import Guide, guides
from checks.kit import AnyCheck, Fix, Practice

PAGE = 5
SCOPE_DEFAULT = "finding"


@dataclass(frozen=True)
class Page:
    """One page of a list. `asked`: which list and page, `total`: how many there are in it."""

    asked: OfList
    findings: Sequence[Finding]
    total: int
    size: int = PAGE

    @property
    def first(self) -> int:
        return self.asked.page * self.size + 1

    @property
    def last(self) -> int:
        return self.asked.page * self.size + len(self.findings)


def finding_line(finding: Finding, now: datetime) -> str:
    """What is wrong with what, how bad, where, since when."""
    since = f"opened {age(now - finding.opened_at)}"
    over = "  ·  resolved" if finding.state == "resolved" else ""
    owned = f"  ·  owner {plain(finding.owner, 60)}" if finding.owner else ""
    where = f"{finding.region}  ·  finding {finding.id}  ·  {since}{over}{owned}"
    return f"{severity(finding.severity)}  {code(finding.name, 120)} {plain(finding.text)}\n{where}"


def fix_button(finding: Finding, fixes: Collection[str], now: datetime) -> ButtonElement:
    """Fix where there is a fix, Steps where a person must do it, else Explain."""
    value = OfFinding(finding=finding.id)
    if finding.state == "open" and not finding.muted(now):
        if finding.check_id in fixes:
            return button("Fix…", Action.FIX, value, style="primary")
        if _is_for_a_person(finding):
            return button("Steps…", Action.STEPS, value, style="primary")
    return button("Explain", Action.EXPLAIN, value)


def finding_rows(page: Page, *, fixes: Collection[str], now: datetime, zone: tzinfo) -> list[Block]:
    """Five findings with what can be done about each; Details opens one in place."""
    blocks: list[Block] = []
    for finding in page.findings:
        details = Spot(asked=page.asked, flat=True, finding=finding.id)
        blocks.append(section(finding_line(finding, now) + muted_words(finding, now, zone)))
        buttons = finding_buttons(finding, fixes, now)
        blocks.append(actions(*buttons, button("Details", Action.OPEN, details)))
    return blocks


def explanation(check: AnyCheck, fix: Fix | None, guide: Guide, controls: Mapping[str, Sequence[str]],
                finding: Finding | None, now: datetime) -> list[Block]:  # fmt: skip
    """Why a check matters and what to do, by us or by hand, and if there is a finding, what was found."""
    blocks: list[Block] = []
    if finding:
        blocks.append(section(finding_line(finding, now)))
        blocks.append(section(f"*Resource*  {code(finding.resource, 300)}"))
    level = "" if finding else f"{severity(check.severity)}  ·  "  # the finding's line has it
    claim = f"*{plain(check.title)}*\n{level}{check.practice.value}  ·  {code(check.id)}"
    by_us = f"\n*By aws-sec*  {plain(fix.title)}, after an approval. Risk: {fix.risk.value}." if fix else ""
    blocks.append(section(claim))
    blocks.append(section(f"*Why*  {plain(check.why, 1500)}\n*What to do*  {plain(check.how, 1000)}{by_us}"))
    as_code = f"\n*As code*  {plain(guide.only, 500)}" if guide.only else ""
    blocks += steps_of(guide)
    path = plain(guide.console.replace(" > ", " › "), 1000)  # noqa: RUF001  # reads as a path, and needs no escape
    blocks.append(section(f"*In the console*  {path}{as_code}"))
    blocks += [preformatted(name, text) for name, text in guide.code.items()]
    reads = ", ".join(code(call) for call in check.calls)
    asked = f"\n*Frameworks*  {in_words(controls)}" if controls else ""
    blocks.append(section(f"*Reads*  {reads}{asked}"))
    blocks.append(context(f"<{check.page}|AWS documentation>"))
    return blocks


def explanation_modal(blocks: Sequence[Block]) -> dict[str, Any]:
    return modal(View.SAY, "Explain", blocks)


def explanation_message(
    check: AnyCheck, blocks: Sequence[Block], finding: Finding | None, fixes: Collection[str], now: datetime
) -> Message:
    """With what can be done about the finding, if there is one and it is open."""
    can = [b for b in finding_buttons(finding, fixes, now) if b.action_id != Action.EXPLAIN] if finding else []
    still = finding is not None and finding.state == "open"
    return Message(f"{check.title}. {check.why}", [*blocks, *([actions(*can)] if still else [])])


def mute_modal(finding: Finding, now: datetime, origin: str) -> dict[str, Any]:
    """Asks for the scope, the reason and the end of a mute."""
    blocks = [
        section(finding_line(finding, now)),
        choice(Input.SCOPE, "What to hide", scopes(finding), SCOPE_DEFAULT),
        text_input(Input.REASON, "Why is this acceptable?", WHERE_SHOWN),
        choice(Input.UNTIL, "Hide it for", MUTES, MUTE_DEFAULT),
        context(
            "It comes back by itself, and a digest says so before it does. More than this finding: what is found later"
            " is hidden, too. What is hidden cannot be fixed. `/aws-sec mutes` lists what hides more than one."
        ),
    ]
    return modal(
        View.MUTE,
        "Mute a finding",
        blocks,
        submit="Mute",
        close="Cancel",
        value=OfFinding(finding=finding.id, origin=origin),
    )


def scopes(finding: Finding) -> dict[str, str]:
    """What a mute may hide: value -> words; by owner only where there is one."""
    owned = {"owner": f"All of this check that {visible(finding.owner)} owns"} if finding.owner else {}
    return {SCOPE_DEFAULT: "This finding", "check": "All findings of this check", **owned}


def title_of(asked: OfList) -> str:
    """What a list is a list of."""
    kind = "Muted findings" if asked.muted else "Open findings"
    of = [Practice[asked.practice.upper()].value] if asked.practice else []
    of += narrowing(asked)
    return f"{kind} ({', '.join(of)})" if of else kind


def muted_words(finding: Finding, now: datetime, zone: tzinfo) -> str:
    """Who hides it until when and why, on a line of its own; "" when nobody does."""
    if not finding.muted(now):
        return ""
    by, until = mention(finding.muted_by), moment(finding.muted_until, zone)
    which = f" (mute {finding.mute})" if finding.mute else ""
    return f"\nMuted by {by} until {until}{which}: {plain(finding.muted_reason or '')}"


def finding_buttons(finding: Finding, fixes: Collection[str], now: datetime) -> list[ButtonElement]:
    """What can be done about it, the best first."""
    value = OfFinding(finding=finding.id)
    found = [fix_button(finding, fixes, now)]
    if found[0].action_id == Action.FIX and _is_for_a_person(finding):
        found.append(button("Steps…", Action.STEPS, value))
    if found[0].action_id != Action.EXPLAIN:
        found.append(button("Explain", Action.EXPLAIN, value))
    if finding.muted(now) and finding.mute:
        return [*found, button("Mutes", Action.MUTES, OfMute(mute=finding.mute))]
    if finding.muted(now):
        return [*found, button("Unmute", Action.UNMUTE, value)]
    return [*found, button("Mute…", Action.MUTE, value)]


def _is_for_a_person(finding: Finding) -> bool:
    guide = guides().get(finding.check_id)
    return bool(guide and guide.steps)
