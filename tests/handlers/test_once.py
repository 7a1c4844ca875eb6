"""What Slack delivers twice is done once: it retries events whose acknowledgement got lost, and a socket may repeat."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncBoltRequest

from bot.ids import Action, OfFinding, View
from handlers.once import REMEMBERED_SECONDS, once
from tests.slack.desk import ANA, CHANNEL, ELSEWHERE, FORM, Desk
from tests.slack.fake import TEAM

pytestmark = pytest.mark.asyncio

JSON: dict[str, str | Sequence[str]] = {"content-type": ["application/json"]}
PERSON = {"user": {"id": ANA, "team_id": TEAM}, "team": {"id": TEAM}, "api_app_id": "A1", "trigger_id": "1.2.3"}


def mention(word: str) -> AsyncBoltRequest:
    event = {"type": "app_mention", "user": ANA, "text": f"<@UBOT> {word}", "channel": CHANNEL, "ts": "9.9"}
    body = {"type": "event_callback", "team_id": TEAM, "api_app_id": "A1", "event_id": "Ev1", "event": event}
    return AsyncBoltRequest(body=json.dumps(body), mode="socket_mode", headers=JSON)


def command(word: str) -> AsyncBoltRequest:
    form = {"command": "/aws-sec", "text": word, "team_id": TEAM, "user_id": ANA, "channel_id": CHANNEL,
            "trigger_id": "1.2.3", "api_app_id": "A1"}  # fmt: skip
    return AsyncBoltRequest(body=urlencode(form), mode="socket_mode", headers=FORM)


def interaction(**payload: Any) -> AsyncBoltRequest:
    body = urlencode({"payload": json.dumps(PERSON | payload)})
    return AsyncBoltRequest(body=body, mode="socket_mode", headers=FORM)


def click() -> AsyncBoltRequest:
    clicked = {"action_id": Action.MUTE, "block_id": "b", "type": "button", "value": OfFinding(finding=1).pack()}
    place = {"message_ts": "1.1", "channel_id": ELSEWHERE, "is_ephemeral": False}
    return interaction(type="block_actions", actions=[clicked], channel={"id": ELSEWHERE}, container=place)


def submission() -> AsyncBoltRequest:
    values = {"reason": {"reason": {"type": "plain_text_input", "value": "because"}}}
    view = {"id": "V1", "type": "modal", "callback_id": View.MUTE, "private_metadata": OfFinding(finding=1).pack()}
    return interaction(type="view_submission", view=view | {"state": {"values": values}})


@pytest.mark.parametrize(
    ("made", "calls"),
    [
        (lambda: mention("status"), "chat.postMessage"),
        (lambda: mention("help"), "chat.postEphemeral"),
        (lambda: command("status"), "chat.postMessage"),
        (click, "views.open"),
        (submission, "views.update"),
    ],
    ids=["a mention for all", "a mention", "a command", "a click", "a modal"],
)
@pytest.mark.parametrize("at_once", [True, False])
async def test_what_comes_again_is_acknowledged_and_done_once(
    at_desk: Desk, made: Any, calls: str, at_once: bool
) -> None:
    at_desk.slack.views["V1"] = {}
    if at_once:
        answers = await asyncio.gather(*(at_desk.dispatch(made()) for _ in range(3)))
    else:
        answers = [await at_desk.dispatch(made()) for _ in range(3)]
    assert [answer.status for answer in answers] == [200] * 3
    assert len(at_desk.slack.called(calls)) == 1


async def test_what_has_no_id_is_never_taken_for_another(at_desk: Desk) -> None:
    for _ in range(2):
        await at_desk.open_home()
    assert len(at_desk.slack.called("views.publish")) == 2


async def test_what_is_too_old_to_come_again_is_forgotten() -> None:
    moments = iter([0.0, REMEMBERED_SECONDS - 1, REMEMBERED_SECONDS, REMEMBERED_SECONDS + 1])
    middleware = once(lambda: next(moments))
    let_through = 0

    async def handled() -> BoltResponse:
        nonlocal let_through
        let_through += 1
        return BoltResponse(status=200)

    counts = []
    for _ in range(4):
        await middleware({"trigger_id": "1"}, handled)
        counts.append(let_through)
    assert counts == [1, 1, 2, 2]
