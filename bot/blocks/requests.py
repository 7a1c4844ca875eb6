"""A fix: the plan to look at, the card that asks for approval, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from slack_sdk.models.blocks import Block, ButtonElement

from bot.blocks.parts import (
    BLOCKS,
    SECTION,
    Message,
    actions,
    button,
    context,
    divider,
    fits,
    lines,
    modal,
    preformatted,
    quoted,
    section,
    text_input,
)
from bot.blocks.text import code, mention, moment, plain, severity
from bot.ids import Action, Input, OfFinding, OfRequest, View
from bot.ownership import DIRECTLY, Owner
from bot.remediate import Proposal, can_undo
from bot.settings import FixMode
from bot.store.fix_request import FixRequest, State
from checks import Guide
from checks.kit import Call, Fix, Plan

HEADLINES = {
    State.WAITING: "⏳ Waiting for approval",
    State.APPROVED: "⏳ Approved, about to start",
    State.RUNNING: "⏳ The change is being made",
    State.FIXED: "✅ Fixed",
    State.FAILED: "❌ Not fixed",
    State.REHEARSED: "☑️ Rehearsed (dry run)",
    State.MOOT: "☑️ Nothing to do",
    State.CHANGED: "⚠️ Not fixed: the resource changed",
    State.DENIED: "🚫 Denied",
    State.EXPIRED: "⌛ Expired",
    State.CANCELLED: "🚫 Taken back",
    State.UNDOING: "⏳ The change is being undone",
    State.UNDONE: "↩️ Undone",
    State.UNDO_FAILED: "❌ Not undone",
}
"""A state in a person's words; the picture only repeats them."""
NONE = "–"  # noqa: RUF001
"""What stands for a setting that is not there."""
PIECE = 550
"""Characters of a call's parameters in one line: even if each had to be escaped, the line fits a section."""
UNDONE_STATES = (State.UNDOING, State.UNDONE, State.UNDO_FAILED)


def plan_modal(proposal: Proposal, guide: Guide, origin: str) -> dict[str, Any]:
    """Exactly what would change, and the question why; first what to change in the code that owns the resource."""
    finding, fix = proposal.finding, proposal.fix
    blocks: list[Block] = [
        section(f"*{plain(fix.title)}*\n{severity(finding.severity)}  {code(finding.name)} {plain(finding.text)}"),
        *(_in_code(proposal.owner, guide) if proposal.owner else []),
        *_change(proposal.plan, fix),
    ]
    if proposal.mode is FixMode.DRY_RUN:
        blocks.append(section("☑️ *Dry run*: all is checked up to the change itself, which is not made."))
    if proposal.owner:
        question = f"To change it past the code, type: {DIRECTLY}"
        hint = "The approver and the audit log will read that you did."
        blocks.append(text_input(Input.DIRECTLY, question, hint, length=50, multiline=False))
    blocks.append(text_input(Input.REASON, "Why now?", "The approver and the audit log will read it."))
    value = OfFinding(finding=finding.id, origin=origin, plan=proposal.plan_hash)
    return modal(View.REQUEST, "Fix", blocks, submit="Ask for approval", close="Cancel", value=value)


def card(request: FixRequest, fix: Fix | None, kind: str, zone: tzinfo, *, glass: bool = False) -> Message:
    """The message that shows a request. `kind`: approval (with the decision's buttons) or notice.

    `glass`: whether somebody may approve alone.
    """
    title = fix.title if fix else request.check_id
    headline = HEADLINES[request.state]
    dry = " (dry run)" if request.mode == FixMode.DRY_RUN and request.state is State.WAITING else ""
    text = f"{headline}{dry}: {plain(title)} · {plain(request.name)}"
    blocks: list[Block] = [section(f"*{headline}{dry}*\n{plain(title)}: {code(request.name)}  ·  {request.region}")]
    blocks += _changes(request.plan)
    if kind == "approval":
        blocks += [*_calls("Calls to AWS", request.plan.do), *_risk(request.plan, fix)]
    blocks.append(section(f"{mention(request.requester)} asked, because:"))
    blocks.append(quoted(request.reason))
    blocks += _outcome(request)
    whole = fits(blocks)
    if not whole:
        del blocks[BLOCKS - 4 :]
        blocks.append(section("⚠️ *This is too long to be shown whole, so it cannot be approved.*"))
    blocks.append(context(f"Request {request.id}  ·  finding {request.finding_id}  ·  {_deadline(request, zone)}"))
    buttons = _buttons(request, kind, whole, glass)
    if buttons:
        blocks.append(actions(*buttons))
    return Message(text, [*blocks, *([divider()] if kind == "approval" else [])])


def deny_modal(request: FixRequest, origin: str) -> dict[str, Any]:
    """Asks why not."""
    question = text_input(Input.REASON, "Why not?", "The requester will read it.")
    blocks = [section(f"Request {request.id}: {code(request.name)}"), question]
    return modal(View.DENY, "Deny a fix", blocks, submit="Deny", close="Cancel", value=_pointer(request, origin))


def glass_modal(request: FixRequest, fix: Fix | None, origin: str) -> dict[str, Any]:
    """Asks for the reason to approve alone, showing the calls."""
    blocks = [
        section(f"Request {request.id}: {code(request.name)}"),
        section("🚨 You approve this *alone*. Everybody is told, with your reason, and the audit log keeps it."),
        *_calls("Calls to AWS", request.plan.do),
        *_risk(request.plan, fix),
        text_input(Input.REASON, "Why can it not wait for somebody else?", "Everybody will read it."),
    ]
    return modal(View.GLASS, "Break glass", blocks, submit="Approve alone", close="Cancel",
                 value=_pointer(request, origin))  # fmt: skip


def glass_broken(request: FixRequest, fix: Fix | None) -> Message:
    """What everybody is told when one person approved alone."""
    title = plain(fix.title) if fix else code(request.check_id)
    words = f"🚨 {mention(request.approver)} approved request {request.id} *alone* (break-glass): {title}, "
    return Message(
        f"Break-glass: request {request.id} was approved by one person",
        [section(f"{words}{code(request.name)} in {request.region}. Why:"), quoted(request.broke_glass)],
    )


def undo_modal(request: FixRequest, fix: Fix | None, origin: str) -> dict[str, Any]:
    """Asks why, and shows the calls that take the change back."""
    blocks = [
        section(f"Request {request.id}: {code(request.name)}"),
        *_calls("Calls to AWS", request.plan.undo),
        *_risk(request.plan, fix),
        text_input(Input.REASON, "Why?", "The audit log will keep it."),
    ]
    return modal(View.UNDO, "Undo a fix", blocks, submit="Undo", close="Cancel", value=_pointer(request, origin))


def ending(request: FixRequest) -> str:
    """What came of it, as a sentence."""
    return f"{plain(request.result[:1].upper() + request.result[1:], 1000)}."


def _pointer(request: FixRequest, origin: str = "") -> OfRequest:
    return OfRequest(request=request.id, origin=origin, plan=request.plan_hash)


def _in_code(owner: Owner, guide: Guide) -> list[Block]:
    """What to change where the resource is described, before what would be changed past it."""
    language, text = owner.snippet(guide)
    asked = f"⚠️ *{plain(str(owner))} manages this resource.*\nChange it there and deploy that, then check again."
    past_it = [divider(), section("*Or directly*, past the code: its next deployment may undo it.")]
    if not text:
        return [section(f"{asked}\n{plain(guide.only or 'There is no example for it.', 500)}"), *past_it]
    same = "" if language == owner.tool else f" {owner.tool} has the same properties under names of its own."
    return [section(f"{asked}{same}"), preformatted(f"{language}: what to change", text), *past_it]


def _change(plan: Plan, fix: Fix) -> list[Block]:
    return [
        *_changes(plan),
        *_calls("Calls to AWS", plan.do),
        *(_calls("Undo", plan.undo) if plan.undo else [section("*Undo*  there is none: see below.")]),
        *_risk(plan, fix),
    ]


def _change_of(plan: Plan) -> list[str]:
    """Each setting before and after, a line each; what stays the same is left out."""
    found = []
    for name in dict.fromkeys([*plan.before, *plan.after]):
        before, after = plan.before.get(name, NONE), plan.after.get(name, NONE)
        if before != after:
            found.append(f"• {plain(name)}:  {plain(before)}  →  *{plain(after)}*")
    return found


def _changes(plan: Plan) -> list[Block]:
    return [*lines(["*What changes*", *_change_of(plan)])]


def _calls(title: str, calls: Sequence[Call]) -> list[Block]:
    return [*lines([f"*{title}*", *calls_of(calls)])]


def calls_of(calls: Sequence[Call]) -> list[str]:
    """Every call with every parameter: what is approved must be seen, however long it is."""
    found = []
    for call in calls:
        text = json.dumps(call.params, ensure_ascii=True, sort_keys=True)
        pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
        where = f" in {call.region}" if call.region else ""
        found += [code(f"{call.call}{where} {pieces[0]}", SECTION), *(code(piece, SECTION) for piece in pieces[1:])]
    return found


def _risk(plan: Plan, fix: Fix | None) -> list[Block]:
    notes = [f"• {plain(note)}" for note in plan.notes]
    risk = [f"*Risk*  {fix.risk.value}"] if fix else []
    return [*lines([*risk, *notes])]


def _outcome(request: FixRequest) -> list[Block]:
    """Who decided, and what came of it."""
    words = []
    if request.state is State.DENIED:
        words.append(f"{mention(request.approver)} denied it: {plain(request.result)}")
    elif request.broke_glass:
        words.append(f"🚨 {mention(request.approver)} approved it alone (break-glass): {plain(request.broke_glass)}")
    elif request.approvals:
        words.append(f"{' and '.join(map(mention, request.approvals))} approved it.")
    if request.state is State.WAITING and request.needed > 1:
        words.append(f"It needs {request.needed} people's approval; {len(request.approvals)} so far.")
    if request.state in UNDONE_STATES:
        words.append(f"{mention(request.undoer)} undid it." if request.undoer else "It was undone.")
    if request.result and request.state is not State.DENIED:
        words.append(ending(request))
    return [section("\n".join(words))] if words else []


def _deadline(request: FixRequest, zone: tzinfo) -> str:
    if request.state is State.WAITING:
        return f"expires {moment(request.expires_at, zone)}"
    return f"{'ended' if request.ended_at else 'asked'} {moment(request.ended_at or request.created_at, zone)}"


def _buttons(request: FixRequest, kind: str, whole: bool, glass: bool) -> list[ButtonElement]:
    value = _pointer(request)
    if request.state is State.WAITING:
        if kind == "approval":
            approve = [button("Approve", Action.APPROVE, value, style="primary")] if whole else []
            alone = [button("Break glass…", Action.GLASS, value)] if whole and glass else []
            return [*approve, button("Deny…", Action.DENY, value, style="danger"), *alone]
        return [button("Take back", Action.CANCEL, value)]
    found = [button("Undo…", Action.UNDO, value)] if can_undo(request) else []
    return [*found, button("Audit", Action.AUDIT, value)] if request.ended_at else found
