"""Mutes with a scope: what they hide, now and later, and how they end."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.store import Store
from bot.store.findings import Filter, matching
from bot.store.mutes import HIDES, Mute
from bot.store.owned import Owned
from tests.conftest import ACCOUNT
from tests.slack.desk import FIXABLE, OTHER, found

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
A, B = (FIXABLE, "a", "leaves it open"), (FIXABLE, "b", "leaves it open")
TRAIL = (OTHER, "trail", "has none")


@pytest.fixture
def muting(store: Store) -> Store:
    """Two findings of one check, one of another; ana owns b."""
    found(store, A, B, TRAIL, at=T0)
    store.findings.set_owners(ACCOUNT, {"arn:aws:x:::b": "ana"})
    return store


def muted(store: Store, owner: str = "", days: int = 2, reason: str = "a website", at: datetime = T0) -> Mute:
    return store.mutes.begin(ACCOUNT, FIXABLE.id, owner, until=T0 + days * DAY, reason=reason, by="T1/U1", at=at)


def names(store: Store, at: datetime = T0, *, hidden: bool = False) -> set[str]:
    return {finding.name for finding in store.findings.search(Filter(muted=hidden), at)}


def audited(store: Store) -> list[tuple[str, str, str]]:
    return [(row["action"], row["actor"], row["subject"]) for row in reversed(store.audit.rows())]


def test_a_mute_of_a_check_hides_its_findings_and_those_that_come(muting: Store) -> None:
    mute = muted(muting)
    assert (mute.hides, names(muting)) == (2, {"trail"})
    found(muting, A, B, TRAIL, (FIXABLE, "c", "leaves it open"), at=T0 + timedelta(hours=1))
    assert names(muting) == {"trail"}
    assert names(muting, hidden=True) == {"a", "b", "c"}
    (one,) = muting.mutes.current(ACCOUNT, T0)
    assert (one.id, one.hides, one.by, one.reason, one.until) == (mute.id, 3, "T1/U1", "a website", T0 + 2 * DAY)


def test_a_mute_of_an_owner_follows_who_owns_what(muting: Store) -> None:
    assert muted(muting, "ana").hides == 1
    assert names(muting) == {"a", "trail"}
    muting.findings.set_owners(ACCOUNT, {"arn:aws:x:::a": "ana", "arn:aws:x:::b": "Ana"})
    assert names(muting) == {"b", "trail"}, "names are compared to the letter"
    muting.findings.set_owners(ACCOUNT, {})
    assert names(muting) == {"a", "b", "trail"}, "what nobody is known to own is shown"


def test_every_count_treats_it_as_a_finding_s_own_mute(muting: Store) -> None:
    muted(muting)
    now = muting.findings
    assert now.counts(ACCOUNT, T0) == ({OTHER.practice.key: Counter({int(OTHER.severity): 1})}, {FIXABLE.id: 2})
    assert Owned(muting.db).by_severity(ACCOUNT, T0) == {"": Counter({int(OTHER.severity): 1})}
    assert (now.count(Filter(), T0), now.count(Filter(muted=True), T0)) == (1, 2)
    assert {f.mute for f in now.each(Filter(muted=True), T0)} == {1}


def test_a_finding_says_which_mute_hides_it_longest(muting: Store) -> None:
    muting.findings.mute(1, until=T0 + 3 * DAY, reason="its own", actor="T1/U2", at=T0)
    long, short = muted(muting, days=9, reason="all"), muted(muting, "ana", reason="hers")
    assert [muting.findings.get(n).mute for n in (1, 2, 3)] == [long.id, long.id, 0]
    one = muting.findings.get(1)
    assert (one.muted_reason, one.muted_by, one.muted_until) == ("all", "T1/U1", T0 + 9 * DAY)
    muting.mutes.end(ACCOUNT, long.id, by="T1/U1", at=T0)
    assert [muting.findings.get(n).muted_reason for n in (1, 2, 3)] == ["its own", "hers", None]
    assert muting.findings.get(2).mute == short.id


def test_a_finding_whose_own_mute_ends_under_a_longer_one_does_not_come_back(muting: Store) -> None:
    muting.findings.mute(1, until=T0 + DAY, reason="its own", actor="T1/U2", at=T0)
    assert [f.id for f in muting.findings.mutes_ending(T0, T0 + 2 * DAY)] == [1]
    muted(muting, days=9)
    assert muting.findings.mutes_ending(T0, T0 + 2 * DAY) == []
    assert [f.id for f in muting.findings.expire_mutes(T0 + DAY)] == [1]
    assert names(muting, T0 + DAY) == {"trail"}


def test_it_ends_by_itself_once_and_says_so_in_the_audit_log(muting: Store) -> None:
    mute = muted(muting)
    assert muting.mutes.ending(ACCOUNT, T0, T0 + DAY) == []
    assert [one.id for one in muting.mutes.ending(ACCOUNT, T0, T0 + 2 * DAY)] == [mute.id]
    assert names(muting, T0 + 2 * DAY) == {"a", "b", "trail"}, "its end needs nobody to notice"
    assert muting.mutes.expire(T0 + DAY) == []
    assert [one.id for one in muting.mutes.expire(T0 + 2 * DAY)] == [mute.id]
    assert muting.mutes.expire(T0 + 3 * DAY) == []
    assert audited(muting) == [
        ("mute.begun", "T1/U1", FIXABLE.id), ("mute.expired", "aws-sec/bot", FIXABLE.id),
    ]  # fmt: skip


def test_it_is_ended_once_and_only_in_its_account(muting: Store) -> None:
    mute = muted(muting, "ana")
    assert muting.mutes.end("210987654321", mute.id, by="T1/U2", at=T0) is None
    assert muting.mutes.current("210987654321", T0) == []
    ended = muting.mutes.end(ACCOUNT, mute.id, by="T1/U2", at=T0)
    assert ended is not None
    assert muting.mutes.end(ACCOUNT, mute.id, by="T1/U2", at=T0) is None
    assert names(muting) == {"a", "b", "trail"}
    assert audited(muting)[-1] == ("mute.ended", "T1/U2", FIXABLE.id)
    assert muting.audit.rows()[0]["detail"] == {"mute": mute.id, "owner": "ana", "tag": "", "reason": "a website"}


def test_the_same_scope_again_takes_the_place_of_the_first(muting: Store) -> None:
    muted(muting, days=9)
    hers = muted(muting, "ana")
    again = muted(muting, days=1, at=T0)
    assert [one.id for one in muting.mutes.current(ACCOUNT, T0)] == [again.id, hers.id]
    assert [action for action, _, _ in audited(muting)] == ["mute.begun", "mute.begun", "mute.ended", "mute.begun"]


def test_a_mute_of_a_tag_hides_every_check_s_findings_on_what_has_it(muting: Store) -> None:
    muting.mutes.set_tagged(ACCOUNT, "env=sandbox", {"arn:aws:x:::a", "arn:aws:x:::trail"})
    given: dict[str, Any] = {"until": T0 + 2 * DAY, "reason": "a sandbox", "by": "T1/U1", "at": T0}
    mute = muting.mutes.begin(ACCOUNT, "", "", tag="env=sandbox", **given)
    assert (mute.hides, names(muting)) == (2, {"b"})
    assert audited(muting)[-1] == ("mute.begun", "T1/U1", "env=sandbox")
    assert muting.mutes.tags(ACCOUNT, T0) == {"env=sandbox"}
    muting.mutes.set_tagged(ACCOUNT, "env=sandbox", {"arn:aws:x:::b"})
    assert names(muting) == {"a", "trail"}, "it follows the tag"
    muting.mutes.set_tagged("999999999999", "env=sandbox", set())
    assert names(muting) == {"a", "trail"}, "another account's tags say nothing of this one"
    muting.mutes.end(ACCOUNT, mute.id, by="T1/U2", at=T0)
    assert names(muting) == {"a", "b", "trail"}


def test_a_mute_of_another_tag_is_another_scope(muting: Store) -> None:
    given: dict[str, Any] = {"until": T0 + 2 * DAY, "reason": "a sandbox", "by": "T1/U1", "at": T0}
    for tag in ("env=sandbox", "env=test", "env=sandbox"):
        muting.mutes.begin(ACCOUNT, "", "", tag=tag, **given)
    assert [one.tag for one in muting.mutes.current(ACCOUNT, T0)] == ["env=test", "env=sandbox"]


def test_mutes_that_are_over_cost_nothing(muting: Store) -> None:
    where, params = matching(Filter(), T0)
    for look in (f"SELECT count(*) FROM seen WHERE {where}", HIDES):
        plan = [row["detail"] for row in muting.db.rows(f"EXPLAIN QUERY PLAN {look}", params if ":now" in look else ())]
        assert any("mutes_that_hold" in step for step in plan), plan
        assert "SCAN m" not in plan
