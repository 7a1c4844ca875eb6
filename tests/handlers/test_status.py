"""`/aws-sec status`, `check` and the Scan button: an answer at once, a message that follows, and what comes of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.ids import Action, OfList
from bot.store import Store
from tests.slack.desk import ANA, BEN, CHANNEL, FIXABLE, SCAN, Desk, desk, found, scan_program
from tests.slack.fake import Slack, buttons, refused

pytestmark = pytest.mark.asyncio

SLOW = "import time\nprint('started', file=open('scans', 'a'))\n" + SCAN.replace(
    "for done", "time.sleep(0.2)\nfor done"
)
PACED = SCAN.replace("print(", "__import__('time').sleep(0.1)\n    print(", 1)
FAILING = SCAN.replace('"ok": True', '"ok": False').replace('"note": ""', '"note": "*AWS* said no"')
HOURS_AGO = timedelta(hours=2)


@pytest.fixture(autouse=True)
def _every_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.ask.EDIT_SECONDS", 0.0)


async def desk_of(slack: Slack, store: Store, scan: str = SCAN, *, age: timedelta = HOURS_AGO) -> Desk:
    found(store, (FIXABLE, "northwind-exports", "leaves it open"), at=datetime.now(UTC) - age)
    return await desk(slack, store, scan=scan_program(scan))


def headlines(slack: Slack) -> list[str]:
    """What the one message in the channel showed, one after the other: the line that tells of the scan."""
    calls = [call for call in slack.calls if call.method in ("chat.postMessage", "chat.update")]
    return [next((line for line in call.said.splitlines() if "⏳" in line), "") for call in calls]


async def test_a_fresh_status_is_answered_from_what_is_stored(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store, age=timedelta(minutes=5))
    await at_desk.command("status")
    (answer,) = at_desk.answers
    assert "Scanned 5 minutes ago" in answer.said
    assert "*Worst first*\n🟧 *High*  `northwind-exports` leaves it open" in answer.said
    assert {Action.FIX, Action.SCAN, f"{Action.OPEN}.all"} <= {*buttons(answer.arguments)}


async def test_an_old_status_in_the_channel_is_read_again_by_a_message_that_follows(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store, PACED)
    await at_desk.command("status", channel=CHANNEL)
    assert len(slack.messages) == 1
    first, *_, last = headlines(slack)
    assert "a new scan runs, this message follows: starting" in first
    assert any("1 of 2 reads, now `s3 in us-east-1`" in line for line in headlines(slack))
    assert last == ""


async def test_an_edit_that_fails_does_not_end_the_following(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store)
    slack.trouble("chat.update", refused("internal_error"))
    await at_desk.command("status", channel=CHANNEL)
    assert headlines(slack)[-1] == ""
    assert at_desk.answers == []


async def test_elsewhere_an_old_status_comes_at_once_and_again_when_it_was_read(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store)
    await at_desk.command("status")
    before, after = at_desk.answers
    assert "a new scan runs" in before.said
    assert "⏳" not in after.said
    assert not slack.messages


async def test_the_first_scan_is_announced(slack: Slack, store: Store) -> None:
    at_desk = await desk(slack, store)
    await at_desk.command("status")
    assert at_desk.answers[0].said == "⏳ Reading AWS account 123456789012 for the first time: starting"


async def test_a_scan_that_fails_is_said_above_what_is_known(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store, FAILING)
    await at_desk.command("status", channel=CHANNEL)
    (shown,) = slack.shown(CHANNEL)
    assert shown.startswith("⚠️ ∗AWS∗ said no")  # noqa: RUF001
    assert "northwind-exports" in shown
    assert "*AWS*" not in slack.calls[-1].arguments["text"], "what notifications say is mrkdwn, too"


async def test_who_asks_while_a_scan_runs_joins_it(slack: Slack, store: Store, tmp_path: Path) -> None:
    at_desk = await desk_of(slack, store, SLOW)
    await asyncio.gather(
        at_desk.command("status"), at_desk.command("status", user=BEN), at_desk.click(Action.SCAN, OfList().pack())
    )
    assert (tmp_path / "scans").read_text() == "started\n"


async def test_scan_now_lets_the_message_follow(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store, age=timedelta(minutes=5))
    await at_desk.command("status", channel=CHANNEL)
    ((_, ts),) = slack.messages
    slack.calls.clear()
    await at_desk.click(Action.SCAN, OfList().pack(), channel=CHANNEL, ts=ts)
    assert "a new scan runs" in headlines(slack)[0]
    assert headlines(slack)[-1] == ""
    assert len(slack.messages) == 1


async def test_scan_now_on_an_answer_only_they_see_uses_its_response_url_sparingly(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store, age=timedelta(minutes=5))
    await at_desk.click(Action.SCAN, OfList().pack(), hidden=True)
    answers = slack.called("response")
    assert 2 <= len(answers) <= 3, "begun, half done if it was seen so, done; a response URL takes five answers"
    assert all(call.arguments["replace_original"] for call in answers)


async def test_when_the_bot_is_not_in_its_channel_the_asker_is_told(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store)
    slack.closed.add(CHANNEL)
    await at_desk.command("status", channel=CHANNEL)
    assert any("invite the bot there: /invite @aws-sec" in answer.said for answer in at_desk.answers)
    assert "Security status" in at_desk.told


async def test_one_check_is_run_now(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store)
    await at_desk.command(f"check {FIXABLE.id}")
    running, result = at_desk.answers
    assert running.said == f"⏳ Running `{FIXABLE.id}`…"
    assert f"`{FIXABLE.id}`: 1 fail" in result.said
    assert result.arguments["response_type"] == "ephemeral"


async def test_a_check_that_cannot_be_run_says_why(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store, FAILING)
    await at_desk.command(f"check {FIXABLE.id}")
    assert at_desk.told == "🚫 ∗AWS∗ said no."  # noqa: RUF001


async def test_a_scan_that_prints_nonsense_is_said_and_logged(
    slack: Slack, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    at_desk = await desk_of(slack, store, "print('nonsense')")
    await at_desk.command("status", user=ANA)
    assert "the scan answered what could not be understood: see the log" in at_desk.told
    assert "the scan's process printed what is no event" in caplog.text


async def test_a_scan_that_runs_can_be_stopped_and_everybody_who_follows_is_told(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store, SLOW.replace("time.sleep(0.2)", "time.sleep(60)"))
    following = asyncio.create_task(at_desk.command("status", channel=CHANNEL))
    while not slack.messages:  # noqa: ASYNC110  # the fake has no event to wait for
        await asyncio.sleep(0.01)
    assert Action.STOP in buttons(slack.calls[-1].arguments)
    await at_desk.click(Action.STOP, OfList().pack(), user=BEN)
    await following
    assert "the scan was stopped; what was read is stored" in slack.calls[-1].said
    assert {Action.SCAN} <= {*buttons(slack.calls[-1].arguments)}
    assert at_desk.written[-1] == ("scan.stopped", "ok")
    await at_desk.schedule.scan_if_due()
    assert at_desk.bot.scans.running is None, "the schedule does not begin it again at once"
    await at_desk.click(Action.STOP, OfList().pack())
    assert "No scan is running." in at_desk.answers[-1].said


async def test_a_framework_is_told_control_by_control(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store)
    await at_desk.command("compliance cis_5.0")
    assert "CIS Amazon Web Services Foundations Benchmark 5.0.0" in at_desk.answers[-1].said
    assert "unknown" in at_desk.answers[-1].said, "most was never read"
    await at_desk.command("compliance cis5")
    assert "did you mean cis_5.0?" in at_desk.answers[-1].said
    await at_desk.command("compliance")
    assert "Say which framework" in at_desk.answers[-1].said
