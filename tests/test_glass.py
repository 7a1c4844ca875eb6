"""Everybody hears of it when one person approves alone: in each channel once, whatever gets lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.glass import POSTING
from bot.people import Person
from bot.store import Store
from tests.slack.clock import Clock
from tests.slack.desk import ANA, APPROVALS, CHANNEL, DIGEST
from tests.slack.fake import BROKEN, LOST, UNREACHED, Slack, Trouble, refused
from tests.test_cards import Requests, requests_of

pytestmark = pytest.mark.asyncio
EVERYWHERE = (CHANNEL, APPROVALS, DIGEST)


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def broken(slack: Slack, store: Store, clock: Clock) -> Requests:
    """A request that Ana approved alone a moment ago."""
    asked = await requests_of(slack, store, clock)
    asked.desk.bot.remediator.break_glass(asked.id, Person("T1", ANA), {ANA}, "it is being read as we speak")
    return asked


def heard(slack: Slack) -> list[int]:
    """How often each channel was told."""
    return [sum("*alone* (break-glass)" in text for text in slack.shown(channel)) for channel in EVERYWHERE]


async def test_every_channel_is_told_at_once(slack: Slack, store: Store, clock: Clock) -> None:
    asked = await broken(slack, store, clock)
    await asked.desk.cards.glass.tell(asked.id)
    assert heard(slack) == [1, 1, 1]
    clock.now += 2 * POSTING
    calls = len(slack.calls)
    await asked.desk.cards.glass.catch_up()
    assert len(slack.calls) == calls, "nothing is left to do"


async def test_a_bot_that_died_before_it_told_anybody_tells_at_its_next_start(
    slack: Slack, store: Store, clock: Clock
) -> None:
    asked = await broken(slack, store, clock)
    await asked.desk.schedule.each_minute()
    assert heard(slack) == [0, 0, 0], "the one that died may have posted a moment ago"
    clock.now += POSTING + timedelta(seconds=1)
    for _ in range(2):
        await asked.desk.schedule.each_minute()
    assert heard(slack) == [1, 1, 1]


@pytest.mark.parametrize("trouble", [LOST, UNREACHED, BROKEN, refused("not_in_channel")])
async def test_an_announcement_that_got_lost_is_made_up_for_once(
    slack: Slack, store: Store, clock: Clock, trouble: Trouble
) -> None:
    asked = await broken(slack, store, clock)
    slack.trouble("chat.postMessage", trouble)
    await asked.desk.cards.glass.tell(asked.id)
    clock.now += POSTING + timedelta(seconds=1)
    slack.trouble("conversations.history", refused("missing_scope"))
    for _ in range(3):
        await asked.desk.cards.glass.catch_up()
    assert heard(slack) == [1, 1, 1]


async def test_telling_and_making_up_for_it_do_not_meet(slack: Slack, store: Store, clock: Clock) -> None:
    asked = await broken(slack, store, clock)
    clock.now += POSTING + timedelta(seconds=1)
    glass = asked.desk.cards.glass
    await asyncio.gather(glass.catch_up(), glass.tell(asked.id), glass.catch_up())
    assert heard(slack) == [1, 1, 1]
