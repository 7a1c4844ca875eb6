"""The score: one formula over what passed, what failed, what is muted and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scan import Outcome, Status, UnitDone
from bot.standing import Standing, standing
from bot.store import Store, open_store
from checks import cloudtrail, iam_root, s3
from checks.kit import AnyCheck, Practice, Severity

ACCOUNT = "123456789012"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HIGH, MEDIUM = s3.bucket_blocks_public_access, cloudtrail.trail_validates_log_files
CRITICAL = iam_root.root_has_no_access_keys


@dataclass(frozen=True)
class Read:
    """What one reading of a check in a region counted."""

    check: AnyCheck
    passed: int = 0
    failed: int = 0
    unknown: int = 0
    not_applicable: int = 0
    region: str = "us-east-1"


def record(store: Store, *reads: Read) -> None:
    scan_id = store.scans.begin(ACCOUNT, at=NOW, complete_scope=True, requested_by="test")
    for read in reads:
        counted = [
            (Status.FAIL, read.failed, "is open"),
            (Status.UNKNOWN, read.unknown, "grant s3:GetBucketAcl"),
            (Status.NOT_APPLICABLE, read.not_applicable, ""),
        ]
        outcomes = [
            Outcome(read.check, ACCOUNT, read.region, f"{status.name}{n}", f"{status.name}{n}", status, text)
            for status, count, text in counted
            for n in range(count)
        ]
        done = UnitDone((read.check,), ACCOUNT, read.region, True, 1, 1, "s3")
        store.findings.record(scan_id, done, outcomes, {read.check.id: read.passed}, NOW)
    store.scans.end(scan_id, at=NOW, state="done")


def stands(store: Store, *reads: Read, checks: Sequence[AnyCheck] = ()) -> Standing:
    record(store, *reads)
    return standing(store, ACCOUNT, [*checks, *dict.fromkeys(read.check for read in reads)], NOW)


def score(*reads: Read) -> int | None:
    store = open_store(":memory:")
    try:
        return stands(store, *reads).score
    finally:
        store.close()


def test_the_weights_are_those_of_these_checks() -> None:
    assert (MEDIUM.severity, HIGH.severity, CRITICAL.severity) == (Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


@pytest.mark.parametrize(
    ("reads", "expected"),
    [
        ([], None),
        ([Read(HIGH)], None),
        ([Read(HIGH, not_applicable=3)], None),
        ([Read(HIGH, passed=1)], 100),
        ([Read(HIGH, failed=1)], 0),
        ([Read(HIGH, passed=3, failed=1)], 75),
        ([Read(HIGH, passed=1, unknown=1)], 50),
        ([Read(HIGH, unknown=2)], 0),
        ([Read(HIGH, passed=1, failed=2)], 33),
        ([Read(HIGH, passed=999, failed=1)], 99),  # rounded down: 100 is for nothing left to do
        ([Read(HIGH, passed=1), Read(HIGH, failed=1, region="eu-west-1")], 50),
        ([Read(HIGH, passed=1), Read(MEDIUM, failed=1)], 66),  # 4 of 4 + 2
        ([Read(CRITICAL, failed=1), Read(HIGH, passed=1), Read(MEDIUM, passed=1)], 42),  # 6 of 8 + 4 + 2
        ([Read(CRITICAL, failed=1), Read(HIGH)], 0),
    ],
)  # fmt: skip
def test_a_score_is_the_mean_of_shares_weighted_by_severity(reads: list[Read], expected: int | None) -> None:
    assert score(*reads) == expected


counts = st.integers(0, 6)
readings = st.builds(Read, st.sampled_from([HIGH, MEDIUM, CRITICAL]), passed=counts, failed=counts, unknown=counts)


@given(st.lists(readings, min_size=1, max_size=3, unique_by=lambda read: read.check.id))
def test_losing_a_permission_never_lifts_a_score(reads: list[Read]) -> None:
    before = score(*reads)
    one = reads[0]
    for lost in (
        replace(one, passed=0, unknown=one.unknown + one.passed),
        replace(one, failed=0, unknown=one.unknown + one.failed),
        replace(one, passed=0, failed=0, unknown=one.unknown + one.passed + one.failed),
    ):
        assert (score(lost, *reads[1:]) or 0) <= (before or 0)


@given(st.lists(readings, min_size=1, max_size=3, unique_by=lambda read: read.check.id))
def test_a_hundred_is_for_nothing_left_to_do(reads: list[Read]) -> None:
    left = sum(read.failed + read.unknown for read in reads)
    passed = sum(read.passed for read in reads)
    assert (score(*reads) == 100) is (left == 0 and passed > 0)


def test_a_muted_finding_counts_neither_way_and_is_counted_apart(store: Store) -> None:
    record(store, Read(HIGH, passed=1, failed=2))
    store.findings.mute(1, until=NOW + timedelta(days=1), reason="website", actor="T1/UANA", at=NOW)
    muted = standing(store, ACCOUNT, [HIGH], NOW)
    assert (muted.score, muted.muted, muted.open.total()) == (50, 1, 1)
    store.mutes.begin(ACCOUNT, HIGH.id, "", until=NOW + timedelta(hours=1), reason="all", by="T1/UANA", at=NOW)
    assert standing(store, ACCOUNT, [HIGH], NOW).muted == 2
    over = standing(store, ACCOUNT, [HIGH], NOW + timedelta(days=2))
    assert (over.score, over.muted, over.open.total()) == (33, 0, 2)


def test_coverage_counts_checks_that_were_read_everywhere(store: Store) -> None:
    found = stands(
        store,
        Read(HIGH, passed=1),
        Read(HIGH, unknown=1, region="eu-west-1"),
        Read(MEDIUM, not_applicable=1),
        checks=[CRITICAL],
    )
    assert (found.read, found.total) == (1, 3), "one was unreadable in a region, one was never read"
    assert found.unknown == ("grant s3:GetBucketAcl",)


def test_a_reason_is_told_once_however_many_resources_it_hides(store: Store) -> None:
    found = stands(store, Read(HIGH, unknown=3), Read(MEDIUM, unknown=2, region="eu-west-1"))
    assert found.unknown == ("grant s3:GetBucketAcl",)


def test_every_practice_is_there_with_its_own_score(store: Store) -> None:
    found = stands(store, Read(HIGH, passed=1, failed=1), Read(MEDIUM, passed=1))
    assert [one.practice for one in found.practices] == [*Practice]
    scores = {one.practice: one.score for one in found.practices if one.score is not None}
    assert scores == {HIGH.practice: 50, MEDIUM.practice: 100}
    kept = found.as_score(NOW)
    assert (kept.score, kept.open, kept.practices[HIGH.practice.key]) == (found.score, 1, 50)


def test_another_account_says_nothing_about_this_one(store: Store) -> None:
    record(store, Read(HIGH, failed=1))
    found = standing(store, "999999999999", [HIGH], NOW)
    assert (found.score, found.open.total(), found.scanned_at) == (None, 0, None)
