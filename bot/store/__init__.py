"""Everything the bot remembers, in one SQLite file: findings, fix requests, digests and the audit chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.store.audit import Audit
from bot.store.batches import Batches
from bot.store.database import Database, StoreError
from bot.store.digests import Digests
from bot.store.findings import Findings
from bot.store.freezes import Freezes
from bot.store.mutes import Mutes
from bot.store.requests import Requests
from bot.store.scans import Scans
from bot.store.tallies import Tallies

__all__ = ["Store", "StoreError", "open_store"]


@dataclass(frozen=True)
class Store:
    """One handle for all tables. Thread-safe; other processes may hold the same file open."""

    db: Database
    scans: Scans
    findings: Findings
    tallies: Tallies
    requests: Requests
    batches: Batches
    freezes: Freezes
    mutes: Mutes
    digests: Digests
    audit: Audit

    def close(self) -> None:
        self.db.close()


def open_store(path: Path | str, *, audit_keys: Sequence[str] = ()) -> Store:
    """Open the file, made or migrated if need be. Raises `StoreError` in words.

    `audit_keys`: the current one first, then those that older rows of the audit log were written with.
    """
    db = Database(path)
    audit = Audit(db, audit_keys)
    requests = Requests(db, audit)
    return Store(
        db, Scans(db), Findings(db, audit), Tallies(db), requests, Batches(db, requests), Freezes(db, audit),
        Mutes(db, audit), Digests(db), audit,
    )  # fmt: skip
