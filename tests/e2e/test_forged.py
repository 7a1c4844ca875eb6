"""Forged and replayed interactions, several at a time: nothing is written, nothing decided, each told no and recorded."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.ids import Action, View
from bot.store.fix_request import hash_of_all
from tests.e2e.forgeries import OURS, Asked, Forged, Scene, everything
from tests.e2e.stage import REASON, Account, Stage, User, until

pytestmark = pytest.mark.e2e

FORGED = everything()
AT_ONCE = 12
TABLES = {
    "requests": "id, state, approvals, approver, undoer, result, reason",
    "steps": "*",
    "batches": "id, check_id",
    "freezes": "*",
    "mutes": "*",
    "findings": "id, state, muted_until",
    "scans": "id",
}
"""What no forged interaction may change."""


@dataclass
class Wave:
    """What came of all of them."""

    said: list[str]
    outcomes: list[str]
    before: dict[str, Any]
    after: dict[str, Any]
    audited: list[dict[str, Any]]
    ids: dict[str, str]


def asked(stage: Stage, account: Account, who: str) -> str:
    """A request that waits; its bucket."""
    bucket = account.bucket()
    stage.propose(bucket, who)
    stage.user(who).submit({"reason": REASON})
    until(lambda: stage.request(bucket)["cards"].count('"ts"') == 2, "its messages are out")
    return bucket


def pointer(row: dict[str, Any]) -> Asked:
    return Asked(int(row["id"]), str(row["plan_hash"]))


@pytest.fixture(scope="module")
def scene(_shared_stage: Stage, account: Account) -> Iterator[Scene]:
    stage = _shared_stage
    stage.slack.reset()
    stage.bob.command("/aws-sec", "freeze frozen=yes until tomorrow 09:00 because of the sale", channel="security")
    waiting, other, denied, fixed = (asked(stage, account, who) for who in ("alice", "bob", "alice", "alice"))
    stage.bob.click(stage.card(denied), "fix.deny")
    stage.bob.wait_view("fix.deny.reason")
    stage.bob.submit({"reason": "not today"})
    stage.approve(fixed)
    stage.ends(denied, "denied")
    stage.ends(fixed, "fixed")
    batch = stage.ask_for_all(account.spare.pop(0), account.spare.pop(0))
    stage.settle(1.5)
    member = stage.rows("SELECT * FROM requests WHERE batch = ? ORDER BY id", batch)
    (freeze,) = stage.rows("SELECT id FROM freezes WHERE ended_at IS NULL")
    yield Scene(
        waiting=pointer(stage.request(waiting)),
        other=pointer(stage.request(other)),
        fixed=pointer(stage.request(fixed)),
        denied=pointer(stage.request(denied)),
        batch=Asked(batch, hash_of(stage, batch)),
        member=pointer(member[0]),
        freeze=freeze["id"],
    )
    stage.write("UPDATE freezes SET ended_at = until WHERE id = ?", freeze["id"])  # others ask about freezes, too


def hash_of(stage: Stage, batch: int) -> str:
    rows = stage.rows("SELECT plan_hash FROM requests WHERE batch = ? ORDER BY id", batch)
    return hash_of_all(row["plan_hash"] for row in rows)


def snapshot(stage: Stage, account: Account) -> dict[str, Any]:
    """What is stored, and how many calls that change something the account saw."""
    kept: dict[str, Any] = {table: stage.rows(f"SELECT {what} FROM {table}") for table, what in TABLES.items()}
    return kept | {"changes": account.changes()}


@pytest.fixture(scope="module")
def wave(_shared_stage: Stage, account: Account, scene: Scene) -> Iterator[Wave]:
    """All of them delivered, a dozen at a time, and answered."""
    stage = _shared_stage
    already, before = len(stage.log()), snapshot(stage, account)
    seq = stage.rows("SELECT max(seq) AS seq FROM audit")[0]["seq"]
    payloads = [payload(stage, scene, forged) for forged in FORGED]

    async def deliver_all() -> list[Any]:
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(made: dict[str, Any]) -> Any:
            async with turns:
                made["trigger_id"] = stage.strict.state.add_trigger(made["user"]["id"])  # it lives for three seconds
                return await stage.strict.deliverer.deliver("interactive", made)

        return await asyncio.gather(*map(one, payloads))

    deliveries = stage.on_strictslack(deliver_all())

    def answers() -> list[str]:
        heard = hearing(stage)
        return [said(heard, made, one.ack) for made, one in zip(payloads, deliveries, strict=True)]

    with contextlib.suppress(AssertionError):  # each test tells what was not answered
        until(lambda: all("🚫" in text or "errors" in text for text in answers()), "each is answered", seconds=30)
    stage.settle(0.5)
    audited = stage.rows("SELECT * FROM audit WHERE seq > ?", seq)
    ids = {forged.who: stage.user(forged.who).id for forged in FORGED}
    yield Wave(answers(), [one.outcome for one in deliveries], before, snapshot(stage, account), audited, ids)
    assert not stage.slack.violations()
    assert "Traceback" not in stage.log()[already:], stage.log()[already:][-5000:]


def payload(stage: Stage, scene: Scene, forged: Forged) -> dict[str, Any]:
    """What Slack would send."""
    who, interactions = stage.user(forged.who), stage.strict.interactions
    base: dict[str, Any] = stage.on_strictslack(interactions.base("block_actions", who.id))
    base["user"]["team_id"] = forged.team
    base["team"] = base["team"] | {"id": forged.team}
    value = forged.value(scene)
    if forged.is_modal:
        return base | {"type": "view_submission", "view": view(stage, who, forged, value), "response_urls": []}
    option = forged.what == "status.practice"
    return base | {
        "container": {"type": "message", "message_ts": "1.1", "channel_id": "C01SEC", "is_ephemeral": False},
        "channel": {"id": "C01SEC", "name": "security"},
        "response_url": interactions.response_url(who.id, "C01SEC", None),
        "actions": [
            {"type": "static_select" if option else "button", "block_id": "b", "action_id": forged.what}
            | ({"selected_option": {"value": value}} if option else {"value": value})
        ],
    }


def view(stage: Stage, who: User, forged: Forged, value: Any) -> dict[str, Any]:
    """An open modal of this person, filled in."""
    looks = {"type": "modal", "callback_id": forged.what.removeprefix("modal:"), "private_metadata": value,
             "title": {"type": "plain_text", "text": "Forged"}, "blocks": []}  # fmt: skip

    async def opened() -> dict[str, Any]:
        made = stage.strict.state.new_view(looks, who.id)
        stage.strict.state.stacks.setdefault(who.id, []).append(made)
        return dict(made.data)

    shown: dict[str, Any] = stage.on_strictslack(opened())
    return shown | {"state": {"values": forged.state}}


def hearing(stage: Stage) -> dict[str, list[str]]:
    """What the bot said so far, by response URL, by modal and by the trigger that opened one."""
    heard: dict[str, list[str]] = defaultdict(list)
    for response in stage.strict.recorder.responses:
        heard[response["id"]].append(str(response["body"]))
    for call in stage.strict.recorder.calls:
        if call.method == "views.open" and call.ok:
            heard[call.args["trigger_id"]] = heard[call.response["view"]["id"]]
        if call.method == "views.update":
            heard[call.args.get("view_id", "")].append(str(call.args["view"]))
    return heard


def said(heard: dict[str, list[str]], made: dict[str, Any], ack: Any) -> str:
    """All that the bot answered to one of them, wherever."""
    if isinstance(ack, dict) and ack.get("response_action") == "errors":
        return f"errors {ack['errors']}"
    places = (made.get("response_url", "").rpartition("/")[2], made.get("view", {}).get("id"), made["trigger_id"])
    return "\n".join(text for place in places for text in heard.get(place, []))


@pytest.mark.parametrize("number", range(len(FORGED)), ids=[forged.id for forged in FORGED])
def test_a_forged_interaction_is_told_no(wave: Wave, number: int) -> None:
    assert wave.outcomes[number] == "acked"
    assert FORGED[number].words.lower() in wave.said[number].lower()
    assert "nobody foresaw" not in wave.said[number]


def test_no_forged_interaction_changes_anything(wave: Wave) -> None:
    assert wave.after == wave.before


def test_each_forged_interaction_is_in_the_audit_log_once(wave: Wave) -> None:
    refused = [n for n, text in enumerate(wave.said) if not text.startswith("errors")]
    expected = Counter(f"{FORGED[n].team}/{wave.ids[FORGED[n].who]}" for n in refused)
    assert Counter(row["actor"] for row in wave.audited if row["result"] == "refused") == expected
    assert {row["result"] for row in wave.audited} == {"refused"}
    assert all(json.loads(row["detail"])["why"] for row in wave.audited)
    assert OURS in str(wave.audited)


def test_every_button_and_every_modal_is_forged() -> None:
    takes_nothing = {Action.SCAN, Action.STOP, Action.STATUS, Action.MUTES}
    assert {forged.what for forged in FORGED} >= {*Action, *View} - {View.WAIT, View.SAY, *takes_nothing}
