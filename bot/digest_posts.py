"""Posts each digest once a day, whatever restarts in between, and keeps the day's messages true."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.blocks.digest import digest as digest_message
from bot.blocks.parts import Message
from bot.context import Bot
from bot.digest import Digest, Edition, compose, compose_again, edition_of
from bot.digest_routes import Route, routes, slot_at, slot_name
from bot.people import Person
from bot.pictures import show_picture
from bot.post import PostError
from bot.setting_types import Quiet
from bot.settings import Late
from bot.store import StoreError
from bot.store.digests import Digests, Shown, Slot

log = logging.getLogger(__name__)

ON_TIME = timedelta(minutes=15)
"""A digest within this of its slot is not late: the scan before it takes its time."""
LIVES = timedelta(days=1)
"""How long a digest's message follows what becomes of its findings."""
IN_FLIGHT = timedelta(seconds=60)
"""A claim younger than this may still be posting."""
REDRAWN = 20
"""Messages that are drawn again in a minute, at most: chat.update is allowed some 50 times.
Source: https://docs.slack.dev/apis/web-api/rate-limits"""


class DigestPosts:
    """All routes of one bot. Each may be looked at as often as one likes: the database decides what is due.

    `fresh`: waits until the account was read lately.
    """

    def __init__(self, bot: Bot, fresh: Callable[[], Awaitable[None]]) -> None:
        self._bot = bot
        self._fresh = fresh
        self._turn = asyncio.Lock()
        self.routes = routes(bot.settings, bot.account)

    # What follows uses the database in threads: one that is busy must not keep the bot from answering Slack.

    async def post_due(self) -> None:
        """Post each route's newest slot unless it was posted, claimed by a live process, or skipped."""
        if self._turn.locked():
            return
        async with self._turn:
            read = False
            for route in self.routes:
                due = slot_at(route.at, self._bot.settings.zone, self._bot.now())
                try:
                    if await self._is_due(route, due):
                        late = self._bot.now() - due
                        if not read:  # once for all: a scan that fails would take its time for each of them
                            await self._fresh()
                            read = True
                        await self._post(route, self._edition(route, due, late if late > ON_TIME else None))
                except (PostError, StoreError) as error:
                    log.warning("the digest %s for %s is not out yet: %s", slot_name(due), route.channel, error)

    async def post_now(self, actor: Person) -> str:
        """Post a digest of everything because somebody asked; the sentence to answer with."""
        channel, zone = self._bot.settings.digest_channel, self._bot.settings.zone
        if not channel:
            return "No digest channel is set: set AWS_SEC_DIGEST_CHANNEL."
        async with self._turn:
            name = f"{self._bot.now().astimezone(zone):%Y-%m-%d %H:%M:%S}"
            await self._post(self.routes[0], Edition(name, asked_by=str(actor), zone=zone))
        return f"The digest is in <#{channel}>."

    async def redraw(self) -> None:
        """Let the messages of the day show what was resolved since, and what came back."""
        bot = self._bot
        living = await asyncio.to_thread(bot.store.digests.living, bot.now() - LIVES)
        told = [(slot, slot.shown) for slot in living if slot.shown and slot.shown.open]
        numbers = sorted({id for _, shown in told for id in shown.open})
        done = set(await asyncio.to_thread(bot.store.findings.resolved_among, numbers)) if numbers else set()
        behind = [(slot, shown) for slot, shown in told if [id for id in shown.open if id in done] != [*shown.done]]
        for slot, shown in behind[:REDRAWN]:
            await self._redraw(slot, shown)

    def forget_before_first_start(self) -> None:
        """A slot before the first start with a route was never owed to anybody."""
        now = self._bot.now()
        for route in self.routes:
            digests = self._digests(route)
            if not digests.any():
                digests.skip(slot_name(slot_at(route.at, self._bot.settings.zone, now)), route.channel, now)

    async def _redraw(self, slot: Slot, shown: Shown) -> None:
        bot = self._bot
        route = next((one for one in self.routes if one.key == slot.route), None)
        if route is None:  # the settings know it no more
            return
        edition = edition_of(slot, shown, route.owner, bot.settings.zone)
        again = await asyncio.to_thread(
            compose_again, bot.store, bot.account, bot.checks.values(), edition, slot, shown, bot.now()
        )
        try:
            await bot.post.update(slot.channel, slot.ts, self._message(again))
        except PostError as error:
            log.warning("the digest %s for %s does not follow: %s", slot.slot, slot.channel, error)
            if not error.gone:
                return
        await asyncio.to_thread(self._digests(route).redrawn, slot.slot, again.shown)

    async def _is_due(self, route: Route, due: datetime) -> bool:
        """Whether to post the slot; settles on the way a claim that a crash left and a slot that is to be skipped."""
        now, digests, name = self._bot.now(), self._digests(route), slot_name(due)
        if route.rests(due):
            return False
        slot = await asyncio.to_thread(digests.get, name)
        if slot is None and now - due > ON_TIME and self._bot.settings.digest_late is Late.SKIP:
            await asyncio.to_thread(digests.skip, name, route.channel, now)
            log.info("the digest %s was due while the bot was down and is skipped (AWS_SEC_DIGEST_LATE)", name)
            return False
        if slot is None:
            return True
        if slot.state != "claimed" or now - slot.claimed_at < IN_FLIGHT:
            return False
        ts = await self._bot.post.find_block(slot.channel, self._edition(route, due).block, slot.claimed_at)
        if ts is None:
            await asyncio.to_thread(digests.release, name, slot.claimed_at)
            return True
        await asyncio.to_thread(
            digests.posted,
            name,
            ts=ts,
            head=slot.head if slot.head.hash else None,
            at=slot.claimed_at,
            shown=slot.shown,
        )
        return False

    async def _post(self, route: Route, edition: Edition) -> None:
        bot, digests, now = self._bot, self._digests(route), self._bot.now()
        found = await asyncio.to_thread(
            compose, bot.store, bot.account, bot.checks.values(), bot.fixes, edition, now
        )  # fmt: skip
        if found.quiet and bot.settings.digest_when_quiet is Quiet.NONE:
            await asyncio.to_thread(digests.skip, edition.slot, route.channel, now)
            return
        if not await asyncio.to_thread(
            digests.claim, edition.slot, route.channel, now, head=found.head, shown=found.shown
        ):
            return
        message = self._message(found)
        try:
            ts = await bot.post.post(route.channel, message)
        except PostError as error:
            if error.certain:
                await asyncio.to_thread(digests.release, edition.slot, now)
            raise
        await asyncio.to_thread(digests.posted, edition.slot, ts=ts, head=found.head, at=now, shown=found.shown)
        if not route.owner:
            await asyncio.to_thread(bot.store.scans.score_now, bot.account, found.standing.as_score(now))
        if found.week and found.week.trend:
            await show_picture(bot.post, message, route.channel, ts, found.week.trend)

    def _message(self, found: Digest) -> Message:
        return digest_message(found, fixes=self._bot.fixes, now=self._bot.now(), zone=self._bot.settings.zone)

    def _edition(self, route: Route, due: datetime, late: timedelta | None = None) -> Edition:
        settings = self._bot.settings
        weekly = settings.is_weekly(due.date())
        return Edition(slot_name(due), route.key, route.owner, late, weekly=weekly, zone=settings.zone)

    def _digests(self, route: Route) -> Digests:
        return self._bot.store.digests.of(route.key)
