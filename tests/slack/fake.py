"""Slack's far side over HTTP, as far as the bot needs it. It reads like a specification of what the bot relies on.

- A token that is not the bot's is answered `invalid_auth`; every answer but trouble is HTTP 200 with `ok`.
- Messages and modals that break Slack's limits are answered `invalid_blocks` and `invalid_arguments`.
- chat.postMessage gives each message a timestamp; chat.update shows something else in its place or answers
  `message_not_found`; conversations.history tells what was posted since a moment, newest first.
- A modal is opened once for each trigger (`exchanged_trigger_id`) and updated by its id or its external id, until
  the person closes it (`not_found`).
- A response URL takes five answers, then it is used up: 404 `used_url`; blocks it does not take are 404, too.
- Trouble is told beforehand, for the next calls of a method: `slack.trouble("chat.postMessage", RATE_LIMITED)`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import WSMsgType, web

from tests.slack.limits import problems_of_message, problems_of_view

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-1-secret-of-the-bot", "xapp-1-secret-of-the-app", "signing-secret"
TEAM = "T1"
RESPONSES = 5
PAGE = 2
"""Messages on one page of conversations.history: few, so that the bot has to turn pages."""


@dataclass(frozen=True)
class Trouble:
    """An answer that is not the usual one. `done`: whether the call takes effect all the same.

    `text`: what a machine before Slack says, in place of Slack's JSON.
    """

    status: int = 200
    error: str = ""
    done: bool = False
    text: str = ""


RATE_LIMITED = Trouble(429, "ratelimited")
BROKEN = Trouble(500)
LOST = Trouble(0, done=True)
"""The call takes effect, and the connection ends before the answer."""
UNREACHED = Trouble(0)


def refused(error: str) -> Trouble:
    return Trouble(error=error)


@dataclass(frozen=True)
class Call:
    """What the bot called, with what, when (of time.monotonic)."""

    method: str
    arguments: Mapping[str, Any]
    at: float

    @property
    def said(self) -> str:
        """All texts of a message or a modal."""
        return said(self.arguments.get("view") or self.arguments)


@dataclass
class File:
    """A file that was uploaded, and the thread it was put into."""

    name: str
    alt: str = ""
    content: bytes = b""
    channel: str = ""
    thread: str = ""


@dataclass
class Slack:
    """A workspace. `messages`: (channel, timestamp) -> what is shown there; `views`: open modals by id.

    `closed`: channels the bot is not in. `users`: id -> what is special about a user. `identity`: what auth.test says
    besides the usual. `unknown`: kinds of blocks that it does not take, as of a workspace that has not got them yet.
    """

    url: str = ""
    link_url: str = ""
    calls: list[Call] = field(default_factory=list)
    messages: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    views: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    homes: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    users: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    identity: dict[str, Any] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    files: list[File] = field(default_factory=list)
    acks: list[Mapping[str, Any]] = field(default_factory=list)
    connections: list[web.WebSocketResponse] = field(default_factory=list)
    _troubles: dict[str, list[Trouble]] = field(default_factory=lambda: defaultdict(list))
    _triggers: set[str] = field(default_factory=set)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _answered: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _linked: asyncio.Event = field(default_factory=asyncio.Event)

    def trouble(self, method: str, *troubles: Trouble) -> None:
        """What becomes of the next calls of a method; `response` stands for response URLs."""
        self._troubles[method] += troubles

    def response_url(self, name: str = "one") -> str:
        return f"{self.url}/response/{name}"

    def called(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def shown(self, channel: str) -> list[str]:
        """What the messages of a channel say now, oldest first."""
        return [said(message) for (where, _), message in self.messages.items() if where == channel]

    def newest(self, channel: str) -> str:
        """The timestamp of a channel's last message."""
        return [ts for (where, ts) in self.messages if where == channel][-1]

    async def linked(self) -> web.WebSocketResponse:
        """The bot's Socket Mode connection, once it is there."""
        await self._linked.wait()
        return self.connections[-1]

    # --- the Web API -------------------------------------------------------------------

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.calls.append(Call(method, arguments, time.monotonic()))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token != (APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN):
            return web.json_response({"ok": False, "error": "invalid_auth"})
        return await self._troubled(request, method, lambda: self._do(method, arguments))

    async def respond(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self._answered[name] += 1
        if self._answered[name] > RESPONSES:
            return web.Response(status=404, text="used_url")
        arguments = await _arguments(request)

        def do() -> Mapping[str, Any]:
            self.calls.append(Call("response", arguments, time.monotonic()))
            return {"ok": True}

        if refusal := self._refused(arguments):
            return web.json_response(refusal, status=404)
        return await self._troubled(request, "response", do)

    async def _troubled(self, request: web.Request, method: str, do: Any) -> web.StreamResponse:
        troubles = self._troubles[method]
        trouble = troubles.pop(0) if troubles else None
        if trouble is None:
            return web.json_response(do())
        if trouble.done:
            do()
        if not trouble.status:
            assert request.transport is not None
            request.transport.close()
        if trouble.status == 500:
            return web.Response(status=500, text="<html>Server error</html>", content_type="text/html")
        if trouble.text:
            return web.Response(status=trouble.status, text=trouble.text)
        body = {"ok": False, "error": trouble.error}
        return web.json_response(body, status=trouble.status or 200, headers={"Retry-After": "0"})

    def _do(self, method: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        methods: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
            "auth.test": lambda _: {
                "ok": True,
                "team_id": TEAM,
                "team": "Northwind",
                "user_id": "UBOT",
                **self.identity,
            },
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.postEphemeral": lambda _: self._refused(given) or {"ok": True},
            "views.open": self._open,
            "views.update": self._view,
            "views.publish": self._publish,
            "usergroups.users.list": self._members,
            "users.info": self._user,
            "conversations.history": self._history,
            "files.getUploadURLExternal": self._file,
            "files.completeUploadExternal": self._shared,
            "apps.connections.open": lambda _: {
                "ok": True,
                "url": self.link_url or f"{self.url.replace('http', 'ws', 1)}/link",
            },
        }
        return methods[method](given) if method in methods else {"ok": False, "error": "unknown_method"}

    def _post(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if given["channel"] in self.closed:
            return {"ok": False, "error": "not_in_channel"}
        if refusal := self._refused(given):
            return refusal
        ts = f"{time.time():.0f}.{next(self._numbers):06}"
        self.messages[given["channel"], ts] = given
        channel = given["channel"].replace("U", "D", 1) if given["channel"][0] == "U" else given["channel"]
        return {"ok": True, "channel": channel, "ts": ts}

    def _refused(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        unknown = [block["type"] for block in given.get("blocks", []) if block["type"] in self.unknown]
        problems = [f"unsupported type: {kind}" for kind in unknown] or problems_of_message(given)
        return {"ok": False, "error": "invalid_blocks", "errors": problems} if problems else None

    def _update(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if (given["channel"], given["ts"]) not in self.messages:
            return {"ok": False, "error": "message_not_found"}
        if refusal := self._refused(given):
            return refusal
        self.messages[given["channel"], given["ts"]] = given
        return {"ok": True, "channel": given["channel"], "ts": given["ts"]}

    def _open(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if given["trigger_id"] in self._triggers:
            return {"ok": False, "error": "exchanged_trigger_id"}
        id = f"V{next(self._numbers)}"
        self.views[id] = given["view"]
        self._triggers.add(given["trigger_id"])
        return self._view({"view_id": id, "view": given["view"]})

    def _view(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if refusal := _refusal("invalid_arguments", problems_of_view(given["view"])):
            return refusal
        wanted = given.get("view_id") or given["external_id"]
        for id, view in self.views.items():
            if wanted in (id, view.get("external_id")):
                self.views[id] = {"external_id": view.get("external_id", "")} | dict(given["view"])
                return {"ok": True, "view": {"id": id} | dict(given["view"])}
        return {"ok": False, "error": "not_found"}

    def _publish(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if refusal := _refusal("invalid_arguments", problems_of_view(given["view"])):
            return refusal
        self.homes[given["user_id"]] = given["view"]
        return {"ok": True, "view": given["view"]}

    def _members(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if given["usergroup"] not in self.groups:
            return {"ok": False, "error": "no_such_subteam"}
        return {"ok": True, "users": self.groups[given["usergroup"]]}

    def _user(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if given["user"] not in self.users:
            return {"ok": False, "error": "user_not_found"}
        return {"ok": True, "user": {"id": given["user"], "team_id": TEAM, **self.users[given["user"]]}}

    def _file(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        self.files.append(File(given["filename"], given.get("alt_txt", "")))
        number = len(self.files) - 1
        return {"ok": True, "upload_url": f"{self.url}/upload/{number}", "file_id": f"F{number}"}

    async def upload(self, request: web.Request) -> web.Response:
        self.files[int(request.match_info["number"])].content = await request.read()
        return web.Response(text="OK")

    def _shared(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        files = given["files"] if isinstance(given["files"], list) else json.loads(given["files"])
        for one in files:
            file = self.files[int(one["id"][1:])]
            file.channel, file.thread = given["channel_id"], given["thread_ts"]
        return {"ok": True, "files": files}

    def _history(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        found = [
            {"ts": ts, "blocks": message["blocks"]}
            for (channel, ts), message in reversed(self.messages.items())
            if channel == given["channel"] and float(given["oldest"]) <= float(ts) <= float(given.get("latest", "inf"))
        ]
        start = int(given.get("cursor", 0))
        more = str(start + PAGE) if len(found) > start + PAGE else ""
        page = found[start : start + PAGE]
        return {"ok": True, "messages": page, "response_metadata": {"next_cursor": more}}

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        """Socket Mode: hello, then whatever a test sends; acknowledgements are kept."""
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        await connection.send_json({"type": "hello", "num_connections": 1})
        self.connections.append(connection)
        self._linked.set()
        async for message in connection:
            if message.type is WSMsgType.TEXT:
                self.acks.append(json.loads(message.data))
        return connection


@asynccontextmanager
async def workspace() -> AsyncIterator[Slack]:
    """A workspace that listens; the bot's SLACK_API_URL is its `url` + `/api/`."""
    slack = Slack()
    app = web.Application()
    app.router.add_route("*", "/api/{method}", slack.answer)
    app.router.add_post("/response/{name}", slack.respond)
    app.router.add_post("/upload/{number}", slack.upload)
    app.router.add_get("/link", slack.link)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        slack.url = "http://{}:{}".format(*runner.addresses[0][:2])
        yield slack
    finally:
        await runner.cleanup()


def said(shown: Mapping[str, Any]) -> str:
    """The words of a message's or modal's blocks."""
    found: list[str] = []
    for block in shown.get("blocks", []):
        parts = [block.get("text"), block.get("label"), *block.get("elements", [])]
        found += [part.get("text", "") for part in parts if part and isinstance(part.get("text", ""), str)]
    return "\n".join(found)


def buttons(shown: Mapping[str, Any]) -> dict[str, str]:
    """What can be clicked in a message: action id -> value."""
    found = [
        element
        for block in shown.get("blocks", [])
        for element in [*block.get("elements", []), block.get("accessory", {})]
        if element.get("type") == "button"
    ]
    return {element["action_id"]: element["value"] for element in found}


def _refusal(error: str, problems: list[str]) -> dict[str, Any] | None:
    return {"ok": False, "error": error, "errors": problems} if problems else None


async def _arguments(request: web.Request) -> Mapping[str, Any]:
    """Arguments as slack_sdk sends them: a query, a form or JSON."""
    if request.content_type == "application/json":
        given: dict[str, Any] = await request.json()
        return given
    form = dict(parse_qsl(await request.text()))
    return {**request.query, **{name: _decoded(value) for name, value in form.items()}}


def _decoded(value: str) -> Any:
    return json.loads(value) if value[:1] in ("{", "[") else value
