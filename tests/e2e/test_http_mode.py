"""Without an app token the bot serves HTTP, and takes only what Slack signed lately."""

from __future__ import annotations

import pytest

from bot.demo.processes import fetch
from tests.e2e.conftest import MakeStage
from tests.e2e.stage import Stage

pytestmark = pytest.mark.e2e


@pytest.fixture
def http(make_stage: MakeStage) -> Stage:
    """A bot that waits for Slack's requests."""
    stage = make_stage(http=True, SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET="test-signing-secret")
    stage.start()
    return stage


def test_a_signed_request_is_answered_and_a_fix_goes_its_way(http: Stage) -> None:
    assert http.alice.command("/aws-sec", "help", channel="general").outcome == "acked"
    assert http.alice.wait_message("general", "What I can do")["subtype"] == "ephemeral"
    bucket = http.account.bucket()
    http.ask(bucket)
    http.approve(bucket)
    http.ends(bucket, "fixed")
    assert http.account.writes(bucket) == 1
    assert fetch(f"http://127.0.0.1:{http.env['PORT']}/health") == b"ok\n"


@pytest.mark.parametrize("fault", ["bad_signature", "stale_timestamp"])
def test_a_request_that_slack_did_not_sign_just_now_is_refused(http: Stage, fault: str) -> None:
    http.slack.fault("delivery", fault, "slash_commands")
    assert http.alice.command("/aws-sec", "status", channel="security").outcome == "failed"
    bucket = http.account.bucket()
    card = http.ask(bucket)
    http.slack.fault("delivery", fault, "interactive:fix.approve")
    assert http.bob.click(card, "fix.approve").outcome == "failed"
    http.settle(0.5)
    assert http.request(bucket)["state"] == "waiting"
    assert not http.account.writes(bucket)
    assert not [m for m in http.slack.messages("security") if "Security status" in m.content]
