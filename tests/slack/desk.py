"""A bot at work in the fake workspace, and the people who use it."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.app import _app, _bot, _identity
from bot.bulk import Bulk
from bot.cards import Cards
from bot.context import Bot
from bot.ids import Action, Input, View
from bot.post import Post
from bot.remediate import Remediator
from bot.runner import ScanRunner
from bot.scan import Outcome, Status, UnitDone
from bot.schedule import Schedule
from bot.settings import Settings, load
from bot.store import Store
from bot.store.findings import Filter, Finding
from checks import cloudtrail, s3
from checks.kit import AnyCheck
from handlers.access import Access
from handlers.ask import Parts
from handlers.routes import register
from tests.conftest import ACCOUNT
from tests.slack.fake import BOT_TOKEN, SIGNING_SECRET, TEAM, Call, Slack

ANA, BEN, CHIARA, DAN = "UANA", "UBEN", "UCHIARA", "UDAN"
CHANNEL, APPROVALS, DIGEST, ELSEWHERE = "CSECURITY", "CAPPROVALS", "CDIGEST", "CELSEWHERE"
REGION = "us-east-1"
FIXABLE, OTHER = s3.bucket_blocks_public_access, cloudtrail.account_has_multi_region_trail

SCAN = """
import json
for done in (1, 2):
    print(json.dumps({"progress": {"done": done, "total": 2, "reading": "s3 in us-east-1", "failed": 0}}), flush=True)
print(json.dumps({"result": {"ok": True, "account": "123456789012", "note": ""}}), flush=True)
"""
"""A scan's process as the runner sees it."""


def scan_program(text: str = SCAN) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", text, "--")


def settings_of(slack: Slack, **given: Any) -> Settings:
    """Settings of a bot in this workspace; BEN approves."""
    usual = {
        "slack_bot_token": BOT_TOKEN,
        "slack_signing_secret": SIGNING_SECRET,
        "slack_api_url": f"{slack.url}/api/",
        "channel": CHANNEL,
        "approvals_channel": APPROVALS,
        "digest_channel": DIGEST,
        "approvers": [BEN, CHIARA],
        "regions": [REGION],
    }
    return load(**usual | given)


class Desk:
    """One bot with its handlers. What a person does is awaited until the bot is done with it."""

    def __init__(self, slack: Slack, bot: Bot, app: AsyncApp) -> None:
        self.slack = slack
        self.bot = bot
        self.cards = Cards(bot)
        access = Access(bot)
        self.schedule = Schedule(bot, self.cards, access.may_get)
        self._app = app
        self._triggers = itertools.count(1)
        register(app, Parts(bot, access, self.cards, self.schedule))

    async def command(self, text: str, *, user: str = ANA, team: str = TEAM, channel: str = ELSEWHERE) -> BoltResponse:
        form = {
            "command": "/aws-sec",
            "text": text,
            "team_id": team,
            "user_id": user,
            "channel_id": channel,
            "trigger_id": f"trigger {next(self._triggers)}",
            "response_url": self.slack.response_url(),
            "api_app_id": "A1",
        }
        return await self.dispatch(AsyncBoltRequest(body=urlencode(form), mode="socket_mode", headers=FORM))

    async def click(
        self,
        action: str,
        value: str,
        *,
        user: str = ANA,
        team: str = TEAM,
        channel: str = ELSEWHERE,
        ts: str = "1.1",
        hidden: bool = False,
        view: str = "",
        block: str = "b",
    ) -> BoltResponse:
        """Click a button, or choose from a menu, of a message; or of an open modal, by its id."""
        is_menu = action.startswith((Action.PRACTICE, Action.FILTER))
        chosen = {"selected_option": {"value": value}} if is_menu else {"value": value}
        place: dict[str, Any] = {
            "channel": {"id": channel},
            "container": {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": hidden},
            "response_url": self.slack.response_url(f"click-{next(self._triggers)}"),
        }
        if view:
            place = {"container": {"type": "view", "view_id": view}, "view": {"id": view, "type": "modal"}}
        return await self.interact(
            {
                "type": "block_actions",
                "user": {"id": user, "team_id": team},
                "actions": [{"action_id": action, "block_id": block, "type": "button", **chosen}],
                **place,
            }
        )

    async def submit(
        self,
        view: View | str,
        value: str,
        reason: str,
        *,
        user: str = ANA,
        team: str = TEAM,
        until: str | None = None,
        scope: str | None = None,
        chosen: Sequence[str] | None = None,
        directly: str | None = None,
        person: str | None = None,
        open: bool = True,
    ) -> BoltResponse:
        """Submit a modal; `open`: whether the person leaves it open."""
        values: dict[str, Any] = {Input.REASON: {Input.REASON: {"type": "plain_text_input", "value": reason}}}
        if until:
            values[Input.UNTIL] = {Input.UNTIL: {"type": "static_select", "selected_option": {"value": until}}}
        if scope:
            values[Input.SCOPE] = {Input.SCOPE: {"type": "static_select", "selected_option": {"value": scope}}}
        if chosen is not None:
            picked = [{"value": value} for value in chosen]
            values[Input.CHOSEN] = {Input.CHOSEN: {"type": "multi_static_select", "selected_options": picked}}
        if directly is not None:
            values[Input.DIRECTLY] = {Input.DIRECTLY: {"type": "plain_text_input", "value": directly}}
        if person is not None:
            values[Input.PERSON] = {Input.PERSON: {"type": "users_select", "selected_user": person}}
        if open:
            self.slack.views["VMODAL"] = {}
        return await self.interact(
            {
                "type": "view_submission",
                "user": {"id": user, "team_id": team},
                "view": {
                    "id": "VMODAL",
                    "type": "modal",
                    "callback_id": view,
                    "private_metadata": value,
                    "state": {"values": values},
                },
            }
        )

    async def mention(self, text: str, *, user: str = ANA, channel: str = ELSEWHERE) -> BoltResponse:
        """Somebody says `@aws-sec ...` in a channel."""
        told = {"type": "app_mention", "user": user, "text": f"<@UBOT> {text}", "channel": channel, "ts": "9.9"}
        return await self.event(told)

    async def open_home(self, *, user: str = ANA, team: str = TEAM, tab: str = "home") -> BoltResponse:
        return await self.event({"type": "app_home_opened", "user": user, "tab": tab, "channel": "D1"}, team=team)

    async def shortcut(self, name: str, *, user: str = ANA, message: Mapping[str, Any] | None = None) -> BoltResponse:
        """Choose from Slack's menu: of the workspace, or of a message."""
        about = {"type": "message_action", "message": message, "channel": {"id": ELSEWHERE}} if message else {}
        chosen = {"type": "shortcut", "callback_id": name, "user": {"id": user, "team_id": TEAM}, **about}
        return await self.interact(chosen)

    async def event(self, event: Mapping[str, Any], *, team: str = TEAM) -> BoltResponse:
        body = json.dumps({"type": "event_callback", "team_id": team, "api_app_id": "A1", "event": dict(event)})
        headers: dict[str, str | Sequence[str]] = {"content-type": ["application/json"]}
        return await self.dispatch(AsyncBoltRequest(body=body, mode="socket_mode", headers=headers))

    async def interact(self, payload: Mapping[str, Any]) -> BoltResponse:
        usual = {"team": {"id": TEAM}, "trigger_id": f"trigger {next(self._triggers)}", "api_app_id": "A1"}
        body = urlencode({"payload": json.dumps(usual | dict(payload))})
        return await self.dispatch(AsyncBoltRequest(body=body, mode="socket_mode", headers=FORM))

    async def dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        """Slack's answer, once the listener has ended too."""
        response = await self._app.async_dispatch(request)
        listeners = [task for task in asyncio.all_tasks() if "run_ack_function" in repr(task.get_coro())]
        await asyncio.gather(*listeners)
        return response

    @property
    def answers(self) -> list[Call]:
        """What the person was told: through a response URL, a message only they see, a direct message, or a modal."""
        kinds = ("response", "chat.postEphemeral", "views.open", "views.update")
        direct = [call for call in self.slack.called("chat.postMessage") if call.arguments["channel"][0] == "U"]
        return [call for call in self.slack.calls if call.method in kinds or call in direct]

    @property
    def told(self) -> str:
        """The last of them."""
        return self.answers[-1].said

    @property
    def written(self) -> list[tuple[str, str]]:
        """What the audit log says was done: action and result."""
        return [(row["action"], row["result"]) for row in reversed(self.bot.store.audit.rows(last=100))]


FORM: dict[str, str | Sequence[str]] = {"content-type": ["application/x-www-form-urlencoded"]}


async def desk(
    slack: Slack,
    store: Store,
    *,
    scan: tuple[str, ...] = scan_program(),
    now: Callable[[], datetime] | None = None,
    remediator: Remediator | None = None,
    **settings: Any,
) -> Desk:
    """A bot that was just started."""
    chosen = settings_of(slack, **settings)
    post = Post(BOT_TOKEN, chosen.slack_api_url)
    identity = await _identity(post)
    bot = _bot(chosen, store, ACCOUNT, identity, post)
    parts: dict[str, Any] = {
        "scans": ScanRunner(command=scan),
        "now": now or bot.now,
        "remediator": remediator or bot.remediator,
        "bulk": Bulk(chosen, store, remediator or bot.remediator, now or bot.now),
    }
    return Desk(slack, replace(bot, **parts), _app(chosen, identity))


def found(
    store: Store,
    *outcomes: tuple[AnyCheck, str, str],
    at: datetime | None = None,
    passed: int = 0,
    unknown: str = "",
    checks: tuple[AnyCheck, ...] = (FIXABLE, OTHER),
) -> list[Finding]:
    """A complete scan that found these: check, name, words. The open findings after it."""
    now = at or datetime.now(UTC)
    scan_id = store.scans.begin(ACCOUNT, at=now, complete_scope=True, requested_by="test")
    fails = [
        Outcome(check, ACCOUNT, REGION, f"arn:aws:x:::{name}", name, Status.FAIL, text)
        for check, name, text in outcomes
    ]
    unread = [Outcome(checks[0], ACCOUNT, REGION, "", "", Status.UNKNOWN, unknown)] if unknown else []
    done = UnitDone(checks, ACCOUNT, REGION, not unknown, 1, 1, "s3")
    store.findings.record(scan_id, done, [*fails, *unread], {check.id: passed for check in checks}, now)
    store.scans.end(scan_id, at=now, state="done")
    return store.findings.search(Filter(muted=None), now)
