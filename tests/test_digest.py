"""The digest as data: what is new, back, gone, worth doing, and since when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.digest import MUTE_WARNING, WORTH_DOING, Digest, Edition, compose
from bot.store import Store
from bot.store.fix_request import New, State
from bot.store.scans import Score
from checks import iam_root, s3
from checks.kit import Call, Plan
from tests.conftest import ACCOUNT
from tests.slack.desk import FIXABLE, OTHER, REGION, found

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CHECKS = (FIXABLE, OTHER)
A, B = (FIXABLE, "a", "leaves it open"), (FIXABLE, "b", "leaves it open")


def composed(store: Store, at: datetime = NOW, **about: Any) -> Digest:
    return compose(store, ACCOUNT, CHECKS, {FIXABLE.id: None}, Edition(f"{at:%Y-%m-%d %H:%M}", **about), at)


@pytest.fixture
def yesterday(store: Store) -> Store:
    """A was open when yesterday's digest went out."""
    found(store, A, at=NOW - DAY - HOUR)
    posted(store, NOW - DAY)
    return store


def posted(store: Store, at: datetime) -> None:
    store.digests.claim(f"{at:%Y-%m-%d %H:%M}", "CDIGEST", at)
    store.digests.posted(f"{at:%Y-%m-%d %H:%M}", ts="1.1", head=store.audit.head(), at=at)


def names(news: Digest) -> dict[str, list[str]]:
    return {kind: [f.name for f in getattr(news, kind)] for kind in ("opened", "reopened", "resolved")}


def test_the_first_digest_has_no_news_but_things_to_do(store: Store) -> None:
    found(store, A, B, at=NOW - HOUR)
    news = composed(store)
    assert (news.since, news.before, names(news)) == (None, None, {"opened": [], "reopened": [], "resolved": []})
    assert [finding.name for finding in news.todo] == ["a"]


def test_what_opened_and_was_resolved_since_the_last_digest_is_news(yesterday: Store) -> None:
    found(yesterday, B, at=NOW - HOUR)
    news = composed(yesterday)
    assert names(news) == {"opened": ["b"], "reopened": [], "resolved": ["a"]}
    posted(yesterday, NOW)
    assert names(composed(yesterday, NOW + DAY)) == {"opened": [], "reopened": [], "resolved": []}


def test_what_came_back_is_said_to_be_back(yesterday: Store) -> None:
    found(yesterday, at=NOW - 3 * HOUR)
    found(yesterday, A, at=NOW - HOUR)
    assert names(composed(yesterday)) == {"opened": [], "reopened": ["a"], "resolved": []}


def test_what_opened_and_went_between_two_digests_is_no_news(yesterday: Store) -> None:
    found(yesterday, A, B, at=NOW - 3 * HOUR)
    found(yesterday, A, at=NOW - HOUR)
    assert names(composed(yesterday)) == {"opened": [], "reopened": [], "resolved": []}


def test_what_opened_went_and_opened_again_is_new_once(yesterday: Store) -> None:
    for outcomes in ([A, B], [A], [A, B]):
        found(yesterday, *outcomes, at=NOW - HOUR)
    assert names(composed(yesterday)) == {"opened": ["b"], "reopened": [], "resolved": []}


def test_what_is_muted_is_no_news_and_nothing_to_do(yesterday: Store) -> None:
    found(yesterday, A, B, at=NOW - HOUR)
    for id in (1, 2):
        yesterday.findings.mute(id, until=NOW + 9 * DAY, reason="website", actor="T1/UANA", at=NOW - HOUR)
    news = composed(yesterday)
    assert (names(news)["opened"], news.todo, news.mutes_ending) == ([], [], [])
    assert news.standing.muted == 2


def test_a_mute_is_announced_before_it_ends(yesterday: Store) -> None:
    yesterday.findings.mute(1, until=NOW + MUTE_WARNING, reason="website", actor="T1/UANA", at=NOW - HOUR)
    assert [finding.name for finding in composed(yesterday).mutes_ending] == ["a"]
    assert composed(yesterday, NOW - HOUR).mutes_ending == []


def test_a_mute_of_a_whole_check_hides_from_it_and_is_announced_before_it_ends(yesterday: Store) -> None:
    until = NOW + MUTE_WARNING
    yesterday.mutes.begin(ACCOUNT, FIXABLE.id, "", until=until, reason="websites", by="T1/UANA", at=NOW - DAY)
    found(yesterday, A, B, at=NOW - HOUR)
    news = composed(yesterday)
    assert (names(news)["opened"], news.todo, news.mutes_ending, news.standing.muted) == ([], [], [], 2)
    assert [(mute.check_id, mute.hides) for mute in news.scopes_ending] == [(FIXABLE.id, 2)]
    assert composed(yesterday, NOW - HOUR).scopes_ending == []


def test_worth_doing_is_the_worst_one_of_each_check_those_with_a_fix_first(store: Store) -> None:
    outcomes = [
        (s3.bucket_has_versioning, "low", "has none"),
        (OTHER, "trail", "has no trail"),
        A,
        B,
        (iam_root.root_has_no_access_keys, "root", "has keys"),
    ]
    checks = tuple(dict.fromkeys(check for check, _, _ in outcomes))
    found(store, *outcomes, at=NOW - HOUR, checks=checks)
    assert OTHER.severity == FIXABLE.severity
    assert [finding.name for finding in composed(store).todo] == ["root", "a", "trail"]
    assert WORTH_DOING == 3


def test_who_fixed_it_is_named_and_who_waits_too(yesterday: Store) -> None:
    plan = Plan([Call("s3:PutPublicAccessBlock", {"Bucket": "a"})], [], {}, {})
    asked = [
        yesterday.requests.create(
            New(1, ACCOUNT, REGION, FIXABLE.id, name, name, plan, "on", "T1/UANA", "because", NOW - HOUR, NOW + DAY)
        )
        for name in ("a", "b")
    ]
    for source, target in (
        (State.WAITING, State.APPROVED),
        (State.APPROVED, State.RUNNING),
        (State.RUNNING, State.FIXED),
    ):
        yesterday.requests.move(asked[0].id, source, target, actor="T1/UBEN", at=NOW - HOUR)
    news = composed(yesterday)
    assert {id: request.id for id, request in news.by.fixed.items()} == {1: asked[0].id}
    assert [request.id for request in news.waiting] == [asked[1].id]
    posted(yesterday, NOW)
    assert composed(yesterday, NOW + DAY).by.fixed == {}


def test_the_score_is_compared_with_the_one_at_the_last_digest(yesterday: Store) -> None:
    for scan_id, (at, score) in enumerate([(NOW - 2 * DAY, 10), (NOW - DAY - HOUR, 20), (NOW - HOUR, 30)], start=100):
        yesterday.scans.record_score(scan_id, ACCOUNT, Score(at, score, {}, 1))
    before = composed(yesterday).before
    assert before is not None
    assert before.score == 20


def test_what_fixes_moved_before_the_last_digest_is_not_told_again(yesterday: Store) -> None:
    yesterday.scans.record_score(100, ACCOUNT, Score(NOW - DAY - HOUR, 20, {}, 3))
    yesterday.scans.score_now(ACCOUNT, Score(NOW - DAY, 25, {"mfa": 25}, 2))
    assert composed(yesterday).before == Score(NOW - DAY, 25, {"mfa": 25}, 2)


def test_a_skipped_digest_is_not_what_the_next_compares_with(yesterday: Store) -> None:
    yesterday.digests.skip("2026-03-02 08:00", "CDIGEST", NOW - HOUR)
    assert composed(yesterday).since == NOW - DAY


def test_the_head_of_the_audit_log_is_in_it(store: Store) -> None:
    store.audit.append("x", actor="x", subject="x")
    assert composed(store).head == store.audit.head()
