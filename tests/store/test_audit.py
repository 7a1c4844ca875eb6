"""The audit chain: nothing in it can be changed, removed or reordered without `verify` noticing."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from bot.store import Store, StoreError, open_store
from bot.store.audit import KEY_CHANGED, Head, Keys, Verification, _text


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


def verified(path: Path, witness: Head | None = None, *keys: str) -> Verification:
    store = open_store(path, audit_keys=keys)
    try:
        return store.audit.verify(witness)
    finally:
        store.close()


def written(path: Path, *keys: str, rows: int = 5) -> Head:
    store = open_store(path, audit_keys=keys)
    fill(store, rows)
    head = store.audit.head()
    store.close()
    return head


def rekeyed(path: Path, *keys: str) -> Head | None:
    """What `aws-sec audit rotate` does with these keys in the settings, the current one first."""
    store = open_store(path, audit_keys=keys)
    try:
        return store.audit.change_key(actor="root@host")
    finally:
        store.close()


def forged(path: Path, *keys: str, **columns: Any) -> None:
    """A row at the end, made as well as somebody with these keys can."""
    with sqlite3.connect(path) as db:
        db.row_factory = sqlite3.Row
        last = dict(db.execute("SELECT * FROM audit ORDER BY seq DESC LIMIT 1").fetchone())
        known = Keys(keys)
        row = last | {"seq": last["seq"] + 1, "previous": last["hash"], "keyed": known.current} | columns
        row["hash"] = known.sign(row["keyed"], _text(row))
        db.execute(f"INSERT INTO audit ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()])
    db.close()


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


# --- keys ----------------------------------------------------------------------------

ONE, TWO, THREE = "correct horse", "battery staple", "tr0ub4dor&3"


def test_a_chain_with_a_key_cannot_be_forged_without_it(path: Path) -> None:
    written(path, ONE)
    assert verified(path, None, ONE).ok
    assert verified(path, None, TWO).problem == (
        "row 1 was written with a key that is not set: AWS_SEC_AUDIT_OLD_KEYS must have it"
    )
    assert verified(path).problem == "row 1 was written with a key that is not set: AWS_SEC_AUDIT_KEY must have it"
    forged(path)
    assert verified(path, None, ONE).problem == "row 6 was written with no key, and the key was not changed there"


def test_a_chain_written_anew_without_the_key_does_not_pass_for_one_with_it(path: Path, tmp_path: Path) -> None:
    written(tmp_path / "anew.sqlite")
    assert "was not written with AWS_SEC_AUDIT_KEY" in verified(tmp_path / "anew.sqlite", None, ONE).problem


def test_rows_from_before_the_key_are_counted_and_verify(path: Path) -> None:
    written(path)
    assert rekeyed(path, ONE) is not None
    written(path, ONE)
    assert verified(path, None, ONE) == replace(verified(path, None, ONE), rows=11, unkeyed=5, problem="")


def test_no_row_is_written_with_another_key_than_the_last(path: Path) -> None:
    """Not with none, either: a command run without the setting would spoil the log for good."""
    written(path, ONE)
    for keys, words in (((), "set AWS_SEC_AUDIT_KEY"), ((TWO, ONE), "run `aws-sec audit rotate`")):
        with pytest.raises(StoreError, match=words):
            written(path, *keys)
    assert verified(path, None, ONE).rows == 5


def test_a_key_is_changed_in_a_row_made_with_both(path: Path) -> None:
    written(path, ONE)
    assert rekeyed(path, TWO, ONE) is not None
    written(path, TWO, ONE)
    assert rekeyed(path, THREE, TWO, ONE) is not None
    written(path, THREE)
    assert verified(path, None, THREE, ONE, TWO).rows == 17
    assert rekeyed(path, THREE, TWO, ONE) is None, "it is changed already"
    assert verified(path, None, THREE, ONE).problem.startswith("row 6 was written with a key that is not set")
    assert verified(path, None, THREE, TWO).problem.startswith("row 1 was written with a key that is not set")
    for old in ([ONE], [TWO, ONE]):
        assert verified(path, None, *old).problem.endswith("AWS_SEC_AUDIT_OLD_KEYS must have it")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ([], "no AWS_SEC_AUDIT_KEY"),
        ([TWO], "row 1 was written with a key that is not set"),
        ([TWO, THREE], "row 1 was written with a key that is not set"),
    ],
)
def test_a_key_is_not_changed_without_the_old_one(path: Path, keys: list[str], words: str) -> None:
    written(path, ONE)
    with pytest.raises(StoreError, match=words):
        rekeyed(path, *keys)


def test_a_key_is_not_changed_in_a_log_that_was_altered(path: Path) -> None:
    written(path, ONE)
    tamper(path, "UPDATE audit SET actor = 'T1/U9' WHERE seq = 3")
    with pytest.raises(StoreError, match="row 3 was changed"):
        rekeyed(path, TWO, ONE)


@pytest.mark.parametrize(
    ("thief", "columns", "problem"),
    [
        ([], {}, "row 7 was written with no key, and the key was not changed there"),
        ([ONE], {}, "row 7 was written with another key, and the key was not changed there"),
        ([ONE], {"action": KEY_CHANGED, "detail": '{"proof": ""}'}, "row 7 was written with another key"),
        ([], {"action": KEY_CHANGED, "detail": '{"proof": ""}'}, "row 7 was written with no key"),
        ([THREE], {"action": KEY_CHANGED}, "row 7 was written with a key that is not set"),
    ],
)
def test_after_a_change_of_key_nobody_goes_back(
    path: Path, thief: list[str], columns: dict[str, Any], problem: str
) -> None:
    written(path, ONE)
    rekeyed(path, TWO, ONE)
    forged(path, *thief, **columns)
    assert verified(path, None, TWO, ONE).problem.startswith(problem)


def test_with_the_old_key_alone_nothing_can_be_made_of_the_log(path: Path) -> None:
    """It leaked, so it was changed: whoever has it cuts the log off where it was changed, and goes on."""
    written(path, ONE)
    rekeyed(path, TWO, ONE)
    written(path, TWO)
    tamper(path, "DELETE FROM audit WHERE seq > 4")
    forged(path, ONE)
    found = verified(path, None, TWO, ONE)
    assert found.problem.startswith("row 5, the last, was not written with AWS_SEC_AUDIT_KEY: rows are missing")
    with pytest.raises(StoreError, match="if not, somebody altered the log"):
        written(path, TWO, ONE)


def test_an_approved_plan_is_told_by_a_chain_that_leads_to_the_end(path: Path) -> None:
    store = open_store(path, audit_keys=[ONE])
    fill(store, 2)
    store.audit.append("fix.approved", actor="T1/U2", subject="arn:1", request_id=7, plan_hash="p")
    fill(store, 2)
    assert (store.audit.approved_plan(7), store.audit.approved_plan(8)) == ("p", "")
    store.close()
    rekeyed(path, TWO, ONE)
    store = open_store(path, audit_keys=[TWO, ONE])
    assert store.audit.approved_plan(7) == "p"
    store.close()
    # With the old key one can make the row fit again, but not the rows after it.
    tamper(path)
    with sqlite3.connect(path) as db:
        db.row_factory = sqlite3.Row
        row = dict(db.execute("SELECT * FROM audit WHERE seq = 3").fetchone()) | {"plan_hash": "q"}
        db.execute(
            "UPDATE audit SET plan_hash = 'q', hash = ? WHERE seq = 3", [Keys([ONE]).sign(row["keyed"], _text(row))]
        )
    db.close()
    store = open_store(path, audit_keys=[TWO, ONE])
    assert store.audit.approved_plan(7) == ""
    store.close()


def test_a_key_is_nowhere_in_the_file(path: Path) -> None:
    written(path, ONE)
    rekeyed(path, TWO, ONE)
    kept = b"".join(part.read_bytes() for part in path.parent.glob(f"{path.name}*"))
    assert not [key for key in (ONE, TWO) if key.encode() in kept]


# --- every alteration ----------------------------------------------------------------


def bits(value: Any) -> Iterator[Any]:
    """The value with each of its bytes altered by one bit, another one each time; and nothing in its place."""
    if isinstance(value, int):
        yield from (value ^ 1 << bit for bit in range(48))
        yield None
        return
    raw = (value or "").encode()
    for place in range(len(raw)):
        flipped = bytearray(raw)
        flipped[place] ^= 1 << place % 8
        yield bytes(flipped)
    yield from (b"", raw[:-1], raw + b" ", raw + b"\0")
    yield 0 if value is None else None


@pytest.mark.parametrize("keys", [[], [ONE]], ids=["without a key", "with a key"])
def test_no_bit_of_any_column_of_any_row_can_be_altered(path: Path, keys: list[str]) -> None:
    written(path, *keys, rows=3)
    store = open_store(path, audit_keys=keys)
    store.audit.append("fix.approved", actor="T1/Ü", subject="arn:9", request_id=7, plan_hash="ab" * 32)
    tamper(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA synchronous = OFF")
    unnoticed, tried = [], 0
    for row in store.db.rows("SELECT * FROM audit"):
        for column in row.keys() - {"seq"}:
            for altered in bits(row[column]):
                as_text = "CAST(? AS TEXT)" if isinstance(altered, bytes) else "?"
                try:
                    other.execute(f"UPDATE audit SET {column} = {as_text} WHERE seq = ?", [altered, row["seq"]])
                except sqlite3.IntegrityError:  # NOT NULL
                    continue
                (now,) = other.execute(
                    f"SELECT CAST({column} AS BLOB) FROM audit WHERE seq = ?", [row["seq"]]
                ).fetchone()
                same = now == (None if row[column] is None else str(row[column]).encode())
                tried += not same
                if not same and not re.match(rf"row {row['seq']}\b", store.audit.verify().problem):
                    unnoticed.append((row["seq"], column, altered, store.audit.verify().problem))
                other.execute(f"UPDATE audit SET {column} = ? WHERE seq = ?", [row[column], row["seq"]])
    other.close()
    assert unnoticed == []
    assert tried > 1000
    assert store.audit.verify().ok, "all is as it was"
    store.close()


@pytest.mark.parametrize("keys", [[], [ONE]], ids=["without a key", "with a key"])
def test_no_row_can_be_taken_out_moved_or_put_in(path: Path, keys: list[str]) -> None:
    head = written(path, *keys)
    tamper(path)
    whole = path.read_bytes()
    everything = "at, actor, action, subject, request_id, plan_hash, result, detail, keyed, previous,"
    moves: list[tuple[str, ...]] = [(f"DELETE FROM audit WHERE seq = {n}",) for n in range(1, 6)]
    moves += [
        (f"UPDATE audit SET seq = 99 WHERE seq = {a}", f"UPDATE audit SET seq = {a} WHERE seq = {b}",
         f"UPDATE audit SET seq = {b} WHERE seq = 99")
        for a, b in combinations(range(1, 6), 2)
    ]  # fmt: skip
    moves += [
        ("DROP TABLE IF EXISTS copy", "CREATE TABLE copy AS SELECT * FROM audit",
         f"UPDATE audit SET seq = -seq WHERE seq > {n}", "UPDATE audit SET seq = 1 - seq WHERE seq < 0",
         f"INSERT INTO audit SELECT {n + 1}, {everything} 'x' FROM copy WHERE seq = {max(n, 1)}")
        for n in range(5)
    ]  # fmt: skip
    for statements in moves:
        path.write_bytes(whole)
        with sqlite3.connect(path) as db:
            for statement in statements:
                db.execute(statement)
        db.close()
        assert not verified(path, head, *keys).ok, statements
        for beside in path.parent.glob(f"{path.name}-*"):
            beside.unlink()


def test_a_text_that_looks_like_bytes_cannot_be_swapped_for_them(path: Path) -> None:
    store = open_store(path)
    store.audit.append("fix.requested", actor="b'T1'", subject="arn:1")
    store.close()
    tamper(path, "UPDATE audit SET actor = x'5431'")
    assert verified(path).problem == "row 1 was changed"


# --- the table -----------------------------------------------------------------------


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
