"""A digest when nothing changed is one line, or none; the weekly edition comes whatever happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.store import Store
from bot.store.scans import Score
from bot.words import span
from checks import s3
from tests.conftest import ACCOUNT
from tests.slack.clock import Clock
from tests.slack.desk import DIGEST, FIXABLE, Desk, desk, found
from tests.slack.fake import Slack

MONDAY = datetime(2025, 6, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
A, B = (FIXABLE, "a", "leaves it open"), (FIXABLE, "b", "leaves it open")


class Week:
    """Days of a bot that scans right before each digest."""

    def __init__(self, slack: Slack, store: Store, **settings: Any) -> None:
        self.slack, self.store, self.settings = slack, store, settings
        self.clock = Clock(MONDAY)

    async def at(self, moment: datetime, *outcomes: Any, unknown: str = "") -> str:
        """What the channel's last message says after that minute."""
        self.clock.now = moment
        found(self.store, *outcomes, at=moment, unknown=unknown, checks=(FIXABLE, s3.bucket_has_versioning))
        await (await self.restarted()).schedule.each_minute()
        return (self.slack.shown(DIGEST) or [""])[-1]

    async def restarted(self) -> Desk:
        return await desk(self.slack, self.store, now=self.clock, **self.settings)

    @property
    def posted(self) -> int:
        return len(self.slack.shown(DIGEST))


@pytest.fixture
def week(slack: Slack, store: Store) -> Week:
    return Week(slack, store)


@pytest.mark.asyncio
async def test_when_nothing_changed_it_is_one_line_and_the_head(week: Week) -> None:
    await week.at(MONDAY, A)
    said = await week.at(MONDAY + DAY, A)
    head, checks = week.store.audit.head(), len((await week.restarted()).bot.checks)
    assert said.splitlines() == [
        (
            "💤 *AWS account 123456789012: nothing changed*  ·  Score 0 of 100  ·  open: 1 high"
            f"  ·  2 of {checks} checks read everywhere  ·  scanned just now"
        ),
        f"Digest of 2025-06-03 09:00  ·  Audit head {head.seq}:{head.hash}",
    ]
    assert week.store.digests.witnessed() == head


@pytest.mark.asyncio
async def test_or_none_and_the_next_that_has_news_compares_with_the_last_that_was_posted(
    slack: Slack, store: Store
) -> None:
    week = Week(slack, store, digest_when_quiet="none")
    await week.at(MONDAY, A)
    for day in (1, 2):
        await week.at(MONDAY + day * DAY, A)
        await week.at(MONDAY + day * DAY + timedelta(minutes=1), A)
    assert week.posted == 1
    assert "1 new" in await week.at(MONDAY + 3 * DAY, A, B)


@pytest.mark.asyncio
async def test_the_weekly_edition_comes_also_when_nothing_changed(slack: Slack, store: Store) -> None:
    week = Week(slack, store, digest_when_quiet="none", digest_weekly="wednesday")
    await week.at(MONDAY, A)
    await week.at(MONDAY + DAY, A)
    said = await week.at(MONDAY + 2 * DAY, A)
    assert week.posted == 2
    assert "Digest of 2025-06-04 09:00  ·  weekly edition" in said
    assert week.store.digests.witnessed() == week.store.audit.head()


@pytest.mark.asyncio
@pytest.mark.parametrize("change", ["unread", "score", "mute", "unlooked"])
async def test_what_is_not_quiet(week: Week, change: str) -> None:
    await week.at(MONDAY + DAY, A)
    now = MONDAY + 2 * DAY
    if change == "score":
        week.store.scans.record_score(100, ACCOUNT, Score(MONDAY + timedelta(hours=1), 12, {}, 1))
    elif change == "mute":
        week.store.findings.mute(1, until=now + DAY, reason="a website", actor="T1/UANA", at=MONDAY + DAY)
    elif change == "unlooked":
        week.store.scans.begin(ACCOUNT, at=now, complete_scope=True, requested_by="test")
        week.clock.now = now
        bot = await desk(week.slack, week.store, now=week.clock, scan=("false",), digest_late="send")
        week.store.db.write("UPDATE scans SET ended_at = '2025-06-02T09:00:00.000+00:00'")
        await bot.schedule.each_minute()
        assert "💤" not in week.slack.shown(DIGEST)[-1], "nobody looked for more than a day"
        return
    said = await week.at(now, A, unknown="s3:ListBuckets was denied" if change == "unread" else "")
    assert "💤" not in said
    if change == "unread":
        assert "💤" in await week.at(now + DAY, A, unknown="s3:ListBuckets was denied"), "told once"
        assert "💤" not in await week.at(now + 2 * DAY, A), "it can be read again"


@pytest.mark.asyncio
async def test_one_that_is_asked_for_is_whole(week: Week) -> None:
    await week.at(MONDAY, A)
    await (await week.restarted()).command("digest")
    assert "Worth doing today" in week.slack.shown(DIGEST)[-1]


# --- the weekly edition --------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_week_tells_what_changed_in_seven_days_also_what_was_told_before(week: Week) -> None:
    await week.at(MONDAY, A)
    await week.at(MONDAY + DAY, A, B)
    await week.at(MONDAY + 3 * DAY, A)
    await week.at(MONDAY + 6 * DAY, A)
    said = await week.at(MONDAY + 7 * DAY, A)
    assert "AWS account 123456789012: the week: 1 resolved" in said
    assert f"open for no longer than {span(2 * DAY)} (the median)" in said
    assert "⏱ *Open for longest*, critical and high before others" in said
    assert "`a` leaves it open  ·  7 days  ·  finding 1" in said


@pytest.mark.asyncio
async def test_the_weekday_is_that_of_the_zone(slack: Slack, store: Store) -> None:
    week = Week(slack, store, timezone="Pacific/Auckland", digest_time="08:00")  # Monday there, Sunday in UTC
    await week.at(MONDAY - timedelta(days=1, hours=13), A)
    said = await week.at(MONDAY - timedelta(hours=13), A)
    assert "Digest of 2025-06-02 08:00  ·  weekly edition" in said


@pytest.mark.asyncio
async def test_a_week_follows_what_is_resolved_that_day_as_the_weekly_edition(week: Week) -> None:
    await week.at(MONDAY - 3 * DAY, A)
    await week.at(MONDAY, A, B)
    said = await week.at(MONDAY + timedelta(hours=1), A)
    assert "weekly edition" in said
    assert "✅ *Resolved since*" in said


@pytest.mark.asyncio
async def test_the_charts_come_with_it_or_a_picture_in_its_thread(week: Week) -> None:
    for day in range(7, -1, -1):
        score = Score(MONDAY - day * DAY - timedelta(hours=1), 40 + day, {}, 3, {3: 2, 4: 1})
        week.store.scans.record_score(200 + day, ACCOUNT, score)
    await week.at(MONDAY - DAY, A)
    said = await week.at(MONDAY, A)
    assert "The score fell from" in said
    (message,) = [m for (channel, _), m in week.slack.messages.items() if channel == DIGEST][-1:]
    kinds = [block["type"] for block in message["blocks"]]
    assert kinds.count("data_visualization") == 2 or week.slack.files
