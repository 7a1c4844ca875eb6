"""One workspace with its people, the bot as a process in it, and the account it looks after."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from aiohttp import web
from strictslack.driver import Message, Result, User, Workspace
from strictslack.proxy import Config, StrictSlack
from strictslack.pytest_plugin import WORKSPACE
from strictslack.report import Delivery
from strictslack.server import local_slack

from bot.demo.processes import Child, Processes, fetch, processes, wait_until
from bot.demo.run import environment
from tests.conftest import free_port

ROOT = Path(__file__).parents[2]
BOT = (sys.executable, "-m", "bot.cli", "--verbose", "run")
SLACK = {
    "SLACK_BOT_TOKEN": "xoxb-test-token",
    "SLACK_APP_TOKEN": "xapp-test-token",
    "AWS_SEC_CHANNEL": "C01SEC",
    "AWS_SEC_APPROVALS_CHANNEL": "C02APPR",
    "AWS_SEC_DIGEST_CHANNEL": "C04DIG",
    "AWS_SEC_APPROVERS": '["S01APPROVERS"]',
}
"""What strictslack's workspace.yaml knows."""
OURS = {
    "AWS_SEC_REGIONS": '["eu-west-1", "us-east-1"]',
    "AWS_SEC_FIXES_PER_HOUR": "1000",
    "AWS_SEC_DIGEST_LATE": "skip",
}
"""Quick, and quiet until a test asks for more."""
CHECK = "s3.bucket_blocks_public_access"
REASON = "customer data must not leak"


@dataclass(frozen=True)
class Account:
    """The emulated account: its address, the log of what reached it, and a database with one scan of it."""

    url: str
    log: Path
    scanned: Path
    spare: list[str]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def bucket(self) -> str:
        """A bucket that is open and that no other test touches."""
        return self.spare.pop()

    def client(self, service: str, region: str = "eu-west-1") -> Any:
        session = boto3.Session("testing", "testing", region_name=region)
        return session.client(service, endpoint_url=self.url)  # type: ignore[call-overload]  # any service

    def is_blocked(self, bucket: str) -> bool:
        """Whether all of a bucket's Block Public Access is on."""
        s3 = self.client("s3")
        try:
            found = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        except s3.exceptions.ClientError:
            return False
        return all(found.values())

    def writes(self, bucket: str) -> int:
        """How many times the bucket's Block Public Access was set or deleted, as the emulator saw it."""
        seen = self.log.read_text().splitlines()
        return sum(f"/{bucket}?publicAccessBlock" in line and ("PUT" in line or "DELETE" in line) for line in seen)

    def changes(self) -> int:
        """How many calls there were that S3 and other REST services change something by, as the emulator saw it."""
        return sum(any(f'"{verb} ' in line for verb in ("PUT", "DELETE")) for line in self.log.read_text().splitlines())


@dataclass
class Stage:
    """The people, the bot, what it stores, and what reached Slack."""

    account: Account
    strict: StrictSlack
    loop: asyncio.AbstractEventLoop
    slack: Workspace
    children: Processes
    env: dict[str, str]
    bots: list[Child] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alice, self.bob = self.slack.user("alice"), self.slack.user("bob")
        self.carol, self.mallory = self.slack.user("carol"), self.slack.user("mallory")

    def user(self, name: str) -> User:
        """One of the four."""
        found: User = getattr(self, name)
        return found

    # --- the process -------------------------------------------------------------------

    def start(self) -> None:
        """Start the bot and wait until it listens."""
        name = f"bot-{len(self.bots) + 1}"
        child = self.children.start(name, BOT, env=self.env, cwd=self.children.logs)
        self.bots.append(child)
        wait_until(self.listens, child, seconds=60, doing="connecting")

    def listens(self) -> bool:
        if self.strict.config.app_url:
            return fetch(f"http://127.0.0.1:{self.env['PORT']}/health") is not None
        return bool(self.strict.deliverer.sockets)

    def kill(self) -> None:
        """End the bot as a power cut does."""
        child = self.bots[-1]
        self.children.children.remove(child)
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        until(lambda: not self.strict.deliverer.sockets, "the connection of the bot that was killed goes")

    def stop(self) -> int:
        """End the bot as an operator does; its exit code."""
        child = self.bots[-1]
        self.children.children.remove(child)
        child.process.terminate()
        return child.process.wait(30)

    def restart(self) -> None:
        """A power cut, and the next start."""
        self.kill()
        self.start()

    def log(self) -> str:
        return "".join(child.log.read_text(errors="replace") for child in self.bots)

    def settle(self, seconds: float = 0.15) -> None:
        """Wait until the bot has had nothing to say to Slack for a moment."""
        seen, since = -1, time.monotonic()
        while time.monotonic() - since < seconds:
            if len(self.strict.recorder.calls) != seen:
                seen, since = len(self.strict.recorder.calls), time.monotonic()
            time.sleep(0.02)

    # --- what it stores ----------------------------------------------------------------

    @property
    def database(self) -> Path:
        return Path(self.env["AWS_SEC_DATABASE"])

    def rows(self, sql: str, *given: object) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.database, timeout=10)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql, given)]

    def write(self, sql: str, *given: object) -> None:
        with closing(sqlite3.connect(self.database, timeout=10)) as database, database:
            database.execute(sql, given)

    def finding(self, name: str, check: str = CHECK) -> int:
        """The finding of a check about the resource with this name."""
        (found,) = self.rows("SELECT id FROM findings WHERE name = ? AND check_id = ?", name, check)
        return int(found["id"])

    def request(self, bucket: str) -> dict[str, Any]:
        """The newest request about a bucket."""
        found = self.rows("SELECT * FROM requests WHERE name = ? ORDER BY id DESC LIMIT 1", bucket)
        return found[0] if found else {"cards": "", "state": ""}

    def audited(self, bucket: str, action: str, result: str) -> list[dict[str, Any]]:
        """The audit rows about a bucket with this action and result."""
        subject = f"arn:aws:s3:::{bucket}"
        sql = "SELECT * FROM audit WHERE subject = ? AND action = ? AND result = ? ORDER BY seq"
        return self.rows(sql, subject, action, result)

    # --- what nobody's client would send -------------------------------------------------

    def click(self, who: User, message: Message, action: str) -> dict[str, Any]:
        """What Slack would send for a click, to be changed before `deliver` sends it."""
        where = {"channel": message.channel, "ts": message.ts}
        made = self.strict.interactions.block_actions(who.id, where, action, None, force=True)
        payload: dict[str, Any] = self.on_strictslack(made)
        return payload

    def deliver(self, payload: dict[str, Any], kind: str = "interactive") -> Delivery:
        return self.on_strictslack(self.strict.deliverer.deliver(kind, payload))

    def on_strictslack(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    # --- what people do over and over --------------------------------------------------

    def ask(self, bucket: str, who: str = "alice") -> Message:
        """Somebody asks for a bucket's fix; the card that the approvers see."""
        self.propose(bucket, who)
        assert self.slack.user(who).submit({"reason": REASON}).result == "updated"
        until(lambda: self.request(bucket)["cards"].count('"ts"') == 2, "its messages are out and remembered")
        return self.card(bucket)

    def propose(self, bucket: str, who: str = "alice") -> dict[str, Any]:
        """Somebody looks at what would change; the modal."""
        person = self.slack.user(who)
        assert person.command("/aws-sec", f"fix {self.finding(bucket)}", channel="security").outcome == "acked"
        view: dict[str, Any] = person.wait_view("fix.request", timeout=10)
        return view

    def ask_for_all(self, *buckets: str) -> int:
        """Alice asks for several buckets' fix at once; the batch, when the approvers see it."""
        newest = "SELECT id, cards FROM batches ORDER BY id DESC LIMIT 1"
        before = self.rows(newest)
        self.alice.command("/aws-sec", f"fix {CHECK}", channel="security")
        view = self.alice.wait_view("batch.request", timeout=20)
        (chosen,) = (block["element"] for block in view["blocks"] if block.get("block_id") == "chosen")
        ids = {option["text"]["text"].partition(" ")[0]: option["value"] for option in chosen["options"]}
        self.alice.submit({"chosen": [ids[bucket] for bucket in buckets], "reason": REASON})
        until(lambda: '"approval"' in str(self.rows(newest)) and self.rows(newest) != before, "it is shown")
        return int(self.rows(newest)[0]["id"])

    def states(self, batch: int) -> list[str]:
        """Where the requests of a batch stand."""
        return [row["state"] for row in self.rows("SELECT state FROM requests WHERE batch = ? ORDER BY id", batch)]

    def approve(self, bucket: str, who: str = "bob") -> None:
        """An approver approves what waits."""
        assert self.slack.user(who).click(self.card(bucket), "fix.approve").outcome == "acked"

    def whispered(self, who: User, text: str, channel: str = "security-approvals") -> Message:
        """A message only this person sees, even one who is not in the channel."""

        def look() -> list[Message]:
            return [m for m in self.slack.messages(channel) if m.get("ephemeral_to") == who.id and text in m.content]

        return until(look, f"{who.name} is told {text}", now=lambda: [m.content for m in self.slack.messages(channel)])[
            -1
        ]

    def card(self, bucket: str, text: str = "Waiting for approval", who: str = "bob") -> Message:
        """The newest message about a bucket in the approvals channel that says this."""

        def look() -> Message | None:
            for message in reversed(self.slack.user(who).messages("security-approvals")):
                if bucket in message.content and text in message.content:
                    return message
            return None

        return until(look, f"{who} sees {text} about {bucket} among the approvals")

    def ends(self, bucket: str, state: str) -> dict[str, Any]:
        """Wait until the newest request about a bucket is in a state; the request."""

        def look() -> dict[str, Any] | None:
            found = self.request(bucket)
            return found if found["state"] == state else None

        ended: dict[str, Any] = until(look, f"the request about {bucket} is {state}", now=lambda: self.request(bucket))
        return ended


def ago(seconds: float) -> str:
    """A past moment as the database keeps it: what waiting would bring, without the wait."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def until(look: Callable[[], Any], what: str, *, seconds: float = 15, now: Callable[[], Any] = str) -> Any:
    """What `look` returns as soon as that is true. Fails when it takes too long, naming `what`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"after {seconds} s it is not so that {what} {now()}"
        time.sleep(0.03)
    return found


@contextmanager
def opened(
    account: Account,
    binary: str,
    folder: Path,
    *,
    options: Mapping[str, Any],
    env: Mapping[str, str],
    http: bool = False,
) -> Iterator[Stage]:
    """A workspace of its own, and the bot's environment; the bot is not started yet. `options`: strictslack's."""
    port, bot_port = free_port(), free_port()
    workspace = folder / "workspace.yaml"
    text = WORKSPACE.read_text().replace("localhost:3901", f"localhost:{port}")
    workspace.write_text(text.replace("mode: socket", "mode: events") if http else text)
    own = environment(port, account.port, folder) | SLACK | OURS | {"PORT": str(bot_port), **env}
    shutil.copy(account.scanned, own["AWS_SEC_DATABASE"])
    given = {"manifest": str(ROOT / "manifest.yml"), "rate_limits": "record"} | dict(options)
    if http:
        given["app_url"] = f"http://127.0.0.1:{bot_port}/slack/events"
    with local_slack(binary, workspace) as url:
        config = Config.from_workspace(workspace, upstream=url, port=port, **given)
        with served(config) as (strict, loop), processes(folder) as children:
            yield Stage(account, strict, loop, Workspace(config.base_url, url), children, own)


@contextmanager
def served(config: Config) -> Iterator[tuple[StrictSlack, asyncio.AbstractEventLoop]]:
    """strictslack on a thread of its own."""
    ready: Future[tuple[StrictSlack, asyncio.AbstractEventLoop]] = Future()
    over = asyncio.Event()

    async def serve() -> None:
        strict = StrictSlack(config)
        runner = web.AppRunner(strict.application(), shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, config.host, config.port).start()
        ready.set_result((strict, asyncio.get_running_loop()))
        await over.wait()
        await runner.cleanup()

    def failed(serving: Future[None]) -> None:
        if not ready.done():
            ready.set_exception(serving.exception() or RuntimeError("it ended"))

    with ThreadPoolExecutor(1) as pool:
        serving = pool.submit(asyncio.run, serve())
        serving.add_done_callback(failed)
        strict, loop = ready.result(15)
        try:
            yield strict, loop
        finally:
            loop.call_soon_threadsafe(over.set)
            serving.result(15)


__all__ = [
    "CHECK",
    "REASON",
    "ROOT",
    "Account",
    "Delivery",
    "Message",
    "Result",
    "Stage",
    "User",
    "Workspace",
    "ago",
    "opened",
    "until",
]
