"""What happens by itself: each digest once whatever restarts in between, scans when due, expiry."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest_posts import IN_FLIGHT
from bot.digest_routes import slot_at
from bot.people import Person
from bot.post import PostError
from bot.settings import load
from bot.store import Store, StoreError
from bot.store.digests import Slot
from tests.conftest import ACCOUNT
from tests.slack.clock import Clock
from tests.slack.desk import ANA, DIGEST, FIXABLE, SCAN, Desk, desk, found, scan_program
from tests.slack.fake import BROKEN, LOST, UNREACHED, Slack, Trouble, refused

NINE = datetime(2025, 6, 2, 9, 0, tzinfo=UTC)
SLOT = "2025-06-02 09:00"


class Day:
    """A bot whose last scan is always fresh, on a day that tests move through; `restarted` is the same bot again."""

    def __init__(self, slack: Slack, store: Store, **settings: Any) -> None:
        self.slack, self.store, self.settings = slack, store, settings
        self.clock = Clock(NINE - timedelta(minutes=1))
        found(store, (FIXABLE, "northwind-exports", "leaves it open"), at=self.clock.now)

    async def restarted(self) -> Desk:
        return await desk(self.slack, self.store, now=self.clock, **self.settings)

    def at(self, moment: datetime) -> None:
        self.clock.now = moment
        found(self.store, (FIXABLE, "northwind-exports", "leaves it open"), at=moment)

    async def due(self) -> None:
        """A minute's look at the clock, by a bot that was just started."""
        await (await self.restarted()).schedule.digest_if_due()

    @property
    def posted(self) -> list[str]:
        """The slots whose digest is in the channel."""
        names = [text.split("Digest of ")[1].splitlines()[0] for text in self.slack.shown(DIGEST)]
        return [name.partition("  ·  Audit head")[0].replace("  ·  weekly edition", "") for name in names]

    @property
    def slot(self) -> Slot | None:
        return self.store.digests.get(SLOT)


@pytest.fixture
def day(slack: Slack, store: Store) -> Day:
    return Day(slack, store)


@pytest.mark.asyncio
async def test_a_digest_is_posted_once_a_day_however_often_it_is_looked_for(day: Day) -> None:
    day.store.digests.skip("2025-06-01 09:00", DIGEST, day.clock.now)
    await day.due()
    assert day.posted == [], "it is a minute early"
    for minute in (0, 1, 2, 60, 23 * 60 + 59):
        day.at(NINE + timedelta(minutes=minute))
        await day.due()
        assert day.posted == [SLOT]
    day.at(NINE + timedelta(days=1))
    await day.due()
    assert day.posted == [SLOT, "2025-06-03 09:00"]


@pytest.mark.asyncio
async def test_two_processes_post_one_digest(day: Day) -> None:
    day.at(NINE)
    first, second = await day.restarted(), await day.restarted()
    await asyncio.gather(first.schedule.digest_if_due(), second.schedule.digest_if_due())
    assert day.posted == [SLOT]


@pytest.mark.asyncio
async def test_a_crash_between_claiming_and_posting_delays_a_digest_but_loses_none(day: Day) -> None:
    day.at(NINE)
    assert day.store.digests.claim(SLOT, DIGEST, NINE)
    await day.due()
    assert day.posted == [], "another process may be posting it just now"
    day.at(NINE + IN_FLIGHT)
    await day.due()
    await day.due()
    assert day.posted == [SLOT]


@pytest.mark.asyncio
async def test_a_crash_between_posting_and_noting_it_posts_no_second(day: Day) -> None:
    day.at(NINE)
    await day.due()
    day.store.db.write("UPDATE digests SET state = 'claimed', posted_at = NULL, ts = ''")
    day.at(NINE + timedelta(hours=1))
    await day.due()
    assert day.posted == [SLOT]
    assert day.slot is not None
    assert (day.slot.state, day.slot.posted_at) == ("posted", NINE)
    assert (DIGEST, day.slot.ts) in day.slack.messages


@pytest.mark.asyncio
@pytest.mark.parametrize("trouble", [LOST, UNREACHED, BROKEN, refused("internal_error")])
async def test_a_digest_that_may_be_out_is_looked_for_before_it_is_posted(day: Day, trouble: Trouble) -> None:
    day.at(NINE)
    day.slack.trouble("chat.postMessage", trouble)
    await day.due()
    await day.due()
    assert len(day.slack.called("chat.postMessage")) == 1
    day.at(NINE + IN_FLIGHT)
    await day.due()
    await day.due()
    assert day.posted == [SLOT]


@pytest.mark.asyncio
async def test_a_digest_that_slack_refused_is_tried_again_each_minute(day: Day) -> None:
    day.at(NINE)
    day.slack.trouble("chat.postMessage", refused("not_in_channel"), refused("invalid_auth"))
    for _ in range(4):
        await day.due()
    assert day.posted == [SLOT]
    assert len(day.slack.called("chat.postMessage")) == 3


@pytest.mark.asyncio
async def test_when_the_channel_cannot_be_read_nothing_is_posted_on_a_guess(day: Day) -> None:
    day.at(NINE)
    day.store.digests.claim(SLOT, DIGEST, NINE)
    day.at(NINE + timedelta(hours=1))
    day.slack.trouble("conversations.history", refused("missing_scope"))
    await day.due()
    assert day.posted == []
    await day.due()
    assert len(day.posted) == 1


@pytest.mark.asyncio
async def test_a_digest_that_was_due_while_the_bot_was_down_says_how_late_it_is(day: Day) -> None:
    day.at(NINE + timedelta(hours=3, minutes=20))
    await day.due()
    assert day.posted == [f"{SLOT}  ·  3 hours late: the bot was down"]


@pytest.mark.asyncio
async def test_a_digest_within_a_quarter_of_an_hour_is_not_late(day: Day) -> None:
    day.at(NINE + timedelta(minutes=15))
    await day.due()
    assert day.posted == [SLOT]


@pytest.mark.asyncio
async def test_after_days_only_the_newest_digest_is_posted(day: Day) -> None:
    day.at(NINE + timedelta(days=4, hours=1))
    await day.due()
    assert day.posted == ["2025-06-06 09:00  ·  1 hour late: the bot was down"]


@pytest.mark.asyncio
async def test_a_late_digest_is_skipped_when_the_settings_say_so(slack: Slack, store: Store) -> None:
    day = Day(slack, store, digest_late="skip")
    day.at(NINE + timedelta(hours=3))
    await day.due()
    await day.due()
    assert day.posted == []
    assert day.slot is not None
    assert day.slot.state == "skipped"
    day.at(NINE + timedelta(days=1))
    await day.due()
    assert day.posted == ["2025-06-03 09:00"]


@pytest.mark.asyncio
async def test_without_a_channel_there_is_no_digest(slack: Slack, store: Store) -> None:
    day = Day(slack, store, digest_channel="")
    day.at(NINE)
    await day.due()
    at_desk = await day.restarted()
    await at_desk.command("digest")
    assert "set AWS_SEC_DIGEST_CHANNEL" in at_desk.told
    assert slack.messages == {}


@pytest.mark.asyncio
async def test_a_digest_on_demand_comes_besides_the_daily_one(day: Day) -> None:
    day.at(NINE - timedelta(hours=1))
    at_desk = await day.restarted()
    await at_desk.command("digest")
    assert at_desk.told == f"The digest is in <#{DIGEST}>."
    day.at(NINE)
    await day.due()
    assert len(day.posted) == 2
    assert day.posted[1] == SLOT


@pytest.mark.asyncio
async def test_a_digest_on_demand_that_slack_refuses_is_said(day: Day) -> None:
    at_desk = await day.restarted()
    day.slack.trouble("chat.postMessage", refused("not_in_channel"))
    with pytest.raises(PostError):
        await at_desk.schedule.post_digest_now(Person("T1", ANA))
    day.slack.trouble("chat.postMessage", refused("not_in_channel"))
    await at_desk.command("digest")
    assert "invite the bot there" in at_desk.told


@pytest.mark.asyncio
async def test_a_busy_database_delays_a_digest_and_no_answer_to_slack(day: Day) -> None:
    day.at(NINE)
    at_desk = await day.restarted()
    day.store.db._db.execute("PRAGMA busy_timeout = 500")
    other = sqlite3.connect(day.store.db.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    posting = asyncio.create_task(at_desk.schedule.digest_if_due())
    waits = []
    while not posting.done():
        begun = monotonic()
        await asyncio.sleep(0.01)
        waits.append(monotonic() - begun)
    other.close()
    assert max(waits) < 0.3
    assert len(waits) > 5, "the digest did wait"
    await at_desk.schedule.digest_if_due()
    assert day.posted == [SLOT]


@pytest.mark.asyncio
async def test_only_the_claim_that_was_looked_at_is_given_back(day: Day) -> None:
    day.store.digests.claim(SLOT, DIGEST, NINE)
    day.store.digests.release(SLOT, NINE - timedelta(minutes=2))
    assert day.slot is not None
    day.store.digests.release(SLOT, NINE)
    assert day.slot is None


# --- daylight saving -----------------------------------------------------------------

LONDON = {"timezone": "Europe/London"}


def minutes(first: datetime, days: int) -> Iterator[datetime]:
    return (first + timedelta(minutes=minute) for minute in range(days * 24 * 60))


@pytest.mark.parametrize("day", [datetime(2025, 3, 29, tzinfo=UTC), datetime(2025, 10, 25, tzinfo=UTC)])
@pytest.mark.parametrize("at", ["00:30", "01:00", "01:30", "02:00", "09:00"])
def test_each_day_has_one_digest_when_clocks_change(day: datetime, at: str) -> None:
    settings = load(**LONDON, digest_time=at)
    slots = [slot_at(settings.digest_time, settings.zone, now) for now in minutes(day, 4)]
    assert all(slot <= now for slot, now in zip(slots, minutes(day, 4), strict=True))
    runs = [slot.date() for slot, _ in groupby(slots)]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(runs)), "no day twice, none left out"


moments = st.floats(1e9, 2e9).map(lambda stamp: datetime.fromtimestamp(stamp, UTC))


@given(moments, st.times(), st.sampled_from(["Europe/London", "UTC", "Asia/Kathmandu"]))
def test_a_slot_is_the_newest_that_is_due(now: datetime, at: time, zone: str) -> None:
    slot = slot_at(at, ZoneInfo(zone), now)
    assert timedelta(0) <= now - slot <= timedelta(hours=25)


@pytest.mark.asyncio
@pytest.mark.parametrize("midnight", [datetime(2025, 3, 30, tzinfo=UTC), datetime(2025, 10, 26, tzinfo=UTC)])
async def test_a_digest_in_the_hour_that_is_skipped_or_repeated_comes_once(
    slack: Slack, store: Store, midnight: datetime
) -> None:
    day = Day(slack, store, **LONDON, digest_time="01:30")
    store.digests.skip(f"{midnight - timedelta(days=1):%Y-%m-%d} 01:30", DIGEST, midnight)
    for minute in range(-30, 240, 15):
        day.at(midnight + timedelta(minutes=minute))
        await day.due()
    assert day.posted == [f"{midnight:%Y-%m-%d} 01:30"]


# --- scans, mutes, the start ---------------------------------------------------------

COUNTING = "open('scans', 'a').write('x')\n" + SCAN
FAILING = COUNTING.replace('"ok": True', '"ok": False').replace('"note": ""', '"note": "AWS said no"')


def scans() -> int:
    """How many scans were started."""
    file = Path("scans")
    return len(file.read_text()) if file.exists() else 0


@pytest.mark.asyncio
async def test_a_scan_starts_when_the_last_is_old(slack: Slack, store: Store) -> None:
    clock = Clock()
    at_desk = await desk(slack, store, now=clock, scan=scan_program(COUNTING), scan_hours=6)
    await at_desk.schedule.scan_if_due()
    assert scans() == 1, "there was none yet"
    found(store, at=clock.now)
    clock.now += timedelta(hours=5, minutes=59)
    await at_desk.schedule.scan_if_due()
    assert scans() == 1
    clock.now += timedelta(minutes=1)
    await at_desk.schedule.scan_if_due()
    assert scans() == 2


@pytest.mark.asyncio
async def test_a_scheduled_scan_that_fails_is_logged(
    slack: Slack, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    at_desk = await desk(slack, store, scan=scan_program(FAILING))
    await at_desk.schedule.scan_if_due()
    assert "the scheduled scan did not work: AWS said no" in caplog.text


@pytest.mark.asyncio
async def test_a_digest_reads_the_account_again_first_when_the_last_scan_is_old(slack: Slack, store: Store) -> None:
    found(store, at=NINE - timedelta(hours=2))
    at_desk = await desk(slack, store, now=Clock(NINE), scan=scan_program(COUNTING))
    await at_desk.schedule.digest_if_due()
    assert scans() == 1
    assert len(slack.shown(DIGEST)) == 1


@pytest.mark.asyncio
async def test_a_mute_whose_time_is_over_ends_with_a_row_in_the_audit_log(slack: Slack, store: Store) -> None:
    clock = Clock()
    (finding,) = found(store, (FIXABLE, "northwind-exports", "leaves it open"), at=clock.now)
    at_desk = await desk(slack, store, now=clock, digest_channel="")
    until = clock.now + timedelta(days=1)
    store.findings.mute(finding.id, until=until, reason="a website", actor="T1/UANA", at=clock.now)
    await at_desk.schedule.each_minute()
    assert store.findings.get(finding.id).muted_until is not None
    clock.now = until
    await at_desk.schedule.each_minute()
    assert store.findings.get(finding.id).muted_until is None
    assert at_desk.written[-1] == ("finding.unmuted", "ok")


@pytest.mark.asyncio
async def test_a_mute_of_a_whole_check_ends_likewise(slack: Slack, store: Store) -> None:
    clock = Clock()
    found(store, (FIXABLE, "northwind-exports", "leaves it open"), at=clock.now)
    at_desk = await desk(slack, store, now=clock, digest_channel="")
    until = clock.now + timedelta(days=1)
    store.mutes.begin(ACCOUNT, FIXABLE.id, "", until=until, reason="websites", by="T1/UANA", at=clock.now)
    await at_desk.schedule.each_minute()
    clock.now = until
    await at_desk.schedule.each_minute()
    await at_desk.schedule.each_minute()
    assert at_desk.written == [("mute.begun", "ok"), ("mute.expired", "ok")]


@pytest.mark.asyncio
async def test_the_first_start_owes_no_digest_and_scans(slack: Slack, store: Store) -> None:
    clock = Clock(NINE + timedelta(hours=2))
    at_desk = await desk(slack, store, now=clock, scan=scan_program(COUNTING))
    await started(at_desk)
    assert scans() == 1
    assert slack.shown(DIGEST) == []
    clock.now = NINE + timedelta(days=1)
    await at_desk.schedule.digest_if_due()
    assert len(slack.shown(DIGEST)) == 1


@pytest.mark.asyncio
async def test_a_restart_makes_up_for_the_digest_that_was_due(day: Day) -> None:
    day.at(NINE - timedelta(hours=2))
    await started(await day.restarted())
    day.at(NINE + timedelta(hours=2))
    await started(await day.restarted())
    assert day.posted == [f"{SLOT}  ·  2 hours late: the bot was down"]


async def started(at_desk: Desk) -> None:
    """Start the schedule and let what is due at once be done."""
    at_desk.schedule.start()
    await asyncio.sleep(0.7)
    await at_desk.schedule.stop()
    await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_a_database_that_fails_stops_no_later_digest(day: Day) -> None:
    day.at(NINE)
    at_desk = await day.restarted()
    day.store.db.write("PRAGMA query_only = ON")
    await at_desk.schedule.digest_if_due()
    assert day.posted == []
    with pytest.raises(StoreError, match="read-only"):
        day.store.audit.append("x", actor="x", subject="x")
    day.store.db._db.execute("PRAGMA query_only = OFF")
    await at_desk.schedule.digest_if_due()
    assert day.posted == [SLOT]


@pytest.mark.asyncio
async def test_a_digest_follows_what_becomes_of_its_findings_that_day(day: Day) -> None:
    day.store.digests.skip("2025-06-01 09:00", DIGEST, day.clock.now)
    day.at(NINE)
    await day.due()
    head = day.slot.head if day.slot else None
    (shown,) = day.slack.shown(DIGEST)
    assert "Resolved since" not in shown
    day.clock.now = NINE + timedelta(hours=2)
    found(day.store, at=day.clock.now, passed=1)
    bot = await day.restarted()
    await bot.schedule.each_minute()
    (shown,) = day.slack.shown(DIGEST)
    assert "✅ *Resolved since*" in shown
    assert "1 resolved since" in shown
    assert f"Audit head {head.seq}:{head.hash}" in shown if head else False, "what was witnessed stays witnessed"
    edits = len(day.slack.called("chat.update"))
    await bot.schedule.each_minute()
    assert len(day.slack.called("chat.update")) == edits, "it is edited when something changed"
    day.at(NINE + timedelta(hours=3))
    await bot.schedule.each_minute()
    assert "Resolved since" not in day.slack.shown(DIGEST)[0], "it came back"


@pytest.mark.asyncio
async def test_yesterdays_digest_stays_as_it_was(day: Day) -> None:
    day.store.digests.skip("2025-06-01 09:00", DIGEST, day.clock.now)
    day.at(NINE)
    await day.due()
    day.clock.now = NINE + timedelta(days=1, minutes=1)
    found(day.store, at=day.clock.now, passed=1)
    await (await day.restarted()).schedule.redraw_digest()
    assert "Resolved since" not in day.slack.shown(DIGEST)[0]


@pytest.mark.asyncio
async def test_a_digest_whose_message_is_gone_is_let_go(day: Day) -> None:
    day.store.digests.skip("2025-06-01 09:00", DIGEST, day.clock.now)
    day.at(NINE)
    await day.due()
    day.slack.messages.clear()
    found(day.store, at=day.clock.now, passed=1)
    bot = await day.restarted()
    await bot.schedule.redraw_digest()
    await bot.schedule.redraw_digest()
    assert len(day.slack.called("chat.update")) == 1
