"""Who may do what: viewers, requesters and approvers, by user and by group, read again at each click."""

from __future__ import annotations

from typing import Any

import pytest

from bot.ids import Action, OfFinding, OfRequest, View
from bot.store import Store
from handlers import routes
from tests.slack.desk import ANA, BEN, CHIARA, DAN, FIXABLE, Desk, desk, found
from tests.slack.fake import BROKEN, Slack

pytestmark = pytest.mark.asyncio

FINDING, REQUEST = OfFinding(finding=1).pack(), OfRequest(request=1).pack()
REFUSED = ("access.refused", "refused")


async def desk_of(slack: Slack, store: Store, **settings: Any) -> Desk:
    found(store, (FIXABLE, "northwind-exports", "leaves it open"))
    return await desk(slack, store, **settings)


async def test_somebody_of_another_workspace_is_refused_everything(at_desk: Desk) -> None:
    for word in routes.COMMANDS:
        await at_desk.command(f"{word} 1", team="T2", user=BEN)
        assert "You belong to another workspace" in at_desk.told
    for action in routes.ACTIONS:
        await at_desk.click(action, FINDING, team="T2", user=BEN)
        assert "You belong to another workspace" in at_desk.told
    for view in routes.SUBMISSIONS:
        await at_desk.submit(view, FINDING, "because", team="T2", user=BEN)
        assert "You belong to another workspace" in at_desk.told
    assert at_desk.written == [REFUSED] * len([*routes.COMMANDS, *routes.ACTIONS, *routes.SUBMISSIONS])


async def test_everybody_may_look_when_no_viewers_are_set(at_desk: Desk) -> None:
    await at_desk.command("findings", user=DAN)
    assert "northwind-exports" in at_desk.told


async def test_only_viewers_may_look_and_those_who_may_do_more(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store, viewers=[ANA, "SVIEW"], requesters=[CHIARA], approvers=[BEN])
    slack.groups["SVIEW"] = ["UERIK"]
    for user in (ANA, "UERIK", CHIARA, BEN):
        await at_desk.command("findings", user=user)
        assert "northwind-exports" in at_desk.told, user
    for act in (
        at_desk.command("findings", user=DAN),
        at_desk.click(Action.EXPLAIN, FINDING, user=DAN),
        at_desk.submit(View.MUTE, FINDING, "because", user=DAN),
    ):
        await act
        assert "You are not among those who may use this command" in at_desk.told
    assert at_desk.written == [REFUSED] * 3


async def test_only_requesters_may_ask_for_fixes_and_mute(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store, requesters=["SASK"])
    slack.groups["SASK"] = [ANA]
    for act in (
        at_desk.command("fix 1", user=DAN),
        at_desk.command("mute 1", user=DAN),
        at_desk.command("unmute 1", user=DAN),
        at_desk.click(Action.FIX, FINDING, user=DAN),
        at_desk.click(Action.MUTE, FINDING, user=DAN),
        at_desk.click(Action.UNMUTE, FINDING, user=DAN),
        at_desk.submit(View.REQUEST, FINDING, "because", user=DAN),
        at_desk.submit(View.MUTE, FINDING, "because", user=DAN),
    ):
        await act
        assert "You are not among those who may ask for fixes or mute" in at_desk.told
    assert at_desk.written == [REFUSED] * 8
    await at_desk.submit(View.MUTE, FINDING, "because", user=ANA)
    assert ("finding.muted", "ok") in at_desk.written


async def test_who_left_the_group_lost_the_right_at_the_next_click(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store, viewers=["SVIEW"])
    slack.groups["SVIEW"] = [ANA, DAN]
    await at_desk.command("findings", user=DAN)
    assert "northwind-exports" in at_desk.told
    slack.groups["SVIEW"] = [ANA]
    await at_desk.command("findings", user=DAN)
    assert "You are not among those" in at_desk.told


@pytest.mark.parametrize("settings", [{"viewers": ["SGONE"]}, {"requesters": ["SGONE"]}])
async def test_a_group_that_cannot_be_read_lets_nobody_in(
    slack: Slack, store: Store, settings: dict[str, list[str]]
) -> None:
    at_desk = await desk_of(slack, store, **settings)
    await at_desk.submit(View.MUTE, FINDING, "because")
    assert "no_such_subteam: check the id of the user group" in at_desk.told
    assert at_desk.written == []


async def test_a_group_that_slack_fails_to_tell_lets_nobody_in(slack: Slack, store: Store) -> None:
    at_desk = await desk_of(slack, store, viewers=["SVIEW"])
    slack.groups["SVIEW"] = [ANA]
    slack.trouble("usergroups.users.list", *[BROKEN] * 3)
    await at_desk.command("findings")
    assert "try again" in at_desk.told
    assert "northwind-exports" not in at_desk.told
