"""`aws-sec status`, `findings`, `explain`, `digest` and `audit`: what the database knows, and its troubles in words."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import bot.store.database
from bot.store import Store, open_store
from bot.store.findings import Filter
from checks.kit import Practice
from tests.cli.conftest import DATABASE, AwsSec

CHECK = "s3.bucket_blocks_public_access"
READERS = [
    ("status",),
    ("findings",),
    ("digest",),
    ("compliance", "cis_5.0"),
    ("explain", "1"),
    ("audit",),
    ("audit", "verify"),
    ("audit", "export"),
]
every_reader = pytest.mark.parametrize("command", READERS, ids=" ".join)


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    store = open_store(path)
    yield store
    store.close()


def findings_json(aws_sec: AwsSec, *arguments: str) -> list[dict[str, Any]]:
    ran = aws_sec("findings", "--format", "json", *arguments)
    assert (ran.code, ran.err) == (0, "")
    found: list[dict[str, Any]] = json.loads(ran.out)
    return found


def test_status_says_score_coverage_age_and_each_of_the_twelve_practices(scanned: Path, aws_sec: AwsSec) -> None:
    ran = aws_sec("status")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Account 123456789012, scanned ")
    assert "of 100" in ran.out
    assert "Coverage " in ran.out
    for practice in Practice:
        assert practice.value in ran.out
    assert "Worst first" in ran.out
    assert "Next: aws-sec explain " in ran.out


@pytest.mark.parametrize("columns", [40, 80, 140])
@pytest.mark.parametrize("command", [("status",), ("findings",), ("digest",), ("checks",), ("explain", CHECK)], ids=str)
def test_nothing_is_cut_off_at_any_width(
    scanned: Path, aws_sec: AwsSec, columns: int, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    ran = aws_sec(*command)
    assert ran.code == 0
    assert "…" not in ran.out
    shown = ran.out.partition("\nAWS CLI\n")[0]  # what follows is there to be copied: it stays in one piece
    wrapped = [line for line in shown.splitlines() if "https://" not in line]  # and so does an address
    assert max(len(line) for line in wrapped) <= max(columns, 80)


def test_findings_are_worst_first_and_each_can_be_explained(scanned: Path, aws_sec: AwsSec) -> None:
    found = findings_json(aws_sec, "--limit", "1000")
    ranks = ["critical", "high", "medium", "low"]
    assert [ranks.index(one["severity"]) for one in found] == sorted(ranks.index(one["severity"]) for one in found)
    assert {one["state"] for one in found} == {"open"}
    assert set(found[0]) == {
        "finding", "check", "practice", "severity", "state", "account", "region", "resource", "text", "opened_at",
        "muted_until",
    }  # fmt: skip
    for one in (found[0], found[-1]):
        explained = aws_sec("explain", str(one["finding"]))
        assert explained.code == 0
        assert one["check"] in explained.out
        assert one["resource"] in explained.out.replace("\n", "")
    assert aws_sec("explain", f"#{found[0]['finding']}").out == aws_sec("explain", str(found[0]["finding"])).out


def test_findings_can_be_narrowed(scanned: Path, aws_sec: AwsSec) -> None:
    assert {one["check"] for one in findings_json(aws_sec, "--check", CHECK)} == {CHECK}
    assert {one["practice"] for one in findings_json(aws_sec, "--practice", "least_privilege")} == {"least_privilege"}
    assert [one["resource"] for one in findings_json(aws_sec, "northwind-traders-exports", "--check", CHECK)] == [
        "arn:aws:s3:::northwind-traders-exports"
    ]
    assert {one["severity"] for one in findings_json(aws_sec, "--severity", "high")} <= {"high", "critical"}
    assert len(findings_json(aws_sec, "--limit", "2")) == 2
    assert findings_json(aws_sec, "--region", "ap-south-1") == []
    assert findings_json(aws_sec, "--resolved") == []
    assert aws_sec("findings", "no-such-thing").out == "No such finding.\n"


def test_a_limited_list_says_how_many_there_are(scanned: Path, aws_sec: AwsSec) -> None:
    total = len(findings_json(aws_sec, "--limit", "1000"))
    assert f"2 of {total} findings." in aws_sec("findings", "--limit", "2").out


def test_a_muted_finding_is_listed_where_it_hides_something(scanned: Path, aws_sec: AwsSec) -> None:
    now = datetime.now(UTC)
    with opened(scanned) as store:
        first = store.findings.search(Filter(check_id=CHECK), now)[0]
        store.findings.mute(first.id, until=now + timedelta(days=3), reason="moves in May", actor="T1/U1", at=now)
    assert len(findings_json(aws_sec, "--check", CHECK)) == 3
    (muted,) = findings_json(aws_sec, "--muted")
    assert muted["finding"] == first.id
    assert muted["muted_until"]
    assert "moves in May" in aws_sec("findings", "--muted").out
    assert "moves in May" in aws_sec("explain", str(first.id)).out
    assert "1 finding muted" in aws_sec("status").out


def test_a_framework_is_printed_control_by_control(scanned: Path, aws_sec: AwsSec) -> None:
    ran = aws_sec("compliance", "cis_5.0", "--format", "json")
    controls = {control["control"]: control for control in json.loads(ran.out)}
    assert controls["1.1"]["status"] == "not covered"
    assert controls["1.1"]["why"].startswith("Manual:")
    assert controls["2.1.4"]["status"] == "fail"
    assert controls["2.1.4"]["failed"] >= 1
    printed = aws_sec("compliance", "cis_5.0")
    assert printed.code == 0
    assert CHECK in printed.out
    assert "did you mean cis_5.0?" in aws_sec("compliance", "cis5").err


def test_a_digest_is_printed_and_not_used_up(scanned: Path, aws_sec: AwsSec) -> None:
    ran = aws_sec("digest")
    assert ran.code == 0
    assert "Digest for account 123456789012, no digest went out yet" in ran.out
    assert "Audit head 0:" in ran.out
    assert aws_sec("digest").out == ran.out


def test_the_audit_log_is_shown_proved_and_exported(scanned: Path, aws_sec: AwsSec) -> None:
    assert aws_sec("audit").out == "The audit log is empty.\n"
    with opened(scanned) as store:
        for number in range(3):
            store.audit.append("page.seen", actor="T1/U1", subject=f"page-{number}")
    shown = aws_sec("audit", "--last", "2").out
    assert "page-2" in shown
    assert "page-0" not in shown
    proved = aws_sec("audit", "verify")
    assert (proved.code, "3 rows" in proved.out) == (0, True)
    head = proved.out.splitlines()[-1].removeprefix("Head ")
    assert aws_sec("audit", "verify", "--head", head).code == 0
    rows = [json.loads(line) for line in aws_sec("audit", "export").out.splitlines()]
    assert [row["subject"] for row in rows] == ["page-0", "page-1", "page-2"]
    assert aws_sec("audit", "verify", "--head", "nonsense").sentence.endswith("NUMBER:HASH")


def test_an_altered_audit_log_is_3(scanned: Path, aws_sec: AwsSec) -> None:
    with opened(scanned) as store:
        store.audit.append("page.seen", actor="T1/U1", subject="a page")
    forged = sqlite3.connect(scanned)
    for (trigger,) in forged.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        forged.execute(f"DROP TRIGGER {trigger}")
    forged.execute("UPDATE audit SET subject = 'another page'")
    forged.commit()
    forged.close()
    ran = aws_sec("audit", "verify")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("The audit log was altered: ")
    assert aws_sec("doctor").code == 3


@every_reader
def test_without_a_database_it_says_what_to_do_and_makes_none(
    command: tuple[str, ...], aws_sec: AwsSec, tmp_path: Path
) -> None:
    ran = aws_sec(*command)
    assert (ran.code, ran.out) == (1, "")
    assert ran.sentence == (
        "there is no database aws-sec.sqlite (AWS_SEC_DATABASE): nothing was scanned yet: run `aws-sec scan`"
    )
    assert not (tmp_path / DATABASE).exists()


def test_a_database_without_a_scan_says_what_to_do(aws_sec: AwsSec, tmp_path: Path) -> None:
    open_store(tmp_path / DATABASE).close()
    for command in ("status", "findings", "digest"):
        assert aws_sec(command).sentence == "nothing was scanned yet: run `aws-sec scan`"


def test_a_finding_that_is_not_there(scanned: Path, aws_sec: AwsSec) -> None:
    ran = aws_sec("explain", "99999")
    assert ran.code == 1
    assert ran.sentence == "there is no finding 99999: `aws-sec findings` lists what there is"


@every_reader
def test_a_file_that_is_no_database(command: tuple[str, ...], aws_sec: AwsSec, tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_text("a shopping list, longer than a hundred bytes, " * 10)
    ran = aws_sec(*command)
    assert (ran.code, ran.out) == (1, "")
    assert "aws-sec.sqlite is damaged or not a database" in ran.sentence


def test_a_folder_in_place_of_the_database(aws_sec: AwsSec, northwind: str, tmp_path: Path) -> None:
    (tmp_path / DATABASE).mkdir()
    for command in (("status",), ("scan", "--check", CHECK)):
        ran = aws_sec(*command)
        assert (ran.code, ran.out) == (1, "")
        assert "cannot be opened: check AWS_SEC_DATABASE" in ran.sentence


def test_a_database_that_another_process_is_writing_to(
    scanned: Path, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.store.database, "BUSY_SECONDS", 0.1)
    other = sqlite3.connect(scanned, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ran = aws_sec("scan", "--check", CHECK)
    assert (ran.code, ran.out) == (1, "")
    assert (
        ran.sentence == "the database aws-sec.sqlite is busy: another process is writing to it; try again in a moment"
    )
    assert aws_sec("status").code == 0, "and can be read meanwhile"
    other.execute("ROLLBACK")
    other.close()


@contextmanager
def as_nobody() -> Iterator[None]:
    """Permissions bind everybody but root, who may be running the tests."""
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(me)


@pytest.fixture
def read_only(scanned: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """A database in a folder of its own, both of which only root may write to once called."""
    with tempfile.TemporaryDirectory() as folder:
        mine = Path(folder) / DATABASE
        mine.write_bytes(scanned.read_bytes())
        monkeypatch.chdir(folder)

        def lock() -> None:
            mine.chmod(0o444)
            Path(folder).chmod(0o555)

        yield lock
        Path(folder).chmod(0o755)


def test_a_read_only_database(read_only: Callable[[], None], aws_sec: AwsSec) -> None:
    assert aws_sec("scan", "--check", CHECK).code == 0
    read_only()
    with as_nobody():
        ran = aws_sec("scan", "--check", CHECK)
    assert (ran.code, ran.out) == (1, "")
    assert "read-only: give the bot write permission to the file and its folder" in ran.sentence


def test_what_only_a_person_can_do_is_explained_step_by_step(scanned: Path, aws_sec: AwsSec) -> None:
    shown = " ".join(aws_sec("explain", "iam_root.root_has_mfa").out.split())
    assert "Steps 1. Sign in to the console with the root user's e-mail address. 2. " in shown
    assert "https://console.aws.amazon.com/iam/home#/security_credentials" in shown
