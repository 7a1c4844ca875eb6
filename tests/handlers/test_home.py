"""The Home tab, mentions and shortcuts: the same answers by other doors."""

from __future__ import annotations

import pytest

from bot.ids import Action, OfFinding, Shortcut
from bot.store import Store
from tests.conftest import ACCOUNT
from tests.handlers.test_fixes import Fixing
from tests.slack.desk import ANA, BEN, CHANNEL, DAN, ELSEWHERE, FIXABLE, Desk, desk, found
from tests.slack.fake import Slack, buttons, said
from tests.test_remediate import World

pytestmark = pytest.mark.asyncio


async def test_home_shows_how_the_account_stands_and_what_one_may_do(at_desk: Desk) -> None:
    await at_desk.open_home()
    shown = said(at_desk.slack.homes[ANA])
    assert "AWS account 123456789012" in shown
    assert "Score" in shown
    assert "You may look at everything, ask for fixes and mute." in shown
    await at_desk.open_home(user=BEN)
    assert "approve what others ask for, and freeze" in said(at_desk.slack.homes[BEN])


async def test_home_leads_with_what_waits_for_the_person(moto_url: str, slack: Slack, store: Store) -> None:
    world = World(store)
    fixing = Fixing(world, await desk(slack, store, **world.given, approvers=[BEN], remediator=world.bot))
    await fixing.asked()
    await fixing.desk.open_home(user=BEN)
    assert said(slack.homes[BEN]).startswith("*⏳ Waits for you*")
    assert "exports hold customer data" in said(slack.homes[BEN])
    await fixing.desk.open_home(user=ANA)
    shown = slack.homes[ANA]
    assert said(shown).startswith("*Your requests*")
    await fixing.desk.click(Action.CANCEL, buttons(shown)[Action.CANCEL], user=ANA, channel="")
    assert fixing.state == "cancelled"
    await fixing.desk.open_home(user=DAN)
    assert "Waits for you" not in said(slack.homes[DAN])


async def test_home_of_a_stranger_says_why_it_is_empty(at_desk: Desk) -> None:
    await at_desk.open_home(team="TOTHER")
    assert said(at_desk.slack.homes[ANA]) == "🚫 You belong to another workspace, so I cannot act for you."


async def test_the_messages_tab_needs_nothing(at_desk: Desk) -> None:
    await at_desk.open_home(tab="messages")
    assert at_desk.slack.homes == {}


async def test_a_mention_works_as_the_command_does(at_desk: Desk) -> None:
    await at_desk.mention("findings northwind-exports")
    assert "northwind-exports" in at_desk.told
    await at_desk.mention("status", channel=CHANNEL)
    assert "Score" in at_desk.slack.shown(CHANNEL)[0]
    await at_desk.mention("")
    assert "What I can do" in at_desk.told
    await at_desk.mention("statsu")
    assert "did you mean `/aws-sec status`?" in at_desk.told


@pytest.mark.parametrize("word", ["fix 1", "mute 1"])
async def test_a_mention_that_needs_a_window_says_so(at_desk: Desk, word: str) -> None:
    await at_desk.mention(word)
    assert "opens a window, which Slack allows from the command only" in at_desk.told


async def test_status_from_slacks_menu(at_desk: Desk) -> None:
    await at_desk.shortcut(Shortcut.STATUS)
    assert "Security status of AWS account" in at_desk.told


async def test_a_message_about_a_finding_is_explained(at_desk: Desk) -> None:
    await at_desk.command("findings", channel=ELSEWHERE)
    message = at_desk.answers[-1].arguments
    await at_desk.shortcut(Shortcut.EXPLAIN, message={"blocks": message["blocks"]})
    assert "*Why*" in at_desk.told


@pytest.mark.parametrize("value", ["", "x", OfFinding(finding=99).pack()])
async def test_a_message_about_nothing_of_ours_is_said(at_desk: Desk, value: str) -> None:
    block = {"type": "actions", "elements": [{"type": "button", "value": value}]}
    await at_desk.shortcut(Shortcut.EXPLAIN, message={"blocks": [block]})
    assert ("There is no finding 99" if "99" in value else "This message shows no finding") in at_desk.told


async def test_a_shortcut_of_an_older_version_is_said(at_desk: Desk) -> None:
    await at_desk.shortcut("shortcut.gone")
    assert "older version" in at_desk.told


async def test_home_shows_what_is_theirs_and_lets_them_turn_its_messages_off_and_on(slack: Slack, store: Store) -> None:
    found(store, (FIXABLE, "a", "leaves it open"), (FIXABLE, "b", "leaves it open"))
    store.findings.set_owners(ACCOUNT, {"arn:aws:x:::a": "shop"})
    at_desk = await desk(slack, store, owners={"shop": ANA, "data": ANA, "web": BEN})
    await at_desk.open_home()
    shown = said(slack.homes[ANA])
    assert "`shop`  open: 1 high" in shown
    assert "`data`  open: nothing" in shown
    assert "`web`" not in shown
    await at_desk.click(Action.STOP_NOTES, buttons(slack.homes[ANA])[Action.STOP_NOTES], channel="", ts="")
    assert "You wanted no messages about it" in said(slack.homes[ANA])
    await at_desk.click(Action.RESUME_NOTES, buttons(slack.homes[ANA])[Action.RESUME_NOTES], channel="", ts="")
    assert "A message tells you once a day" in said(slack.homes[ANA])
    await at_desk.open_home(user=DAN)
    assert "Yours" not in said(slack.homes[DAN])
