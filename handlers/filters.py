"""What narrows a list, as people type it and as the database is asked."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from bot.blocks.text import visible
from bot.context import Bot
from bot.ids import OfList
from bot.nearest import did_you_mean
from bot.remediate import Refusal
from bot.store.findings import Filter
from checks.kit import Practice, Severity

PRACTICES = {practice.key for practice in Practice}
SEVERITIES = {severity.word: int(severity) for severity in Severity}
LONGEST = 10_000
"""Days."""
NAMED = ("account", "region", "service", "owner")
"""Filters that are typed as name=value."""


def asked_for(text: str) -> OfList:
    """The list that words of a command mean; what is nothing else is part of a name. Raises Refusal."""
    practice, severity, muted, rest = "", 0, False, []
    narrowed: dict[str, Any] = {}
    for word in visible(text).split():
        lower = word.lower()
        key, equals, value = lower.partition("=")
        if equals and key in NAMED:
            narrowed[key] = value[:30]
        elif equals and key == "new":
            narrowed["days"] = _days(value)
        elif lower in PRACTICES and not practice:
            practice = lower
        elif lower in SEVERITIES and not severity:
            severity = SEVERITIES[lower]
        elif lower == "muted":
            muted = True
        else:
            rest.append(word)
    return OfList(practice=practice, severity=severity, muted=muted, text=" ".join(rest)[:100], **narrowed)


def filter_of(asked: OfList, bot: Bot, now: datetime) -> Filter:
    """The same, as the database is asked. Raises Refusal when there is no such account."""
    return Filter(
        account=account_of(asked, bot), practice=asked.practice, check_id=asked.check, min_severity=asked.severity,
        muted=asked.muted, text=asked.text, region=asked.region, service=asked.service, owner=asked.owner,
        whole_owner=asked.whole, since=now - timedelta(days=asked.days) if asked.days else None,
    )  # fmt: skip


def account_of(asked: OfList, bot: Bot) -> str:
    """The id of the account that is asked for, by id or by what people call it. Raises Refusal."""
    name, wanted = bot.settings.account_name, asked.account.lower()
    if wanted in ("", bot.account, name.lower()):
        return bot.account
    known = bot.store.tallies.accounts()
    if wanted in known:
        return wanted
    names = dict.fromkeys([*([name] if name else []), bot.account, *known])
    hint = did_you_mean(wanted, names, f"; there is {', '.join(names)}")
    raise Refusal(f"no account {asked.account} was scanned{hint}")


def _days(text: str) -> int:
    found = re.fullmatch(r"(\d{1,4})([dw]?)", text)
    if not found:
        raise Refusal("say how new, as in `new=7d` or `new=2w`")
    days = int(found[1]) * (7 if found[2] == "w" else 1)
    if days > LONGEST:
        raise Refusal(f"say how new in at most {LONGEST:,} days")
    return days
