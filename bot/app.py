"""The bot: everything put together, started and stopped. The only module that knows the handlers."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import platform
import signal
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp.web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

import checks as catalogue
from bot import recording
from bot.bulk import Bulk
from bot.cards import Cards
from bot.context import Bot
from bot.digest_routes import check_accounts
from bot.fixing import FixAws
from bot.post import Post
from bot.remediate import Remediator
from bot.runner import ScanRunner
from bot.schedule import Schedule
from bot.settings import Settings
from bot.slack_errors import OF_AN_ORGANIZATION, SLACK_ERRORS, CannotRun, sentence
from bot.store import Store, open_store
from bot.words import plural
from handlers.access import Access
from handlers.ask import Parts
from handlers.routes import register

log = logging.getLogger(__name__)

THREADS = 64
"""Work at once that would block: changes that wait, for AWS or each other, must not keep answers from the database."""

LEAVE_SECONDS = 20.0
"""How long, at the end, what people asked for before may take: less than the 30 that Kubernetes and Docker wait."""

M_ARENA_MAX, ARENAS = -8, 2
"""glibc keeps a heap for each thread that allocates at the same time as others, and gives little back: after 1,000
interactions 300 MB, with two heaps 185. Source: https://man7.org/linux/man-pages/man3/mallopt.3.html"""

CONNECT_SECONDS = 20
"""How long the first Socket Mode connection may take."""


def serve(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM. Raises CannotRun, CannotScan, StoreError or BadSettings before it begins."""
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)
    recording.select(settings)  # a check or threshold that does not exist is said now, not at the first scan
    account = recording.connect(settings).account
    check_accounts(settings, account)
    store = open_store(settings.database, audit_keys=settings.audit_keys)
    try:
        store.audit.check_key()  # what cannot be written down is not begun
        asyncio.run(_serve(settings, store, account))
    finally:
        store.close()


async def _serve(settings: Settings, store: Store, account: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with running(settings, store, account):
        await stop.wait()
        log.info("stopping: what is on its way is finished first")


@asynccontextmanager
async def running(settings: Settings, store: Store, account: str) -> AsyncIterator[Bot]:
    """A bot that listens and keeps its schedule, until the block is left. Raises CannotRun."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "bot"))
    post = Post(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    identity = await _identity(post)
    bot = _bot(settings, store, account, identity, post)
    cards = Cards(bot)
    access = Access(bot)
    schedule = Schedule(bot, cards, access.may_get)
    app = _app(settings, identity)
    parts = Parts(bot, access, cards, schedule)
    register(app, parts)
    store.scans.interrupt_running(at=bot.now())
    await asyncio.to_thread(bot.remediator.recover)
    async with _finishing(bot, parts), _listening(settings, app):
        schedule.start()
        log.info("listening as %s in workspace %s for account %s", identity.bot_user_id, bot.team, account)
        try:
            yield bot
        finally:
            await schedule.stop()


@asynccontextmanager
async def _finishing(bot: Bot, parts: Parts) -> AsyncIterator[None]:
    """At the end scans end, and what was acknowledged is answered, unless it takes too long."""
    try:
        yield
    finally:
        await bot.scans.stop()
        if parts.working:
            _, left = await asyncio.wait([*parts.working], timeout=LEAVE_SECONDS)
            if left:
                log.warning("left unanswered: %s", plural(len(left), "interaction"))


def _bot(settings: Settings, store: Store, account: str, identity: AuthorizeResult, post: Post) -> Bot:
    known, fixes = catalogue.load()
    selected = {check.id: check for check in recording.select(settings)}

    def now() -> datetime:
        return datetime.now(UTC)

    remediator = Remediator(settings, store, fixes, FixAws(settings, lambda: recording.connect(settings)))
    team, usable = identity.team_id or "", {id: fix for id, fix in fixes.items() if id in known}
    return Bot(
        settings, store, account, team, selected, usable,
        ScanRunner(limit_minutes=settings.scan_minutes), remediator, Bulk(settings, store, remediator, now), post, now,
        identity.enterprise_id or "",
    )  # fmt: skip


async def _identity(post: Post) -> AuthorizeResult:
    """Who the bot is in its workspace: asked once, not at each event. Raises CannotRun."""
    try:
        answer = await post.web.auth_test()
    except SLACK_ERRORS as error:
        raise CannotRun(f"Slack does not let the bot in: {sentence(error)}") from error
    if answer.get("is_enterprise_install"):
        raise CannotRun(f"SLACK_BOT_TOKEN {OF_AN_ORGANIZATION}")
    return AuthorizeResult(
        enterprise_id=answer.get("enterprise_id"),
        team_id=answer["team_id"],
        bot_user_id=answer["user_id"],
        bot_id=answer.get("bot_id"),
        bot_token=post.web.token,
    )


def _app(settings: Settings, identity: AuthorizeResult) -> AsyncApp:
    async def authorize() -> AuthorizeResult:
        return identity

    client = AsyncWebClient(base_url=settings.slack_api_url)  # without the token, which `authorize` brings
    app = AsyncApp(
        client=client,
        authorize=authorize,
        signing_secret=settings.slack_signing_secret.get_secret_value() or None,
    )

    @app.error
    async def unforeseen(error: Exception) -> None:
        # Handlers answer for what goes wrong in them; here is what Bolt itself raises before or around them.
        log.error("Bolt could not dispatch a request", exc_info=error)

    return app


@asynccontextmanager
async def _listening(settings: Settings, app: AsyncApp) -> AsyncIterator[None]:
    """Socket Mode with an app token, HTTP with a signing secret otherwise. Raises CannotRun."""
    token = settings.slack_app_token.get_secret_value()
    if token:
        web = AsyncWebClient(token=token, base_url=settings.slack_api_url)
        handler = AsyncSocketModeHandler(app, token, web_client=web)
        try:
            # The handler's own first connection would be tried for ever, whatever Slack says to the token.
            handler.client.wss_uri = (await web.apps_connections_open(app_token=token))["url"]
            async with asyncio.timeout(CONNECT_SECONDS):
                await handler.connect_async()  # type: ignore[no-untyped-call]
        except SLACK_ERRORS as error:
            await handler.close_async()  # type: ignore[no-untyped-call]
            raise CannotRun(f"Socket Mode could not be opened (SLACK_APP_TOKEN): {sentence(error)}") from error
        try:
            yield
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]
        return
    runner = aiohttp.web.AppRunner(_web_app(app))
    await runner.setup()
    try:
        site = aiohttp.web.TCPSite(runner, port=settings.port)
        try:
            await site.start()
        except OSError as error:
            raise CannotRun(f"port {settings.port} cannot be used ({error.strerror}): set PORT to another") from error
        log.info("waiting for Slack on port %s at /slack/events", settings.port)
        yield
    finally:
        await runner.cleanup()


def _web_app(app: AsyncApp) -> aiohttp.web.Application:
    """Slack's events at /slack/events, and a page for whoever watches the process."""

    async def health(_: aiohttp.web.Request) -> aiohttp.web.Response:
        return aiohttp.web.Response(text="ok\n")

    web = app.web_app("/slack/events")
    web.router.add_get("/health", health)
    return web
