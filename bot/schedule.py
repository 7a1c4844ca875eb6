"""What happens by itself: the daily digest, periodic scans, the expiry of requests and mutes."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.aws_errors import CallError
from bot.cards import Cards
from bot.context import Bot
from bot.copies import Opens, copies
from bot.digest_posts import DigestPosts
from bot.ledger import CannotShip
from bot.owner_notes import MayGet, OwnerNotes
from bot.people import BOT, Person
from bot.store import StoreError

log = logging.getLogger(__name__)


class Schedule:
    """The jobs of one bot. Each may run at any time and as often as it likes: the database decides what is due."""

    def __init__(self, bot: Bot, cards: Cards, may_get: MayGet) -> None:
        self._bot = bot
        self._cards = cards
        self._scheduler = AsyncIOScheduler(timezone=bot.settings.zone)
        self._digests = DigestPosts(bot, self._fresh_scan)
        self._owners = OwnerNotes(bot, may_get, self._fresh_scan)

    def start(self) -> None:
        """Begin; what became due while the bot was down comes at once."""
        settings = self._bot.settings
        self._digests.forget_before_first_start()
        at = CronTrigger(hour=settings.digest_time.hour, minute=settings.digest_time.minute, timezone=settings.zone)
        # One run at a time and missed runs become one: APScheduler's own words for "as often as is due".
        options = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        self._scheduler.add_job(self.digest_if_due, at, id="digest", **options)
        self._scheduler.add_job(self.each_minute, IntervalTrigger(minutes=1), id="expiry", **options)
        self._scheduler.add_job(self.scan_if_due, IntervalTrigger(minutes=5), id="scan", **options)
        if copies(settings):
            self._scheduler.add_job(self.copy_audit, IntervalTrigger(minutes=5), id="audit", **options)
        for job in (self.digest_if_due, self.scan_if_due, self.each_minute):
            self._scheduler.add_job(job)
        self._scheduler.start()

    async def stop(self) -> None:
        """Let no further job begin."""
        self._scheduler.shutdown(wait=False)

    async def each_minute(self) -> None:
        """Expire requests and mutes whose time is over, mend what messages show, post a digest that is still due."""
        now = self._bot.now()
        await self._cards.catch_up()  # first: a message that nobody remembered can be found while its request waits
        for ended in await asyncio.to_thread(self._bot.remediator.expire, now):
            await self._cards.requests.refresh(ended.id)
        await asyncio.to_thread(self._bot.store.findings.expire_mutes, now)
        await asyncio.to_thread(self._bot.store.mutes.expire, now)
        await self.digest_if_due()
        await self.redraw_digest()

    async def redraw_digest(self) -> None:
        """Let the day's digests show what was resolved since."""
        await self._digests.redraw()

    async def copy_audit(self) -> None:
        """Add to each copy of the audit log what was written since; what cannot be copied now is copied later."""
        for where, opens in copies(self._bot.settings).items():
            try:
                await asyncio.to_thread(self._ship, where, opens)
            except (CannotShip, CallError, StoreError) as error:
                log.warning("the copy of the audit log in %s lags behind: %s", where, error)

    def _ship(self, where: str, opens: Opens) -> None:
        opens(self._bot.store, where).ship()

    async def scan_if_due(self) -> None:
        """Scan when the last complete scan is older than the settings want, unless somebody ended one lately."""
        age = timedelta(hours=self._bot.settings.scan_hours)
        if not self._bot.scans.cancelled_within(age) and await self._last_scan_is_older(age):
            result = await (await self._bot.scans.start(requested_by=str(BOT))).result()
            if not result.ok:
                log.warning("the scheduled scan did not work: %s", result.note)

    async def digest_if_due(self) -> None:
        """Post what is due: digests, then what owners are told of theirs."""
        await self._digests.post_due()
        await self._owners.tell_due()

    async def post_digest_now(self, actor: Person) -> str:
        """Post a digest because somebody asked; the sentence to answer with."""
        return await self._digests.post_now(actor)

    async def _fresh_scan(self) -> None:
        if await self._last_scan_is_older(timedelta(minutes=self._bot.settings.stale_minutes)):
            await (await self._bot.scans.start(requested_by=str(BOT))).result()

    async def _last_scan_is_older(self, than: timedelta) -> bool:
        last = await asyncio.to_thread(self._bot.store.scans.last)
        return last is None or last.ended_at is None or self._bot.now() - last.ended_at >= than
