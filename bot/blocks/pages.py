"""The audit log, a framework, and other pages of mostly our own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from slack_sdk.models.blocks import Block

from bot.blocks.native import Drawn, Table
from bot.blocks.parts import Message, context, lines, section
from bot.blocks.text import code, cut, mention, moment, plain
from bot.compliance import Control, Report, Stand
from bot.store.audit import Head, Verification
from bot.words import plural

CONTROL = ("Control", "Verdict", "Resources that fail", "Checks, or why there is none")
CHECKS = 2
"""Checks of a control that a table names."""


def compliance_page(name: str, report: Report) -> Message:
    """A framework: counts first, then what fails, what could not be read, and what no check covers."""
    listed = _compliance_lines(name, report)
    table = Table(f"{report.title}, control by control", CONTROL, [_control_row(c) for c in _worst_first(report)], 10)
    more = f"and {plural(table.left_out, 'control')} more: `aws-sec compliance {name}` in the terminal lists all"
    ends = [context(more)] if table.left_out else []
    return Drawn(listed.text, [listed.blocks[0], table, *ends], listed) if report.controls else listed


def _worst_first(report: Report) -> list[Control]:
    order = [*Stand]
    return sorted(report.controls, key=lambda control: order.index(control.stand))


def _control_row(control: Control) -> list[str | int]:
    more = f" and {len(control.checks) - CHECKS} more" if control.checks[CHECKS:] else ""
    named = ", ".join(control.checks[:CHECKS]) + more
    return [control.id, control.stand.value, control.failed, named or cut(control.why, 120)]


def _compliance_lines(name: str, report: Report) -> Message:
    counts = "  ·  ".join(f"{report.counts[stand]} {stand.value}" for stand in Stand if report.counts[stand])
    blocks: list[Block] = [section(f"*{plain(report.title)}*\n{counts}")]
    for stand, mark in ((Stand.FAIL, "❌ *Fail*"), (Stand.UNKNOWN, "❔ *Unknown*"), (Stand.PASS, "✅ *Pass*")):
        blocks += lines(_controls(mark, [control for control in report.controls if control.stand is stand]))
    if report.counts[Stand.NOT_COVERED]:
        blocks.append(context(f"`aws-sec compliance {name}` in the terminal says why some are not covered"))
    return Message(f"{plain(report.title)}: {counts}", blocks)


def _controls(title: str, controls: Sequence[Control]) -> list[str]:
    if not controls:
        return []
    if controls[0].stand is Stand.PASS:
        return [f"{title}  {', '.join(control.id for control in controls)}"]
    found = [
        f"• *{control.id}*  {', '.join(code(check, 80) for check in control.checks)}"
        + (f"  {plural(control.failed, 'resource')}" if control.failed else "")
        for control in controls
    ]
    return [title, *found]


def audit_page(rows: Sequence[Mapping[str, Any]], head: Head, zone: tzinfo, request_id: int | None = None) -> Message:
    """The newest rows of the audit log, or those of one request."""
    title = f"Audit log of request {request_id}" if request_id else "Audit log, newest first"
    if not rows:
        return Message(f"{title}: empty", [section(f"{title}: there is nothing.")])
    same = rows[0]["subject"] if request_id and len({row["subject"] for row in rows}) == 1 else ""
    about = f"\n{code(same, 300)}" if same else ""
    blocks: list[Block] = [*lines([f"*{title}*{about}", *[_row(row, zone, whole=not same) for row in rows]])]
    blocks.append(context(f"Head {head.seq}:{head.hash}  ·  `/aws-sec audit verify` proves the log"))
    return Message(title, blocks)


def verification(found: Verification, witness: Head | None) -> Message:
    """Whether the log is as it was written."""
    if not found.ok:
        words = f"🚨 *The audit log was altered*: {plain(found.problem)}. Keep the database file and find out who."
    else:
        seen = f", and it holds head {witness.seq} of the last digest" if witness else ""
        words = f"✅ The audit log is as it was written: {plural(found.rows, 'row')}{seen}.{without_key(found)}"
    return Message(words, [section(words), context(f"Head {found.head.seq}:{found.head.hash}")])


def without_key(found: Verification) -> str:
    """What a chain without a key does not prove, or ""."""
    if not found.unkeyed:
        return ""
    return f" {plural(found.unkeyed, 'row')} without the key: whoever may write to the database could have made them."


def _row(row: Mapping[str, Any], zone: tzinfo, *, whole: bool) -> str:
    """A line of the log; not `whole` leaves out what the title says already."""
    at = moment(datetime.fromisoformat(row["at"]), zone)
    request = f" · request {row['request_id']}" if row["request_id"] else ""
    detail = row["detail"]
    why = plain(str(detail.get("why") or detail.get("reason") or detail.get("result") or ""), 200)
    why = why or (code(detail["call"]) if "call" in detail else "")
    result = f" → {row['result']}" + (f": {why}" if why else "")
    about = f"  {code(row['subject'], 120)}{request}" if whole else ""
    return f"`{row['seq']}` {at}  {mention(row['actor'])}  *{row['action']}*{about}{result}"
