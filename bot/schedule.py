"""What happens by itself: the daily digest, periodic scans, the expiry of requests and mutes."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.aws_errors import CallError
from bot.blocks.digest import digest as digest_message
from bot.cards import Cards
from bot.context import Bot
from bot.copies import Opens, copies
from bot.digest import compose, compose_again
from bot.ledger import CannotShip
from bot.people import BOT, Person
from bot.post import PostError
from bot.settings import Late, Settings
from bot.store import StoreError

log = logging.getLogger(__name__)

ON_TIME = timedelta(minutes=15)
"""A digest within this of its slot is not late: the scan before it takes its time."""
LIVES = timedelta(days=1)
"""How long a digest's message follows what becomes of its findings."""
IN_FLIGHT = timedelta(seconds=60)
"""A claim younger than this may still be posting."""


class Schedule:
    """The jobs of one bot. Each may run at any time and as often as it likes: the database decides what is due."""

    def __init__(self, bot: Bot, cards: Cards) -> None:
        self._bot = bot
        self._cards = cards
        self._scheduler = AsyncIOScheduler(timezone=bot.settings.zone)
        self._digesting = asyncio.Lock()

    def start(self) -> None:
        """Begin; what became due while the bot was down comes at once."""
        settings = self._bot.settings
        self._forget_before_first_start()
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
        """Let the newest digest's message show what was resolved since, for as long as it is the day's."""
        bot = self._bot
        slot = await asyncio.to_thread(bot.store.digests.newest)
        if slot is None or slot.shown is None or slot.posted_at is None or bot.now() - slot.posted_at > LIVES:
            return
        done = await asyncio.to_thread(bot.store.findings.resolved_among, slot.shown.open)
        if done == list(slot.shown.done):
            return
        again = await asyncio.to_thread(
            compose_again, bot.store, bot.account, bot.checks.values(), slot, slot.shown, bot.now()
        )
        message = digest_message(again, fixes=bot.fixes, now=bot.now(), zone=bot.settings.zone)
        try:
            await bot.post.update(slot.channel, slot.ts, message)
        except PostError as error:
            log.warning("the digest %s does not follow: %s", slot.slot, error)
            if not error.gone:
                return
        await asyncio.to_thread(bot.store.digests.redrawn, slot.slot, again.shown)

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
        """Post the newest slot's digest unless it was posted, claimed by a live process, or skipped."""
        if not self._bot.settings.digest_channel or self._digesting.locked():
            return
        async with self._digesting:
            due = slot_at(self._bot.settings, self._bot.now())
            name = slot_name(due)
            try:
                if await self._is_due(due, name):
                    late = self._bot.now() - due
                    await self._fresh_scan()
                    await self._post(name, late if late > ON_TIME else None)
            except (PostError, StoreError) as error:
                log.warning("the digest %s is not out yet: %s", name, error)

    async def post_digest_now(self, actor: Person) -> str:
        """Post a digest because somebody asked; the sentence to answer with."""
        channel = self._bot.settings.digest_channel
        if not channel:
            return "No digest channel is set: set AWS_SEC_DIGEST_CHANNEL."
        async with self._digesting:
            local = self._bot.now().astimezone(self._bot.settings.zone)
            await self._post(f"{local:%Y-%m-%d %H:%M:%S}", None, str(actor))
        return f"The digest is in <#{channel}>."

    # What follows uses the database in threads: one that is busy must not keep the bot from answering Slack.

    async def _is_due(self, due: datetime, name: str) -> bool:
        """Whether to post the slot; settles on the way a claim that a crash left and a slot that is to be skipped."""
        now, digests, settings = self._bot.now(), self._bot.store.digests, self._bot.settings
        slot = await asyncio.to_thread(digests.get, name)
        if slot is None and now - due > ON_TIME and settings.digest_late is Late.SKIP:
            await asyncio.to_thread(digests.skip, name, settings.digest_channel, now)
            log.info("the digest %s was due while the bot was down and is skipped (AWS_SEC_DIGEST_LATE)", name)
            return False
        if slot is None:
            return True
        if slot.state != "claimed" or now - slot.claimed_at < IN_FLIGHT:
            return False
        ts = await self._bot.post.find_block(slot.channel, f"digest:{name}", slot.claimed_at)
        if ts is None:
            await asyncio.to_thread(digests.release, name, slot.claimed_at)
            return True
        head = await asyncio.to_thread(self._bot.store.audit.head)
        await asyncio.to_thread(digests.posted, name, ts=ts, head=head, at=slot.claimed_at)
        return False

    async def _post(self, name: str, late: timedelta | None, asked_by: str = "") -> None:
        bot, channel, digests = self._bot, self._bot.settings.digest_channel, self._bot.store.digests
        now = bot.now()
        found = await asyncio.to_thread(
            compose, bot.store, bot.account, bot.checks.values(), bot.fixes,
            slot=name, now=now, late=late, asked_by=asked_by,
        )  # fmt: skip
        if not await asyncio.to_thread(digests.claim, name, channel, now):
            return
        try:
            ts = await bot.post.post(channel, digest_message(found, fixes=bot.fixes, now=now, zone=bot.settings.zone))
        except PostError as error:
            if error.certain:
                await asyncio.to_thread(digests.release, name, now)
            raise
        await asyncio.to_thread(digests.posted, name, ts=ts, head=found.head, at=now, shown=found.shown)
        await asyncio.to_thread(bot.store.scans.score_now, bot.account, found.standing.as_score(now))

    async def _fresh_scan(self) -> None:
        if await self._last_scan_is_older(timedelta(minutes=self._bot.settings.stale_minutes)):
            await (await self._bot.scans.start(requested_by=str(BOT))).result()

    async def _last_scan_is_older(self, than: timedelta) -> bool:
        last = await asyncio.to_thread(self._bot.store.scans.last)
        return last is None or last.ended_at is None or self._bot.now() - last.ended_at >= than

    def _forget_before_first_start(self) -> None:
        """A slot before the first start with a digest channel was never owed to anybody."""
        if self._bot.settings.digest_channel and not self._bot.store.digests.any():
            now = self._bot.now()
            name = slot_name(slot_at(self._bot.settings, now))
            self._bot.store.digests.skip(name, self._bot.settings.digest_channel, now)


def slot_at(settings: Settings, now: datetime) -> datetime:
    """The newest moment at or before now at which a digest was due, in the settings' time zone."""
    local = now.astimezone(settings.zone)
    today = datetime.combine(local.date(), settings.digest_time, settings.zone)
    if today <= now.astimezone(UTC):  # moments are compared: wall clocks repeat an hour in autumn
        return today
    return datetime.combine(local.date() - timedelta(days=1), settings.digest_time, settings.zone)


def slot_name(due: datetime) -> str:
    """The slot as it is stored and found again: one for each local day and time."""
    return f"{due:%Y-%m-%d %H:%M}"
