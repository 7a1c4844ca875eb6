"""The audit chain: nothing in it can be changed, removed or reordered without `verify` noticing."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from bot.store import Store, StoreError, open_store
from bot.store.audit import Head, Verification


def fill(store: Store, rows: int = 5) -> None:
    for number in range(rows):
        store.audit.append("fix.requested", actor="T1/U1", subject=f"arn:{number}", detail={"why": "<@U2> & co"})


def tamper(path: Path, *statements: str) -> None:
    """What somebody with the file and no scruples can do: drop the triggers, then anything."""
    with sqlite3.connect(path) as db:
        for trigger in ("audit_keeps_rows", "audit_loses_none", "audit_only_grows"):
            db.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            db.execute(statement)
    db.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.sqlite"


def verified(path: Path, witness: Head | None = None, key: str = "") -> Verification:
    store = open_store(path, audit_key=key)
    try:
        return store.audit.verify(witness)
    finally:
        store.close()


def written(path: Path, key: str = "") -> Head:
    store = open_store(path, audit_key=key)
    fill(store)
    head = store.audit.head()
    store.close()
    return head


def test_an_untouched_log_verifies(path: Path) -> None:
    head = written(path)
    assert verified(path) == Verification(5, head, 5)
    assert verified(path, head).ok


def test_an_empty_log_verifies(path: Path) -> None:
    assert verified(path).ok


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit SET actor = 'T1/U9' WHERE seq = 3", "row 3 was changed"),
        ("UPDATE audit SET at = '2020-01-01' WHERE seq = 1", "row 1 was changed"),
        ("UPDATE audit SET detail = '{}' WHERE seq = 5", "row 5 was changed"),
        ("UPDATE audit SET result = 'refused' WHERE seq = 2", "row 2 was changed"),
        ("UPDATE audit SET hash = 'f' WHERE seq = 4", "row 4 was changed"),
        ("DELETE FROM audit WHERE seq = 3", "row 3 is missing"),
        ("DELETE FROM audit WHERE seq = 1", "row 1 is missing"),
        ("UPDATE audit SET seq = 9 WHERE seq = 2", "row 2 is missing"),
        (("INSERT INTO audit SELECT 0, at, actor, action, subject, request_id, plan_hash, result, detail, keyed,"
         " previous, 'x' FROM audit WHERE seq = 1"), "row 1 is missing"),
        (("INSERT INTO audit SELECT -7, at, actor, action, subject, request_id, plan_hash, result, detail, keyed,"
         " previous, 'x' FROM audit WHERE seq = 1"), "row 1 is missing"),
        ("UPDATE audit SET hash = 'é' WHERE seq = 4", "row 4 was changed"),
        ("UPDATE audit SET hash = x'00' WHERE seq = 4", "row 4 was changed"),
        ("UPDATE audit SET detail = x'7b7d' WHERE seq = 4", "row 4 was changed"),
        ("UPDATE audit SET actor = actor || char(0) WHERE seq = 4", "row 4 was changed"),
    ],
)  # fmt: skip
def test_any_alteration_is_noticed(path: Path, statement: str, problem: str) -> None:
    written(path)
    tamper(path, statement)
    assert verified(path).problem == problem


def test_two_rows_that_changed_places_are_noticed(path: Path) -> None:
    written(path)
    swap = [f"UPDATE audit SET seq = {new} WHERE seq = {old}" for old, new in ((2, 99), (3, 2), (99, 3))]
    tamper(path, *swap)
    assert verified(path).problem == "row 2 does not follow the row before it"


def test_a_tail_cut_off_is_noticed_by_who_saw_the_head(path: Path) -> None:
    head = written(path)
    tamper(path, "DELETE FROM audit WHERE seq > 3")
    assert verified(path).ok
    assert verified(path, head).problem == "rows 4 to 5 are missing"


def test_a_rewritten_chain_is_noticed_by_who_saw_the_head(path: Path, tmp_path: Path) -> None:
    head = written(path)
    other = tmp_path / "other.sqlite"
    store = open_store(other)
    fill(store, 8)
    store.close()
    assert verified(other, head).problem == "row 5 is not the one that was witnessed"


def test_a_chain_with_a_key_cannot_be_forged_without_it(path: Path) -> None:
    written(path, key="correct horse")
    assert verified(path, key="correct horse").ok
    assert verified(path, key="battery staple").problem == "row 1 was changed"
    assert "set AWS_SEC_AUDIT_KEY" in verified(path).problem


def test_rows_without_the_key_after_rows_with_it_are_noticed(path: Path) -> None:
    written(path, key="correct horse")
    written(path)
    assert verified(path, key="correct horse").problem == "row 6 was written without the key"


def test_rows_from_before_the_key_are_counted_and_verify(path: Path) -> None:
    written(path)
    written(path, key="correct horse")
    assert verified(path, key="correct horse").unkeyed == 5


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'x'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 1",
        (
            "INSERT INTO audit SELECT seq + 7, at, actor, action, subject, request_id, plan_hash, result, detail, keyed,"
            " previous, 'x' FROM audit WHERE seq = 1"
        ),
    ],
)
def test_the_database_itself_refuses_to_alter_rows(path: Path, statement: str) -> None:
    written(path)
    with sqlite3.connect(path) as db, pytest.raises(sqlite3.IntegrityError, match="audit rows"):
        db.execute(statement)
    db.close()


def test_the_export_has_every_row_as_a_line_of_json(store: Store) -> None:
    fill(store, 3)
    lines = [json.loads(line) for line in store.audit.export()]
    assert [line["seq"] for line in lines] == [1, 2, 3]


def test_any_text_is_kept_and_verifies(store: Store) -> None:
    """JSON can hold half a character, which SQLite cannot: a policy with one must not end a scan or lose a row."""
    for text in ("half \ud800", "nul \0 inside", "\u202egnp.exe", "\U0001f600"):
        store.audit.append("fix.requested", actor=f"T1/{text}", subject=text, detail={"why": text})
    assert store.audit.verify().ok
    assert [row["subject"] for row in store.audit.rows()] == ["\U0001f600", "\u202egnp.exe", "nul \0 inside", "half ?"]


def test_a_commit_that_fails_leaves_no_transaction_open(store: Store) -> None:
    def dangling() -> None:
        with store.db.transaction():
            store.db.write("PRAGMA defer_foreign_keys = ON")  # so that it is the commit that fails
            store.db.insert("finding_events", {"finding_id": 99, "at": "", "kind": "opened"})

    with pytest.raises(sqlite3.IntegrityError):
        dangling()
    head = store.audit.append("fix.requested", actor="T1/U1", subject="arn:1")
    other = open_store(store.db.path)
    assert other.audit.head() == head, "what is written later is committed"
    other.close()


def test_a_failed_transaction_leaves_no_row(store: Store) -> None:
    def append_and_fail() -> None:
        with store.db.transaction():
            fill(store, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        append_and_fail()
    assert store.audit.head().seq == 0


def test_troubles_with_the_file_are_said_in_words(tmp_path: Path) -> None:
    no_database = tmp_path / "notes.txt"
    no_database.write_text("not a database, but long enough to be taken for one " * 20)
    with pytest.raises(StoreError, match="damaged or not a database"):
        open_store(no_database)
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(tmp_path)


def test_a_database_locked_by_another_process_is_said_in_words(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.database.BUSY_SECONDS", 0.05)
    store = open_store(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="is busy: another process"):
        fill(store, 1)
    other.execute("ROLLBACK")
    other.close()
    fill(store, 1)
    assert store.audit.head().seq == 1
    store.close()


def test_a_read_only_database_is_said_in_words(path: Path) -> None:
    written(path)
    store = open_store(path)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    store.db.write("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="is read-only"):
        fill(store, 1)
    store.close()
