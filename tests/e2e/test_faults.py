"""What goes wrong between Slack and the bot: the change is made once, people learn of it, and cards end up true."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import MakeStage
from tests.e2e.stage import Account, Stage, ago, until

pytestmark = pytest.mark.e2e


def fixed_once(stage: Stage, account: Account, bucket: str) -> None:
    """One change, and one card for the approvers that says so."""
    stage.ends(bucket, "fixed")
    stage.card(bucket, "✅ Fixed")
    stage.settle(0.4)
    assert account.is_blocked(bucket)
    assert account.writes(bucket) == 1
    assert len(stage.audited(bucket, "fix.approved", "ok")) == 1
    public = [m for m in stage.slack.messages("security-approvals") if not m.get("ephemeral_to")]
    assert len([m for m in public if bucket in m.content]) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "duplicate", "count": 3},
        {"do": "delay", "seconds": 1.5},
        {"do": "reorder", "seconds": 2},
        {"do": "disconnect", "reason": "refresh_requested"},
        {"do": "disconnect", "reason": "warning"},
        {"do": "disconnect", "reason": ""},
    ],
    ids=lambda fault: "-".join(str(part) for part in fault.values()),
)
def test_a_click_that_comes_late_twice_or_over_another_connection(
    stage: Stage, account: Account, fault: dict[str, Any]
) -> None:
    bucket = account.bucket()
    stage.ask(bucket)
    stage.slack.fault("delivery", match="interactive:fix.approve", **fault)
    stage.approve(bucket)
    fixed_once(stage, account, bucket)


@pytest.mark.allow_violations("ack_timeout")
def test_a_click_whose_acknowledgement_is_lost_counts_and_the_next_one_is_told_so(
    stage: Stage, account: Account
) -> None:
    bucket = account.bucket()
    card = stage.ask(bucket)
    again = stage.click(stage.bob, card, "fix.approve")
    stage.slack.fault("delivery", "lose_ack", "interactive:fix.approve")
    assert stage.bob.click(card, "fix.approve").outcome == "timeout"
    stage.deliver(again)
    stage.whispered(stage.bob, "The request is fixed already")
    fixed_once(stage, account, bucket)


def test_a_command_that_never_arrives_hurts_nobody(stage: Stage) -> None:
    stage.slack.fault("delivery", "drop", "slash_commands")
    assert stage.alice.command("/aws-sec", "help", channel="general").outcome == "not_delivered"
    assert stage.alice.command("/aws-sec", "help", channel="general").outcome == "acked"


@pytest.mark.parametrize("reason", ["refresh_requested", ""])
def test_work_goes_on_while_the_connection_is_renewed(stage: Stage, account: Account, reason: str) -> None:
    bucket = account.bucket()
    stage.ask(bucket)
    stage.slack.fault("api", "delay", "chat.update", seconds=1)
    stage.approve(bucket)
    stage.slack.disconnect(reason)
    assert stage.alice.command("/aws-sec", "status", channel="security").outcome == "acked"
    fixed_once(stage, account, bucket)


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "rate_limit", "retry_after": 1},
        {"do": "http_error", "status": 503},
        {"do": "timeout", "seconds": 0.5},
        {"do": "reset", "phase": "after"},
    ],
    ids=lambda fault: "-".join(str(part) for part in fault.values()),
)
def test_a_call_to_slack_that_fails_once_is_made_again(stage: Stage, account: Account, fault: dict[str, Any]) -> None:
    bucket = account.bucket()
    for method in ("views.update", "usergroups.users.list", "chat.update"):
        stage.slack.fault("api", match=method, **fault)
    if fault["do"] == "rate_limit":
        for method in ("views.open", "chat.postMessage"):
            stage.slack.fault("api", match=method, **fault)
    stage.ask(bucket)
    stage.approve(bucket)
    fixed_once(stage, account, bucket)
    fired = stage.slack.report()["faults_fired"]
    assert {"views.update", "usergroups.users.list", "chat.update"} <= {name.split()[0] for name in fired}


@pytest.mark.allow_violations("exchanged_trigger_id")  # how the second try learns that the first one worked
@pytest.mark.parametrize(
    "fault",
    [
        {"do": "reset"},
        {"do": "http_error", "status": 500},
        {"do": "reset", "phase": "after"},
        {"do": "http_error", "phase": "after"},
    ],
    ids=lambda fault: "-".join(str(part) for part in fault.values()),
)
def test_a_modal_that_slack_may_or_may_not_have_opened_still_gets_its_contents(
    stage: Stage, account: Account, fault: dict[str, Any]
) -> None:
    bucket = account.bucket()
    stage.slack.fault("api", match="views.open", **fault)
    stage.propose(bucket)
    stage.alice.submit({"reason": "it is time"})
    stage.card(bucket)


def test_a_click_for_a_modal_that_comes_twice_opens_one(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.alice.command("/aws-sec", f"findings {bucket}", channel="security")
    page = stage.alice.wait_message("security", bucket, "fix.plan")
    stage.slack.fault("delivery", "duplicate", "interactive:fix.plan", count=2)
    stage.alice.click(page, "fix.plan")
    stage.alice.wait_view("fix.request", timeout=10)
    stage.settle(1)
    stage.alice.submit({"reason": "it is time"})
    stage.card(bucket)
    assert len(stage.rows("SELECT id FROM requests WHERE name = ?", bucket)) == 1


def test_an_approval_waits_when_slack_does_not_say_who_may_approve(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.ask(bucket)
    stage.slack.fault("api", "reset", "usergroups.users.list", times=0)
    stage.approve(bucket)
    stage.whispered(stage.bob, "Slack could not be reached")
    assert stage.request(bucket)["state"] == "waiting"
    stage.slack.clear_faults()
    stage.approve(bucket)
    fixed_once(stage, account, bucket)


def test_an_answer_that_its_address_does_not_take_comes_another_way(stage: Stage) -> None:
    stage.slack.fault("response_url", "http_error", status=500)
    stage.alice.command("/aws-sec", "help", channel="security")
    stage.alice.wait_message("security", "What I can do")


@pytest.mark.parametrize(("do", "phase"), [("timeout", "before"), ("http_error", "after"), ("reset", "after")])
def test_a_request_whose_card_got_lost_is_shown_once(
    make_stage: MakeStage, account: Account, do: str, phase: str
) -> None:
    stage = make_stage()
    stage.start()
    bucket = account.bucket()
    stage.slack.fault("api", do, "chat.postMessage", phase=phase, seconds=0.3, skip=1)  # whoever asked is told first
    stage.propose(bucket)
    stage.alice.submit({"reason": "it is time"})
    assert "I try on" in str(stage.alice.wait_view("say")["blocks"])
    stage.alice.wait_message("security", "Waiting for approval")
    stage.kill()
    stage.write("UPDATE requests SET created_at = ?", ago(61))
    stage.start()
    stage.card(bucket)
    stage.approve(bucket)
    fixed_once(stage, account, bucket)


def test_a_card_that_got_lost_says_so_when_its_request_expires(make_stage: MakeStage, account: Account) -> None:
    stage = make_stage()
    stage.start()
    bucket = account.bucket()
    stage.slack.fault("api", "reset", "chat.postMessage", phase="after")
    stage.propose(bucket)
    stage.alice.submit({"reason": "it is time"})
    stage.alice.wait_message("security", "Waiting for approval")
    stage.kill()
    stage.write("UPDATE requests SET created_at = ?, expires_at = ?", ago(61), ago(1))
    stage.start()
    assert "fix.approve" not in stage.card(bucket, "⌛ Expired").action_ids


def test_cards_catch_up_after_an_outage(make_stage: MakeStage, account: Account) -> None:
    stage = make_stage()
    stage.start()
    bucket = account.bucket()
    stage.ask(bucket)
    stage.slack.fault("api", "http_error", "chat.update", times=0)
    stage.approve(bucket)
    stage.ends(bucket, "fixed")
    until(lambda: stage.slack.report()["faults_fired"].get("chat.update http_error", 0) >= 8, "every edit was tried")
    assert stage.card(bucket, "Waiting for approval")
    stage.kill()
    stage.slack.clear_faults()
    stage.start()
    fixed_once(stage, account, bucket)
    stage.alice.wait_message("security", "✅ Fixed")
