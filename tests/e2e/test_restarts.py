"""The bot is killed at the worst moments: what it says after the next start is true, and nothing is written twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.endpoint import CONTROL
from bot.demo.processes import fetch
from tests.e2e.conftest import MakeStage
from tests.e2e.stage import Account, until
from tests.endpoints import endpoint

pytestmark = pytest.mark.e2e


@pytest.fixture
def slow_aws(account: Account, tmp_path: Path) -> Iterator[str]:
    """The account behind an endpoint whose latency can be set."""
    with endpoint(account.url, tmp_path) as url:
        yield url


def delay(url: str, milliseconds: int) -> None:
    fetch(url + CONTROL, str(milliseconds).encode())


def test_a_request_that_waits_is_still_there_after_a_restart(make_stage: MakeStage, account: Account) -> None:
    stage = make_stage()
    stage.start()
    bucket = account.bucket()
    card = stage.ask(bucket)
    stage.restart()
    assert stage.card(bucket).ts == card.ts
    stage.bob.click(card, "fix.approve")
    stage.ends(bucket, "fixed")
    stage.card(bucket, "✅ Fixed")
    assert account.writes(bucket) == 1


def test_a_kill_between_the_approval_and_the_change_ends_without_a_change(
    make_stage: MakeStage, account: Account
) -> None:
    stage = make_stage()
    stage.start()
    bucket = account.bucket()
    stage.ask(bucket)
    stage.slack.fault("api", "delay", "chat.update", seconds=3)  # the card is turned before the change is made
    stage.approve(bucket)
    stage.ends(bucket, "approved")
    stage.restart()
    stage.ends(bucket, "failed")
    assert "nothing was changed: ask again" in stage.card(bucket, "❌ Not fixed").content
    stage.alice.wait_message("security", "❌ Not fixed")
    assert not account.writes(bucket)
    stage.ask(bucket)
    stage.approve(bucket)
    stage.ends(bucket, "fixed")
    assert account.writes(bucket) == 1


def test_a_kill_in_the_middle_of_the_change_is_told_by_what_aws_shows(
    make_stage: MakeStage, account: Account, slow_aws: str
) -> None:
    stage = make_stage(AWS_ENDPOINT_URL=slow_aws)
    stage.start()
    bucket = account.bucket()
    stage.ask(bucket)
    delay(slow_aws, 250)
    stage.approve(bucket)
    until(lambda: stage.rows("SELECT * FROM steps WHERE state = 'intent'"), "a write has begun")
    stage.kill()
    delay(slow_aws, 0)
    stage.settle(0.5)
    made = account.is_blocked(bucket)
    stage.start()
    stage.ends(bucket, "fixed" if made else "failed")
    words = "✅ Fixed" if made else "❌ Not fixed"
    assert "The bot stopped in the middle; checked again" in stage.card(bucket, words).content
    assert account.writes(bucket) <= 1
    stage.bob.command("/aws-sec", "audit verify", channel="security")
    stage.bob.wait_message("security", "The audit log is as it was written")


def test_a_kill_in_the_middle_of_an_undo_is_told_by_what_aws_shows(
    make_stage: MakeStage, account: Account, slow_aws: str
) -> None:
    stage = make_stage(AWS_ENDPOINT_URL=slow_aws)
    stage.start()
    bucket = account.bucket()
    stage.ask(bucket)
    stage.approve(bucket)
    stage.ends(bucket, "fixed")
    stage.bob.click(stage.card(bucket, "✅ Fixed"), "fix.undo")
    stage.bob.wait_view("fix.undo.reason")
    delay(slow_aws, 250)
    stage.bob.submit({"reason": "back, please"})
    until(lambda: stage.rows("SELECT * FROM steps WHERE state = 'intent'"), "a write has begun")
    stage.kill()
    delay(slow_aws, 0)
    stage.settle(0.5)
    made = not account.is_blocked(bucket)
    stage.start()
    stage.ends(bucket, "undone" if made else "undo_failed")
    assert stage.card(bucket, "↩️ Undone" if made else "❌ Not undone")
    assert account.writes(bucket) <= 2


def test_a_kill_during_a_scan_leaves_a_scan_that_is_interrupted(
    make_stage: MakeStage, account: Account, slow_aws: str
) -> None:
    stage = make_stage(AWS_ENDPOINT_URL=slow_aws)
    stage.start()
    delay(slow_aws, 300)
    stage.alice.command("/aws-sec", "status", channel="security")
    stage.alice.click(stage.alice.wait_message("security", "Security status", "status.scan"), "status.scan")
    until(lambda: stage.rows("SELECT * FROM scans WHERE state = 'running'"), "a scan runs")
    stage.kill()
    delay(slow_aws, 0)
    stage.start()
    assert not stage.rows("SELECT * FROM scans WHERE state = 'running'")
    stage.alice.command("/aws-sec", "status", channel="general")
    assert "Scanned" in stage.alice.wait_message("general", "Security status").content


def test_an_end_that_is_asked_for_finishes_what_is_on_its_way(make_stage: MakeStage, account: Account) -> None:
    stage = make_stage()
    stage.start()
    bucket = account.bucket()
    stage.ask(bucket)
    stage.approve(bucket)
    assert stage.stop() == 0
    assert stage.request(bucket)["state"] in ("fixed", "waiting", "approved")
    stage.start()
    stage.ends(bucket, "fixed" if account.writes(bucket) else "failed")
    assert account.writes(bucket) == account.is_blocked(bucket)


def test_requests_expire_by_themselves(make_stage: MakeStage, account: Account) -> None:
    stage = make_stage()
    stage.start()
    bucket = account.bucket()
    stage.ask(bucket)
    stage.kill()
    stage.write("UPDATE requests SET expires_at = created_at")
    stage.start()
    stage.ends(bucket, "expired")
    assert stage.card(bucket, "⌛ Expired")


def test_a_dry_run_rehearses_all_but_the_write(make_stage: MakeStage, account: Account) -> None:
    stage = make_stage(AWS_SEC_FIX_MODE="dry-run")
    stage.start()
    bucket = account.bucket()
    assert "*Dry run*" in str(stage.propose(bucket)["blocks"])
    stage.alice.submit({"reason": "only to see"})
    assert "(dry run)" in stage.card(bucket).content
    stage.approve(bucket)
    stage.ends(bucket, "rehearsed")
    assert "nothing was changed" in stage.card(bucket, "Rehearsed (dry run)").content
    assert not account.writes(bucket)


def test_only_those_who_are_listed_may_ask_and_look(make_stage: MakeStage, account: Account) -> None:
    listed = {"AWS_SEC_REQUESTERS": '["U01ALICE"]', "AWS_SEC_VIEWERS": '["U01ALICE", "S01APPROVERS"]'}
    stage = make_stage(**listed)
    stage.start()
    stage.mallory.command("/aws-sec", "status", channel="general")
    stage.mallory.wait_message("general", "You are not among those who may use this command")
    bucket = account.bucket()
    stage.bob.command("/aws-sec", f"fix {stage.finding(bucket)}", channel="security")
    stage.bob.wait_message("security", "You are not among those who may ask for fixes or mute")
    stage.ask(bucket)
