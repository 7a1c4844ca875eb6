"""People of an Enterprise organization: who acts from another of their workspaces is known, and a stranger is not.

Forms of payloads: https://docs.slack.dev/enterprise/developing-for-enterprise-orgs
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt.async_app import AsyncBoltRequest

from bot.ids import Action, OfFinding, OfRequest, View
from bot.slack_errors import CannotRun
from bot.store import Store
from bot.store.fix_request import State
from tests.slack.clock import Clock
from tests.slack.desk import APPROVALS, ELSEWHERE, FIXABLE, FORM, Desk, desk, found
from tests.slack.fake import BROKEN, TEAM, Slack
from tests.test_app import bot_of
from tests.test_cards import Requests

pytestmark = pytest.mark.asyncio

ORGANIZATION, OTHER_TEAM, WANDA = "E1NORTHWIND", "T2OTHER", "W0WANDA"
TEAMS = {"enterprise_user": {"id": WANDA, "enterprise_id": ORGANIZATION, "teams": [OTHER_TEAM, TEAM]}}
OF_BOTH = {"team_id": OTHER_TEAM, **TEAMS}
FINDING = OfFinding(finding=1).pack()
JSON: dict[str, str | Sequence[str]] = {"content-type": ["application/json"]}
Act = Callable[[Desk], Awaitable[Any]]


async def of_organization(slack: Slack, store: Store, **settings: Any) -> Desk:
    """A bot in one workspace of an organization."""
    slack.identity = {"enterprise_id": ORGANIZATION, "is_enterprise_install": False}
    found(store, (FIXABLE, "northwind-exports", "leaves it open"))
    return await desk(slack, store, **settings)


def interaction(user: dict[str, Any], **payload: Any) -> Act:
    """With what Slack sends besides, of an organization."""

    async def act(at_desk: Desk) -> None:
        organization = {"enterprise": {"id": ORGANIZATION, "name": "Northwind"}, "is_enterprise_install": False}
        usual = {"api_app_id": "A1", "trigger_id": "1.2", "team": {"id": TEAM, "enterprise_id": ORGANIZATION}}
        body = urlencode({"payload": json.dumps(usual | organization | {"user": user} | payload)})
        await at_desk.dispatch(AsyncBoltRequest(body=body, mode="socket_mode", headers=FORM))

    return act


def click(user: dict[str, Any], action: str = Action.EXPLAIN, value: str = FINDING, **payload: Any) -> Act:
    place = {"type": "message", "message_ts": "1.1", "channel_id": ELSEWHERE}
    payload = {"channel": {"id": ELSEWHERE}, **payload}
    clicked = [{"action_id": action, "block_id": "b", "type": "button", "value": value}]
    return interaction(user, type="block_actions", actions=clicked, container=place, **payload)


def submission(user: dict[str, Any], **payload: Any) -> Act:
    values = {"reason": {"reason": {"type": "plain_text_input", "value": "because"}}}
    view = {"id": "V1", "type": "modal", "callback_id": View.MUTE, "private_metadata": FINDING,
            "state": {"values": values}, "team_id": OTHER_TEAM, "app_installed_team_id": TEAM}  # fmt: skip
    return interaction(user, type="view_submission", view=view, **payload)


def mention(**event: Any) -> Act:
    async def act(at_desk: Desk) -> None:
        told = {
            "type": "app_mention",
            "user": WANDA,
            "text": "<@UBOT> mute",
            "channel": ELSEWHERE,
            "ts": "9.9",
            **event,
        }
        allowed = {"enterprise_id": ORGANIZATION, "team_id": TEAM, "user_id": "UBOT", "is_bot": True}
        body = {"type": "event_callback", "team_id": OTHER_TEAM, "api_app_id": "A1", "event_id": "Ev1", "event": told,
                "context_team_id": TEAM, "context_enterprise_id": ORGANIZATION, "authorizations": [allowed]}  # fmt: skip
        await at_desk.dispatch(AsyncBoltRequest(body=json.dumps(body), mode="socket_mode", headers=JSON))

    return act


FORMS: dict[str, Act] = {
    "a click, by the home workspace": click({"id": WANDA, "team_id": OTHER_TEAM}),
    "a click, by the organization": click({"id": WANDA, "team_id": ORGANIZATION}),
    "a click without a workspace": click({"id": WANDA}, team=None, is_enterprise_install=True),
    "a click in another workspace": click({"id": WANDA, "team_id": OTHER_TEAM}, team={"id": OTHER_TEAM}),
    "a shortcut": interaction({"id": WANDA, "team_id": OTHER_TEAM}, type="shortcut", callback_id="shortcut.status"),
    "a command": lambda at_desk: at_desk.command("mute 99", user=WANDA, team=OTHER_TEAM),
    "a modal": submission({"id": WANDA, "team_id": OTHER_TEAM}),
    "a modal, by the organization": submission({"id": WANDA, "team_id": ORGANIZATION}, team=None),
    "a mention, by team": mention(team=OTHER_TEAM),
    "a mention, by user_team": mention(user_team=ORGANIZATION, team=TEAM),
    "a mention that says nothing": mention(),
    "the Home tab": lambda at_desk: at_desk.open_home(user=WANDA, team=OTHER_TEAM),
}
NOT_HERE: dict[str, dict[str, Any] | None] = {
    "of the organization, but not of the workspace": {
        "team_id": OTHER_TEAM,
        "enterprise_user": {"teams": [OTHER_TEAM]},
    },
    "of another organization": {"team_id": "T9", "is_stranger": True, "enterprise_user": {"teams": ["T9"]}},
    "a stranger whom Slack shows with our workspace": {"team_id": TEAM, "is_stranger": True},
    "who left": {**OF_BOTH, "deleted": True},
    "whom Slack does not know": None,
}


def heard(slack: Slack) -> str:
    homes = [call.said for call in slack.called("views.publish")]
    kinds = ("response", "chat.postEphemeral", "chat.postMessage", "views.open", "views.update")
    return "\n".join([*homes, *(call.said for call in slack.calls if call.method in kinds)])


@pytest.mark.parametrize("form", FORMS)
async def test_who_is_of_this_workspace_too_is_served_wherever_they_act(slack: Slack, store: Store, form: str) -> None:
    at_desk = await of_organization(slack, store, viewers=[WANDA])
    slack.users[WANDA] = OF_BOTH
    slack.views["V1"] = {}
    await FORMS[form](at_desk)
    assert "another workspace" not in heard(slack)
    assert heard(slack)
    refused = [row for row in store.audit.rows(last=9) if row["action"] == "access.refused"]
    assert not refused
    assert {row["actor"] for row in store.audit.rows(last=9)} <= {f"{TEAM}/{WANDA}"}


@pytest.mark.parametrize("kind", NOT_HERE)
@pytest.mark.parametrize("form", FORMS)
async def test_who_is_not_is_refused_and_written_down(slack: Slack, store: Store, form: str, kind: str) -> None:
    at_desk = await of_organization(slack, store, approvers=[WANDA])
    if (about := NOT_HERE[kind]) is not None:
        slack.users[WANDA] = about
    slack.views["V1"] = {}
    await FORMS[form](at_desk)
    assert "belong to another workspace" in heard(slack)
    (row,) = store.audit.rows(last=9)
    assert (row["action"], row["result"]) == ("access.refused", "refused")
    assert row["actor"].endswith(f"/{WANDA}")
    assert not row["actor"].startswith(f"{TEAM}/")


async def test_when_slack_does_not_tell_whose_somebody_is_nothing_is_done(slack: Slack, store: Store) -> None:
    at_desk = await of_organization(slack, store)
    slack.users[WANDA] = OF_BOTH
    slack.trouble("users.info", *[BROKEN] * 3)
    await at_desk.command("findings", user=WANDA, team=OTHER_TEAM)
    assert "northwind-exports" not in at_desk.told
    assert "try again" in at_desk.told


async def test_outside_an_organization_slack_is_not_asked_about_strangers(at_desk: Desk) -> None:
    at_desk.slack.users[WANDA] = OF_BOTH
    await at_desk.command("findings", user=WANDA, team=OTHER_TEAM)
    assert "belong to another workspace" in at_desk.told
    assert not at_desk.slack.called("users.info")


@pytest.mark.parametrize("asked_from", [TEAM, OTHER_TEAM, ORGANIZATION])
async def test_nobody_approves_their_own_request_from_another_workspace(
    slack: Slack, store: Store, asked_from: str
) -> None:
    slack.identity = {"enterprise_id": ORGANIZATION}
    slack.users[WANDA] = OF_BOTH
    clock = Clock()
    asked = Requests(await desk(slack, store, now=clock, approvers=[WANDA]), clock)
    store.db.write("UPDATE requests SET requester = ?", [f"{TEAM}/{WANDA}"])
    value = OfRequest(request=asked.id, plan=asked.request.plan_hash).pack()
    await click({"id": WANDA, "team_id": asked_from}, Action.APPROVE, value)(asked.desk)
    assert "somebody else must approve" in heard(slack)
    assert asked.request.state is State.WAITING


async def test_an_approvers_id_from_another_workspace_approves_nothing(slack: Slack, store: Store) -> None:
    slack.identity = {"enterprise_id": ORGANIZATION}
    slack.users[WANDA] = {"team_id": "T9", "is_stranger": True}
    clock = Clock()
    asked = Requests(await desk(slack, store, now=clock, approvers=[WANDA]), clock)
    value = OfRequest(request=asked.id, plan=asked.request.plan_hash).pack()
    await click({"id": WANDA, "team_id": "T9"}, Action.APPROVE, value, channel={"id": APPROVALS})(asked.desk)
    assert asked.request.state is State.WAITING
    assert "belong to another workspace" in heard(slack)


async def test_a_bot_of_a_whole_organization_does_not_start(slack: Slack, store: Store) -> None:
    slack.identity = {"team_id": ORGANIZATION, "enterprise_id": ORGANIZATION, "is_enterprise_install": True}
    with pytest.raises(CannotRun, match="SLACK_BOT_TOKEN is of an app that a whole organization has: install it in"):
        async with bot_of(slack, store):
            pass
