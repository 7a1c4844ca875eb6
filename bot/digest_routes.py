"""Where digests go: the one of everything, and those of accounts and owners in channels of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from bot.setting_types import WEEKDAYS, DigestTable, Weekday
from bot.settings import BadSettings, Settings, variable


@dataclass(frozen=True)
class Route:
    """One digest a day. `key`: how the database knows it, whatever is set of it later; empty: that of everything.

    `owner`: of whose resources only; empty: of the whole account. `off`: weekdays without one.
    """

    key: str
    channel: str
    at: time
    owner: str = ""
    off: frozenset[Weekday] = frozenset()

    def rests(self, due: datetime) -> bool:
        """Whether there is none on the local day of a slot."""
        return WEEKDAYS[due.weekday()] in self.off


def routes(settings: Settings, account: str) -> list[Route]:
    """Those of this account, the digest of everything first. Other accounts' are their own bots' to post."""
    main = [Route("", settings.digest_channel, settings.digest_time)] if settings.digest_channel else []
    mine = [one for one in settings.digests if not one.accounts or account in one.accounts]
    return [*main, *(_route(one, settings.digest_time) for one in mine)]


def check_accounts(settings: Settings, account: str) -> None:
    """Raise BadSettings for a digest of an account that is neither the one that is scanned nor another one of ours."""
    for number, id in _accounts(settings):
        if id not in (account, *settings.own_accounts):
            raise BadSettings(
                f"{variable('digests')}[{number}][accounts]: {id} is neither the account that is scanned, {account},"
                f" nor one of {variable('own_accounts')}"
            )


def slot_at(at: time, zone: tzinfo, now: datetime) -> datetime:
    """The newest moment at or before now at which a digest of this time of day was due, in this zone."""
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), at, zone)
    if today <= now.astimezone(UTC):  # moments are compared: wall clocks repeat an hour in autumn
        return today
    return datetime.combine(local.date() - timedelta(days=1), at, zone)


def slot_name(due: datetime) -> str:
    """The slot as it is stored and found again: one for each local day and time."""
    return f"{due:%Y-%m-%d %H:%M}"


def _route(one: DigestTable, usual: time) -> Route:
    owner = one.owner or ""
    return Route(
        f"{one.channel} {owner}" if owner else one.channel, one.channel, one.time or usual, owner, frozenset(one.off)
    )


def _accounts(settings: Settings) -> Iterator[tuple[int, str]]:
    return ((number, id) for number, one in enumerate(settings.digests) for id in one.accounts)
