"""`/aws-sec freeze`: what people type, as a freeze."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo

from dateutil.parser import ParserError, parse

from bot.words import when

FORM = "write: freeze until Monday 09:00 because of the sale. A tag may come first: freeze env=prod until …"
LONGEST = timedelta(days=366)
WEEKDAY = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)", re.IGNORECASE)


class NotUnderstood(Exception):
    """What was typed is no freeze; says how it is written."""


@dataclass(frozen=True)
class Wanted:
    """A freeze somebody asks for. `tag`: `key` or `key=value`; empty: all of the account."""

    tag: str
    until: datetime
    reason: str


def wanted(text: str, now: datetime, zone: tzinfo, account: str, account_name: str) -> Wanted:
    """The freeze that `[WHAT] until WHEN because WHY` asks for; times are in `zone`. Raises NotUnderstood.

    WHAT is a tag, or the account's id or name, or left out.
    """
    found = re.fullmatch(r"(?P<what>.*?)\s*\buntil\s+(?P<when>.+?)\s+because\s+(?P<why>.+)", text.strip(), re.DOTALL)
    if not found:
        raise NotUnderstood(FORM)
    what = found["what"].strip()
    here = what.lower() in {"", "all", account, account_name.lower()}
    if not here and re.search(r"\s", what):
        raise NotUnderstood(f"“{what}” is neither a tag nor this account; {FORM}")
    if not here and re.fullmatch(r"\d{12}", what):
        raise NotUnderstood(f"I look after account {account}, not {what}")
    return Wanted("" if here else what, _moment(found["when"], now.astimezone(zone)), found["why"].strip())


def _moment(text: str, now: datetime) -> datetime:
    """A day and time to come, of words as `Monday 09:00`, `tomorrow 9am`, `2026-12-01 09:00`."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"today": midnight, "tomorrow": midnight + timedelta(days=1)}
    first, _, rest = text.partition(" ")

    def zone_of(name: str | None, seconds: int | None) -> tzinfo | None:
        if seconds is None and name not in (None, now.tzname()):
            raise NotUnderstood(f"I do not know the time zone {name}: leave it out for {now.tzinfo}, or write +02:00")
        return now.tzinfo if seconds is None else timezone(timedelta(seconds=seconds))

    default = named.get(first.lower(), midnight)
    try:
        moment = parse(rest or "00:00" if first.lower() in named else text, default=default, tzinfos=zone_of)
    except (ParserError, OverflowError, ValueError) as error:
        raise NotUnderstood(f"I do not understand “{text}” as a time; {FORM}") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=now.tzinfo)
    if moment <= now and WEEKDAY.search(text):
        moment += timedelta(weeks=1)
    if moment <= now:
        raise NotUnderstood(f"{when(moment)} is over already: name a time to come")
    if moment - now > LONGEST:
        raise NotUnderstood("a freeze is for a year at most: name a time before that")
    return moment
