"""Scans: who asked, when they ran, what each check's last reading was, how the score moved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.store.database import Database, moment, stamp


@dataclass(frozen=True)
class Scan:
    """One run. `state`: running, done, failed or interrupted. `complete_scope`: all checks in all regions."""

    id: int
    account: str
    started_at: datetime
    ended_at: datetime | None
    state: str
    complete_scope: bool
    requested_by: str
    note: str


@dataclass(frozen=True)
class Reading:
    """What one check's last reading in one region counted. `unknown_text`: why something could not be read."""

    check_id: str
    region: str
    passed: int
    failed: int
    unknown: int
    not_applicable: int
    unknown_text: str
    read_at: datetime


@dataclass(frozen=True)
class Score:
    """A past score of an account: 0 to 100, None when nothing could be judged.

    `by_severity`: severity -> how many of `open`; None where only the sum was kept, as before there were charts.
    """

    at: datetime
    score: int | None
    practices: Mapping[str, int | None]
    open: int
    by_severity: Mapping[int, int] | None = None


class Scans:
    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(self, account: str, *, at: datetime, complete_scope: bool, requested_by: str) -> int:
        """The id of a new running scan."""
        return self._db.insert(
            "scans",
            {
                "account": account,
                "started_at": stamp(at),
                "complete_scope": int(complete_scope),
                "requested_by": requested_by,
            },
        )

    def end(self, scan_id: int, *, at: datetime, state: str, note: str = "") -> None:
        """Close a running scan; a scan that is closed already stays as it is."""
        self._db.write(
            "UPDATE scans SET ended_at = ?, state = ?, note = ? WHERE id = ? AND state = 'running'",
            [stamp(at), state, note, scan_id],
        )

    def interrupt_running(self, *, at: datetime) -> int:
        """Close every scan left running by a process that is gone; how many there were."""
        return self._db.write(
            "UPDATE scans SET ended_at = ?, state = 'interrupted' WHERE state = 'running'", [stamp(at)]
        )

    def last(self, account: str = "", *, complete: bool = True) -> Scan | None:
        """The newest finished scan, of every check and region unless `complete` is False."""
        row = self._db.row(
            "SELECT * FROM scans WHERE state = 'done' AND (:account = '' OR account = :account)"
            " AND (complete_scope OR NOT :complete) ORDER BY ended_at DESC LIMIT 1",
            {"account": account, "complete": int(complete)},
        )
        return _scan(row) if row else None

    def get(self, scan_id: int) -> Scan:
        row = self._db.row("SELECT * FROM scans WHERE id = ?", [scan_id])
        if row is None:
            raise KeyError(scan_id)
        return _scan(row)

    def readings(self, account: str) -> list[Reading]:
        """The last reading of every (check, region) of an account."""
        rows = self._db.rows("SELECT * FROM results WHERE account = ? ORDER BY check_id, region", [account])
        return [_reading(row) for row in rows]

    def record_score(self, scan_id: int, account: str, score: Score) -> None:
        self._db.insert(
            "scores",
            {
                "scan_id": scan_id,
                "account": account,
                "at": stamp(score.at),
                "score": score.score,
                "practices": json.dumps(dict(score.practices)),
                "open": score.open,
                "by_severity": _packed(score.by_severity),
            },
        )

    def score_now(self, account: str, score: Score) -> None:
        """Bring the last scan's score up to date: fixes and mutes have moved it since, and a digest has told so."""
        self._db.write(
            "UPDATE scores SET at = ?, score = ?, practices = ?, open = ?, by_severity = ?"
            " WHERE scan_id = (SELECT scan_id FROM scores WHERE account = ? ORDER BY at DESC LIMIT 1)",
            [
                stamp(score.at),
                score.score,
                json.dumps(dict(score.practices)),
                score.open,
                _packed(score.by_severity),
                account,
            ],
        )

    def score_before(self, account: str, at: datetime) -> Score | None:
        """The last score recorded at or before a moment."""
        row = self._db.row(
            "SELECT * FROM scores WHERE account = ? AND at <= ? ORDER BY at DESC LIMIT 1", [account, stamp(at)]
        )
        return _score(row) if row else None

    def scores(self, account: str, since: datetime, until: datetime) -> list[Score]:
        """The scores recorded after a moment and not after another, oldest first."""
        rows = self._db.rows(
            "SELECT * FROM scores WHERE account = ? AND at > ? AND at <= ? ORDER BY at",
            [account, stamp(since), stamp(until)],
        )
        return [_score(row) for row in rows]


def _scan(row: Mapping[str, Any]) -> Scan:
    started = moment(row["started_at"])
    assert started is not None  # NOT NULL
    return Scan(
        row["id"],
        row["account"],
        started,
        moment(row["ended_at"]),
        row["state"],
        bool(row["complete_scope"]),
        row["requested_by"],
        row["note"],
    )


def _reading(row: Mapping[str, Any]) -> Reading:
    return Reading(
        row["check_id"],
        row["region"],
        row["passed"],
        row["failed"],
        row["unknown"],
        row["not_applicable"],
        row["unknown_text"],
        datetime.fromisoformat(row["read_at"]),
    )


def _score(row: Mapping[str, Any]) -> Score:
    kept = row["by_severity"]
    by_severity = {int(level): count for level, count in json.loads(kept).items()} if kept else None
    return Score(
        datetime.fromisoformat(row["at"]), row["score"], json.loads(row["practices"]), row["open"], by_severity
    )


def _packed(by_severity: Mapping[int, int] | None) -> str:
    return "" if by_severity is None else json.dumps(dict(by_severity))
