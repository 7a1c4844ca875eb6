"""Several fixes at once, as people see them: the plans, the choice, one card that follows."""

from __future__ import annotations

import json

import pytest
import pytest_asyncio

from bot.ids import Action, Input, View
from bot.store import Store
from tests.slack.desk import APPROVALS, BEN, ELSEWHERE, Desk, desk
from tests.slack.fake import Slack, buttons
from tests.test_bulk import NAMES, Shop
from tests.test_remediate import CHECK

pytestmark = pytest.mark.asyncio


class Several:
    def __init__(self, shop: Shop, desk: Desk) -> None:
        self.shop = shop
        self.desk = desk

    async def asked(self, command: str = f"fix {CHECK}") -> None:
        """ANA looks at the plans and asks for all but the first."""
        await self.desk.command(command)
        view = [*self.desk.slack.views.values()][-1]
        (choice,) = [block for block in view["blocks"] if block.get("block_id") == Input.CHOSEN]
        offered = [option["value"] for option in choice["element"]["initial_options"]]
        await self.desk.submit(View.REQUEST_ALL, view["private_metadata"], "they hold data", chosen=offered[1:])

    async def click(self, action: Action, user: str) -> None:
        for (channel, ts), message in self.desk.slack.messages.items():
            if channel == APPROVALS and action in buttons(message):
                await self.desk.click(action, buttons(message)[action], user=user, channel=channel, ts=ts)
                return
        raise AssertionError(f"no {action} to click")


@pytest_asyncio.fixture
async def several(moto_url: str, slack: Slack, store: Store) -> Several:
    shop = Shop(store)
    at = await desk(slack, store, **shop.given, approvers=[BEN], remediator=shop.bot)
    return Several(shop, at)


async def test_from_the_command_to_the_fix_and_back(several: Several) -> None:
    await several.asked()
    assert f"<#{APPROVALS}> has your request for 2." in several.desk.told
    slack = several.desk.slack
    (card,) = slack.shown(APPROVALS)
    assert card.startswith("*⏳ Waiting for approval*")
    assert all(name in card for name in NAMES[1:])
    assert card.count("s3:PutPublicAccessBlock") == 2
    await several.click(Action.APPROVE_ALL, BEN)
    for channel in (APPROVALS, ELSEWHERE):
        (card,) = slack.shown(channel)
        assert card.startswith("*✅ Fixed*")
        assert card.count("✅ Fixed") == 3
    assert several.shop.blocked() == NAMES[1:]
    await several.click(Action.UNDO_ALL, BEN)
    view = [*slack.views.values()][-1]
    (choice,) = [block for block in view["blocks"] if block.get("block_id") == Input.CHOSEN]
    chosen = [choice["element"]["options"][0]["value"]]
    await several.desk.submit(View.UNDO_ALL, view["private_metadata"], "needed", chosen=chosen, user=BEN)
    assert "1 of 2 done, 1 undone" in several.desk.told
    assert several.shop.blocked() == NAMES[2:]


async def test_a_list_of_one_check_offers_to_fix_all(several: Several) -> None:
    await several.desk.command(f"check {CHECK}")
    await several.desk.click(Action.PAGE, json.dumps({"check": CHECK}))
    fix_all = buttons(several.desk.answers[-1].arguments)[Action.FIX_ALL]
    await several.desk.click(Action.FIX_ALL, fix_all)
    assert "3 resources" in several.desk.told


async def test_denied_and_taken_back(several: Several) -> None:
    await several.asked()
    await several.click(Action.DENY_ALL, BEN)
    carried = [*several.desk.slack.views.values()][-1]["private_metadata"]
    await several.desk.submit(View.DENY_ALL, carried, "not today", user=BEN)
    assert several.desk.slack.shown(APPROVALS)[0].startswith("*🚫 Denied*")
    assert several.shop.blocked() == []


@pytest.mark.parametrize("chosen", [[], ["999"], ["x"], ["1; DROP TABLE"]])
async def test_a_forged_choice_asks_for_nothing(several: Several, chosen: list[str]) -> None:
    await several.desk.command(f"fix {CHECK}")
    carried = [*several.desk.slack.views.values()][-1]["private_metadata"]
    await several.desk.submit(View.REQUEST_ALL, carried, "because", chosen=chosen)
    assert "Choose at least one resource" in several.desk.told
    assert several.desk.slack.shown(APPROVALS) == []


async def test_a_batch_nobody_was_shown_is_found_and_posted_later(several: Several) -> None:
    batch = several.shop.asked()
    later = several.desk.bot.now()
    assert [one.id for one in several.shop.store.batches.outdated(later)] == [batch.id]
    await several.desk.cards.batches.announce(batch.id, "")
    assert several.shop.store.batches.outdated(later) == []
