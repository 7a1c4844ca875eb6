"""The copy of the audit log in a bucket: nothing in it is replaced, an outage loses nothing, a difference is found."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from bot.aws_errors import CallError
from bot.ledger import Comparison, Ledger, connect
from bot.store import Store, open_store
from tests.aws_answers import answer_instead, error
from tests.slack.desk import desk
from tests.slack.fake import Slack
from tests.store.test_audit import fill, tamper

BUCKET, PREFIX = "northwind-audit", "aws-sec/prod"
WHERE = f"{BUCKET}/{PREFIX}"


class Copy:
    """A bucket with Object Lock, and the log that is copied to it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.s3: Any = boto3.client("s3")
        region: Any = {"LocationConstraint": "eu-west-1"}
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=region, ObjectLockEnabledForBucket=True)
        kept: Any = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 400}}}
        self.s3.put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration=kept)
        self.ledger = Ledger(store, WHERE)

    @property
    def names(self) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [one["Key"].removeprefix(f"{PREFIX}/") for one in found]

    def read(self, name: str) -> str:
        return str(self.s3.get_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}")["Body"].read().decode())

    def write(self, name: str, text: str) -> None:
        """What somebody can do who may write to the bucket, and does not ask whether there is one."""
        self.s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}", Body=text.encode())


@pytest.fixture
def copy(moto_url: str, store: Store) -> Copy:
    return Copy(store)


def test_each_shipment_is_an_object_of_the_rows_since_the_last(copy: Copy) -> None:
    assert copy.ledger.ship() == 0
    fill(copy.store, 3)
    assert copy.ledger.ship() == 3
    assert copy.ledger.ship() == 0
    fill(copy.store, 2)
    assert Ledger(copy.store, WHERE).ship() == 2, "whoever starts next goes on"
    assert copy.names == ["000000000001-000000000003.jsonl", "000000000004-000000000005.jsonl"]
    *rows, end = [json.loads(line) for line in copy.read(copy.names[1]).splitlines()]
    assert [row["seq"] for row in rows] == [4, 5]
    assert end == {"head": f"5:{copy.store.audit.head().hash}"}
    assert copy.ledger.compare() == Comparison(5, 0)
    locked = copy.s3.head_object(Bucket=BUCKET, Key=f"{PREFIX}/{copy.names[0]}")
    assert locked["ObjectLockMode"] == "COMPLIANCE", "by the bucket's own default"


def test_a_long_log_is_copied_in_batches(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.shipments.MOST", 2)
    fill(copy.store, 5)
    assert copy.ledger.ship() == 5
    assert [int(name[13:25]) for name in copy.names] == [2, 4, 5]
    assert copy.ledger.compare().ok


def test_an_outage_loses_nothing_and_what_is_there_is_not_replaced(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(copy.store, 2)
    with monkeypatch.context() as outage:
        answer_instead(outage, "s3", "PutObject", 403, error("AccessDenied"))
        with pytest.raises(CallError, match="s3:PutObject was denied in eu-west-1: grant s3:PutObject"):
            Ledger(copy.store, WHERE).ship()
    fill(copy.store, 1)
    assert copy.ledger.ship() == 3
    assert copy.names == ["000000000001-000000000002.jsonl", "000000000003-000000000003.jsonl"]


def test_a_crash_between_the_copy_and_its_note_copies_nothing_twice(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(copy.store, 2)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as death:
        death.setattr("bot.store.shipments.Shipments.sent", die)
        with pytest.raises(KeyboardInterrupt):
            copy.ledger.ship()
    before = copy.s3.list_object_versions(Bucket=BUCKET)["Versions"]
    fill(copy.store, 1)
    assert Ledger(copy.store, WHERE).ship() == 3
    after = copy.s3.list_object_versions(Bucket=BUCKET)["Versions"]
    assert [one for one in after if one["Key"] == before[0]["Key"]] == before, "there is one version of it"
    assert copy.ledger.compare() == Comparison(3, 0)


def nothing(copy: Copy) -> None:
    pass


def cut_off(copy: Copy) -> None:
    tamper(copy.store.db.path, "DELETE FROM audit WHERE seq > 4")


def written_anew(copy: Copy) -> None:
    tamper(copy.store.db.path, "DELETE FROM audit WHERE seq > 2")
    copy.store.audit.append("fix.requested", actor="T1/U9", subject="arn:9")
    fill(copy.store, 3)


def first_gone(copy: Copy) -> None:
    copy.s3.delete_object(Bucket=BUCKET, Key=f"{PREFIX}/{copy.names[0]}")


def last_gone(copy: Copy) -> None:
    copy.s3.delete_object(Bucket=BUCKET, Key=f"{PREFIX}/{copy.names[1]}")


def line_gone(copy: Copy) -> None:
    copy.write(copy.names[1], "\n".join(copy.read(copy.names[1]).splitlines()[:-2]))


def end_gone(copy: Copy) -> None:
    copy.write(copy.names[1], "\n".join(copy.read(copy.names[1]).splitlines()[:-1]))


def other_text(copy: Copy) -> None:
    copy.write(copy.names[0], copy.read(copy.names[0]).replace("arn:1", "arn:7"))


def no_json(copy: Copy) -> None:
    copy.write(copy.names[0], "hello")


def something_else(copy: Copy) -> None:
    copy.write("notes.txt", "hello")


def further_away(copy: Copy) -> None:
    copy.write("2025/000000000001-000000000001.jsonl", "another log's, below another prefix")


@pytest.mark.parametrize(
    ("alter", "problem"),
    [
        (nothing, ""),
        (further_away, ""),
        (cut_off, "row 5 is in the copy and not in the log"),
        (written_anew, "row 3 is not as it was copied (actor, at, detail, hash, subject)"),
        (first_gone, "rows 1 to 3 are not in the copy"),
        (last_gone, "rows 4 to 5 are not in the copy any more"),
        (line_gone, "row 5 is not in the copy, whose object has its number"),
        (end_gone, "the object that ends with row 5 has another end"),
        (other_text, "row 2 is not as it was copied (subject)"),
        (no_json, "row 1 is not as it was copied"),
        (something_else, f"the object {PREFIX}/notes.txt is none of the copy's"),
    ],
)
def test_the_first_difference_is_said(copy: Copy, alter: Callable[[Copy], None], problem: str) -> None:
    fill(copy.store, 3)
    copy.ledger.ship()
    fill(copy.store, 2)
    copy.ledger.ship()
    fill(copy.store, 1)
    alter(copy)
    found = copy.ledger.compare()
    assert found.problem == problem
    assert problem or (found.rows, found.waiting) == (5, 1)


def test_a_log_restored_from_an_older_backup_differs_from_where_it_was_taken(copy: Copy, tmp_path: Any) -> None:
    fill(copy.store, 2)
    copy.ledger.ship()
    older = tmp_path / "older.sqlite"
    with sqlite3.connect(copy.store.db.path) as db:
        db.execute(f"VACUUM INTO '{older}'")
    db.close()
    fill(copy.store, 2)
    copy.ledger.ship()
    restored = open_store(older)
    fill(restored, 3)
    ledger = Ledger(restored, WHERE)
    assert ledger.ship() == 3
    assert ledger.compare().problem.startswith("row 3 is not as it was copied (")
    restored.close()


def test_a_bucket_without_a_prefix(copy: Copy) -> None:
    fill(copy.store, 1)
    Ledger(copy.store, BUCKET).ship()
    assert copy.names == ["000000000001-000000000001.jsonl"]


def test_what_keeps_the_copy_from_being_made_is_said_in_words(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(copy.store, 1)
    with pytest.raises(CallError, match="NoSuchBucket"):
        Ledger(copy.store, "northwind-nowhere").ship()
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(Exception, match=r"AWS cannot be used: .*nobody"):
        connect()


# --- who makes it --------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_schedule_copies_and_an_outage_keeps_it_from_nothing(
    slack: Slack, copy: Copy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    at_desk = await desk(slack, copy.store, audit_bucket=WHERE)
    fill(copy.store, 2)
    with monkeypatch.context() as outage, caplog.at_level(logging.WARNING):
        answer_instead(outage, "s3", "PutObject", 403, error("AccessDenied"))
        await at_desk.schedule.copy_audit()
    assert f"the copy of the audit log in {WHERE} lags behind: s3:PutObject was denied" in caplog.text
    assert copy.store.audit.append("fix.requested", actor="T1/U1", subject="arn:1") == copy.store.audit.head()
    await at_desk.schedule.copy_audit()
    assert copy.ledger.compare() == Comparison(3, 0)
