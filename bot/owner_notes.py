"""What owners are told of theirs, in direct messages: once a day at most, when there is something new to say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from bot.blocks.owner_notes import owner_note
from bot.context import Bot
from bot.digest import MUTE_WARNING
from bot.digest_routes import slot_at, slot_name
from bot.post import PostError
from bot.remediate import Refusal
from bot.store import Store, StoreError
from bot.store.digests import Digests
from bot.store.findings import Finding
from bot.store.owners_told import OwnersTold

log = logging.getLogger(__name__)

MayGet = Callable[[str], Awaitable[None]]
"""Raises Refusal unless a user is a person of this workspace who may use the command; PostError likewise."""
OUT_OF_REACH = (
    "user_disabled", "cannot_dm_bot", "channel_not_found", "users_not_found", "user_not_found", "user_not_visible",
    "messages_tab_disabled", "restricted_action",
)  # fmt: skip
"""Codes that no other try of the same day will change: who left, was deactivated, or is not a person.
Source: https://docs.slack.dev/reference/methods/chat.postMessage#errors"""


@dataclass(frozen=True)
class OwnerNote:
    """What is new, back, or about to be muted no longer of what some owners have, worst first."""

    account: str
    owners: tuple[str, ...]
    opened: list[Finding]
    reopened: list[Finding]
    ending: list[Finding]

    @property
    def is_empty(self) -> bool:
        return not (self.opened or self.reopened or self.ending)


def compose_note(store: Store, account: str, owners: Collection[str], since: datetime, now: datetime) -> OwnerNote:
    """What happened after a moment. The end of a mute is told once, when it is near."""
    kinds: dict[int, set[str]] = {}
    found: dict[int, Finding] = {}
    for change in store.findings.changes(account, since, now):
        if change.finding.owner in owners and change.finding.state == "open" and not change.finding.muted(now):
            found[change.finding.id] = change.finding
            kinds.setdefault(change.finding.id, set()).add(change.kind)
    worst_first = sorted(found.values(), key=lambda f: (-f.severity, f.id))
    near = store.findings.mutes_ending(max(now, since + MUTE_WARNING), now + MUTE_WARNING)
    return OwnerNote(
        account,
        tuple(owners),
        [one for one in worst_first if "opened" in kinds[one.id]],
        [one for one in worst_first if kinds[one.id] & {"opened", "reopened"} == {"reopened"}],
        [one for one in near if one.account == account and one.owner in owners],
    )


class OwnerNotes:
    """Tells the people of AWS_SEC_OWNERS. The database decides who was told, who wants none, and who is out of reach.

    `fresh`: waits until the account was read lately.
    """

    def __init__(self, bot: Bot, may_get: MayGet, fresh: Callable[[], Awaitable[None]]) -> None:
        self._bot = bot
        self._may_get = may_get
        self._fresh = fresh
        self._told = OwnersTold(bot.store.db)
        self._turn = asyncio.Lock()
        self._people: dict[str, tuple[str, ...]] = {}
        for owner, user in bot.settings.owners.items():
            self._people[user] = (*self._people.get(user, ()), owner)

    async def tell_due(self) -> None:
        """Tell each person what is due; whoever cannot be told stands in nobody else's way."""
        if not self._people or self._turn.locked():
            return
        settings = self._bot.settings
        async with self._turn:
            name = slot_name(slot_at(settings.digest_time, settings.zone, self._bot.now()))
            waiting = [user for user in self._people if await asyncio.to_thread(self._digests(user).get, name) is None]
            if waiting:
                await self._fresh()
            for user in waiting:
                try:
                    await self._tell(user, name)
                except (PostError, StoreError) as error:
                    log.warning("%s is not told of what is theirs yet: %s", user, error)

    async def _tell(self, user: str, slot: str) -> None:
        bot, digests, now = self._bot, self._digests(user), self._bot.now()
        since = await asyncio.to_thread(digests.settled_at)
        if since is None or await asyncio.to_thread(self._told.wants_none, user):
            await asyncio.to_thread(digests.skip, slot, user, now)  # what is there already is no news
            return
        note = await asyncio.to_thread(compose_note, bot.store, bot.account, self._people[user], since, now)
        if note.is_empty:
            await asyncio.to_thread(digests.skip, slot, user, now)
            return
        try:
            await self._may_get(user)
            # A message that may be out is not sent again that day: its history is not ours to read.
            if await asyncio.to_thread(digests.claim, slot, user, now):
                message = owner_note(note, user, fixes=bot.fixes, now=now, zone=bot.settings.zone)
                _, ts = await bot.post.posted(user, message)
                await asyncio.to_thread(digests.posted, slot, ts=ts, head=None, at=now)
                await asyncio.to_thread(self._told.reached, user)
        except Refusal as error:
            await self._give_up(user, slot, str(error), now)
        except PostError as error:
            if error.code in OUT_OF_REACH:
                await self._give_up(user, slot, error.code, now)
                return
            if error.certain:
                await asyncio.to_thread(digests.release, slot, now)
            raise

    async def _give_up(self, user: str, slot: str, why: str, now: datetime) -> None:
        log.warning("%s (AWS_SEC_OWNERS) gets no message about what is theirs: %s", user, why)
        await asyncio.to_thread(self._told.refused, user, why, now)
        await asyncio.to_thread(self._digests(user).skip, slot, user, now)

    def _digests(self, user: str) -> Digests:
        return self._bot.store.digests.of(f"owner {user}")
