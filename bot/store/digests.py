"""Digest slots: each is claimed once for each channel or person it goes to, whatever restarts in between."""

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
    asked_by: str = ""
    weekly: bool = False
    unread: str = ""
    """What could not be read, as a fingerprint: whether that changed is news, too."""

    @property
    def open(self) -> tuple[int, ...]:
        """The findings that were open when it was posted."""
        return tuple(dict.fromkeys([*self.opened, *self.reopened, *self.todo]))


@dataclass(frozen=True)
class Slot:
    """One digest that is due. `state`: claimed (may have been posted), posted or skipped.

    `route`: where it goes and what of; empty: the digest of everything.
    """

    slot: str
    channel: str
    state: str
    claimed_at: datetime
    posted_at: datetime | None
    ts: str
    head: Head
    shown: Shown | None
    route: str = ""


class Digests:
    """Those of one route."""

    def __init__(self, db: Database, route: str = "") -> None:
        self._db = db
        self._route = route

    def of(self, route: str) -> Digests:
        """Those of another route."""
        return Digests(self._db, route)

    def claim(
        self, slot: str, channel: str, at: datetime, *, head: Head | None = None, shown: Shown | None = None
    ) -> bool:
        """Whether the slot was free and is now the caller's to post: a message that will show this."""
        return bool(
            self._db.write(
                "INSERT INTO digests (route, slot, channel, state, claimed_at, audit_seq, audit_head, shown)"
                " VALUES (?, ?, ?, 'claimed', ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [self._route, slot, channel, stamp(at), *_kept(head), _packed(shown)],
            )
        )

    def get(self, slot: str) -> Slot | None:
        row = self._db.row("SELECT * FROM digests WHERE route = ? AND slot = ?", [self._route, slot])
        if row is None:
            return None
        return _slot(row)

    def posted(self, slot: str, *, ts: str, head: Head | None, at: datetime, shown: Shown | None = None) -> None:
        """Note where the digest is, which audit head it shows, if any, and which findings."""
        self._db.write(
            "UPDATE digests SET state = 'posted', ts = ?, audit_seq = ?, audit_head = ?, posted_at = ?, shown = ?"
            " WHERE route = ? AND slot = ?",
            [ts, *_kept(head), stamp(at), _packed(shown), self._route, slot],
        )

    def redrawn(self, slot: str, shown: Shown) -> None:
        """Note what its message shows by now."""
        self._db.write("UPDATE digests SET shown = ? WHERE route = ? AND slot = ?", [_packed(shown), self._route, slot])

    def living(self, since: datetime) -> list[Slot]:
        """Those of all routes that were posted after a moment and whose messages say what they show, oldest first."""
        rows = self._db.rows(
            "SELECT * FROM digests WHERE state = 'posted' AND posted_at > ? AND shown <> '' ORDER BY posted_at",
            [stamp(since)],
        )
        return [_slot(row) for row in rows]

    def newest(self) -> Slot | None:
        """The newest that was posted."""
        row = self._db.row(
            "SELECT * FROM digests WHERE route = ? AND state = 'posted' ORDER BY posted_at DESC LIMIT 1", [self._route]
        )
        return _slot(row) if row else None

    def release(self, slot: str, claimed_at: datetime) -> None:
        """Give back that very claim, whose digest is known not to have been posted."""
        self._db.write(
            "DELETE FROM digests WHERE route = ? AND slot = ? AND state = 'claimed' AND claimed_at = ?",
            [self._route, slot, stamp(claimed_at)],
        )

    def skip(self, slot: str, channel: str, at: datetime) -> None:
        """Note that there is none for this slot: it is too late, or there is nothing to say."""
        self._db.write(
            "INSERT INTO digests (route, slot, channel, state, claimed_at) VALUES (?, ?, ?, 'skipped', ?)"
            " ON CONFLICT DO UPDATE SET state = 'skipped' WHERE state = 'claimed'",
            [self._route, slot, channel, stamp(at)],
        )

    def any(self) -> bool:
        """Whether a digest was ever posted, claimed or skipped."""
        return self._db.row("SELECT 1 FROM digests WHERE route = ? LIMIT 1", [self._route]) is not None

    def last_posted_at(self) -> datetime | None:
        """When the newest digest went out: what the next one compares with."""
        found = self.newest()
        return found.posted_at if found else None

    def settled_at(self) -> datetime | None:
        """When it was last known what there is to tell: it was told, or there was nothing."""
        row = self._db.row(
            "SELECT max(claimed_at) AS at FROM digests WHERE route = ? AND state <> 'claimed'", [self._route]
        )
        return moment(row["at"]) if row else None

    def witnessed(self) -> Head | None:
        """The audit head of the newest posted digest of all routes that shows one."""
        row = self._db.row(
            "SELECT audit_seq, audit_head FROM digests WHERE state = 'posted' AND audit_seq IS NOT NULL"
            " ORDER BY posted_at DESC LIMIT 1"
        )
        return Head(row["audit_seq"], row["audit_head"]) if row else None


def _slot(row: Mapping[str, Any]) -> Slot:
    claimed = datetime.fromisoformat(row["claimed_at"])
    head = Head(row["audit_seq"] or 0, row["audit_head"])
    return Slot(
        row["slot"], row["channel"], row["state"], claimed, moment(row["posted_at"]), row["ts"], head,
        _unpacked(row["shown"]), row["route"],
    )  # fmt: skip


def _kept(head: Head | None) -> tuple[int | None, str]:
    return (None, "") if head is None else (head.seq, head.hash)


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
