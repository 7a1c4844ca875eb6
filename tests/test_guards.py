"""The rules before a fix: each refuses what it is there for, alone, and by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.guards import TO_FIX, TO_UNDO, Situation, limit, refusal
from bot.settings import Limit, load
from bot.store.findings import Finding
from bot.store.freezes import Frozen
from checks.kit import Severity

NOW = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)
ACCOUNT, OTHER = "123456789012", "210987654321"
SEEN = NOW - timedelta(hours=1)
FINDING = Finding(
    1, ACCOUNT, "eu-west-1", "s3.x", "arn:aws:s3:::b", "b", "is open", Severity.HIGH, "network", "open",
    SEEN, SEEN, SEEN, None, None, None, None,
)  # fmt: skip
ON = {"fix_mode": "on", "fix_role_arn": f"arn:aws:iam::{ACCOUNT}:role/fix"}
MUTED = replace(FINDING, muted_until=NOW + timedelta(days=1), muted_reason="a website", muted_by="T1/UANA")


def frozen(tag: str = "", until: datetime = NOW + timedelta(hours=1)) -> Frozen:
    return Frozen(1, tag, NOW - timedelta(hours=1), until, "the sale", "T1/UBEN")


def situation(settings: Mapping[str, Any] | None = None, **changes: Any) -> Situation:
    return replace(Situation(load(**ON | dict(settings or {})), FINDING, ACCOUNT, NOW, [("env", "prod")]), **changes)


def test_nothing_stands_in_the_way_of_an_ordinary_fix() -> None:
    assert refusal(situation()) is None
    assert refusal(situation(), TO_UNDO) is None


@pytest.mark.parametrize(
    ("refused", "rule", "words"),
    [
        (situation({"fix_mode": "off"}), "mode", "switched off"),
        (situation(account=OTHER), "account", f"credentials are for account {OTHER}"),
        (situation({"fix_role_arn": f"arn:aws:iam::{OTHER}:role/fix"}), "account", "write role is of another account"),
        (situation({"fix_accounts": [OTHER]}), "account", "not allowed in account"),
        (situation(finding=MUTED), "muted", "is muted (a website): unmute it first"),
        (situation(finding=replace(MUTED, mute=3)), "muted", "(a website): end mute 3 in `/aws-sec mutes` first"),
        (situation({"protected_tags": ["env"]}), "protected tag", "protected by its tag env"),
        (situation({"protected_tags": ["env=prod"]}), "protected tag", "protected by its tag env=prod"),
        (situation({"protected_tags": ["env"]}, tags=None), "protected tag", "may be protected: grant tag:GetResources"),
        (situation({"protected_tags": ["env"]}, tags=[], account_tags=[("env", "x")]), "protected account", f"account {ACCOUNT} is protected by its tag env"),
        (situation({"protected_tags": ["env"]}, tags=[], account_tags=None), "protected account", "may be protected: name them in AWS_SEC_ACCOUNT_TAGS, or grant"),
        (situation(freezes=[frozen()]), "freeze", "changes are frozen until 2026-03-04 11:30 UTC: the sale"),
        (situation({"timezone": "Asia/Tokyo"}, freezes=[frozen()]), "freeze", "are frozen until 2026-03-04 20:30 JST"),
        (situation(freezes=[frozen("env=prod")]), "freeze", "of what has the tag env=prod are frozen"),
        (situation(freezes=[frozen("env")], tags=None), "freeze", "may be frozen: grant"),
        (situation(finding=replace(FINDING, last_seen=NOW - timedelta(hours=73))), "finding age", "for 3 days"),
        (situation(failures_last_hour=3), "circuit breaker", "3 fixes failed in the last hour"),
        (situation({"fixes_per_hour": 2}, fixes_last_hour=2), "hourly cap", "2 fixes were made in the last hour"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)  # fmt: skip
def test_each_rule_refuses_by_its_name(refused: Situation, rule: str, words: str) -> None:
    why = refusal(refused)
    assert why is not None
    assert words in why
    assert why.endswith(f"[rule: {rule}]")


@pytest.mark.parametrize(
    "allowed",
    [
        situation({"protected_tags": ["env=test"]}),
        situation({"protected_tags": ["prod"]}),
        situation({"protected_tags": ["env=test"]}, account_tags=[("env", "prod")]),
        situation(account_tags=None),
        situation(freezes=[frozen("env=test")]),
        situation(freezes=[frozen(until=NOW)]),
        situation(finding=replace(FINDING, last_seen=NOW - timedelta(hours=72))),
        situation(failures_last_hour=2),
        situation({"fix_accounts": [ACCOUNT]}),
    ],
)
def test_a_rule_leaves_alone_what_it_is_not_about(allowed: Situation) -> None:
    assert refusal(allowed) is None


def test_neither_caps_nor_mutes_nor_age_stand_in_the_way_of_going_back() -> None:
    old = replace(MUTED, last_seen=NOW - timedelta(days=9))
    back = situation({"fixes_per_hour": 1}, finding=old, fixes_last_hour=1, failures_last_hour=9)
    assert refusal(back, TO_FIX) is not None
    assert refusal(back, TO_UNDO) is None


def test_nothing_is_undone_in_dry_run_or_in_a_freeze() -> None:
    assert "dry run" in str(refusal(situation({"fix_mode": "dry-run"}), TO_UNDO))
    assert "frozen" in str(refusal(situation(freezes=[frozen()]), TO_UNDO))


def test_nothing_is_undone_in_a_protected_account() -> None:
    protected = situation({"protected_tags": ["env"]}, tags=[], account_tags=[("env", "prod")])
    assert "[rule: protected account]" in str(refusal(protected, TO_UNDO))


@pytest.mark.parametrize(
    ("limits", "act", "words"),
    [
        ([], "approve", None),
        ([{}], "approve", None),
        ([{"up_to": "high"}], "approve", None),
        ([{"up_to": "medium"}], "approve", "up to medium, and this is high"),
        ([{"may": ["request"]}], "approve", "you may not approve fixes"),
        ([{"may": ["request"]}], "request", None),
        ([{"accounts": [ACCOUNT]}], "request", None),
        ([{"accounts": [OTHER]}], "request", f"you may not request fixes in account {ACCOUNT}"),
        ([{}, {"up_to": "low"}], "request", "up to low"),
    ],
)
def test_a_limit_holds_for_whom_it_names(limits: list[dict[str, Any]], act: str, words: str | None) -> None:
    why = limit([Limit.model_validate({"who": ["U0ANA"], **one}) for one in limits], act, FINDING)
    assert why is None if words is None else words in str(why)
