"""Findings and their life: opened, seen again, resolved, reopened, muted."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.scan import Outcome, Status, UnitDone
from bot.store.audit import Audit
from bot.store.database import Database, moment, stamp

MUTED = "muted_until IS NOT NULL AND muted_until > :now"


class NoSuchFinding(Exception):
    """There is no finding with this number."""


@dataclass(frozen=True)
class Finding:
    """A check that does not hold for a resource. `state`: open or resolved. `opened_at`: when it last began."""

    id: int
    account: str
    region: str
    check_id: str
    resource: str
    name: str
    text: str
    severity: int
    practice: str
    state: str
    first_seen: datetime
    opened_at: datetime
    last_seen: datetime
    resolved_at: datetime | None
    muted_until: datetime | None
    muted_by: str | None
    muted_reason: str | None
    owner: str = ""
    """Who owns the resource, as its tags said at the last complete scan."""
    mute: int = 0
    """The mute with a scope that hides it longest; 0: none, so `muted_until` and its like are the finding's own."""

    def muted(self, now: datetime) -> bool:
        return self.muted_until is not None and self.muted_until > now


@dataclass(frozen=True)
class Filter:
    """Which findings: every part that is set must match. `muted`: True only muted, False none, None both."""

    account: str = ""
    state: str = "open"
    practice: str = ""
    check_id: str = ""
    region: str = ""
    min_severity: int = 0
    muted: bool | None = False
    text: str = ""
    service: str = ""
    owner: str = ""
    whole_owner: bool = False
    """`owner` is the whole name, to the letter as AWS compares tags; else part of it in any case."""
    since: datetime | None = None
    """Only what began at this moment or later."""


@dataclass(frozen=True)
class Change:
    """Something that happened to a finding. `kind`: opened, reopened, resolved, muted, unmuted."""

    finding: Finding
    kind: str
    at: datetime
    note: str


class Findings:
    def __init__(self, db: Database, audit: Audit) -> None:
        self._db = db
        self._audit = audit

    def record(
        self, scan_id: int, done: UnitDone, outcomes: Sequence[Outcome], passed: Mapping[str, int], at: datetime
    ) -> None:
        """Store one unit's outcomes (all but the passes, which come as counts per check id) in one transaction.

        A finding resolves only when its check was read to the end in its region and neither failed nor was
        unreadable for that resource: what was not read closes nothing. Nor does what may have been read before the
        finding opened: an undo made while the scan ran, say.
        """
        with self._db.transaction():
            scan = self._db.row("SELECT started_at FROM scans WHERE id = ?", [scan_id])
            began = scan["started_at"] if scan else ""
            for check in done.checks:
                mine = [outcome for outcome in outcomes if outcome.check.id == check.id]
                self._count(scan_id, done, check.id, mine, passed.get(check.id, 0), at)
                for outcome in mine:
                    if outcome.status is Status.FAIL:
                        self._fail(outcome, at)
                unread = {o.resource for o in mine if o.status is Status.UNKNOWN}
                if done.complete and "" not in unread:
                    still = {o.resource for o in mine if o.status is Status.FAIL} | unread
                    self._resolve(done, check.id, still, began, at)

    def get(self, finding_id: int) -> Finding:
        """The finding; raises NoSuchFinding."""
        row = self._db.row("SELECT * FROM seen WHERE id = ?", [finding_id])
        if row is None:
            raise NoSuchFinding(f"there is no finding {finding_id}")
        return _finding(row)

    def those(self, numbers: Sequence[int]) -> list[Finding]:
        """The findings with these numbers, in this order."""
        rows = self._db.rows(
            "SELECT seen.* FROM json_each(?) asked JOIN seen ON seen.id = asked.value ORDER BY asked.key",
            [json.dumps([*numbers])],
        )
        return [_finding(row) for row in rows]

    def resolved_among(self, numbers: Sequence[int]) -> list[int]:
        """Those of these numbers whose finding is resolved, in this order."""
        rows = self._db.rows(
            "SELECT f.id FROM json_each(?) asked JOIN findings f ON f.id = asked.value"
            " WHERE f.state = 'resolved' ORDER BY asked.key",
            [json.dumps([*numbers])],
        )
        return [row["id"] for row in rows]

    def find(self, check_id: str, account: str, region: str, resource: str) -> Finding | None:
        row = self._db.row(
            "SELECT * FROM seen WHERE check_id = ? AND account = ? AND region = ? AND resource = ?",
            [check_id, account, region, resource],
        )
        return _finding(row) if row else None

    def search(self, which: Filter, now: datetime, *, limit: int = 50, offset: int = 0) -> list[Finding]:
        """Worst first, then oldest first."""
        where, params = matching(which, now)
        rows = self._db.rows(
            f"SELECT * FROM seen WHERE {where}"  # noqa: S608
            " ORDER BY severity DESC, opened_at, id LIMIT :limit OFFSET :offset",
            params | {"limit": limit, "offset": offset},
        )
        return [_finding(row) for row in rows]

    def each(self, which: Filter, now: datetime, *, page: int = 500) -> Iterator[Finding]:
        """Every one that matches, by number; held are so many at a time, however many there are."""
        where, params = matching(which, now)
        after = 0
        while rows := self._db.rows(
            f"SELECT * FROM seen WHERE {where} AND id > :after ORDER BY id LIMIT :page",  # noqa: S608
            params | {"after": after, "page": page},
        ):
            yield from map(_finding, rows)
            after = rows[-1]["id"]

    def set_owners(self, account: str, owners: Mapping[str, str]) -> None:
        """Who owns what, by ARN, in place of what was known."""
        with self._db.transaction():
            self._db.write("DELETE FROM owners WHERE account = ?", [account])
            for resource, owner in owners.items():
                self._db.insert("owners", {"account": account, "resource": resource, "owner": owner})

    def count(self, which: Filter, now: datetime) -> int:
        where, params = matching(which, now)
        row = self._db.row(f"SELECT count(*) AS n FROM seen WHERE {where}", params)  # noqa: S608
        return int(row["n"]) if row else 0

    def counts(self, account: str, now: datetime) -> tuple[dict[str, Counter[int]], Counter[str]]:
        """Open findings: practice key -> severity -> how many no mute hides; check id -> how many one does."""
        shown: dict[str, Counter[int]] = {}
        hidden = Counter[str]()
        for row in self._db.rows(
            f"SELECT check_id, practice, severity, ({MUTED}) AS muted, count(*) AS n FROM seen"  # noqa: S608
            " WHERE account = :account AND state = 'open' GROUP BY 1, 2, 3, 4",
            {"account": account, "now": stamp(now)},
        ):
            if row["muted"]:
                hidden[row["check_id"]] += row["n"]
            else:
                shown.setdefault(row["practice"], Counter())[row["severity"]] += row["n"]
        return shown, hidden

    def changes(self, account: str, since: datetime, until: datetime) -> list[Change]:
        """What happened after `since`, up to `until`, oldest first."""
        rows = self._db.rows(
            "SELECT f.*, e.kind AS e_kind, e.at AS e_at, e.note AS e_note FROM finding_events e"
            " JOIN seen f ON f.id = e.finding_id WHERE f.account = ? AND e.at > ? AND e.at <= ? ORDER BY e.id",
            [account, stamp(since), stamp(until)],
        )
        return [Change(_finding(r), r["e_kind"], datetime.fromisoformat(r["e_at"]), r["e_note"]) for r in rows]

    def mute(self, finding_id: int, *, until: datetime, reason: str, actor: str, at: datetime) -> Finding:
        """Hide an open finding until a moment. Raises NoSuchFinding."""
        return self._set_mute(finding_id, "muted", (stamp(until), actor, reason), actor, reason, at)

    def unmute(self, finding_id: int, *, actor: str, at: datetime, reason: str = "") -> Finding:
        """Show it again. Raises NoSuchFinding."""
        return self._set_mute(finding_id, "unmuted", (None, None, None), actor, reason, at)

    def settle(self, finding_id: int, *, holds: bool, at: datetime, note: str) -> None:
        """Resolve or reopen one finding because its resource was read just now; counts follow."""
        with self._db.transaction():
            finding = self.get(finding_id)
            if holds == (finding.state == "resolved"):
                return
            if holds:
                self._set_resolved(finding.id, at, note)
            else:
                self._set_open(finding.id, at, note)
            step = 1 if holds else -1
            self._db.write(
                "UPDATE results SET passed = max(passed + ?, 0), failed = max(failed - ?, 0)"
                " WHERE account = ? AND check_id = ? AND region = ?",
                [step, step, finding.account, finding.check_id, finding.region],
            )

    def mutes_ending(self, now: datetime, before: datetime) -> list[Finding]:
        """Open findings whose own mute, and no other, hides them and ends between now and `before`, soonest first."""
        rows = self._db.rows(
            "SELECT * FROM seen WHERE state = 'open' AND mute = 0 AND muted_until > ? AND muted_until <= ?"
            " ORDER BY muted_until",
            [stamp(now), stamp(before)],
        )
        return [_finding(row) for row in rows]

    def expire_mutes(self, now: datetime) -> list[Finding]:
        """End the mutes whose time is over; each gets its event and its audit row."""
        with self._db.transaction():
            rows = self._db.rows("SELECT id FROM findings WHERE muted_until <= ?", [stamp(now)])
            return [self.unmute(row["id"], actor="aws-sec", at=now, reason="the mute's time is over") for row in rows]

    def _set_mute(
        self, finding_id: int, kind: str, values: tuple[str | None, ...], actor: str, reason: str, at: datetime
    ) -> Finding:
        with self._db.transaction():
            finding = self.get(finding_id)
            self._db.write(
                "UPDATE findings SET muted_until = ?, muted_by = ?, muted_reason = ? WHERE id = ?",
                [*values, finding_id],
            )
            self._event(finding_id, kind, at, reason)
            detail = {"reason": reason, "until": values[0]}
            self._audit.append(f"finding.{kind}", actor=actor, subject=finding.resource, detail=detail)
            return self.get(finding_id)

    def _count(  # the columns of a row
        self, scan_id: int, done: UnitDone, check_id: str, mine: Sequence[Outcome], passed: int, at: datetime
    ) -> None:
        by_status = Counter(outcome.status for outcome in mine)
        texts = dict.fromkeys(o.text for o in mine if o.status is Status.UNKNOWN)
        self._db.write(
            "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET scan_id = excluded.scan_id, passed = excluded.passed, failed = excluded.failed,"
            " unknown = excluded.unknown, not_applicable = excluded.not_applicable,"
            " unknown_text = excluded.unknown_text, read_at = excluded.read_at",
            [
                done.account,
                check_id,
                done.region,
                scan_id,
                passed,
                by_status[Status.FAIL],
                by_status[Status.UNKNOWN],
                by_status[Status.NOT_APPLICABLE],
                "\n".join(list(texts)[:3]),
                stamp(at),
            ],
        )

    def _fail(self, outcome: Outcome, at: datetime) -> None:
        known = self.find(outcome.check.id, outcome.account, outcome.region, outcome.resource)
        now = stamp(at)
        words = {
            "name": outcome.name,
            "text": outcome.text,
            "severity": int(outcome.check.severity),
            "practice": outcome.check.practice.key,
            "last_seen": now,
        }
        if known is None:
            where = {
                "account": outcome.account,
                "region": outcome.region,
                "check_id": outcome.check.id,
                "resource": outcome.resource,
            }
            new = {"state": "open", "first_seen": now, "opened_at": now}
            self._event(self._db.insert("findings", where | words | new), "opened", at)
            return
        self._db.write(
            "UPDATE findings SET name = :name, text = :text, severity = :severity, practice = :practice,"
            " last_seen = :last_seen WHERE id = :id",
            words | {"id": known.id},
        )
        if known.state == "resolved":
            self._set_open(known.id, at)

    def _resolve(self, done: UnitDone, check_id: str, still: Iterable[str], began: str, at: datetime) -> None:
        keep = set(still)
        for row in self._db.rows(
            "SELECT id, resource FROM findings WHERE account = ? AND region = ? AND check_id = ? AND state = 'open'"
            " AND opened_at <= ?",
            [done.account, done.region, check_id, began],
        ):
            if row["resource"] not in keep:
                self._set_resolved(row["id"], at)

    def _set_open(self, finding_id: int, at: datetime, note: str = "") -> None:
        self._db.write(
            "UPDATE findings SET state = 'open', opened_at = ?, resolved_at = NULL WHERE id = ?",
            [stamp(at), finding_id],
        )
        self._event(finding_id, "reopened", at, note)

    def _set_resolved(self, finding_id: int, at: datetime, note: str = "") -> None:
        self._db.write("UPDATE findings SET state = 'resolved', resolved_at = ? WHERE id = ?", [stamp(at), finding_id])
        self._event(finding_id, "resolved", at, note)

    def _event(self, finding_id: int, kind: str, at: datetime, note: str = "") -> None:
        self._db.insert("finding_events", {"finding_id": finding_id, "at": stamp(at), "kind": kind, "note": note})


def matching(which: Filter, now: datetime) -> tuple[str, dict[str, Any]]:
    """A condition on `seen`, and its parameters."""
    parts = ["1"]
    params: dict[str, Any] = {"now": stamp(now)}
    for column in ("account", "state", "practice", "check_id", "region"):
        value = getattr(which, column)
        if value:
            parts.append(f"{column} = :{column}")
            params[column] = value
    if which.min_severity:
        parts.append("severity >= :min_severity")
        params["min_severity"] = which.min_severity
    if which.muted is not None:
        parts.append(MUTED if which.muted else f"NOT ({MUTED})")
    if which.service:
        # an ARN's third part; settings of an account have the account's own ARN, so their check's name counts, too
        parts.append("(:service = '' OR resource LIKE 'arn:%:' || :service || ':%' OR check_id LIKE :service || '%')")
        params["service"] = re.sub(r"[^a-z0-9-]", "", which.service.lower())
    if which.owner:
        parts.append("owner = :owner" if which.whole_owner else "instr(folded(owner), :owner)")
        params["owner"] = which.owner if which.whole_owner else which.owner.casefold()
    if which.since:
        parts.append("opened_at >= :since")
        params["since"] = stamp(which.since)
    if which.text:
        # instr, not LIKE: what a person types is text, not a pattern
        parts.append("(instr(folded(name), :text) OR instr(folded(resource), :text) OR instr(check_id, :text))")
        params["text"] = which.text.casefold()
    return " AND ".join(parts), params


def _finding(row: Mapping[str, Any]) -> Finding:
    times = {k: datetime.fromisoformat(row[k]) for k in ("first_seen", "opened_at", "last_seen")}
    ends = {k: moment(row[k]) for k in ("resolved_at", "muted_until")}
    fields: dict[str, Any] = {name: row[name] for name in Finding.__dataclass_fields__ if name in row} | times | ends
    return Finding(**fields)
