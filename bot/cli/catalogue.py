"""What aws-sec looks for: `aws-sec checks` and `explain`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from textwrap import indent
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

import checks as catalogue
from bot.cli.exits import OK, Failed
from bot.cli.output import Format, console, plain, print_json_array, severity, table
from bot.nearest import did_you_mean
from bot.words import controls, plural, when
from checks.inputs import INPUTS
from checks.kit import AnyCheck, Fix, Practice


def checks(practices: Sequence[str], how: Format) -> int:
    """Print every check, by practice."""
    known, fixes = catalogue.load()
    wanted = [check for check in in_order(known) if not practices or check.practice.key in practices]
    if how is Format.JSON:
        print_json_array(as_json(check, fixes.get(check.id)) for check in wanted)
        return OK
    out = console()
    for practice, group in groupby(wanted, key=lambda check: check.practice):
        out.print(Text(f"{practice.value} ({practice.key})", "bold"))
        rows = Table.grid(padding=(0, 2))
        rows.add_column(min_width=8)
        rows.add_column(overflow="fold")
        for check in group:
            fix = "  has a fix" if check.id in fixes else ""
            rows.add_row(severity(check.severity), f"{check.id}{fix}\n{check.title}")
        out.print(rows)
        out.print()
    out.print(f"{plural(len(wanted), 'check')}, {sum(c.id in fixes for c in wanted)} with a fix.")
    out.print("Next: aws-sec explain CHECK")
    return OK


def in_order(known: Mapping[str, AnyCheck]) -> list[AnyCheck]:
    """Checks as people read them: by practice, worst first."""
    practices = [*Practice]
    return sorted(known.values(), key=lambda check: (practices.index(check.practice), -check.severity, check.id))


def as_json(check: AnyCheck, fix: Fix | None) -> dict[str, Any]:
    """A check as `checks --format json` prints it. `fix`: what aws-sec can do about it, null where nothing."""
    return {
        "id": check.id,
        "title": check.title,
        "why": check.why,
        "practice": check.practice.key,
        "severity": check.severity.word,
        "calls": list(check.calls),
        "fix": fix.title if fix else None,
        "frameworks": catalogue.references(check.id),
        "how": check.how,
        "guide": asdict(catalogue.guides()[check.id]),
        "page": check.page,
    }


def explain(what: str) -> int:
    """Print why a check matters and what to do; with a finding's number, also what was found."""
    known, fixes = catalogue.load()
    out = console()
    number = what.removeprefix("#")
    if number.isdigit():
        what = _print_finding(out, int(number))
    check = known.get(catalogue.RENAMED.get(what, what))
    if check is None:
        hint = did_you_mean(what, known, ": `aws-sec checks` lists what there is")
        raise Failed(f"there is no check {what!r}{hint}")
    _print_check(out, check, fixes.get(check.id))
    return OK


def _print_finding(out: Console, number: int) -> str:
    """Print the finding; the id of its check."""
    from bot.cli import stored  # only here: a check is explained without the database

    finding = stored.find(number)
    changed = finding.resolved_at or finding.opened_at
    out.print(plain(f"{finding.name} {finding.text}", "bold"))
    out.print(plain(f"{finding.resource} in {finding.region}"))
    out.print(f"Finding {finding.id}, {finding.state} since {when(changed)}")
    if finding.muted(datetime.now(UTC)):
        out.print(plain(f"Muted until {when(finding.muted_until)} by {finding.muted_by}: {finding.muted_reason}"))
    out.print()
    return finding.check_id


def _print_check(out: Console, check: AnyCheck, fix: Fix | None) -> None:
    out.print(Text(check.id, "bold").append("  ").append_text(severity(check.severity)))
    out.print(f"{check.title}\n")
    rows = table("", "")
    rows.show_header = False
    rows.add_row("Practice", check.practice.value)
    rows.add_row("Why", check.why)
    rows.add_row("Fix", check.how)
    if fix:
        rows.add_row("By aws-sec", f"{fix.title} ({fix.risk.value}): /aws-sec fix in Slack")
        for name in fix.inputs:
            rows.add_row("Input", f"{name}, the {INPUTS[name].about} (AWS_SEC_FIX_INPUTS)")
    rows.add_row("AWS calls", ", ".join(check.calls))
    for name, value in check.thresholds.items():
        rows.add_row("Threshold", f"{name} = {value!r} (AWS_SEC_THRESHOLDS)")
    if asked := catalogue.references(check.id):
        rows.add_row("Frameworks", controls(asked))
    guide = catalogue.guides()[check.id]
    if guide.steps:
        steps = "\n".join(f"{number}. {step}" for number, step in enumerate(guide.steps, 1))
        rows.add_row("Steps", Text(f"{steps}\n{guide.link}".rstrip()))
    rows.add_row("Console", Text(guide.console))
    if guide.only:
        rows.add_row("As code", Text(guide.only))
    out.print(rows)
    for name, text in guide.code.items():
        out.print(Text(f"\n{name}", "bold"))
        out.print(Text(indent(text, "  ")), soft_wrap=True)
    out.print(f"\nRead more: {check.page}", soft_wrap=True)
