"""The same moment, twice: replays, decisions that cross, people who come and go between a click and its answer."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.endpoint import CONTROL
from bot.demo.processes import fetch
from tests.e2e.conftest import MakeStage
from tests.e2e.stage import REASON, Account, Stage, until
from tests.e2e.test_refusals import left_group
from tests.endpoints import endpoint

pytestmark = pytest.mark.e2e


def at_once(stage: Stage, *payloads: dict[str, Any]) -> None:
    """All of them delivered before the first is answered, each as somebody's own click."""

    async def deliver() -> list[Any]:
        own = [one | {"trigger_id": stage.strict.state.add_trigger(one["user"]["id"])} for one in payloads]
        return await asyncio.gather(*(stage.strict.deliverer.deliver("interactive", one) for one in own))

    assert {one.outcome for one in stage.on_strictslack(deliver())} == {"acked"}


def of_modal(stage: Stage, who: str, callback: str, **inputs: Any) -> dict[str, Any]:
    """What Slack would send when somebody submits the modal they look at."""
    stage.user(who).wait_view(callback, timeout=10)
    view = stage.strict.state.top_view(stage.user(who).id)
    made: dict[str, Any] = stage.on_strictslack(
        stage.strict.interactions.view_submission(stage.user(who).id, view, inputs)
    )[0]
    return made


def decided(stage: Stage, bucket: str) -> list[tuple[str, str]]:
    """The audit rows of what was decided about a bucket: action and result."""
    rows = stage.rows("SELECT action, result FROM audit WHERE subject = ? ORDER BY seq", f"arn:aws:s3:::{bucket}")
    return [(row["action"], row["result"]) for row in rows if row["action"].startswith("fix.")]


def test_an_envelope_that_comes_again_over_the_same_connection_decides_once(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    click = stage.click(stage.bob, stage.ask(bucket), "fix.approve")
    envelope = {
        "envelope_id": str(uuid.uuid4()),
        "type": "interactive",
        "payload": click,
        "accepts_response_payload": True,
    }

    async def send() -> None:
        socket = await stage.strict.deliverer._pick_socket()
        await asyncio.gather(*(socket.send_json(envelope) for _ in range(5)))

    stage.on_strictslack(send())
    stage.ends(bucket, "fixed")
    stage.card(bucket, "✅ Fixed")
    stage.settle(0.5)
    assert account.writes(bucket) == 1
    assert [row for row in decided(stage, bucket) if row[0] == "fix.approved"] == [("fix.approved", "ok")]


def test_two_undos_at_the_same_instant_undo_once(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.ask(bucket)
    stage.approve(bucket)
    stage.ends(bucket, "fixed")
    card = stage.card(bucket, "✅ Fixed")
    for who in (stage.bob, stage.carol):
        who.click(card, "fix.undo")
    payloads = [of_modal(stage, who, "fix.undo.reason", reason="back, please") for who in ("bob", "carol")]
    at_once(stage, *payloads, *payloads)
    stage.ends(bucket, "undone")
    until(lambda: len(stage.audited(bucket, "fix.undoing", "refused")) == 3, "the others are refused")
    assert account.writes(bucket) == 2
    assert not account.is_blocked(bucket)


def test_of_an_approval_and_a_denial_at_the_same_instant_one_counts(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    card = stage.ask(bucket)
    approval = stage.click(stage.bob, card, "fix.approve")
    stage.carol.click(card, "fix.deny")
    denial = of_modal(stage, "carol", "fix.deny.reason", reason="not today")
    taken_back = stage.click(stage.alice, stage.alice.wait_message("security", bucket, "fix.cancel"), "fix.cancel")
    at_once(stage, denial, approval, taken_back)
    state = until(lambda: stage.request(bucket)["state"] in ("fixed", "denied", "cancelled"), "one of them counts")
    stage.settle(1)
    state = stage.request(bucket)["state"]
    won = {"fixed": "fix.approved", "denied": "fix.denied", "cancelled": "fix.cancelled"}[state]
    made = [row for row in decided(stage, bucket) if row[0] in ("fix.approved", "fix.denied", "fix.cancelled")]
    assert [row for row in made if row[1] == "ok"] == [(won, "ok")]
    assert len(made) == 3
    assert account.writes(bucket) == (state == "fixed") == account.is_blocked(bucket)


def test_a_batch_that_is_approved_four_times_at_the_same_instant_is_made_once(stage: Stage, account: Account) -> None:
    buckets = [account.spare.pop(0) for _ in range(2)]
    number = stage.ask_for_all(*buckets)
    card = stage.card(buckets[0])
    assert buckets[1] in card.content
    clicks = [stage.click(who, card, "batch.approve") for who in (stage.bob, stage.carol) for _ in range(2)]
    at_once(stage, *clicks)
    until(lambda: stage.states(number) == ["fixed", "fixed"], "all is made", now=lambda: stage.states(number))
    stage.settle(1)
    assert [account.writes(bucket) for bucket in buckets] == [1, 1]
    refused = stage.rows("SELECT * FROM audit WHERE subject = ? AND result = 'refused'", f"batch {number}")
    assert len(refused) == 3


@pytest.mark.parametrize(("click", "modal"), [("fix.deny", "fix.deny.reason"), ("fix.undo", "fix.undo.reason")])
def test_who_leaves_the_group_between_the_click_and_the_reason_lost_the_right(
    stage: Stage, account: Account, click: str, modal: str
) -> None:
    bucket = account.bucket()
    card = stage.ask(bucket)
    if click == "fix.undo":
        stage.approve(bucket)
        stage.ends(bucket, "fixed")
        card = stage.card(bucket, "✅ Fixed")
    before = stage.request(bucket)["state"], account.writes(bucket)
    stage.bob.click(card, click)
    stage.bob.wait_view(modal)
    with left_group(stage, "U02BOB"):
        stage.bob.submit({"reason": "I was one of you"})
        assert "approver" in str(stage.bob.wait_view("say")["blocks"])
    assert (stage.request(bucket)["state"], account.writes(bucket)) == before


def test_a_modal_that_somebody_else_submits_is_theirs(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.bob.click(stage.ask(bucket), "fix.deny")
    denial = of_modal(stage, "bob", "fix.deny.reason", reason="in bob's name")
    denial["user"] |= {"id": "U04MALLORY", "name": "mallory", "username": "mallory"}
    at_once(stage, denial)
    until(lambda: stage.audited(bucket, "fix.denied", "refused"), "it is refused")
    assert stage.audited(bucket, "fix.denied", "refused")[0]["actor"] == "T01TEST/U04MALLORY"
    assert stage.request(bucket)["state"] == "waiting"


@pytest.mark.parametrize("whose", [{"user_team": "T66OTHER"}, {"team": "T66OTHER"}, {"user_team": "E66OTHER"}])
def test_a_mention_from_another_workspace_is_told_nothing(stage: Stage, whose: dict[str, str]) -> None:
    said = stage.mallory.say("general", "hello")
    event = {"type": "app_mention", "user": "U04MALLORY", "text": "<@U0BOT> status", "channel": said.channel,
             "ts": said.ts, "event_ts": said.ts, **whose}  # fmt: skip
    body = {"type": "event_callback", "team_id": "T01TEST", "api_app_id": "A01APP", "event_id": f"Ev{uuid.uuid4().hex}",
            "is_ext_shared_channel": True, "event": event}  # fmt: skip
    stage.on_strictslack(stage.strict.deliverer.deliver("events_api", body))
    stage.whispered(stage.mallory, "you belong to another workspace".capitalize(), "general")
    assert not [m for m in stage.mallory.messages("general") if "Security status" in m.content]


@pytest.fixture
def slow_aws(account: Account, tmp_path: Path) -> Iterator[str]:
    with endpoint(account.url, tmp_path) as url:
        yield url


def test_while_a_change_is_made_nothing_else_is_decided(make_stage: MakeStage, account: Account, slow_aws: str) -> None:
    stage = make_stage(AWS_ENDPOINT_URL=slow_aws, AWS_SEC_BREAK_GLASS='["U03CAROL"]')
    stage.start()
    bucket = account.bucket()
    card = stage.ask(bucket)
    stage.carol.click(card, "fix.deny")
    denial = of_modal(stage, "carol", "fix.deny.reason", reason="too late")
    stage.on_strictslack(_close(stage, "U03CAROL"))
    stage.carol.click(card, "fix.glass")
    glass = of_modal(stage, "carol", "fix.glass.reason", reason="I cannot wait")
    approval = stage.click(stage.carol, card, "fix.approve")
    taken_back = stage.click(stage.alice, stage.alice.wait_message("security", bucket, "fix.cancel"), "fix.cancel")
    undo = glass | {"view": glass["view"] | {"callback_id": "fix.undo.reason"}}
    fetch(slow_aws + CONTROL, b"250")
    stage.approve(bucket)
    until(lambda: stage.request(bucket)["state"] == "running", "it is being made")
    at_once(stage, denial, glass, approval, taken_back, undo)
    fetch(slow_aws + CONTROL, b"0")
    stage.ends(bucket, "undone")  # the undo waited for its turn
    made = decided(stage, bucket)
    assert [one for one, result in made if result == "refused"].count("fix.undoing") == 0
    assert {one for one, result in made if result == "refused"} == {
        "fix.denied", "fix.broke_glass", "fix.approved", "fix.cancelled"
    }  # fmt: skip
    assert account.writes(bucket) == 2
    assert json.loads(stage.request(bucket)["approvals"]) == ["T01TEST/U02BOB"]


async def _close(stage: Stage, user: str) -> None:
    stage.strict.state.stacks[user] = []


def test_a_modal_that_was_open_during_a_restart_still_asks(make_stage: MakeStage, account: Account) -> None:
    stage = make_stage()
    stage.start()
    bucket, other = account.bucket(), account.bucket()
    stage.propose(bucket)
    stage.propose(other, "carol")
    stage.restart()
    assert stage.alice.submit({"reason": REASON}).result == "updated"
    stage.card(bucket)
    flags = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    half = dict.fromkeys(flags, False) | {"BlockPublicAcls": True}
    account.client("s3").put_public_access_block(Bucket=other, PublicAccessBlockConfiguration=half)
    stage.carol.submit({"reason": REASON})
    assert "The resource changed since you looked at it" in str(stage.carol.wait_view("say", timeout=10)["blocks"])
    assert not stage.rows("SELECT id FROM requests WHERE name = ?", other)
