"""Digest slots: each is claimed once, whatever restarts in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.store.audit import Head
from bot.store.database import Database, moment, stamp


@dataclass(frozen=True)
class Slot:
    """One digest that is due. `state`: claimed (may have been posted), posted or skipped."""

    slot: str
    channel: str
    state: str
    claimed_at: datetime
    posted_at: datetime | None
    ts: str


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
        claimed = datetime.fromisoformat(row["claimed_at"])
        return Slot(row["slot"], row["channel"], row["state"], claimed, moment(row["posted_at"]), row["ts"])

    def posted(self, slot: str, *, ts: str, head: Head, at: datetime) -> None:
        """Note where the digest is and which audit head it shows."""
        self._db.write(
            "UPDATE digests SET state = 'posted', ts = ?, audit_seq = ?, audit_head = ?, posted_at = ? WHERE slot = ?",
            [ts, head.seq, head.hash, stamp(at), slot],
        )

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
