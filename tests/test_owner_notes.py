"""What owners are told of theirs: once a day at most, only when something is new, until they want no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.ids import Action, OfList, OfPerson
from bot.store import Store
from bot.store.owners_told import OwnersTold
from tests.conftest import ACCOUNT
from tests.slack.clock import Clock
from tests.slack.desk import ANA, BEN, CHIARA, FIXABLE, Desk, desk, found
from tests.slack.fake import LOST, Slack, Trouble, buttons, refused

pytestmark = pytest.mark.asyncio
NINE = datetime(2025, 6, 3, 9, 0, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
OWNERS = {"team-a": ANA, "team-c": ANA, "team-b": BEN}
A, B, NOBODY = ((FIXABLE, name, "leaves it open") for name in ("of-a", "of-b", "of-nobody"))


class Owners:
    """A bot that tells ANA of two teams' things and BEN of another's, on days that tests move through."""

    def __init__(self, slack: Slack, store: Store, **settings: Any) -> None:
        self.slack, self.store = slack, store
        self.settings: dict[str, Any] = {"owners": OWNERS, "digest_channel": ""} | settings
        self.clock = Clock(NINE - DAY + MINUTE)
        slack.users |= {ANA: {}, BEN: {}}

    async def minute(self, at: datetime, *outcomes: Any) -> Desk:
        """A minute of a bot that was just started and has just scanned."""
        self.clock.now = at
        found(self.store, *outcomes, at=at)
        tags = {f"arn:aws:x:::{name}": f"team-{name[3]}" for _, name, _ in outcomes if name != "of-nobody"}
        self.store.findings.set_owners(ACCOUNT, tags)
        bot = await desk(self.slack, self.store, now=self.clock, **self.settings)
        await bot.schedule.each_minute()
        return bot

    def told(self, user: str) -> list[str]:
        return self.slack.shown(user)


@pytest.fixture
def owners(slack: Slack, store: Store) -> Owners:
    return Owners(slack, store)


async def yesterday(owners: Owners, *outcomes: Any) -> None:
    await owners.minute(NINE - DAY + 2 * MINUTE, *outcomes)


async def test_nobody_is_told_until_the_settings_say_whom(slack: Slack, store: Store) -> None:
    owners = Owners(slack, store, owners={})
    await yesterday(owners)
    await owners.minute(NINE, A, B)
    assert slack.messages == {}


async def test_each_is_told_of_what_is_new_of_theirs_once(owners: Owners) -> None:
    await yesterday(owners, B)
    assert owners.slack.messages == {}, "what was there is no news"
    for minute in range(3):
        await owners.minute(NINE + minute * MINUTE, A, B, NOBODY)
    (told,) = owners.told(ANA)
    assert "Yours in AWS account 123456789012: 1 new" in told
    assert ("of-a" in told, "of-b" in told, "of-nobody" in told) == (True, False, False)
    assert owners.told(BEN) == []
    await owners.minute(NINE + DAY, A, B)
    assert len(owners.told(ANA)) == 1


async def test_what_came_back_and_what_will_be_muted_no_longer_is_told_once(owners: Owners) -> None:
    await yesterday(owners, A, B)
    owners.store.findings.mute(2, until=NINE + 3 * DAY, reason="a website", actor="T1/UANA", at=NINE - DAY)
    await owners.minute(NINE - timedelta(hours=2), B)
    await owners.minute(NINE, A, B)
    assert "1 back again" in owners.told(ANA)[0]
    (ending,) = owners.told(BEN)
    assert "1 soon muted no longer" in ending
    assert "*Its mute ends*" in ending
    await owners.minute(NINE + DAY, A, B)
    assert [len(owners.told(user)) for user in (ANA, BEN)] == [1, 1]


async def test_five_are_named_and_the_rest_is_a_click_away(owners: Owners) -> None:
    await yesterday(owners)
    bot = await owners.minute(NINE, *((FIXABLE, f"of-a{n}", "leaves it open") for n in range(7)))
    assert owners.told(ANA)[0].count("finding ") == 5
    assert "and 2 more: ask for all that is open below" in owners.told(ANA)[0]
    (message,) = owners.slack.messages.values()
    clickable = buttons(message)
    assert clickable[f"{Action.PAGE}.1"] == OfList(owner="team-a", whole=True).pack()
    await bot.click(f"{Action.PAGE}.1", clickable[f"{Action.PAGE}.1"], channel="D1")
    assert "1 to 5 of 7" in bot.told


async def test_who_wants_no_more_gets_none_until_they_want_them_again(owners: Owners) -> None:
    await yesterday(owners)
    bot = await owners.minute(NINE, A)
    mine = OfPerson(user=ANA).pack()
    await bot.click(Action.STOP_NOTES, mine, user=BEN, channel="D1")
    assert "for whom the message is to decide" in bot.told
    await bot.click(Action.STOP_NOTES, mine, channel="D1")
    assert "You get no more of these" in bot.told
    bot = await owners.minute(NINE + DAY, A, (FIXABLE, "of-a2", "leaves it open"))
    await bot.click(Action.RESUME_NOTES, mine, channel="D1")
    assert "You get these messages again" in bot.told
    assert [row for row in bot.written if "owner_note" in row[0]] == [
        ("owner_note.stopped", "ok"), ("owner_note.resumed", "ok"),
    ]  # fmt: skip
    await owners.minute(NINE + 2 * DAY, A, (FIXABLE, "of-a2", "leaves it open"), (FIXABLE, "of-a3", "leaves it open"))
    _, second = owners.told(ANA)
    assert ("of-a2" in second, "of-a3" in second) == (False, True), "what came meanwhile is not made up for"


@pytest.mark.parametrize("code", ["user_disabled", "cannot_dm_bot", "channel_not_found", "users_not_found"])
async def test_who_is_out_of_reach_is_noted_and_keeps_nobody_from_theirs(
    owners: Owners, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    await yesterday(owners)
    owners.slack.trouble("chat.postMessage", refused(code))
    for minute in range(3):
        await owners.minute(NINE + minute * MINUTE, A, B)
    assert (owners.told(ANA), len(owners.told(BEN))) == ([], 1)
    assert len(owners.slack.called("chat.postMessage")) == 2, "not tried again each minute"
    (unreached,) = OwnersTold(owners.store.db).unreached()
    assert (unreached.user, unreached.why) == (ANA, code)
    assert f"{ANA} (AWS_SEC_OWNERS) gets no message about what is theirs: {code}" in caplog.text
    await owners.minute(NINE + DAY, A, B, (FIXABLE, "of-a2", "leaves it open"))
    assert len(owners.told(ANA)) == 1
    assert OwnersTold(owners.store.db).unreached() == [], "who is back is back"


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ({"deleted": True}, "their account is deactivated"),
        ({"team_id": "T2"}, "another workspace"),
        ({"is_bot": True}, "that is a bot"),
        (None, "user_not_found"),
    ],
)
async def test_who_left_or_is_no_person_gets_nothing(owners: Owners, who: dict[str, Any] | None, why: str) -> None:
    await yesterday(owners)
    owners.slack.users |= {ANA: who} if who else {}
    if who is None:
        del owners.slack.users[ANA]
    await owners.minute(NINE, A)
    assert owners.told(ANA) == []
    assert why in OwnersTold(owners.store.db).unreached()[0].why


async def test_who_may_not_look_is_told_nothing(slack: Slack, store: Store) -> None:
    owners = Owners(slack, store, viewers=[CHIARA])
    await yesterday(owners)
    await owners.minute(NINE, A, B)
    assert owners.told(ANA) == []
    assert len(owners.told(BEN)) == 1, "approvers may look"


async def test_one_that_may_be_out_is_not_sent_again(owners: Owners) -> None:
    await yesterday(owners)
    owners.slack.trouble("chat.postMessage", LOST)
    for minute in range(3):
        await owners.minute(NINE + minute * MINUTE, A)
    assert len(owners.told(ANA)) == 1


@pytest.mark.parametrize("trouble", [Trouble(429, "ratelimited")])
async def test_one_that_was_refused_for_now_is_sent_later(owners: Owners, trouble: Trouble) -> None:
    await yesterday(owners)
    owners.slack.trouble("chat.postMessage", *[trouble] * 4)
    await owners.minute(NINE, A)
    assert owners.told(ANA) == []
    await owners.minute(NINE + MINUTE, A)
    assert len(owners.told(ANA)) == 1


async def test_what_a_crash_kept_from_somebody_is_told_the_next_day(owners: Owners) -> None:
    await yesterday(owners)
    owners.store.digests.of(f"owner {ANA}").claim("2025-06-03 09:00", ANA, NINE)
    await owners.minute(NINE, A)
    assert owners.told(ANA) == []
    await owners.minute(NINE + DAY, A)
    assert "of-a" in owners.told(ANA)[0]


async def test_a_direct_message_is_no_witness_of_the_audit_log(owners: Owners) -> None:
    await yesterday(owners)
    await owners.minute(NINE, A)
    assert owners.store.digests.witnessed() is None
