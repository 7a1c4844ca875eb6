"""A fix as people see it: plan, request, approval by somebody else, refusals, undo; on an emulated account."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from bot.ids import Action, OfFinding, OfRequest, View, unpack
from bot.store import Store, StoreError
from bot.store.fix_request import State
from tests.aws_answers import answer_instead
from tests.slack.desk import ANA, APPROVALS, BEN, CHANNEL, CHIARA, DAN, DIGEST, ELSEWHERE, Desk, desk
from tests.slack.fake import Slack, buttons, refused
from tests.test_remediate import World

pytestmark = pytest.mark.asyncio


class Fixing:
    """A bucket that fails its check, and a bot at its desk that may fix it."""

    def __init__(self, world: World, desk: Desk) -> None:
        self.world = world
        self.desk = desk
        self.slack = desk.slack

    async def planned(self) -> str:
        """ANA looks at the plan; what its modal carries."""
        await self.desk.command("fix 1")
        return str([*self.slack.views.values()][-1]["private_metadata"])

    async def asked(self) -> None:
        """ANA asks for the approval."""
        await self.desk.submit(View.REQUEST, await self.planned(), "exports hold customer data")

    async def click(self, action: Action, *, user: str, channel: str = APPROVALS) -> None:
        """A person clicks a button on the request's message in a channel."""
        (ts, message), *_ = [
            (ts, shown)
            for (where, ts), shown in self.slack.messages.items()
            if where == channel and action in buttons(shown)
        ]
        await self.desk.click(action, buttons(message)[action], user=user, channel=channel, ts=ts)

    @property
    def state(self) -> str:
        return self.world.store.requests.get(1).state.value


@pytest_asyncio.fixture
async def fixing(moto_url: str, slack: Slack, store: Store) -> Fixing:
    world = World(store)
    slack.groups["SAPPROVE"] = [CHIARA]
    return Fixing(world, await desk(slack, store, **world.given, approvers=[BEN, "SAPPROVE"], remediator=world.bot))


async def test_from_the_question_to_the_fix_and_back(fixing: Fixing) -> None:
    await fixing.planned()
    assert "BlockPublicAcls:  off  →  *on*" in fixing.desk.told
    assert "s3:PutPublicAccessBlock" in fixing.desk.told
    await fixing.asked()
    assert fixing.desk.told == f"<#{APPROVALS}> has your request 1."
    (card,), (notice,) = fixing.slack.shown(APPROVALS), fixing.slack.shown(ELSEWHERE)
    assert card.startswith("*⏳ Waiting for approval*")
    assert "<@UANA> asked, because:\nexports hold customer data" in card
    assert "s3:PutPublicAccessBlock" not in notice
    assert fixing.world.block() is None

    await fixing.click(Action.APPROVE, user=BEN)
    assert fixing.state == "fixed"
    for channel in (APPROVALS, ELSEWHERE):
        (shown,) = fixing.slack.shown(channel)
        assert shown.startswith("*✅ Fixed*")
        assert "<@UBEN> approved it.\nChecked again: it is as it should be." in shown

    await fixing.click(Action.UNDO, user=ANA)
    carried = str([*fixing.slack.views.values()][-1]["private_metadata"])
    await fixing.desk.submit(View.UNDO, carried, "the partner needs it until Friday")
    assert "↩️ Undone" in fixing.desk.told
    assert fixing.slack.shown(APPROVALS)[0].startswith("*↩️ Undone*")
    assert fixing.world.block() is None
    await fixing.click(Action.AUDIT, user=DAN)
    assert "*fix.undone*" in fixing.desk.told


async def test_an_approver_may_come_from_a_group_as_long_as_they_are_in_it(fixing: Fixing) -> None:
    await fixing.asked()
    fixing.slack.groups["SAPPROVE"] = []
    await fixing.click(Action.APPROVE, user=CHIARA)
    assert "Only an approver may decide" in fixing.desk.told
    assert fixing.state == "waiting"
    fixing.slack.groups["SAPPROVE"] = [CHIARA]
    await fixing.click(Action.APPROVE, user=CHIARA)
    assert fixing.state == "fixed"


async def test_a_group_that_cannot_be_read_approves_nothing(fixing: Fixing) -> None:
    await fixing.asked()
    fixing.slack.trouble("usergroups.users.list", refused("missing_scope"))
    await fixing.click(Action.APPROVE, user=BEN)
    assert "add the scopes of manifest.yml" in fixing.desk.told
    assert fixing.state == "waiting"


@pytest.mark.parametrize("approvers", [[], [ANA]])
async def test_nobody_approves_their_own_request(
    fixing: Fixing, slack: Slack, store: Store, approvers: list[str]
) -> None:
    await fixing.asked()
    alone = await desk(slack, store, **fixing.world.given, approvers=approvers)
    await alone.click(Action.APPROVE, buttons_of(fixing)[Action.APPROVE], user=ANA)
    assert fixing.state == "waiting"
    assert "🚫" in alone.told


async def test_a_second_click_says_that_it_was_decided(fixing: Fixing) -> None:
    await fixing.asked()
    approve = buttons_of(fixing)[Action.APPROVE]
    await fixing.desk.click(Action.APPROVE, approve, user=BEN)
    await fixing.desk.click(Action.APPROVE, approve, user=CHIARA)
    assert fixing.desk.told == "🚫 The request is fixed already."
    await fixing.desk.click(Action.DENY, approve, user=CHIARA)
    assert fixing.desk.told == "🚫 The request is fixed already."


async def test_a_button_with_another_plan_approves_nothing(fixing: Fixing) -> None:
    await fixing.asked()
    forged = unpack(OfRequest, buttons_of(fixing)[Action.APPROVE]).model_copy(update={"plan": "0" * 64})
    await fixing.desk.click(Action.APPROVE, forged.pack(), user=BEN)
    assert "This button belongs to another plan" in fixing.desk.told
    assert fixing.state == "waiting"


async def test_a_modal_with_a_plan_nobody_was_shown_asks_for_nothing(fixing: Fixing) -> None:
    forged = unpack(OfFinding, await fixing.planned()).model_copy(update={"plan": "0" * 64})
    await fixing.desk.submit(View.REQUEST, forged.pack(), "because")
    assert "The resource changed since you looked at it" in fixing.desk.told
    assert fixing.world.store.requests.in_state(*State) == []


async def test_a_denial_has_a_reason_the_requester_reads(fixing: Fixing) -> None:
    await fixing.asked()
    await fixing.click(Action.DENY, user=BEN)
    carried = str([*fixing.slack.views.values()][-1]["private_metadata"])
    await fixing.desk.submit(View.DENY, carried, "<!channel> not before Friday", user=DAN)
    assert "Only an approver may decide" in fixing.desk.told
    await fixing.desk.submit(View.DENY, carried, "<!channel> not before Friday", user=BEN)
    assert fixing.desk.told == "Request 1 is denied. Nothing was changed."
    (notice,) = fixing.slack.shown(ELSEWHERE)
    assert "<@UBEN> denied it: &lt;!channel&gt; not before Friday" in notice
    assert "Approve" not in str(buttons_of(fixing))


async def test_who_asked_may_take_it_back_and_nobody_else(fixing: Fixing) -> None:
    await fixing.asked()
    await fixing.click(Action.CANCEL, user=BEN, channel=ELSEWHERE)
    assert "Only who asked may take the request back" in fixing.desk.told
    await fixing.click(Action.CANCEL, user=ANA, channel=ELSEWHERE)
    assert fixing.state == "cancelled"
    assert fixing.slack.shown(APPROVALS)[0].startswith("*🚫 Taken back*")


async def test_a_stranger_may_not_undo(fixing: Fixing) -> None:
    await fixing.asked()
    await fixing.click(Action.APPROVE, user=BEN)
    await fixing.desk.submit(View.UNDO, OfRequest(request=1).pack(), "because", user=DAN)
    assert "Only who asked for the fix or an approver may undo it" in fixing.desk.told
    assert fixing.state == "fixed"


async def test_when_the_approvers_cannot_be_told_it_is_said_and_made_good(fixing: Fixing) -> None:
    fixing.slack.trouble("chat.postMessage", *[refused("not_in_channel")] * 3)  # nor can anybody else
    await fixing.asked()
    assert "Slack did not take the message to the approvers yet" in fixing.desk.told
    assert fixing.slack.shown(APPROVALS) == []


async def test_where_the_bot_may_not_post_the_notice_goes_to_its_own_channel(fixing: Fixing) -> None:
    fixing.slack.closed.add(ELSEWHERE)
    await fixing.asked()
    assert fixing.slack.shown("CSECURITY")[0].startswith("*⏳ Waiting for approval*")
    assert fixing.slack.shown(ELSEWHERE) == []


async def test_an_unreadable_account_is_said_in_the_modal_that_waits(
    fixing: Fixing, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_instead(monkeypatch, "sts", "GetCallerIdentity", 403, b"<Error><Code>ExpiredToken</Code></Error>")
    await fixing.desk.command("fix 1")
    assert fixing.desk.answers[-1].method == "views.update"
    assert fixing.desk.told.startswith("🚫 It cannot be read now")


async def test_a_broken_database_is_said_in_the_modal_that_waits(fixing: Fixing) -> None:
    fixing.world.store.db.write("UPDATE findings SET state = 'open', last_seen = 'x'")
    await fixing.desk.command("fix 1")
    assert fixing.desk.answers[-1].method == "views.update"
    assert "nobody foresaw" in fixing.desk.told


async def test_a_database_that_fails_in_the_middle_claims_nothing(
    fixing: Fixing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fixing.asked()

    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk that holds aws-sec.sqlite is full")

    monkeypatch.setattr(fixing.world.store.requests, "end_step", full)
    await fixing.click(Action.APPROVE, user=BEN)
    assert fixing.world.block() is not None, "the call was made"
    assert "nothing was changed" not in fixing.desk.told
    assert "The disk that holds aws-sec.sqlite is full; the change may have been made" in fixing.desk.told


def buttons_of(fixing: Fixing) -> dict[str, str]:
    (card,) = [shown for (channel, _), shown in fixing.slack.messages.items() if channel == APPROVALS]
    return buttons(card)


async def test_two_people_approve_what_needs_two(fixing: Fixing, slack: Slack, store: Store) -> None:
    fixing.world.bot = fixing.world.restarted(two_approvers_for=["cuts_access"])
    fixing.desk = await desk(slack, store, **fixing.world.given, approvers=[BEN, CHIARA], remediator=fixing.world.bot)
    await fixing.asked()
    assert "It needs 2 people's approval; 0 so far." in fixing.slack.shown(APPROVALS)[0]
    await fixing.click(Action.APPROVE, user=BEN)
    (card,) = fixing.slack.shown(APPROVALS)
    assert card.startswith("*⏳ Waiting for approval*")
    assert "<@UBEN> approved it.\nIt needs 2 people's approval; 1 so far." in card
    assert fixing.world.block() is None
    await fixing.click(Action.APPROVE, user=CHIARA)
    (card,) = fixing.slack.shown(APPROVALS)
    assert card.startswith("*✅ Fixed*")
    assert "<@UBEN> and <@UCHIARA> approved it." in card


async def test_who_breaks_the_glass_is_heard_everywhere(fixing: Fixing, slack: Slack, store: Store) -> None:
    given = {**fixing.world.given, "break_glass": [ANA]}
    channels = {"channel": CHANNEL, "approvals_channel": APPROVALS, "digest_channel": DIGEST}
    fixing.desk = await desk(slack, store, **given, approvers=[BEN], remediator=fixing.world.restarted(**channels))
    await fixing.asked()
    await fixing.click(Action.GLASS, user=ANA)
    assert "You approve this *alone*" in fixing.desk.told
    carried = str([*fixing.slack.views.values()][-1]["private_metadata"])
    await fixing.desk.submit(View.GLASS, carried, "data is read as we speak")
    assert fixing.state == "fixed"
    assert "✅ Fixed" in fixing.desk.told
    for channel in (CHANNEL, APPROVALS, DIGEST):
        assert any("*alone* (break-glass)" in told and "as we speak" in told for told in fixing.slack.shown(channel))


async def test_the_glass_is_not_offered_where_nobody_may_break_it(fixing: Fixing) -> None:
    await fixing.asked()
    assert Action.GLASS not in buttons_of(fixing)
    await fixing.desk.submit(View.GLASS, buttons_of(fixing)[Action.APPROVE], "because")
    assert "You may not approve alone" in fixing.desk.told
    assert fixing.state == "waiting"


async def test_limits_reach_people_by_their_groups(fixing: Fixing, slack: Slack, store: Store) -> None:
    slack.groups["SJUNIORS"] = [BEN]
    given = {**fixing.world.given, "limits": [{"who": ["SJUNIORS"], "up_to": "low"}]}
    fixing.desk = await desk(slack, store, **given, approvers=[BEN, CHIARA], remediator=fixing.world.bot)
    await fixing.asked()
    await fixing.click(Action.APPROVE, user=BEN)
    assert "You may approve fixes up to low" in fixing.desk.told
    await fixing.click(Action.APPROVE, user=CHIARA)
    assert fixing.state == "fixed"


async def test_what_code_owns_is_changed_there_or_past_it_in_so_many_words(fixing: Fixing) -> None:
    tags: Any = [{"Key": "managed-by", "Value": "cloudformation"}]
    fixing.world.s3.put_bucket_tagging(Bucket="northwind-exports", Tagging={"TagSet": tags})
    carried = await fixing.planned()
    shown = fixing.desk.told
    assert "*CloudFormation manages this resource.*" in shown
    assert shown.index("PublicAccessBlockConfiguration:") < shown.index("*Or directly*") < shown.index("*What changes*")

    wrong = await fixing.desk.submit(View.REQUEST, carried, "because", directly="yes")
    assert "Type directly, or change the code instead." in wrong.body
    await fixing.desk.submit(View.REQUEST, carried, "because")  # as no modal of ours does
    assert "manages this resource: change it there" in fixing.desk.told
    assert fixing.world.store.requests.in_state(*State) == []

    await fixing.desk.submit(View.REQUEST, carried, "the pipeline is broken", directly="Directly")
    (card,) = fixing.slack.shown(APPROVALS)
    assert "CloudFormation manages this resource, and who asks wants it changed directly all the same" in card
    (row,) = fixing.world.store.audit.rows(last=1)
    assert (row["action"], row["detail"]["directly"], row["detail"]["owner"]) == (
        "fix.requested",
        True,
        "CloudFormation",
    )
    await fixing.desk.command("fix s3.bucket_blocks_public_access")
    assert "is still open" in fixing.desk.told
