"""The messages of a request: posted once, caught up with after any loss, never set back to an older state."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.cards import LOOK, MEMORY, POSTING
from bot.people import BOT
from bot.store import Store
from bot.store.fix_request import FixRequest, New, State
from checks.kit import Call, Plan
from tests.slack.clock import Clock
from tests.slack.desk import APPROVALS, CHANNEL, ELSEWHERE, FIXABLE, REGION, Desk, desk, found
from tests.slack.fake import BROKEN, LOST, RATE_LIMITED, UNREACHED, Slack, Trouble, refused

pytestmark = pytest.mark.asyncio

PLAN = Plan(
    [Call("s3:PutPublicAccessBlock", {"Bucket": "b"})], [], {"BlockPublicAcls": "off"}, {"BlockPublicAcls": "on"}
)


class Requests:
    """A desk and one request that waits."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self.desk, self.clock, self.slack, self.store = desk, clock, desk.slack, desk.bot.store
        finding = found(self.store, (FIXABLE, "northwind-exports", "leaves it open"), at=clock.now)[0]
        self.id = self.store.requests.create(
            New(
                finding.id, finding.account, REGION, finding.check_id, finding.resource, finding.name, PLAN, "on",
                "T1/UANA", "because", clock.now, clock.now + timedelta(days=1),
            )
        ).id  # fmt: skip

    @property
    def request(self) -> FixRequest:
        return self.store.requests.get(self.id)

    def move(self, target: State, actor: str = str(BOT)) -> None:
        moved = self.store.requests.move(self.id, self.request.state, target, actor=actor, at=self.clock.now)
        assert moved

    @property
    def shown(self) -> list[str]:
        """The headlines with the approvers."""
        return [text.splitlines()[0].strip("*") for text in self.slack.shown(APPROVALS)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def requests_of(slack: Slack, store: Store, clock: Clock) -> Requests:
    return Requests(await desk(slack, store, now=clock), clock)


async def test_a_request_is_shown_to_the_approvers_and_where_it_was_asked_for(
    slack: Slack, store: Store, clock: Clock
) -> None:
    asked = await requests_of(slack, store, clock)
    assert await asked.desk.cards.requests.announce(asked.id, ELSEWHERE)
    assert [(c.channel, c.kind, c.shown) for c in asked.request.cards] == [
        (ELSEWHERE, "notice", "waiting"),
        (APPROVALS, "approval", "waiting"),
    ]


async def test_a_request_from_the_approvers_own_channel_is_shown_once(slack: Slack, store: Store, clock: Clock) -> None:
    asked = await requests_of(slack, store, clock)
    await asked.desk.cards.requests.announce(asked.id, APPROVALS)
    assert len(slack.messages) == 1


@pytest.mark.parametrize("trouble", [LOST, UNREACHED, BROKEN, refused("not_in_channel"), refused("internal_error")])
async def test_a_request_nobody_was_shown_is_posted_once(
    slack: Slack, store: Store, clock: Clock, trouble: Trouble
) -> None:
    asked = await requests_of(slack, store, clock)
    slack.trouble("chat.postMessage", trouble)
    assert not await asked.desk.cards.requests.announce(asked.id, "")
    await asked.desk.cards.catch_up()
    assert len(slack.called("chat.postMessage")) == 1, "it may still be on its way"
    clock.now += POSTING + timedelta(seconds=1)
    for _ in range(3):
        await asked.desk.cards.catch_up()
    assert asked.shown == ["⏳ Waiting for approval"]
    assert asked.request.is_shown


async def test_a_request_that_the_bot_died_on_is_posted_by_the_next(slack: Slack, store: Store, clock: Clock) -> None:
    asked = await requests_of(slack, store, clock)
    clock.now += POSTING + timedelta(seconds=1)
    slack.trouble("conversations.history", refused("missing_scope"))
    await asked.desk.cards.catch_up()
    assert asked.shown == [], "without knowing what is there, nothing is posted"
    await asked.desk.cards.catch_up()
    assert asked.shown == ["⏳ Waiting for approval"]


@pytest.mark.parametrize(
    "troubles",
    [
        [UNREACHED] * 3,
        [BROKEN] * 3,
        [RATE_LIMITED] * 4,
        [refused("internal_error")],
        [refused("invalid_auth")],
    ],
)
async def test_an_update_that_was_lost_is_caught_up_with(
    slack: Slack, store: Store, clock: Clock, troubles: list[Trouble]
) -> None:
    asked = await requests_of(slack, store, clock)
    await asked.desk.cards.requests.announce(asked.id, "")
    asked.move(State.DENIED)
    slack.trouble("chat.update", *troubles)
    await asked.desk.cards.requests.refresh(asked.id)
    assert asked.shown == ["⏳ Waiting for approval"]
    await asked.desk.cards.catch_up()
    assert asked.shown == ["🚫 Denied"]
    calls = len(slack.calls)
    await asked.desk.cards.catch_up()
    assert len(slack.calls) == calls, "nothing is left to do"


async def test_a_message_somebody_deleted_is_not_tried_for_ever(slack: Slack, store: Store, clock: Clock) -> None:
    asked = await requests_of(slack, store, clock)
    await asked.desk.cards.requests.announce(asked.id, ELSEWHERE)
    asked.move(State.DENIED)
    slack.messages.clear()
    await asked.desk.cards.catch_up()
    calls = len(slack.calls)
    await asked.desk.cards.catch_up()
    assert len(slack.calls) == calls


@pytest.mark.parametrize("notices", ["each ten minutes", "at the first approval"])
async def test_the_approvers_message_that_somebody_deleted_is_posted_anew(
    slack: Slack, store: Store, clock: Clock, notices: str
) -> None:
    asked = await requests_of(slack, store, clock)
    await asked.desk.cards.requests.announce(asked.id, ELSEWHERE)
    del slack.messages[APPROVALS, slack.newest(APPROVALS)]
    if notices == "each ten minutes":
        await asked.desk.cards.catch_up()
        assert asked.shown == []
        clock.now += LOOK
    else:
        store.db.write("UPDATE requests SET needed = 2, approvals = ?", ['["T1/UBEN"]'])
    for _ in range(3):
        await asked.desk.cards.catch_up()
        clock.now += LOOK
    assert asked.shown == ["⏳ Waiting for approval"]
    assert len([one for one in slack.called("chat.postMessage") if one.arguments["channel"] == APPROVALS]) == 2
    asked.move(State.DENIED)
    await asked.desk.cards.catch_up()
    assert asked.shown == ["🚫 Denied"]
    assert asked.request.is_shown


@pytest.mark.parametrize("error", ["is_archived", "channel_not_found", "not_in_channel", "token_revoked"])
async def test_a_channel_of_approvals_that_is_out_of_reach_loses_no_request(
    slack: Slack, store: Store, clock: Clock, error: str
) -> None:
    asked = await requests_of(slack, store, clock)
    slack.trouble("chat.postMessage", refused(error), refused(error))
    assert not await asked.desk.cards.requests.announce(asked.id, "")
    clock.now += POSTING + timedelta(seconds=1)
    await asked.desk.cards.catch_up()
    assert len(slack.calls) - len(slack.called("auth.test")) == 3, "one look and one try in a minute"
    await asked.desk.cards.catch_up()
    assert asked.shown == ["⏳ Waiting for approval"]


@pytest.mark.parametrize("error", ["is_archived", "channel_not_found", "not_in_channel", "missing_scope"])
async def test_a_message_that_cannot_be_looked_for_is_not_posted_on_a_guess(
    slack: Slack, store: Store, clock: Clock, error: str
) -> None:
    asked = await requests_of(slack, store, clock)
    await asked.desk.cards.requests.announce(asked.id, "")
    clock.now += LOOK
    slack.trouble("conversations.history", refused(error))
    await asked.desk.cards.catch_up()
    assert asked.shown == ["⏳ Waiting for approval"]


async def test_a_request_that_ended_long_ago_is_left_alone(slack: Slack, store: Store, clock: Clock) -> None:
    asked = await requests_of(slack, store, clock)
    await asked.desk.cards.requests.announce(asked.id, "")
    asked.move(State.DENIED)
    clock.now += MEMORY + timedelta(seconds=1)
    await asked.desk.cards.catch_up()
    assert not slack.called("chat.update")


async def test_an_older_state_never_overwrites_a_newer_one(slack: Slack, store: Store, clock: Clock) -> None:
    asked = await requests_of(slack, store, clock)
    await asked.desk.cards.requests.announce(asked.id, "")
    refreshing = []
    for state in (State.APPROVED, State.RUNNING, State.FIXED):
        asked.move(state)
        refreshing.append(asyncio.create_task(asked.desk.cards.requests.refresh(asked.id)))
        await asyncio.sleep(0)
    await asyncio.gather(*refreshing)
    assert asked.shown == ["✅ Fixed"]
    shown = [call.said.splitlines()[0] for call in slack.called("chat.update")]
    assert shown == sorted(
        shown, key=["*⏳ Approved, about to start*", "*⏳ The change is being made*", "*✅ Fixed*"].index
    )


async def test_a_decision_while_the_request_is_being_posted_is_shown(slack: Slack, store: Store, clock: Clock) -> None:
    asked = await requests_of(slack, store, clock)
    announcing = asyncio.create_task(asked.desk.cards.requests.announce(asked.id, CHANNEL))
    while not slack.called("chat.postMessage"):  # noqa: ASYNC110  # Slack has it, the bot does not know yet
        await asyncio.sleep(0)
    asked.move(State.DENIED)
    await asyncio.gather(announcing, asked.desk.cards.requests.refresh(asked.id))
    assert asked.shown == ["🚫 Denied"]


async def test_a_request_that_expires_says_so(slack: Slack, store: Store, clock: Clock) -> None:
    asked = await requests_of(slack, store, clock)
    await asked.desk.cards.requests.announce(asked.id, "")
    clock.now += timedelta(days=1)
    await asked.desk.schedule.each_minute()
    assert asked.request.state is State.EXPIRED
    assert asked.shown == ["⌛ Expired"]
