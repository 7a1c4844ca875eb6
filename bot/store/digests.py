"""Digest slots: each is claimed once, whatever restarts in between."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.store.audit import Head
from bot.store.database import Database, moment, stamp


@dataclass(frozen=True)
class Shown:
    """What a digest's message shows, so that it can be drawn again: numbers of findings, and those gone since."""

    opened: Sequence[int]
    reopened: Sequence[int]
    resolved: Sequence[int]
    todo: Sequence[int]
    since: datetime | None
    late: timedelta | None
    done: Sequence[int] = ()

    @property
    def open(self) -> tuple[int, ...]:
        """The findings that were open when it was posted."""
        return tuple(dict.fromkeys([*self.opened, *self.reopened, *self.todo]))


@dataclass(frozen=True)
class Slot:
    """One digest that is due. `state`: claimed (may have been posted), posted or skipped."""

    slot: str
    channel: str
    state: str
    claimed_at: datetime
    posted_at: datetime | None
    ts: str
    head: Head
    shown: Shown | None


class Digests:
    def __init__(self, db: Database) -> None:
        self._db = db

    def claim(self, slot: str, channel: str, at: datetime) -> bool:
        """Whether the slot was free and is now the caller's to post."""
        return bool(
            self._db.write(
                "INSERT INTO digests (slot, channel, state, claimed_at) VALUES (?, ?, 'claimed', ?)"
                " ON CONFLICT DO NOTHING",
                [slot, channel, stamp(at)],
            )
        )

    def get(self, slot: str) -> Slot | None:
        row = self._db.row("SELECT * FROM digests WHERE slot = ?", [slot])
        if row is None:
            return None
        return _slot(row)

    def posted(self, slot: str, *, ts: str, head: Head, at: datetime, shown: Shown | None = None) -> None:
        """Note where the digest is, which audit head it shows and which findings."""
        self._db.write(
            "UPDATE digests SET state = 'posted', ts = ?, audit_seq = ?, audit_head = ?, posted_at = ?, shown = ?"
            " WHERE slot = ?",
            [ts, head.seq, head.hash, stamp(at), _packed(shown), slot],
        )

    def redrawn(self, slot: str, shown: Shown) -> None:
        """Note what its message shows by now."""
        self._db.write("UPDATE digests SET shown = ? WHERE slot = ?", [_packed(shown), slot])

    def newest(self) -> Slot | None:
        """The newest that was posted."""
        row = self._db.row("SELECT * FROM digests WHERE state = 'posted' ORDER BY posted_at DESC LIMIT 1")
        return _slot(row) if row else None

    def release(self, slot: str, claimed_at: datetime) -> None:
        """Give back that very claim, whose digest is known not to have been posted."""
        self._db.write(
            "DELETE FROM digests WHERE slot = ? AND state = 'claimed' AND claimed_at = ?", [slot, stamp(claimed_at)]
        )

    def skip(self, slot: str, channel: str, at: datetime) -> None:
        self._db.write(
            "INSERT INTO digests (slot, channel, state, claimed_at) VALUES (?, ?, 'skipped', ?) ON CONFLICT DO NOTHING",
            [slot, channel, stamp(at)],
        )

    def any(self) -> bool:
        """Whether a digest was ever posted, claimed or skipped."""
        return self._db.row("SELECT 1 FROM digests LIMIT 1") is not None

    def last_posted_at(self) -> datetime | None:
        """When the newest digest went out: what the next one compares with."""
        row = self._db.row("SELECT max(posted_at) AS at FROM digests WHERE state = 'posted'")
        return moment(row["at"]) if row else None

    def witnessed(self) -> Head | None:
        """The audit head of the newest posted digest."""
        row = self._db.row(
            "SELECT audit_seq, audit_head FROM digests WHERE state = 'posted' ORDER BY posted_at DESC LIMIT 1"
        )
        return Head(row["audit_seq"], row["audit_head"]) if row else None


def _slot(row: Mapping[str, Any]) -> Slot:
    claimed = datetime.fromisoformat(row["claimed_at"])
    head = Head(row["audit_seq"] or 0, row["audit_head"])
    return Slot(
        row["slot"], row["channel"], row["state"], claimed, moment(row["posted_at"]), row["ts"], head,
        _unpacked(row["shown"]),
    )  # fmt: skip


def _packed(shown: Shown | None) -> str:
    if shown is None:
        return ""
    late = None if shown.late is None else shown.late.total_seconds()
    return json.dumps(asdict(shown) | {"since": stamp(shown.since) if shown.since else None, "late": late})


def _unpacked(text: str) -> Shown | None:
    if not text:
        return None
    data = json.loads(text)
    late = None if data["late"] is None else timedelta(seconds=data["late"])
    return Shown(**data | {"since": moment(data["since"]), "late": late})
