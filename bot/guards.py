"""The rules that stand before every fix, each a small pure function: None, or why not. A refusal names its rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.fixing import Tags
from bot.settings import FixMode, Limit, Settings
from bot.store.findings import Finding
from bot.store.freezes import Frozen
from bot.words import span, when
from checks.kit import Severity


@dataclass(frozen=True)
class Situation:
    """All that the rules look at. `freezes`: those declared in Slack.

    `tags`, `account_tags`: of the resource and of the account; None when they could not be read.
    """

    settings: Settings
    finding: Finding
    account: str
    now: datetime
    tags: Tags | None
    fixes_last_hour: int = 0
    failures_last_hour: int = 0
    freezes: Sequence[Frozen] = ()
    account_tags: Tags | None = ()


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
    way = f"end mute {s.finding.mute} in `/aws-sec mutes`" if s.finding.mute else "unmute it"
    return f"the finding is muted ({s.finding.muted_reason}): {way} first"


def protected_tag(s: Situation) -> str | None:
    rules = s.settings.protected_tags
    if not rules:
        return None
    if s.tags is None:
        return UNREAD_TAGS.format("protected")
    found = next((rule for rule in rules if _has(s.tags, rule)), None)
    return f"it is protected by its tag {found}" if found else None


def protected_account(s: Situation) -> str | None:
    rules = s.settings.protected_tags
    if not rules:
        return None
    if s.account_tags is None:
        return UNREAD_ACCOUNT.format(s.account)
    found = next((rule for rule in rules if _has(s.account_tags, rule)), None)
    return f"account {s.account} is protected by its tag {found}" if found else None


def freeze(s: Situation) -> str | None:
    for window in s.settings.freezes:
        if window.start <= s.now < window.until:
            return _frozen(s, "", window.until, window.reason)
    for one in s.freezes:
        if one.tag and s.tags is None:
            return UNREAD_TAGS.format("frozen")
        if one.until > s.now and (not one.tag or _has(s.tags or (), one.tag)):
            return _frozen(s, one.tag, one.until, one.reason)
    return None


def finding_age(s: Situation) -> str | None:
    age = s.now - s.finding.last_seen
    limit = timedelta(hours=s.settings.finding_hours)
    return f"no scan has seen this finding for {span(age)}: `/aws-sec check` it first" if age > limit else None


def circuit_breaker(s: Situation) -> str | None:
    limit = s.settings.failures_per_hour
    return (
        f"{s.failures_last_hour} fixes failed in the last hour, so no more are made: look at those first"
        f" (AWS_SEC_FAILURES_PER_HOUR is {limit})"
        if s.failures_last_hour >= limit
        else None
    )


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


UNREAD_TAGS = (
    "its tags could not be read, so it may be {}: grant tag:GetResources and s3:GetBucketTagging to the read role"
)
UNREAD_ACCOUNT = (
    "the tags of account {} could not be read, so it may be protected: name them in AWS_SEC_ACCOUNT_TAGS, or grant"
    " organizations:ListTagsForResource to the read role, if the account is one that may use it"
)
TO_FIX: tuple[Guard, ...] = (
    mode, account, muted, protected_account, protected_tag, freeze, finding_age, circuit_breaker, hourly_cap,
)  # fmt: skip
TO_UNDO: tuple[Guard, ...] = (mode, written, account, protected_account, protected_tag, freeze)
"""Muting and the cap do not stand in the way of going back."""


def refusal(situation: Situation, guards: tuple[Guard, ...] = TO_FIX) -> str | None:
    """The first rule's reason to refuse, with the rule's name, or None."""
    reasons = ((guard(situation), guard.__name__) for guard in guards)
    return next((f"{why} [rule: {name.replace('_', ' ')}]" for why, name in reasons if why), None)


def limit(limits: Iterable[Limit], act: str, finding: Finding) -> str | None:
    """Why a person under these limits may not `request` or `approve` a fix of this finding; None when they may."""
    for one in limits:
        if act not in one.may:
            return f"you may not {act} fixes (AWS_SEC_LIMITS)"
        if finding.severity > Severity[one.up_to.upper()]:
            return (
                f"you may {act} fixes up to {one.up_to}, and this is {Severity(finding.severity).word} (AWS_SEC_LIMITS)"
            )
        if one.accounts and finding.account not in one.accounts:
            return f"you may not {act} fixes in account {finding.account} (AWS_SEC_LIMITS)"
    return None


def _has(tags: Tags, rule: str) -> bool:
    """Whether a resource has the tag of a rule: `key` or `key=value`."""
    key, equals, value = rule.partition("=")
    return any(key == tag and (not equals or value == given) for tag, given in tags)


def _frozen(s: Situation, tag: str, until: datetime, reason: str) -> str:
    what = f"changes of what has the tag {tag}" if tag else "changes"
    return f"{what} are frozen until {when(until, s.settings.zone)}: {reason}"
