"""Checklists: who was sent one, in the audit log, and what the last run of a check says of one finding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.people import Person
from bot.scan import Status
from bot.store import Store
from bot.store.findings import Finding

SENT, RECHECKED = "checklist.sent", "checklist.rechecked"


@dataclass(frozen=True)
class Looked:
    """What a check says now of what was found before; `text`: what is still wrong, or why it cannot be told."""

    status: Status
    text: str = ""


def looked(store: Store, finding: Finding, began: datetime) -> Looked:
    """The finding as a run of its check that began then left it: what was not read is never a pass."""
    readings = store.scans.readings(finding.account)
    mine = [one for one in readings if (one.check_id, one.region) == (finding.check_id, finding.region)]
    if not mine or mine[0].read_at < began:
        return Looked(Status.UNKNOWN, "the check did not get there; look at `/aws-sec status`")
    now = store.findings.get(finding.id)
    if now.state == "open" and now.last_seen >= began:
        return Looked(Status.FAIL, now.text)
    if now.state == "resolved" and not mine[0].unknown:
        return Looked(Status.PASS)
    return Looked(Status.UNKNOWN, (mine[0].unknown_text.splitlines() or ["it was not read"])[0])


def note(store: Store, finding: Finding, who: Person, action: str, result: str, **detail: str) -> None:
    """An audit row about a finding's checklist."""
    about = {"check": finding.check_id, "finding": finding.id}
    store.audit.append(action, actor=str(who), subject=finding.resource, result=result, detail=about | detail)


def confirmed_by(store: Store, since: datetime | None) -> dict[int, str]:
    """Finding -> who last had its check run again after a moment and saw it gone."""
    rows = store.audit.of_action(RECHECKED, since)
    return {row["detail"]["finding"]: row["actor"] for row in rows if row["detail"].get("now") == Status.PASS.value}
