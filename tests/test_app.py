"""The bot starts, says why when it cannot, listens both ways, and ends without leaving anything half done."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier

from bot.app import running
from bot.context import Bot
from bot.ids import Action, OfRequest
from bot.slack_errors import CannotRun
from bot.store import Store
from bot.store.fix_request import State
from tests.conftest import ACCOUNT, free_port
from tests.endpoints import ROOT, endpoint
from tests.slack.desk import APPROVALS, BEN, CHANNEL, ELSEWHERE, FIXABLE, found, settings_of
from tests.slack.fake import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, TEAM, UNREACHED, Slack
from tests.test_remediate import ROLE, World

pytestmark = pytest.mark.asyncio

COMMAND = {
    "command": "/aws-sec", "text": "findings", "team_id": TEAM, "user_id": BEN, "channel_id": ELSEWHERE,
    "trigger_id": "trigger", "api_app_id": "A1",
}  # fmt: skip


@asynccontextmanager
async def bot_of(slack: Slack, store: Store, **settings: Any) -> AsyncIterator[tuple[Bot, str]]:
    """A bot that listens by HTTP, and its address."""
    port = free_port()
    async with running(settings_of(slack, **{"port": port, "digest_channel": ""} | settings), store, ACCOUNT) as bot:
        yield bot, f"http://127.0.0.1:{port}"


@pytest.fixture
def scanned(store: Store) -> Store:
    """A database in which the last scan was just now."""
    found(store, (FIXABLE, "northwind-exports", "leaves it open"))
    return store


# --- what keeps it from starting ------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"slack_bot_token": "xoxb-wrong"},
            r"Slack does not let the bot in: Slack answered invalid_auth: copy the token",
        ),
        ({"slack_api_url": "http://127.0.0.1:9/api/"}, r"Slack could not be reached \(ClientConnectorError\)"),
        ({"slack_app_token": "xapp-wrong"}, r"Socket Mode could not be opened \(SLACK_APP_TOKEN\): .* invalid_auth"),
    ],
)
async def test_what_is_wrong_is_said_within_seconds(
    slack: Slack, scanned: Store, settings: dict[str, str], words: str
) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(CannotRun, match=words) as caught:
            async with bot_of(slack, scanned, **settings):
                pass
    assert "-wrong" not in str(caught.value), "no token is repeated"


async def test_a_link_that_cannot_be_opened_is_said_and_not_tried_for_ever(
    slack: Slack, scanned: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.CONNECT_SECONDS", 0.5)
    slack.link_url = "ws://127.0.0.1:9/link"
    async with asyncio.timeout(5):
        with pytest.raises(CannotRun, match=r"Socket Mode could not be opened .* could not be reached"):
            async with bot_of(slack, scanned, slack_app_token=APP_TOKEN):
                pass


async def test_a_port_that_is_taken_is_said(slack: Slack, scanned: Store) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotRun, match=rf"port {port} cannot be used \(.*in use\): set PORT to another"):
            async with bot_of(slack, scanned, port=port):
                pass


# --- HTTP -----------------------------------------------------------------------------


def signed(body: str, *, secret: str = SIGNING_SECRET, at: float | None = None) -> dict[str, str]:
    stamp = str(int(at or time.time()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    return {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": str(signature),
    }


async def posted(url: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/slack/events", data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def test_a_signed_request_is_answered(slack: Slack, scanned: Store) -> None:
    body = urlencode(COMMAND | {"response_url": slack.response_url()})
    async with bot_of(slack, scanned) as (_, url):
        assert await posted(url, body, signed(body)) == (200, "")
        async with asyncio.timeout(5):
            while not slack.called("response"):  # noqa: ASYNC110  # the answer comes after the acknowledgement
                await asyncio.sleep(0.01)
    assert "northwind-exports" in slack.called("response")[0].said


@pytest.mark.parametrize("headers", ["none", "another secret", "another body", "old"])
async def test_a_request_that_slack_did_not_sign_just_now_is_refused(
    slack: Slack, scanned: Store, headers: str
) -> None:
    body = urlencode(COMMAND | {"response_url": slack.response_url()})
    given = {
        "none": {"content-type": "application/x-www-form-urlencoded"},
        "another secret": signed(body, secret="guessed"),
        "another body": signed(body + "&text=audit"),
        "old": signed(body, at=time.time() - 301),
    }[headers]
    async with bot_of(slack, scanned) as (_, url):
        status, _ = await posted(url, body, given)
    assert status == 401
    assert slack.called("response") == []


async def test_whoever_watches_the_process_is_answered(slack: Slack, scanned: Store) -> None:
    async with bot_of(slack, scanned) as (_, url), aiohttp.request("GET", f"{url}/health") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")


# --- Socket Mode ----------------------------------------------------------------------


async def test_socket_mode_acknowledges_and_answers(slack: Slack, scanned: Store) -> None:
    payload = COMMAND | {"response_url": slack.response_url()}
    async with bot_of(slack, scanned, slack_app_token=APP_TOKEN, slack_signing_secret=""), asyncio.timeout(5):
        link = await slack.linked()
        await link.send_json({"type": "slash_commands", "envelope_id": "E1", "payload": payload})
        while not (slack.called("response") and slack.acks):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert [ack["envelope_id"] for ack in slack.acks] == ["E1"]
    assert "northwind-exports" in slack.called("response")[0].said


async def test_the_bots_identity_is_asked_for_once(slack: Slack, scanned: Store) -> None:
    body = urlencode(COMMAND | {"response_url": slack.response_url()})
    async with bot_of(slack, scanned) as (bot, url):
        assert bot.team == TEAM
        for _ in range(3):
            await posted(url, body, signed(body))
    assert len(slack.called("auth.test")) == 1


# --- after a crash, and at the end ----------------------------------------------------


async def test_a_start_closes_what_a_crash_left(slack: Slack, store: Store, moto_url: str) -> None:
    world = World(store)
    approved = world.approved()
    scan = store.scans.begin(ACCOUNT, at=datetime.now(UTC), complete_scope=True, requested_by="test")
    async with bot_of(slack, store, **world.given):
        assert store.scans.get(scan).state == "interrupted"
        ended = store.requests.get(approved.id)
        assert (ended.state, ended.result) == (
            State.FAILED,
            "the bot stopped before the change; nothing was changed: ask again",
        )


class Process:
    """`aws-sec run` in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, log: Path) -> None:
        self._process, self.url, self._log = process, url, log

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def listening(self) -> None:
        async with asyncio.timeout(20):
            while "listening as" not in self.log:
                assert self._process.returncode is None, self.log
                await asyncio.sleep(0.05)

    async def ended(self, number: signal.Signals = signal.SIGTERM, seconds: float = 20) -> int:
        """The exit code after a signal."""
        self._process.send_signal(number)
        async with asyncio.timeout(seconds):
            return await self._process.wait()


@asynccontextmanager
async def process(slack: Slack, store: Store, tmp_path: Path, **env: str) -> AsyncIterator[Process]:
    port, log = free_port(), tmp_path / "log"
    settings = {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": f"{slack.url}/api/",
        "PORT": str(port),
        "AWS_SEC_CHANNEL": CHANNEL,
        "AWS_SEC_APPROVALS_CHANNEL": APPROVALS,
        "AWS_SEC_APPROVERS": json.dumps([BEN]),
        "AWS_SEC_REGIONS": json.dumps(["us-east-1"]),
        "AWS_SEC_DATABASE": str(store.db.path),
        "PYTHONPATH": str(ROOT),
    }
    with log.open("w") as out:
        started = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.cli", "run", env={**os.environ, **settings, **env}, stderr=out, stdout=out
        )
    try:
        yield Process(started, f"http://127.0.0.1:{port}", log)
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_bot_at_once_when_nothing_is_on_its_way(
    slack: Slack, scanned: Store, tmp_path: Path, moto_url: str, number: signal.Signals
) -> None:
    async with process(slack, scanned, tmp_path, SLACK_APP_TOKEN=APP_TOKEN) as bot:
        await bot.listening()
        assert await bot.ended(number, seconds=5) == 0
        assert "Traceback" not in bot.log
        assert BOT_TOKEN not in bot.log
        assert APP_TOKEN not in bot.log


async def test_what_was_acknowledged_is_answered_before_the_end(slack: Slack, scanned: Store) -> None:
    body = urlencode(COMMAND | {"response_url": slack.response_url()})
    slack.trouble("response", UNREACHED)  # the answer needs a second try
    async with bot_of(slack, scanned) as (_, url):
        assert (await posted(url, body, signed(body)))[0] == 200
    assert "northwind-exports" in slack.called("response")[0].said


async def test_an_answer_that_takes_too_long_does_not_keep_the_bot(
    slack: Slack, scanned: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.app.LEAVE_SECONDS", 0.05)
    body = urlencode(COMMAND | {"response_url": slack.response_url()})
    slack.trouble("response", UNREACHED)
    async with bot_of(slack, scanned) as (_, url):
        assert (await posted(url, body, signed(body)))[0] == 200
    assert "left unanswered: 1 interaction" in caplog.text


async def test_sigterm_waits_for_a_fix_that_is_being_made(
    slack: Slack, store: Store, tmp_path: Path, moto_url: str
) -> None:
    world = World(store)
    asked = world.requested()
    click = {
        "type": "block_actions",
        "user": {"id": BEN, "team_id": TEAM},
        "team": {"id": TEAM},
        "trigger_id": "trigger",
        "api_app_id": "A1",
        "channel": {"id": APPROVALS},
        "container": {"type": "message", "message_ts": "1.1", "channel_id": APPROVALS},
        "actions": [
            {
                "type": "button",
                "action_id": Action.APPROVE,
                "block_id": "b",
                "value": OfRequest(request=asked.id, plan=asked.plan_hash).pack(),
            }
        ],
    }
    body = urlencode({"payload": json.dumps(click)})
    with endpoint(moto_url, tmp_path, latency=300) as slow:
        env = {"AWS_SEC_FIX_MODE": "on", "AWS_SEC_FIX_ROLE_ARN": ROLE, "AWS_ENDPOINT_URL": slow}
        async with process(slack, store, tmp_path, **env) as bot:
            await bot.listening()
            assert (await posted(bot.url, body, signed(body)))[0] == 200
            async with asyncio.timeout(20):
                while not store.requests.steps(asked.id):  # noqa: ASYNC110  # another process writes it
                    await asyncio.sleep(0.02)
            assert store.requests.get(asked.id).state is State.RUNNING
            assert await bot.ended() == 0
            assert "Traceback" not in bot.log
    assert store.requests.get(asked.id).state is State.FIXED
    assert world.block() is not None


async def test_a_bot_that_cannot_start_says_so_in_one_sentence(
    slack: Slack, scanned: Store, tmp_path: Path, moto_url: str
) -> None:
    slack.trouble("auth.test", *[UNREACHED] * 3)
    async with process(slack, scanned, tmp_path) as bot:
        async with asyncio.timeout(20):
            assert await bot._process.wait() == 1
        last = bot.log.splitlines()[-1]
        assert last.startswith("aws-sec: Slack does not let the bot in: Slack could not be reached")


async def test_changes_that_take_their_time_leave_room_for_answers(slack: Slack, scanned: Store) -> None:
    async with bot_of(slack, scanned):
        go_on = threading.Event()
        changes = [asyncio.create_task(asyncio.to_thread(go_on.wait, 20)) for _ in range(2 * (os.cpu_count() or 1) + 8)]
        try:
            assert await asyncio.wait_for(asyncio.to_thread(scanned.scans.last), 10)
        finally:
            go_on.set()
            await asyncio.gather(*changes)
