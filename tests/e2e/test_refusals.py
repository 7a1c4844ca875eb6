"""Clicks that must change nothing: by the wrong person, with a forged button, too late, twice, on what is not so any more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.e2e.stage import Account, Stage, ago

pytestmark = pytest.mark.e2e


def stays_waiting(stage: Stage, account: Account, bucket: str) -> None:
    """Nothing was decided and nothing written."""
    stage.settle()
    assert stage.request(bucket)["state"] == "waiting"
    assert not account.writes(bucket)
    assert not account.is_blocked(bucket)


def refused(stage: Stage, bucket: str, action: str, who: str) -> str:
    """Why the audit log says that somebody was told no."""
    (row,) = stage.audited(bucket, action, "refused")
    assert row["actor"] == f"T01TEST/{who}"
    return str(json.loads(row["detail"])["why"])


@contextmanager
def left_group(stage: Stage, user: str) -> Iterator[None]:
    """The user group while somebody is not in it."""
    (group,) = stage.strict.shims.usergroups
    group["users"].remove(user)
    try:
        yield
    finally:
        group["users"].append(user)


def test_somebody_who_is_no_approver_cannot_approve(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    card = stage.ask(bucket)
    assert stage.mallory.click(card, "fix.approve", force=True).outcome == "acked"
    stage.whispered(stage.mallory, "Only an approver may decide")
    stays_waiting(stage, account, bucket)
    assert "only an approver" in refused(stage, bucket, "fix.approved", "U04MALLORY")
    assert stage.card(bucket)


def test_an_approver_cannot_approve_what_they_asked_for(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.ask(bucket, "bob")
    stage.approve(bucket, "bob")
    stage.whispered(stage.bob, "You asked for this fix, so somebody else must approve it")
    stays_waiting(stage, account, bucket)
    assert "somebody else" in refused(stage, bucket, "fix.approved", "U02BOB")
    stage.approve(bucket, "carol")
    stage.ends(bucket, "fixed")
    assert account.writes(bucket) == 1


def test_whoever_left_the_group_lost_the_right_at_once(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.ask(bucket)
    with left_group(stage, "U02BOB"):
        stage.approve(bucket, "bob")
        stage.whispered(stage.bob, "Only an approver may decide")
    stays_waiting(stage, account, bucket)


def test_a_user_of_another_workspace_is_refused(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    click = stage.click(stage.bob, stage.ask(bucket), "fix.approve")
    click["user"]["team_id"] = "T66OTHER"
    stage.deliver(click)
    stage.whispered(stage.bob, "another workspace")
    stays_waiting(stage, account, bucket)


def test_an_approval_after_the_deadline_comes_too_late(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    card = stage.ask(bucket)
    stage.write("UPDATE requests SET expires_at = ? WHERE id = ?", ago(1), stage.request(bucket)["id"])
    stage.bob.click(card, "fix.approve")
    stage.whispered(stage.bob, "The request has expired")
    stage.ends(bucket, "expired")
    assert not account.writes(bucket)
    assert "Nobody decided in time" in stage.card(bucket, "⌛ Expired").content
    assert "fix.approve" not in stage.card(bucket, "⌛ Expired").action_ids


def test_a_button_works_once(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    card = stage.ask(bucket)
    again = stage.click(stage.carol, card, "fix.approve")
    stage.bob.click(card, "fix.approve")
    stage.ends(bucket, "fixed")
    stage.deliver(again)
    stage.whispered(stage.carol, "The request is fixed already")
    assert account.writes(bucket) == 1


def test_two_approvers_at_the_same_instant_make_one_change(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    card = stage.ask(bucket)
    clicks = [stage.click(who, card, "fix.approve") for who in (stage.bob, stage.carol, stage.bob, stage.carol)]
    with ThreadPoolExecutor(4) as pool:
        assert {delivery.outcome for delivery in pool.map(stage.deliver, clicks)} == {"acked"}
    stage.ends(bucket, "fixed")
    stage.settle(0.5)
    assert account.writes(bucket) == 1
    assert len(stage.audited(bucket, "aws.write", "intent")) == 1
    assert len(stage.audited(bucket, "fix.approved", "ok")) == 1
    assert len(stage.audited(bucket, "fix.approved", "refused")) == 3


def test_what_was_denied_cannot_be_approved(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    card = stage.ask(bucket)
    late = stage.click(stage.carol, card, "fix.approve")
    stage.bob.click(card, "fix.deny")
    stage.bob.wait_view("fix.deny.reason")
    stage.bob.submit({"reason": "the website needs it"})
    assert "is denied. Nothing was changed" in str(stage.bob.wait_view("say")["blocks"])
    assert "<@U02BOB> denied it: the website needs it" in stage.card(bucket, "🚫 Denied").content
    assert "the website needs it" in stage.alice.wait_message("security", "🚫 Denied").content
    stage.deliver(late)
    stage.whispered(stage.carol, "The request is denied already")
    assert stage.request(bucket)["state"] == "denied"
    assert not account.writes(bucket)


def test_only_who_asked_takes_a_request_back(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    late = stage.click(stage.bob, stage.ask(bucket), "fix.approve")
    notice = stage.alice.wait_message("security", "Waiting for approval", "fix.cancel")
    stage.carol.click(notice, "fix.cancel")
    stage.whispered(stage.carol, "Only who asked may take the request back", "security")
    stays_waiting(stage, account, bucket)
    stage.alice.click(notice, "fix.cancel")
    stage.ends(bucket, "cancelled")
    assert stage.card(bucket, "Taken back")
    stage.deliver(late)
    stage.whispered(stage.bob, "The request is cancelled already")
    assert not account.writes(bucket)


def test_a_second_request_for_the_same_resource_waits_its_turn(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.ask(bucket)
    stage.propose(bucket, "carol")
    stage.carol.submit({"reason": "me too"})
    assert f" for {bucket} is still open: decide on that one first" in str(stage.carol.wait_view("say")["blocks"])
    assert len(stage.rows("SELECT id FROM requests WHERE name = ?", bucket)) == 1


def test_a_resource_that_changed_since_the_plan_is_left_alone(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.ask(bucket)
    half = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)
    half["BlockPublicAcls"] = True
    account.client("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=half)
    before = account.writes(bucket)
    stage.approve(bucket)
    stage.ends(bucket, "changed")
    assert "the resource changed" in stage.card(bucket, "Not fixed: the resource changed").content
    assert account.writes(bucket) == before


def test_a_resource_that_somebody_fixed_meanwhile_needs_nothing(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.ask(bucket)
    whole = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    account.client("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=whole)
    stage.approve(bucket)
    stage.ends(bucket, "moot")
    assert "as it should be" in stage.card(bucket, "Nothing to do").content
    assert account.writes(bucket) == 1  # ours, above


def test_a_resource_that_is_gone_is_said_to_be(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.ask(bucket)
    account.client("s3").delete_bucket(Bucket=bucket)
    stage.approve(bucket)
    stage.ends(bucket, "moot")
    assert "It is gone" in stage.card(bucket, "Nothing to do").content
    stage.alice.command("/aws-sec", f"fix {stage.finding(bucket)}", channel="general")
    assert "The resource is gone" in str(stage.alice.wait_view("say")["blocks"])


def test_a_fix_is_not_undone_over_what_somebody_changed_since(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.ask(bucket)
    stage.approve(bucket)
    stage.ends(bucket, "fixed")
    account.client("s3").delete_public_access_block(Bucket=bucket)
    before = account.writes(bucket)
    stage.bob.click(stage.card(bucket, "✅ Fixed"), "fix.undo")
    stage.bob.wait_view("fix.undo.reason")
    stage.bob.submit({"reason": "back, please"})
    assert "The resource changed after the fix" in str(stage.bob.wait_view("say")["blocks"])
    assert stage.request(bucket)["state"] == "fixed"
    assert account.writes(bucket) == before
