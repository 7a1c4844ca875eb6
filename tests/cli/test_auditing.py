"""`aws-sec audit ship`, `verify --bucket` and `rotate`, and what the doctor says of the copy."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.store import Store, StoreError, open_store
from bot.store.audit import Head
from tests import test_log_stream
from tests.aws_answers import answer_instead, error
from tests.cli.conftest import DATABASE, AwsSec, Ran
from tests.store.test_audit import fill, tamper
from tests.test_ledger import WHERE, Copy


@pytest.fixture
def in_terminal(moto_url: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """A log and the bucket for its copy, where commands look for them."""
    assert store.db.path == tmp_path / DATABASE
    monkeypatch.setenv("AWS_SEC_AUDIT_BUCKET", WHERE)
    return Copy(store)


def test_commands_copy_and_compare(in_terminal: Copy, aws_sec: AwsSec) -> None:
    fill(in_terminal.store, 2)
    assert aws_sec("audit", "ship").out == f"2 rows copied to {WHERE}.\n"
    assert aws_sec("audit", "ship").out == f"{WHERE} has every row already.\n"
    fill(in_terminal.store, 1)
    ran = aws_sec("audit", "verify", "--bucket")
    assert (ran.code, "The copy agrees: 2 rows; 1 newer row not copied yet.\n" in ran.out) == (0, True)
    cut_off_here = "DELETE FROM audit WHERE seq > 1"
    tamper(in_terminal.store.db.path, cut_off_here)
    assert aws_sec("audit", "verify").code == 0, "the log alone cannot tell"
    ran = aws_sec("audit", "verify", "--bucket")
    assert (ran.code, ran.err) == (
        3,
        "The audit log and its copy differ: row 2 is in the copy and not in the log.\n",
    )


def test_without_a_bucket_there_is_nothing_to_do(
    in_terminal: Copy, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_SEC_AUDIT_BUCKET")
    for command in (("audit", "ship"), ("audit", "verify", "--bucket")):
        ran = aws_sec(*command)
        assert (ran.code, ": set AWS_SEC_AUDIT_BUCKET" in ran.sentence) == (1, True)


def words(ran: Ran) -> str:
    return " ".join(ran.out.split())


def test_the_doctor_tries_the_copy_and_adds_nothing_to_it(
    in_terminal: Copy, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(in_terminal.store, 2)
    assert f"✓ ok copy of the audit log {WHERE} is empty" in words(aws_sec("doctor"))
    in_terminal.ledger.ship()
    fill(in_terminal.store, 1)
    said = words(aws_sec("doctor"))
    assert f"✓ ok copy of the audit log {WHERE} has it up to row 2" in said
    assert "✓ ok its Object Lock 400 days, COMPLIANCE" in said
    assert len(in_terminal.names) == 1
    answer_instead(monkeypatch, "s3", "PutObject", 403, error("AccessDenied"))
    answer_instead(monkeypatch, "s3", "GetObjectLockConfiguration", 404, error("ObjectLockConfigurationNotFoundError"))
    ran = aws_sec("doctor")
    assert ran.code == 3
    assert "grant s3:PutObject" in words(ran)


def test_the_doctor_says_when_the_copy_could_be_deleted(
    in_terminal: Copy, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_instead(monkeypatch, "s3", "GetObjectLockConfiguration", 404, error("ObjectLockConfigurationNotFoundError"))
    ran = aws_sec("doctor")
    assert (ran.code, "✗ bad its Object Lock the bucket has none" in words(ran)) == (3, True)


def test_rows_go_to_a_log_stream_as_well_and_the_doctor_adds_nothing_to_it(
    moto_url: str, store: Store, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = test_log_stream.Copy(store, monkeypatch)
    where = test_log_stream.WHERE
    monkeypatch.setenv("AWS_SEC_AUDIT_LOG_STREAM", where)
    fill(copy.store, 2)
    assert f"✓ ok copy of the audit log {where} is empty" in words(aws_sec("doctor"))
    assert aws_sec("audit", "ship").out == f"2 rows copied to {where}.\n"
    ran = aws_sec("doctor")
    assert f"✓ ok copy of the audit log {where} has it up to row 2" in words(ran)
    assert "Object Lock" not in ran.out
    assert copy.rows == [1, 2]
    answer_instead(monkeypatch, "cloudwatch-logs", "PutLogEvents", 400, test_log_stream.DENIED)
    ran = aws_sec("doctor")
    assert (ran.code, "grant logs:PutLogEvents" in words(ran)) == (3, True)


# --- the key, by command -------------------------------------------------------------


def test_the_key_is_changed_by_command(in_terminal: Copy, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(in_terminal.store, 2)
    assert aws_sec("audit", "rotate").sentence.startswith("there is no AWS_SEC_AUDIT_KEY")
    monkeypatch.setenv("AWS_SEC_AUDIT_KEY", "correct horse")
    assert aws_sec("audit", "verify").code == 3, "until it is changed"
    assert aws_sec("audit", "rotate").out.startswith("The audit log goes on with the new key from row 3.")
    assert aws_sec("audit", "rotate").out == "The audit log has this key already.\n"
    assert aws_sec("audit", "verify").code == 0
    monkeypatch.setenv("AWS_SEC_AUDIT_KEY", "battery staple")
    assert "AWS_SEC_AUDIT_OLD_KEYS must have it" in aws_sec("audit", "rotate").sentence
    monkeypatch.setenv("AWS_SEC_AUDIT_OLD_KEYS", '["correct horse"]')
    assert "from row 4" in aws_sec("audit", "rotate").out
    assert aws_sec("audit", "verify").code == 0
    with pytest.raises(StoreError, match="set AWS_SEC_AUDIT_KEY"):
        fill(in_terminal.store, 1)
    digest = Head(1, in_terminal.store.audit.rows(last=9)[-1]["hash"])
    store = open_store(in_terminal.store.db.path, audit_keys=["battery staple", "correct horse"])
    store.digests.claim("2025-06-02 09:00", "C1", datetime.now(UTC))
    store.digests.posted("2025-06-02 09:00", ts="1.1", head=digest, at=datetime.now(UTC))
    assert store.audit.rows()[0]["actor"].startswith("cli/")
    store.close()
    assert "holds the head 1 seen earlier" in aws_sec("audit", "verify").out
