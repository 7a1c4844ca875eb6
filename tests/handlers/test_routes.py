"""Every word, button and modal is acknowledged and answered, whatever goes wrong."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncBoltRequest

from bot.blocks.help import COMMANDS as HELP
from bot.cli.service import QUIET
from bot.ids import (
    Action,
    OfBatch,
    OfCheck,
    OfCommand,
    OfFinding,
    OfFreeze,
    OfList,
    OfMute,
    OfPerson,
    OfRequest,
    OfTrend,
    Spot,
    View,
)
from bot.store import Store
from handlers import routes
from tests.e2e import forgeries
from tests.slack.desk import ANA, BEN, ELSEWHERE, Desk, desk
from tests.slack.fake import BOT_TOKEN, BROKEN, LOST, SIGNING_SECRET, UNREACHED, Slack, refused

pytestmark = pytest.mark.asyncio

FINDING, REQUEST, BATCH = OfFinding(finding=1).pack(), OfRequest(request=1).pack(), OfBatch(batch=1).pack()
VALUES = {
    Action.TRY: OfCommand(text="mutes").pack(),
    Action.SCAN: Spot().pack(),
    Action.STOP: OfList().pack(),
    Action.STATUS: OfList().pack(),
    Action.PRACTICE: "least_privilege",
    Action.PAGE: OfList().pack(),
    Action.OPEN: Spot().pack(),
    Action.TREND: OfTrend(days=7).pack(),
    Action.MUTES: OfMute(mute=1).pack(),
    Action.END_MUTE: OfMute(mute=1).pack(),
    Action.UNFREEZE: OfFreeze(freeze=1).pack(),
    Action.STOP_NOTES: OfPerson(user=ANA).pack(),
    Action.RESUME_NOTES: OfPerson(user=ANA).pack(),
    Action.FILTER: "*",
    Action.APPROVE: REQUEST,
    Action.DENY: REQUEST,
    Action.CANCEL: REQUEST,
    Action.UNDO: REQUEST,
    Action.AUDIT: REQUEST,
    Action.GLASS: REQUEST,
    Action.FIX_ALL: OfCheck(check="s3.bucket_blocks_public_access").pack(),
    **dict.fromkeys((Action.APPROVE_ALL, Action.DENY_ALL, Action.CANCEL_ALL, Action.UNDO_ALL), BATCH),
}
POINTING = sorted({*routes.ACTIONS} - {Action.SCAN, Action.STOP, Action.STATUS})
"""Buttons whose value matters."""


async def test_help_names_every_command_and_no_other(at_desk: Desk) -> None:
    assert {usage.split()[0] for usage in HELP} == {*routes.COMMANDS}
    for word in ("help", "", "  ", "HELP"):
        await at_desk.command(word)
        assert all(f"/aws-sec {command}" in at_desk.told for command in routes.COMMANDS)
    assert "approved by <@UBEN>, <@UCHIARA>" in at_desk.told


async def test_every_button_and_modal_has_a_handler() -> None:
    assert {*routes.ACTIONS} == {*Action}
    assert {*routes.SUBMISSIONS} == {*View} - {View.WAIT, View.SAY}


@pytest.mark.parametrize("forged", [forgeries.shapeless, forgeries.of_another_workspace])
async def test_every_button_and_modal_is_forged(forged: Callable[[], Iterator[forgeries.Forged]]) -> None:
    tried = {one.what.removesuffix(".region") for one in forged()}
    assert {*routes.ACTIONS, *routes.SUBMISSIONS} - tried <= forgeries.UNFORGEABLE | {Action.FILTER, Action.AUDIT}


@pytest.mark.parametrize("word", routes.COMMANDS)
async def test_every_command_is_acknowledged_with_nothing_and_answered_to_the_asker_alone(
    at_desk: Desk, word: str
) -> None:
    response = await at_desk.command(word)
    assert (response.status, response.body) == (200, "")
    assert at_desk.told
    assert {call.arguments["response_type"] for call in at_desk.slack.called("response")} == {"ephemeral"}
    assert not [call for call in at_desk.slack.called("chat.postMessage") if call.arguments["channel"] == ELSEWHERE]


@pytest.mark.parametrize("action", routes.ACTIONS)
async def test_every_button_is_acknowledged_and_answered(at_desk: Desk, action: Action) -> None:
    suffix = ".region" if action is Action.FILTER else ""
    response = await at_desk.click(f"{action}{suffix}", VALUES.get(action, FINDING), hidden=True, block="{}")
    assert (response.status, response.body) == (200, "")
    assert at_desk.told
    assert "older version" not in at_desk.told


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("statsu", "There is no `/aws-sec statsu`: did you mean `/aws-sec status`?"),
        ("Find", "did you mean `/aws-sec findings`?"),
        ("xyzzy", "There is no /aws-sec xyzzy: try one of status, trend, findings"),
        ("<!channel> :tada:", "There is no /aws-sec &lt;!channel&gt;: try one of"),
        ("check s3.bucket_blocks_public_acces", "did you mean s3.bucket_blocks_public_access?"),
        ("check", "Say which check"),
        ("explain", "Say which check"),
        ("explain qwxzjk", "There is no check qwxzjk; `/aws-sec explain 12` names the check of finding 12"),
        ("explain 99", "There is no finding 99"),
        ("explain ²", "Say which finding"),
        ("fix", "Say which finding, as in `/aws-sec fix 12`"),
        ("mute one", "Say which finding"),
        ("mute 99", "There is no finding 99"),
        ("mute " + "9" * 40, "Say which finding"),
        ("unmute 1", "This finding is not muted"),
        ("audit nobody", "Say `/aws-sec audit`"),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(at_desk: Desk, typed: str, answer: str) -> None:
    assert (await at_desk.command(typed)).status == 200
    assert at_desk.told.startswith("🚫 ")
    assert answer in at_desk.told


@pytest.mark.parametrize("action", POINTING)
@pytest.mark.parametrize("forged", ["", "{}x", '{"finding": 0}', '{"request": "x"}', '{"practice": "piracy"}'])
async def test_a_stale_or_forged_button_changes_nothing(at_desk: Desk, action: Action, forged: str) -> None:
    await at_desk.click(action, forged)
    assert "older version" in at_desk.told
    assert at_desk.written == [("button.refused", "refused")]


async def test_a_button_that_nobody_knows_any_more_is_stale(at_desk: Desk) -> None:
    await at_desk.click("status.dance", "{}")
    assert "older version" in at_desk.told


@pytest.mark.parametrize("view", [*routes.SUBMISSIONS, "dance", View.SAY])
async def test_a_stale_or_forged_modal_changes_nothing(at_desk: Desk, view: str) -> None:
    for forged in ("", '{"finding": -1}', '{"request": 0, "origin": "<!channel>"}'):
        await at_desk.submit(view, forged, "because")
        assert "older version" in at_desk.told
    assert at_desk.written == [("button.refused", "refused")] * 3


@pytest.mark.parametrize("reason", ["", " ", "\n\t"])
@pytest.mark.parametrize("view", routes.SUBMISSIONS)
async def test_a_modal_without_a_reason_stays_open(at_desk: Desk, view: View, reason: str) -> None:
    response = await at_desk.submit(view, FINDING, reason)
    assert '"response_action": "errors"' in response.body
    assert "A reason is needed" in response.body
    assert not at_desk.answers


async def test_a_modal_waits_visibly_then_shows_the_answer(at_desk: Desk) -> None:
    response = await at_desk.submit(View.MUTE, FINDING, "a public website", until="30")
    assert '"response_action": "update"' in response.body
    assert "You may close this" in response.body
    assert at_desk.told == "`northwind-exports` is hidden for 30 days, then it comes back."


@pytest.mark.parametrize(
    ("origin", "method", "where"), [(ELSEWHERE, "chat.postEphemeral", ELSEWHERE), ("", "chat.postMessage", ANA)]
)
async def test_when_a_modal_was_closed_the_answer_arrives_beside_it(
    at_desk: Desk, origin: str, method: str, where: str
) -> None:
    await at_desk.submit(View.MUTE, OfFinding(finding=1, origin=origin).pack(), "a public website", open=False)
    answer = at_desk.answers[-1]
    assert (answer.method, answer.arguments["channel"]) == (method, where)
    assert "is hidden for 7 days" in answer.said


async def test_an_answer_outlives_its_response_url(at_desk: Desk) -> None:
    for _ in range(5):
        await at_desk.command("help")
    await at_desk.command("findings")
    answer = at_desk.answers[-1]
    assert (answer.method, answer.arguments["user"]) == ("chat.postEphemeral", ANA)
    assert "northwind-exports" in answer.said


@pytest.mark.parametrize("trouble", [BROKEN, LOST, UNREACHED])
async def test_an_answer_arrives_when_a_response_url_fails(at_desk: Desk, trouble: Any) -> None:
    at_desk.slack.trouble("response", trouble, trouble)
    assert (await at_desk.command("findings")).status == 200
    assert at_desk.answers[-1].method == "chat.postEphemeral"


async def test_nothing_takes_an_acknowledgement_back_when_slack_takes_no_answer(
    at_desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    for method in ("response", "chat.postEphemeral", "views.open", "views.update"):
        at_desk.slack.trouble(method, *[refused("channel_not_found")] * 5)
    at_desk.slack.trouble("response", *[UNREACHED] * 9)
    for typed in ("findings", "nonsense", "mute 1"):
        assert (await at_desk.command(typed)).status == 200
    assert (await at_desk.click(Action.MUTE, FINDING)).status == 200
    assert "response_action" in (await at_desk.submit(View.MUTE, FINDING, "because")).body
    assert "channel_not_found: check the id" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.fixture
def locked(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    """Another process that may lock the database; the bot does not wait long for it."""
    store.db.row("PRAGMA busy_timeout = 50")
    return sqlite3.connect(store.db.path, isolation_level=None)


async def test_a_locked_database_is_said_and_changes_nothing(at_desk: Desk, locked: sqlite3.Connection) -> None:
    before = at_desk.written
    locked.execute("BEGIN EXCLUSIVE")
    await at_desk.command("audit verify")
    assert "aws-sec.sqlite is busy: another process is writing to it" in at_desk.told
    assert at_desk.told.endswith("nothing was changed.")
    await at_desk.submit(View.MUTE, FINDING, "because")
    assert "is busy" in at_desk.told
    await at_desk.command("findings")
    assert "northwind-exports" in at_desk.told, "reading goes on"
    locked.rollback()
    locked.close()
    assert at_desk.written == before
    assert not at_desk.bot.store.findings.get(1).muted(datetime.now(UTC))


async def test_a_read_only_database_is_said_and_changes_nothing(at_desk: Desk) -> None:
    at_desk.bot.store.db.write("PRAGMA query_only = ON")
    await at_desk.submit(View.MUTE, FINDING, "because")
    assert "is read-only: give the bot write permission" in at_desk.told
    assert not at_desk.bot.store.findings.get(1).muted(datetime.now(UTC))


async def test_what_nobody_foresaw_has_an_id_in_the_answer_and_its_trace_in_the_log(
    at_desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    at_desk.bot.store.db.write("UPDATE findings SET opened_at = 'yesterday'")
    for act in (
        at_desk.command("findings"),
        at_desk.click(Action.EXPLAIN, FINDING),
        at_desk.submit(View.MUTE, FINDING, "my secret reason"),
    ):
        caplog.clear()
        assert (await act).status == 200
        words, _, incident = at_desk.told.rstrip(".").partition("incident ")
        assert "nobody foresaw" in words
        assert "Error" not in words
        assert f"incident {incident}" in caplog.text
        assert "Invalid isoformat string" in caplog.text
        assert "my secret reason" not in caplog.text


async def test_the_log_never_holds_a_secret(slack: Slack, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    for name in (*QUIET, "aiohttp.access"):  # the last is the fake's own
        caplog.set_level(logging.WARNING, name)
    caplog.set_level(logging.INFO)
    at_desk = await desk(slack, store)
    slack.trouble("response", *[UNREACHED] * 9)
    slack.trouble("chat.postEphemeral", *[BROKEN] * 3, refused("invalid_auth"))
    slack.trouble("chat.postMessage", refused("invalid_auth"))
    for _ in range(3):
        await at_desk.command("status")
    assert "did not answer" in caplog.text
    assert "invalid_auth" in caplog.text
    for secret in (BOT_TOKEN, SIGNING_SECRET, slack.response_url()):
        assert secret not in caplog.text


async def test_a_request_of_slack_without_a_signature_is_not_dispatched(at_desk: Desk) -> None:
    response = await at_desk.dispatch(AsyncBoltRequest(body="command=%2Faws-sec&text=findings", headers={}))
    assert response.status == 401
    assert not at_desk.answers


async def test_a_page_is_turned_in_place(at_desk: Desk) -> None:
    await at_desk.click(f"{Action.PAGE}.more", OfList(page=1).pack(), hidden=True)
    turned = at_desk.slack.called("response")[-1]
    assert turned.arguments["replace_original"] is True
    assert "1 to 2 of 2" in turned.said, "the list got shorter: its last page"


async def test_a_list_below_a_public_message_is_shown_to_the_clicker_alone(at_desk: Desk) -> None:
    await at_desk.click(Action.PAGE, OfList().pack())
    assert at_desk.slack.called("response")[-1].arguments["replace_original"] is False


async def test_muting_and_showing_again(at_desk: Desk) -> None:
    await at_desk.submit(View.MUTE, FINDING, "a public website")
    muted = at_desk.bot.store.findings.get(1)
    assert muted.muted_until is not None
    assert timedelta(days=6) < muted.muted_until - datetime.now(UTC) <= timedelta(days=7)
    assert (muted.muted_by, muted.muted_reason) == ("T1/UANA", "a public website")
    await at_desk.command("findings muted")
    assert "Muted by <@UANA>" in at_desk.told
    await at_desk.click(Action.UNMUTE, FINDING, user=BEN)
    assert "shown again from now on" in at_desk.told
    assert at_desk.written == [("finding.muted", "ok"), ("finding.unmuted", "ok")]


async def test_who_reads_the_audit_log_is_in_it(at_desk: Desk) -> None:
    await at_desk.command("audit")
    await at_desk.command("audit #7")
    await at_desk.command("audit verify")
    assert "as it was written: 2 rows" in at_desk.told
    assert at_desk.written == [("audit.read", "ok"), ("audit.read", "ok"), ("audit.verified", "ok")]


async def test_an_altered_audit_log_is_cried_out(at_desk: Desk, tmp_path: Path) -> None:
    await at_desk.command("audit")
    with sqlite3.connect(at_desk.bot.store.db.path) as db:
        db.execute("DROP TRIGGER audit_keeps_rows")
        db.execute("UPDATE audit SET actor = 'T1/UEVE'")
    db.close()
    await at_desk.command("audit verify")
    assert "🚨 *The audit log was altered*: row 1 was changed" in at_desk.told
    assert at_desk.written[-1] == ("audit.verified", "failed")
