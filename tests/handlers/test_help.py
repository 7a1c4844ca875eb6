"""Help: what there is to type, what may be clicked instead, and the greeting in a channel the bot is invited to."""

from __future__ import annotations

import json
import re

import pytest

from bot.blocks.help import EXAMPLES, FIRST_STEPS
from bot.ids import Action, OfCommand
from bot.store import Store
from handlers import routes
from tests.slack.desk import ANA, BEN, CHIARA, ELSEWHERE, Desk, desk
from tests.slack.fake import TEAM, Slack, buttons, refused

pytestmark = pytest.mark.asyncio

BOT = "UBOT"


async def test_help_says_what_a_person_may_do_and_whom_to_ask(slack: Slack, store: Store) -> None:
    one = await desk(slack, store, requesters=[BEN], approvers=[BEN])
    await one.command("help", user=BEN)
    assert "You may look at everything, ask for fixes and mute, approve what others ask for, and freeze." in one.told
    await one.command("help", user=ANA)
    assert "You may look at everything. To have something fixed or muted, ask <@UBEN>." in one.told


async def test_help_comes_even_when_slack_does_not_say_who_is_in_a_group(slack: Slack, store: Store) -> None:
    slack.trouble("usergroups.users.list", *[refused("fatal_error")] * 9)
    one = await desk(slack, store, approvers=["SGROUP"])
    await one.command("help")
    assert "What I can do" in one.told
    assert "You may" not in one.told


@pytest.mark.parametrize("text", sorted({*EXAMPLES, *FIRST_STEPS}))
async def test_what_may_be_tried_answers_to_the_person_alone(at_desk: Desk, text: str) -> None:
    await at_desk.click(f"{Action.TRY}.1", OfCommand(text=text).pack(), hidden=True)
    assert not at_desk.told.startswith("🚫")
    assert {call.method for call in at_desk.answers} == {"response"}
    assert text.partition(" ")[0] in routes.COMMANDS


async def test_a_typo_is_mended_by_a_click(at_desk: Desk) -> None:
    await at_desk.command("findngs northwind-exports")
    await at_desk.click(Action.TRY, buttons(at_desk.answers[-1].arguments)[Action.TRY], hidden=True)
    assert "northwind-exports" in at_desk.told
    assert "🚫" not in at_desk.told


async def test_a_forged_try_is_no_more_than_what_may_be_typed(at_desk: Desk) -> None:
    await at_desk.click(Action.TRY, OfCommand(text="rm -rf").pack())
    assert at_desk.told.startswith("🚫 There is no /aws-sec rm")
    await at_desk.click(Action.TRY, json.dumps({"text": "x" * 201}))
    assert "older version" in at_desk.told


async def test_the_bot_greets_where_it_is_invited_and_nowhere_else(at_desk: Desk) -> None:
    joined = {"type": "member_joined_channel", "user": BOT, "channel": ELSEWHERE, "team": TEAM, "inviter": ANA}
    await at_desk.event(joined)
    await at_desk.event(joined | {"user": BEN})
    (said,) = at_desk.slack.called("chat.postMessage")
    assert said.arguments["channel"] == ELSEWHERE
    assert "Thank you, <@UANA>" in said.said
    assert at_desk.bot.account not in said.said
    assert not {BEN, CHIARA} & {*re.findall(r"\w+", said.said)}, "strangers may read it, and nobody is called for it"
