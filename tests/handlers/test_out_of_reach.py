"""Messages that were deleted, channels that are archived, people who left, tokens that were revoked: who asked is told,
nothing is tried for ever, and nothing is lost."""

from __future__ import annotations

import asyncio

import pytest

from bot.ids import Action, Spot, View
from bot.store import Store
from tests.handlers.test_checklists import FINDING, ROOT
from tests.slack.desk import ANA, BEN, CHANNEL, DIGEST, ELSEWHERE, FIXABLE, Desk, desk, found, scan_program
from tests.slack.fake import BROKEN, RESPONSES, UNREACHED, Slack, refused

pytestmark = pytest.mark.asyncio

CHANNEL_ERRORS = ("is_archived", "channel_not_found", "not_in_channel", "restricted_action")
TOKEN_ERRORS = ("token_revoked", "account_inactive", "invalid_auth")
SLOW = scan_program("""
import json, time
for done in range(1, 30):
    print(json.dumps({"progress": {"done": done, "total": 30, "reading": "s3", "failed": 0}}), flush=True)
    time.sleep(0.02)
print(json.dumps({"result": {"ok": True, "account": "123456789012", "note": ""}}), flush=True)
""")


@pytest.mark.parametrize("error", [*CHANNEL_ERRORS, *TOKEN_ERRORS])
async def test_a_status_that_its_channel_does_not_take_is_told_to_who_asked(at_desk: Desk, error: str) -> None:
    at_desk.slack.trouble("chat.postMessage", refused(error))
    await at_desk.command("status", channel=CHANNEL)
    assert "Security status" in at_desk.told
    assert f"Only you see this. Slack answered {error}" in at_desk.told
    assert len(at_desk.slack.called("chat.postMessage")) == 1


async def test_a_status_that_may_be_there_is_not_said_twice(at_desk: Desk) -> None:
    at_desk.slack.trouble("chat.postMessage", BROKEN)
    await at_desk.command("status", channel=CHANNEL)
    assert "look at slack-status.com" in at_desk.told


@pytest.mark.parametrize("error", ["message_not_found", "is_archived", "channel_not_found", "cant_update_message"])
async def test_when_the_message_that_follows_a_scan_is_gone_who_asked_gets_its_end(
    slack: Slack, store: Store, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    monkeypatch.setattr("handlers.ask.EDIT_SECONDS", 0.0)
    at_desk = await desk(slack, store, scan=SLOW)
    slack.trouble("chat.update", *[refused(error)] * 99)
    await at_desk.command("status", channel=CHANNEL)
    assert len(slack.called("chat.update")) == 1, "it is not tried again and again"
    assert "Security status" in at_desk.told


async def test_a_hidden_message_follows_a_scan_and_leaves_a_try_for_an_answer_that_got_lost(
    slack: Slack, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.ask.EDIT_SECONDS", 0.0)
    found(store, (FIXABLE, "northwind-exports", "leaves it open"))
    at_desk = await desk(slack, store, scan=SLOW)
    slack.trouble("response", UNREACHED)
    await at_desk.click(Action.SCAN, Spot().pack(), hidden=True)
    (taken,) = slack._answered.values()
    assert 2 < taken <= RESPONSES, "as many edits as were seen to be due, and none for which there was no room"
    assert not slack.called("chat.postEphemeral")
    assert "Security status" in at_desk.told


async def test_a_button_on_a_message_that_was_deleted_meanwhile_is_answered(at_desk: Desk) -> None:
    await at_desk.click(Action.SCAN, Spot().pack(), channel=CHANNEL, ts="1.1")
    assert "somebody deleted the message" in at_desk.told


@pytest.mark.parametrize("error", CHANNEL_ERRORS)
async def test_who_cannot_be_answered_in_a_channel_gets_a_direct_message(at_desk: Desk, error: str) -> None:
    at_desk.slack.trouble("chat.postEphemeral", refused(error))
    await at_desk.mention("help")
    (direct,) = at_desk.slack.called("chat.postMessage")
    assert direct.arguments["channel"] == ANA
    assert "What I can do" in direct.said


async def test_a_stranger_gets_no_direct_message(at_desk: Desk) -> None:
    at_desk.slack.trouble("chat.postEphemeral", refused("not_in_channel"))
    event = {"type": "app_mention", "user": ANA, "text": "<@UBOT> help", "channel": ELSEWHERE, "ts": "9", "team": "T2"}
    await at_desk.event(event)
    assert not at_desk.slack.called("chat.postMessage")


@pytest.mark.parametrize("error", TOKEN_ERRORS)
async def test_without_a_token_who_has_a_response_url_is_told_and_others_are_in_the_log(
    at_desk: Desk, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    for method in ("chat.postEphemeral", "chat.postMessage", "views.open"):
        at_desk.slack.trouble(method, *[refused(error)] * 2)
    await at_desk.command("mute 1")
    assert f"Slack answered {error}" in at_desk.told
    await at_desk.mention("help")
    assert f"Slack answered {error}" in caplog.text
    assert len(at_desk.slack.calls) < 9


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("user_disabled", "their account is deactivated: choose somebody else"),
        ("cannot_dm_bot", "that is a bot: choose a person"),
        ("user_not_found", "choose somebody of this workspace"),
        ("channel_not_found", "Slack answered channel_not_found"),
        ("token_revoked", "the token was revoked"),
    ],
)
async def test_steps_for_somebody_who_cannot_be_written_to(slack: Slack, store: Store, error: str, words: str) -> None:
    found(store, (ROOT, "123456789012", "has no MFA"), checks=(ROOT,))
    at_desk = await desk(slack, store)
    slack.users[BEN] = {}
    slack.trouble("chat.postMessage", refused(error))
    await at_desk.submit(View.STEPS, FINDING, "please", person=BEN)
    assert words in at_desk.told
    assert at_desk.written[-1][1] == "failed"


@pytest.mark.parametrize("error", [*CHANNEL_ERRORS, "message_not_found", "token_revoked"])
async def test_an_export_that_slack_does_not_take_is_not_promised(at_desk: Desk, error: str) -> None:
    at_desk.slack.trouble("files.completeUploadExternal", refused(error))
    await at_desk.command("export csv")
    assert f"Slack answered {error}" in at_desk.told
    (shown,) = at_desk.slack.shown(ELSEWHERE)
    assert "Slack did not take the file" in shown


@pytest.mark.parametrize("error", [*CHANNEL_ERRORS, *TOKEN_ERRORS])
async def test_a_digest_whose_channel_is_out_of_reach_is_told_to_who_asked(at_desk: Desk, error: str) -> None:
    at_desk.slack.trouble("chat.postMessage", refused(error))
    await at_desk.command("digest")
    assert f"Slack answered {error}" in at_desk.told
    assert not at_desk.slack.shown(DIGEST)
    await asyncio.sleep(0)
    assert len(at_desk.slack.called("chat.postMessage")) == 1
