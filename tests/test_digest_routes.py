"""Digests of accounts and of owners, each in its channel: what each tells of, once a day, whatever dies in between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.digest_posts import IN_FLIGHT
from bot.digest_routes import check_accounts, routes
from bot.ids import Action, OfList
from bot.settings import BadSettings, load
from bot.store import Store
from bot.store.digests import Slot
from bot.store.fix_request import New
from checks import s3
from checks.kit import Call, Plan
from tests.conftest import ACCOUNT
from tests.slack.clock import Clock
from tests.slack.desk import BEN, DIGEST, FIXABLE, REGION, Desk, desk, found, settings_of
from tests.slack.fake import LOST, UNREACHED, Slack, Trouble, buttons, refused

NINE = datetime(2025, 6, 3, 9, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TEAM_A, TEAM_B, WEB = "CTEAMA", "CTEAMB", "CWEB"
ROUTES = [{"channel": TEAM_A, "owner": "team-a"}, {"channel": TEAM_B, "owner": "team-b"}]
A, B, NOBODY = ((FIXABLE, name, "leaves it open") for name in ("of-a", "of-b", "of-nobody"))


def test_owners_whose_names_differ_by_a_space_have_digests_of_their_own(slack: Slack) -> None:
    owners = ("a", "a ", " ", None)
    tables = [{"channel": TEAM_A, "accounts": [ACCOUNT], "owner": owner} for owner in owners]
    found = routes(settings_of(slack, digests=tables), ACCOUNT)
    assert len({route.key for route in found}) == len(owners) + 1


@pytest.mark.parametrize("owner", ["", "a\nb", "\ud800", "x" * 257])
def test_an_owner_that_no_tag_can_name_is_refused_at_start(slack: Slack, owner: str) -> None:
    for given in ({"digests": [{"channel": TEAM_A, "owner": owner}]}, {"owners": {owner: BEN}}):
        with pytest.raises(BadSettings, match="must be the value of an owner's tag"):
            settings_of(slack, **given)


class Teams:
    """A bot with a digest of everything and one for each of two teams, on days that tests move through."""

    def __init__(self, slack: Slack, store: Store, **settings: Any) -> None:
        self.slack, self.store = slack, store
        self.settings: dict[str, Any] = {"digests": ROUTES} | settings
        self.clock = Clock(NINE - DAY + timedelta(minutes=1))
        self.scanned()
        store.findings.set_owners(ACCOUNT, {f"arn:aws:x:::of-{team}": f"team-{team}" for team in "ab"})

    def scanned(self, *outcomes: Any) -> None:
        found(self.store, *outcomes, at=self.clock.now)

    async def restarted(self) -> Desk:
        return await desk(self.slack, self.store, now=self.clock, **self.settings)

    async def minute(self, at: datetime, *outcomes: Any) -> Desk:
        """A minute of a bot that was just started and has just scanned."""
        self.clock.now = at
        self.scanned(*outcomes)
        bot = await self.restarted()
        await bot.schedule.each_minute()
        return bot

    def said(self, *channels: str) -> list[list[str]]:
        return [self.slack.shown(channel) for channel in channels or (DIGEST, TEAM_A, TEAM_B)]

    def slot(self, owner: str = "team-a") -> Slot | None:
        return self.store.digests.of(f"CTEAM{owner[-1].upper()} {owner}").get("2025-06-03 09:00")


@pytest.fixture
def teams(slack: Slack, store: Store) -> Teams:
    return Teams(slack, store)


async def yesterday(teams: Teams, *outcomes: Any) -> None:
    """The digests of the day before are out."""
    await teams.minute(NINE - DAY + timedelta(minutes=2), *outcomes)


def counts(shown: Iterable[list[str]]) -> list[int]:
    return [len(texts) for texts in shown]


@pytest.mark.asyncio
async def test_each_channel_gets_what_is_its_own_and_says_so(teams: Teams) -> None:
    await yesterday(teams)
    await teams.minute(NINE, A, B, NOBODY)
    (_, main), (_, of_a), (_, of_b) = teams.said()
    assert "AWS account 123456789012: 3 new" in main
    assert "By owner: nobody 1 (1 high)  ·  `team-a` 1 (1 high)  ·  `team-b` 1 (1 high)" in main
    assert "AWS account 123456789012, what team-a owns: 1 new" in of_a
    assert ("of-a" in of_a, "of-b" in of_a, "of-nobody" in of_a) == (True, False, False)
    assert "what team-b owns: 1 new" in of_b
    assert "Open: 1 high" in of_a
    assert "Score" not in of_a, "a score is the account's"


@pytest.mark.asyncio
async def test_each_is_posted_once_a_day_however_often_it_is_looked_for(teams: Teams) -> None:
    await yesterday(teams)
    for minute in (0, 1, 59):
        await teams.minute(NINE + timedelta(minutes=minute), A)
    assert counts(teams.said()) == [2, 2, 2]


@pytest.mark.asyncio
async def test_a_channel_that_refuses_does_not_keep_the_others_from_theirs(teams: Teams) -> None:
    await yesterday(teams)
    teams.slack.closed.add(TEAM_A)
    await teams.minute(NINE, A)
    assert counts(teams.said()) == [2, 1, 2]
    teams.slack.closed.clear()
    await teams.minute(NINE + timedelta(minutes=1), A)
    assert counts(teams.said()) == [2, 2, 2]


@pytest.mark.asyncio
@pytest.mark.parametrize("trouble", [LOST, UNREACHED, refused("internal_error")])
async def test_one_that_may_be_out_is_looked_for_before_it_is_posted(teams: Teams, trouble: Trouble) -> None:
    await yesterday(teams)
    teams.slack.trouble("chat.postMessage", trouble, trouble, trouble)
    await teams.minute(NINE, A)
    for _ in range(2):
        await teams.minute(teams.clock.now + IN_FLIGHT, A)
    assert counts(teams.said()) == [2, 2, 2]


@pytest.mark.asyncio
async def test_what_a_crash_left_claimed_is_found_shows_what_it_showed_and_follows(teams: Teams) -> None:
    await yesterday(teams)
    await teams.minute(NINE, A)
    teams.store.db.write("UPDATE digests SET state = 'claimed', posted_at = NULL, ts = '' WHERE slot LIKE '%06-03%'")
    teams.store.audit.append("x", actor="x", subject="x")
    await teams.minute(NINE + 2 * IN_FLIGHT, A)
    assert counts(teams.said()) == [2, 2, 2]
    slot = teams.slot()
    assert slot is not None
    assert slot.head != teams.store.audit.head(), "what is witnessed is what the message shows"
    await teams.minute(NINE + HOUR)
    assert "✅ *Resolved since*" in teams.said(TEAM_A)[0][-1]


@pytest.mark.asyncio
async def test_a_crash_before_it_was_posted_delays_it(teams: Teams) -> None:
    await yesterday(teams)
    teams.store.digests.of(f"{TEAM_A} team-a").claim("2025-06-03 09:00", TEAM_A, NINE)
    await teams.minute(NINE, A)
    assert counts(teams.said()) == [2, 1, 2]
    await teams.minute(NINE + IN_FLIGHT, A)
    assert counts(teams.said()) == [2, 2, 2]


@pytest.mark.asyncio
async def test_each_message_of_the_day_ticks_off_what_is_resolved(teams: Teams) -> None:
    await yesterday(teams)
    await teams.minute(NINE, A, B)
    await teams.minute(NINE + HOUR, B)
    main, of_a, of_b = (texts[-1] for texts in teams.said())
    assert "1 resolved since" in main
    assert "✅ *Resolved since*" in of_a
    assert "Resolved since" not in of_b
    edits = len(teams.slack.called("chat.update"))
    await teams.minute(NINE + 2 * HOUR, B)
    assert len(teams.slack.called("chat.update")) == edits, "edited when something changed"


@pytest.mark.asyncio
async def test_the_daily_one_follows_also_after_somebody_asked_for_another(teams: Teams) -> None:
    await yesterday(teams)
    bot = await teams.minute(NINE, A)
    await bot.command("digest")
    await teams.minute(NINE + HOUR)
    _, daily, asked_for = teams.slack.shown(DIGEST)
    assert "Resolved since" in daily
    assert "asked for by" in asked_for


@pytest.mark.asyncio
async def test_own_times_and_days_off(slack: Slack, store: Store) -> None:
    own = {"channel": TEAM_A, "owner": "team-a", "time": "14:30", "off": ["wednesday"]}
    teams = Teams(slack, store, digests=[own])
    await teams.minute(NINE - DAY + 6 * HOUR)
    await teams.minute(NINE, A)
    assert counts(teams.said(DIGEST, TEAM_A)) == [2, 1]
    await teams.minute(NINE + timedelta(hours=5, minutes=30), A)
    assert counts(teams.said(DIGEST, TEAM_A)) == [2, 2]
    await teams.minute(NINE + DAY + timedelta(hours=6), A)
    assert counts(teams.said(DIGEST, TEAM_A)) == [3, 2]
    await teams.minute(NINE + 2 * DAY + timedelta(hours=6), A)
    assert counts(teams.said(DIGEST, TEAM_A)) == [4, 3]


@pytest.mark.asyncio
async def test_a_digest_that_is_set_today_is_not_late_for_this_morning(slack: Slack, store: Store) -> None:
    teams = Teams(slack, store)
    teams.clock.now = NINE + 3 * HOUR
    bot = await teams.restarted()
    bot.schedule.start()
    await bot.schedule.stop()
    await teams.minute(NINE + 3 * HOUR, A)
    assert counts(teams.said()) == [0, 0, 0]
    await teams.minute(NINE + DAY, A)
    assert counts(teams.said()) == [1, 1, 1]


@pytest.mark.asyncio
async def test_digests_come_without_one_of_everything(slack: Slack, store: Store) -> None:
    teams = Teams(slack, store, digest_channel="")
    await yesterday(teams, A)
    assert counts(teams.said()) == [0, 1, 1]


@pytest.mark.asyncio
async def test_who_waits_and_which_mutes_end_is_told_to_whom_it_concerns(teams: Teams) -> None:
    teams.scanned(A, B)
    await yesterday(teams, A, B)
    plan = Plan([Call("s3:PutPublicAccessBlock", {"Bucket": "of-a"})], [], {}, {})
    new = New(
        1, ACCOUNT, REGION, FIXABLE.id, "arn:aws:x:::of-a", "of-a", plan, "on", "T1/UANA", "because", NINE, NINE + DAY
    )
    teams.store.requests.create(new)
    teams.store.findings.mute(2, until=NINE + 2 * DAY, reason="a website", actor="T1/UANA", at=NINE - HOUR)
    muting: dict[str, Any] = {"until": NINE + 2 * DAY, "reason": "trials", "by": "T1/UANA", "at": NINE - HOUR}
    teams.store.mutes.begin(ACCOUNT, FIXABLE.id, "team-a", **muting)
    await teams.minute(NINE, A, B)
    main, of_a, of_b = (texts[-1] for texts in teams.said())
    assert "Waiting for an approver" in of_a
    assert "Waiting for an approver" not in of_b
    assert ("trials" in of_a, "a website" in of_a) == (True, False)
    assert ("trials" in of_b, "a website" in of_b) == (False, True)
    assert "trials" in main
    assert "a website" in main


@pytest.mark.asyncio
async def test_what_could_not_be_read_may_be_missing_from_each(teams: Teams) -> None:
    await yesterday(teams)
    teams.clock.now = NINE
    found(teams.store, A, at=NINE, unknown="s3:ListBuckets was denied", checks=(FIXABLE, s3.bucket_has_versioning))
    await (await teams.restarted()).schedule.each_minute()
    assert "1 thing in the account could not be read, so something may be missing here" in teams.said(TEAM_A)[0][-1]


@pytest.mark.asyncio
async def test_buttons_in_them_obey_the_same_rules(slack: Slack, store: Store) -> None:
    teams = Teams(slack, store, viewers=[BEN])
    await yesterday(teams)
    bot = await teams.minute(NINE, A)
    (shown,) = [message for (channel, _), message in slack.messages.items() if channel == TEAM_A][-1:]
    listed = buttons(shown)[Action.PAGE]
    assert listed == OfList(owner="team-a", whole=True).pack()
    await bot.click(Action.PAGE, listed, channel=TEAM_A)
    assert "You are not among those who may use this command" in bot.told
    await bot.click(Action.PAGE, listed, channel=TEAM_A, user=BEN)
    assert "of-a" in bot.told


# --- what the settings name ----------------------------------------------------------


def test_other_accounts_are_their_own_bots_to_post() -> None:
    own = {"channel": WEB, "accounts": ["210987654321"]}
    settings = load(
        digests=[own, {"channel": WEB, "accounts": [ACCOUNT], "owner": "web"}], own_accounts=["210987654321"]
    )
    check_accounts(settings, ACCOUNT)
    assert [(route.key, route.owner) for route in routes(settings, ACCOUNT)] == [(f"{WEB} web", "web")]


def test_an_account_that_nobody_knows_is_refused() -> None:
    settings = load(digests=[{"channel": WEB, "accounts": [ACCOUNT, "210987654321"]}])
    with pytest.raises(BadSettings, match=r"AWS_SEC_DIGESTS\[0\]\[accounts\]: 210987654321 is neither the account"):
        check_accounts(settings, ACCOUNT)
