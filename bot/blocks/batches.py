"""The same fix on several resources: the plans to look at, and the card that shows how far they are."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from slack_sdk.models.blocks import Block, ButtonElement

from bot.blocks.parts import (
    BLOCKS,
    Message,
    actions,
    button,
    choices,
    context,
    divider,
    fits,
    lines,
    modal,
    quoted,
    section,
    text_input,
)
from bot.blocks.requests import HEADLINES, NONE, calls_of
from bot.blocks.text import code, mention, moment, plain
from bot.bulk import BatchProposal
from bot.ids import Action, Input, OfBatch, OfCheck, View
from bot.remediate import can_undo
from bot.settings import FixMode
from bot.store.fix_request import OPEN, Batch, FixRequest, State
from bot.words import bar, plural
from checks.kit import Fix, Plan

ENDED_WELL = (State.FIXED, State.MOOT, State.REHEARSED)


def batch_modal(proposal: BatchProposal, fix: Fix, origin: str) -> dict[str, Any]:
    """What would change in each resource, a choice among them, and the question why."""
    shown = proposal.proposals
    blocks: list[Block] = [section(f"*{plain(fix.title)}*\n{plural(len(shown), 'resource')}. *Risk*  {fix.risk.value}")]
    blocks += [block for one in shown for block in lines(_plan(one.finding.name, one.finding.region, one.plan))]
    if proposal.left:
        why = [f"• {code(name, 120)}: {plain(words, 300)}" for name, words in proposal.left.items()]
        blocks += lines(["*Left out*", *why[:10], *([f"and {len(why) - 10} more"] if len(why) > 10 else [])])
    if shown[0].mode is FixMode.DRY_RUN:
        blocks.append(section("☑️ *Dry run*: all is checked up to the change itself, which is not made."))
    options = {str(one.finding.id): f"{one.finding.name} ({one.finding.region})" for one in shown}
    blocks.append(choices(Input.CHOSEN, "Which of them?", options))
    blocks.append(text_input(Input.REASON, "Why now?", "The approver and the audit log will read it."))
    value = OfCheck(check=shown[0].finding.check_id, origin=origin, plan=proposal.plan_hash)
    return modal(View.REQUEST_ALL, "Fix several", blocks, submit="Ask for approval", close="Cancel", value=value)


def batch_card(batch: Batch, fix: Fix | None, kind: str, zone: tzinfo) -> Message:
    """The message that shows a batch. `kind`: approval (with the decision's buttons) or notice."""
    first = batch.requests[0]
    title = plain(fix.title) if fix else code(first.check_id)
    headline = f"{_headline(batch)}{' (dry run)' if first.mode == FixMode.DRY_RUN and batch.waits else ''}"
    blocks: list[Block] = [section(f"*{headline}*\n{title}: {plural(len(batch.requests), 'resource')}")]
    if kind == "approval" and batch.waits:
        blocks += [block for one in batch.requests for block in lines(_plan(one.name, one.region, one.plan))]
        blocks.append(section(f"*Risk*  {fix.risk.value}" if fix else " "))
    else:
        blocks += lines([_line(request) for request in batch.requests])
    blocks.append(section(f"{mention(first.requester)} asked, because:"))
    blocks.append(quoted(first.reason))
    if words := _decision(batch):
        blocks.append(section(words))
    whole = fits(blocks)
    if not whole:
        del blocks[BLOCKS - 4 :]
        blocks.append(
            section("⚠️ *This is too long to be shown whole, so it cannot be approved.* Ask for fewer at once.")
        )
    until = f"expires {moment(first.expires_at, zone)}" if batch.waits else f"asked {moment(first.created_at, zone)}"
    numbers = f"{first.id} to {batch.requests[-1].id}" if len(batch.requests) > 1 else str(first.id)
    blocks.append(context(f"Batch {batch.id}  ·  requests {numbers}  ·  {until}"))
    if found := _buttons(batch, kind, whole):
        blocks.append(actions(*found))
    return Message(f"{headline}: {title}", [*blocks, *([divider()] if kind == "approval" else [])])


def deny_all_modal(batch: Batch, origin: str) -> dict[str, Any]:
    """Asks why not."""
    question = text_input(Input.REASON, "Why not?", "The requester will read it.")
    about = section(f"Batch {batch.id}: {plural(len(batch.requests), 'resource')}")
    return modal(View.DENY_ALL, "Deny", [about, question], submit="Deny", close="Cancel", value=_pointer(batch, origin))


def undo_all_modal(batch: Batch, origin: str) -> dict[str, Any]:
    """Which of the changes to take back, with the calls that do, and why."""
    undoable = [request for request in batch.requests if can_undo(request)]
    blocks: list[Block] = []
    for request in undoable:
        blocks += lines([f"*{plain(request.name)}*  ·  {request.region}", *calls_of(request.plan.undo)])
    options = {str(request.id): f"{request.name} ({request.region})" for request in undoable}
    blocks.append(choices(Input.CHOSEN, "Which of them?", options))
    blocks.append(text_input(Input.REASON, "Why?", "The audit log will keep it."))
    return modal(View.UNDO_ALL, "Undo", blocks, submit="Undo", close="Cancel", value=_pointer(batch, origin))


def result_of(batch: Batch) -> str:
    """How it stands, in a line."""
    return f"*{_headline(batch)}*"


def _plan(name: str, region: str, plan: Plan) -> list[str]:
    """What is approved must be seen: every change and every call of each resource."""
    notes = [f"• {plain(note)}" for note in plan.notes]
    return [f"*{plain(name)}*  ·  {region}", *_changes(plan), *calls_of(plan.do), *notes]


def _changes(plan: Plan) -> list[str]:
    """Settings that change alike share a line: a list of many resources is to be read."""
    alike: dict[tuple[str, str], list[str]] = {}
    for name in dict.fromkeys([*plan.before, *plan.after]):
        change = plan.before.get(name, NONE), plan.after.get(name, NONE)
        if change[0] != change[1]:
            alike.setdefault(change, []).append(name)
    found = [(", ".join(map(plain, names)), *change) for change, names in alike.items()]
    return [f"• {names}:  {plain(before)}  →  *{plain(after)}*" for names, before, after in found]


def _headline(batch: Batch) -> str:
    states = {request.state for request in batch.requests}
    if len(states) == 1:
        return HEADLINES[batch.requests[0].state]
    well = sum(request.state in ENDED_WELL for request in batch.requests)
    done, total = sum(request.ended_at is not None for request in batch.requests), len(batch.requests)
    if done < total:
        return f"⏳ {bar(100 * done // total)} {done} of {total}"
    undone = sum(request.state is State.UNDONE for request in batch.requests)
    return f"{'⚠️' if well + undone < total else '☑️'} {well} of {total} done" + (f", {undone} undone" if undone else "")


def _line(request: FixRequest) -> str:
    why = f": {plain(request.result, 300)}" if request.result and request.state not in ENDED_WELL else ""
    return f"{HEADLINES[request.state]}  {code(request.name, 120)}  ·  {request.region}{why}"


def _decision(batch: Batch) -> str:
    first = batch.requests[0]
    if first.state is State.DENIED:
        return f"{mention(first.approver)} denied it: {plain(first.result)}"
    words = [f"{' and '.join(map(mention, first.approvals))} approved it."] if first.approvals else []
    if batch.waits and first.needed > 1:
        words.append(f"It needs {first.needed} people's approval; {len(first.approvals)} so far.")
    return "\n".join(words)


def _buttons(batch: Batch, kind: str, whole: bool) -> list[ButtonElement]:
    value = _pointer(batch)
    if batch.waits:
        if kind == "approval":
            approve = [button("Approve all", Action.APPROVE_ALL, value, style="primary")] if whole else []
            return [*approve, button("Deny…", Action.DENY_ALL, value, style="danger")]
        return [button("Take back", Action.CANCEL_ALL, value)]
    over = all(request.state not in OPEN for request in batch.requests)
    return [button("Undo…", Action.UNDO_ALL, value)] if over and any(map(can_undo, batch.requests)) else []


def _pointer(batch: Batch, origin: str = "") -> OfBatch:
    return OfBatch(batch=batch.id, origin=origin, plan=batch.plan_hash)
