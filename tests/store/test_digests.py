"""Digest slots: what older versions posted is known after an upgrade; routes do not meet."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import sqlite_utils

from bot.store import Store, open_store
from bot.store.audit import Head
from bot.store.schema import migrations

AT = datetime(2025, 6, 3, 9, 0, tzinfo=UTC)
SLOT = "2025-06-03 09:00"


def test_what_was_posted_before_there_were_routes_is_still_known(tmp_path: Path) -> None:
    old = sqlite_utils.Database(tmp_path / "aws-sec.sqlite")
    migrations.apply(old, stop_before="digests_of_many")
    row = {"slot": SLOT, "channel": "C1", "state": "posted", "claimed_at": AT.isoformat(), "posted_at": AT.isoformat()}
    old["digests"].insert(row | {"ts": "1.1", "audit_seq": 7, "audit_head": "c0ffee"})  # type: ignore[union-attr]
    old.close()
    store = open_store(tmp_path / "aws-sec.sqlite")
    slot = store.digests.get(SLOT)
    assert slot is not None
    assert (slot.state, slot.ts, slot.posted_at) == ("posted", "1.1", AT)
    assert store.digests.witnessed() == Head(7, "c0ffee")
    assert not store.digests.claim(SLOT, "C1", AT)
    store.close()


def test_routes_do_not_meet(store: Store) -> None:
    team = store.digests.of("C2 team-a")
    assert store.digests.claim(SLOT, "C1", AT)
    assert team.claim(SLOT, "C2", AT)
    team.posted(SLOT, ts="2.2", head=None, at=AT)
    store.digests.release(SLOT, AT)
    assert (store.digests.any(), team.any(), store.digests.last_posted_at()) == (False, True, None)
    assert store.digests.witnessed() is None
