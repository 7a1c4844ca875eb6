"""The rules that stand before every fix, each a small pure function: None, or why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.fixing import Tags
from bot.settings import FixMode, Settings
from bot.store.findings import Finding


@dataclass(frozen=True)
class Situation:
    """All that the rules look at. `tags`: None when they could not be read."""

    settings: Settings
    finding: Finding
    account: str
    now: datetime
    tags: Tags | None
    fixes_last_hour: int


Guard = Callable[[Situation], str | None]


def mode(s: Situation) -> str | None:
    return "fixes are switched off (AWS_SEC_FIX_MODE)" if s.settings.fix_mode is FixMode.OFF else None


def account(s: Situation) -> str | None:
    allowed, role = s.settings.fix_accounts, s.settings.fix_role_arn
    if s.finding.account != s.account:
        return f"the bot's credentials are for account {s.account}, the finding is in {s.finding.account}"
    if role and role.split(":")[4] != s.account:
        return f"the write role is of another account than {s.account} (AWS_SEC_FIX_ROLE_ARN)"
    return (
        f"fixes are not allowed in account {s.account} (AWS_SEC_FIX_ACCOUNTS)"
        if allowed and s.account not in allowed
        else None
    )


def muted(s: Situation) -> str | None:
    if not s.finding.muted(s.now):
        return None
    return f"the finding is muted ({s.finding.muted_reason}): unmute it first"


def protected_tag(s: Situation) -> str | None:
    rules = s.settings.protected_tags
    if not rules:
        return None
    if s.tags is None:
        return (
            "its tags could not be read, so it may be protected: grant tag:GetResources and"
            " s3:GetBucketTagging to the read role"
        )
    for rule in rules:
        key, equals, value = rule.partition("=")
        if any(key == tag and (not equals or value == given) for tag, given in s.tags):
            return f"it is protected by its tag {rule}"
    return None


def freeze(s: Situation) -> str | None:
    for window in s.settings.freezes:
        if window.start <= s.now < window.until:
            return f"changes are frozen until {window.until:%Y-%m-%d %H:%M %Z}: {window.reason}"
    return None


def hourly_cap(s: Situation) -> str | None:
    cap = s.settings.fixes_per_hour
    return (
        f"{cap} fixes were made in the last hour, which is the limit (AWS_SEC_FIXES_PER_HOUR)"
        if s.fixes_last_hour >= cap
        else None
    )


def written(s: Situation) -> str | None:
    return (
        None
        if s.settings.fix_mode is FixMode.ON
        else "the bot is in dry run: nothing may be written (AWS_SEC_FIX_MODE)"
    )


TO_FIX: tuple[Guard, ...] = (mode, account, muted, protected_tag, freeze, hourly_cap)
TO_UNDO: tuple[Guard, ...] = (mode, written, account, protected_tag, freeze)
"""Muting and the cap do not stand in the way of going back."""


def refusal(situation: Situation, guards: tuple[Guard, ...] = TO_FIX) -> str | None:
    """The first rule's reason to refuse, or None."""
    return next(filter(None, (guard(situation) for guard in guards)), None)
