"""`/aws-sec trend`: charts that Slack draws, else a picture where only those see it who may."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import pictures
from bot.ids import Action, OfTrend
from bot.store import Store
from bot.store.scans import Score
from tests.conftest import ACCOUNT
from tests.slack.desk import ANA, CHANNEL, ELSEWHERE, Desk, desk, found
from tests.slack.fake import Slack, buttons

pytestmark = pytest.mark.asyncio

CHART = "data_visualization"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn is looked at elsewhere."""
    monkeypatch.setattr(pictures, "DRAW", (sys.executable, "-I", "-S", "-c", "print('PNG')"))
    monkeypatch.setattr("bot.post.POST_SECONDS", 0.0)


@pytest.fixture
def history(store: Store) -> Store:
    """Ten days with a scan each."""
    now = datetime.now(UTC)
    for ago in range(10):
        found(store)
        (last,) = store.db.rows("SELECT max(id) AS id FROM scans")
        score = Score(now - timedelta(days=ago), 60 - ago, {}, 5, {4: 1, 3: 4})
        store.scans.record_score(last["id"], ACCOUNT, score)
    return store


def kinds(message: Mapping[str, Any]) -> list[str]:
    return [block["type"] for block in message["blocks"]]


async def test_charts_are_for_the_person_alone_and_for_all_in_the_bots_own_channel(
    slack: Slack, history: Store
) -> None:
    at = await desk(slack, history)
    await at.command("trend")
    assert kinds(at.answers[-1].arguments).count(CHART) == 2
    assert "The score rose from 51 to 60" in at.told
    assert "10 of 10 days" in at.told
    assert slack.messages == {}
    await at.command("trend 7 days", channel=CHANNEL)
    (message,) = slack.messages.values()
    assert "rose from 54 to 60" in message["text"]
    assert slack.files == []


async def test_another_window_is_a_click_away(slack: Slack, history: Store) -> None:
    at = await desk(slack, history)
    await at.command("trend 7", channel=CHANNEL)
    (message,) = slack.messages.values()
    (action, value), *_ = [(a, v) for a, v in buttons(message).items() if OfTrend(days=90).pack() == v]
    await at.click(action, value, channel=CHANNEL, ts=slack.newest(CHANNEL))
    (message,) = slack.messages.values()
    assert "the last 90 days" in message["text"]


async def test_a_picture_in_the_thread_where_slack_draws_nothing(slack: Slack, history: Store) -> None:
    slack.unknown.add(CHART)
    at = await desk(slack, history)
    await at.command("trend", channel=CHANNEL)
    (message,) = slack.messages.values()
    assert CHART not in kinds(message)
    (file,) = slack.files
    assert (file.channel, file.thread) == (CHANNEL, slack.newest(CHANNEL))
    assert "The score rose from 51 to 60 of 100" in file.alt


async def test_a_picture_for_one_person_is_sent_to_them_directly(slack: Slack, history: Store) -> None:
    slack.unknown.add(CHART)
    at = await desk(slack, history)
    await at.command("trend", channel=ELSEWHERE)
    (file,) = slack.files
    assert (file.channel, file.thread) == (ANA.replace("U", "D", 1), slack.newest(ANA))
    assert [where for where, _ in slack.messages] == [ANA]
    assert "in our direct messages" in at.told
    await at.click(f"{Action.TREND}.1", OfTrend(days=7).pack(), hidden=True)
    assert len(slack.files) == 2


async def test_from_the_home_tab_it_comes_as_a_direct_message(slack: Slack, history: Store) -> None:
    slack.unknown.add(CHART)
    at = await desk(slack, history)
    await at.open_home()
    value = buttons(slack.homes[ANA])[Action.TREND]
    await at.click(Action.TREND, value, channel="")
    assert [where for where, _ in slack.messages] == [ANA]
    assert len(slack.files) == 1


async def test_what_cannot_be_drawn_is_logged_and_the_words_are_there(
    slack: Slack, history: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pictures, "DRAW", (sys.executable, "-I", "-S", "-c", "raise SystemExit('no matplotlib')"))
    slack.unknown.add(CHART)
    at = await desk(slack, history)
    await at.command("trend")
    assert "The score rose" in at.told
    assert "no picture of the trend: no matplotlib" in caplog.text


async def test_with_few_days_there_are_words_and_no_picture(slack: Slack, store: Store) -> None:
    found(store)
    slack.unknown.add(CHART)
    at = await desk(slack, store)
    await at.command("trend")
    assert "a chart needs 3" in at.told
    assert slack.files == []


@pytest.mark.parametrize(("text", "told"), [("trend 14", "7, 30, 90"), ("trend week", "7, 30, 90")])
async def test_days_there_are_none_of(at_desk: Desk, text: str, told: str) -> None:
    await at_desk.command(text)
    assert told in at_desk.told


async def test_a_forged_window_is_refused(at_desk: Desk) -> None:
    await at_desk.click(Action.TREND, OfTrend(days=365).pack())
    assert "older version" in at_desk.told


async def test_who_may_not_look_sees_no_trend(slack: Slack, history: Store) -> None:
    at = await desk(slack, history, viewers=["UVIEWER"], requesters=["UREQUESTER"])
    await at.command("trend")
    assert "not among those who may use this command" in at.told
