"""Findings: when they open, resolve and reopen, and what unreadable answers never do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.scan import Outcome, Status, UnitDone
from bot.store import Store
from bot.store.findings import Filter, NoSuchFinding
from bot.store.owned import Owned
from checks import s3

CHECK = s3.bucket_blocks_public_access
ACCOUNT, REGION = "123456789012", "us-east-1"
T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def outcome(resource: str, status: Status = Status.FAIL, text: str = "leaves it open") -> Outcome:
    return Outcome(CHECK, ACCOUNT, REGION, resource, resource, status, text)


def scan(store: Store, *outcomes: Outcome, passed: int = 0, complete: bool = True, hour: int = 0) -> None:
    at = T0 + timedelta(hours=hour)
    scan_id = store.scans.begin(ACCOUNT, at=at, complete_scope=True, requested_by="me")
    done = UnitDone((CHECK,), ACCOUNT, REGION, complete, 1, 1, "s3")
    store.findings.record(scan_id, done, outcomes, {CHECK.id: passed}, at)
    store.scans.end(scan_id, at=at, state="done")


def states(store: Store) -> dict[str, str]:
    rows = store.findings.search(Filter(state="", muted=None), T0)
    return {finding.resource: finding.state for finding in rows}


def kinds(store: Store) -> Sequence[str]:
    return [change.kind for change in store.findings.changes(ACCOUNT, T0 - timedelta(days=1), T0 + timedelta(days=9))]


def test_a_failing_resource_opens_a_finding_once(store: Store) -> None:
    scan(store, outcome("a"))
    scan(store, outcome("a", text="leaves more open"), hour=1)
    (finding,) = store.findings.search(Filter(), T0)
    assert (finding.text, finding.first_seen, finding.last_seen) == ("leaves more open", T0, T0 + timedelta(hours=1))
    assert kinds(store) == ["opened"]


def test_a_resource_that_fails_no_longer_resolves_and_may_reopen(store: Store) -> None:
    scan(store, outcome("a"))
    scan(store, passed=1, hour=1)
    assert states(store) == {"a": "resolved"}
    scan(store, outcome("a"), hour=2)
    (finding,) = store.findings.search(Filter(), T0)
    assert (finding.opened_at, finding.first_seen) == (T0 + timedelta(hours=2), T0)
    assert kinds(store) == ["opened", "resolved", "reopened"]


@pytest.mark.parametrize(
    ("outcomes", "complete"),
    [
        ([outcome("a", Status.UNKNOWN, "denied")], True),
        ([outcome("", Status.UNKNOWN, "the whole unit was denied")], False),
        ([outcome("", Status.UNKNOWN, "one resource without a name")], True),
        ([], False),
        ([outcome("b")], False),
    ],
    ids=["resource unknown", "unit unknown", "nameless unknown", "cut short", "cut short after another"],
)
def test_what_was_not_read_resolves_nothing(store: Store, outcomes: list[Outcome], complete: bool) -> None:
    scan(store, outcome("a"))
    scan(store, *outcomes, complete=complete, hour=1)
    assert states(store)["a"] == "open"


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.NOT_APPLICABLE])
def test_what_is_unknown_or_not_applicable_opens_nothing(store: Store, status: Status) -> None:
    scan(store, outcome("a", status))
    assert states(store) == {}


def test_an_unknown_does_not_reopen_what_is_resolved(store: Store) -> None:
    scan(store, outcome("a"))
    scan(store, hour=1)
    scan(store, outcome("a", Status.UNKNOWN), hour=2)
    assert states(store) == {"a": "resolved"}


def test_a_scan_does_not_resolve_what_opened_while_it_ran(store: Store) -> None:
    scan(store, outcome("a"))
    scan(store, passed=1, hour=1)
    begun = store.scans.begin(ACCOUNT, at=T0 + timedelta(hours=2), complete_scope=True, requested_by="me")
    undone = T0 + timedelta(hours=2, minutes=5)
    store.findings.settle(1, holds=False, at=undone, note="fix 1")
    done = UnitDone((CHECK,), ACCOUNT, REGION, True, 1, 1, "s3")
    store.findings.record(begun, done, [], {CHECK.id: 1}, undone + timedelta(minutes=5))
    assert states(store) == {"a": "open"}, "what the scan read may be older than the undo"
    scan(store, passed=1, hour=3)
    assert states(store) == {"a": "resolved"}


def test_a_mute_hides_until_its_end_and_says_who_and_why(store: Store) -> None:
    scan(store, outcome("a"))
    until = T0 + timedelta(days=2)
    muted = store.findings.mute(1, until=until, reason="public website", actor="T1/U1", at=T0)
    assert (muted.muted_by, muted.muted_reason, muted.muted_until) == ("T1/U1", "public website", until)
    assert store.findings.search(Filter(), T0) == []
    assert [f.id for f in store.findings.search(Filter(muted=True), T0)] == [1]
    assert [f.id for f in store.findings.search(Filter(), until)] == [1]
    assert [f.id for f in store.findings.mutes_ending(T0, T0 + timedelta(days=3))] == [1]
    assert store.audit.rows()[0]["detail"] == {"reason": "public website", "until": "2026-03-04T09:00:00.000+00:00"}


def test_a_mute_that_ends_is_announced_by_an_event_and_an_audit_row(store: Store) -> None:
    scan(store, outcome("a"))
    store.findings.mute(1, until=T0 + timedelta(days=1), reason="wait", actor="T1/U1", at=T0)
    assert store.findings.expire_mutes(T0) == []
    assert [f.id for f in store.findings.expire_mutes(T0 + timedelta(days=1))] == [1]
    assert store.findings.expire_mutes(T0 + timedelta(days=2)) == []
    assert store.audit.rows()[0]["action"] == "finding.unmuted"


def test_settling_a_finding_moves_the_counts_with_it(store: Store) -> None:
    scan(store, outcome("a"), outcome("b"), passed=3)
    store.findings.settle(1, holds=True, at=T0, note="fix 1")
    store.findings.settle(1, holds=True, at=T0, note="fix 1")
    (reading,) = store.scans.readings(ACCOUNT)
    assert (reading.passed, reading.failed, states(store)) == (4, 1, {"a": "resolved", "b": "open"})
    store.findings.settle(1, holds=False, at=T0, note="undone")
    (reading,) = store.scans.readings(ACCOUNT)
    assert (reading.passed, reading.failed, states(store)) == (3, 2, {"a": "open", "b": "open"})


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (Filter(), ["a%", "b"]),
        (Filter(text="A%"), ["a%"]),
        (Filter(text="%"), ["a%"]),
        (Filter(practice="least_privilege"), ["a%", "b"]),
        (Filter(practice="mfa"), []),
        (Filter(min_severity=4), []),
        (Filter(check_id=CHECK.id, region=REGION, account=ACCOUNT), ["a%", "b"]),
        (Filter(account="999999999999"), []),
        (Filter(text="' OR 1=1 --"), []),
    ],
)
def test_filters(store: Store, which: Filter, found: list[str]) -> None:
    scan(store, outcome("a%"), outcome("b"))
    assert [f.resource for f in store.findings.search(which, T0)] == found
    assert store.findings.count(which, T0) == len(found)


def test_a_finding_that_does_not_exist_is_said_in_words(store: Store) -> None:
    with pytest.raises(NoSuchFinding, match="there is no finding 7"):
        store.findings.get(7)


def test_a_list_is_narrowed_by_service_owner_and_age(store: Store) -> None:
    exports, photos = "arn:aws:s3:::northwind-exports", "arn:aws:sqs:eu-west-1:123456789012:photos"
    scan(store, outcome(exports))
    scan(store, outcome(exports), outcome(photos), hour=48)
    store.findings.set_owners(ACCOUNT, {exports: "ana.ribeiro"})
    now = T0 + timedelta(hours=49)

    def found(**which: Any) -> list[str]:
        return sorted(finding.resource for finding in store.findings.search(Filter(**which), now))

    assert found(owner="Ana") == [exports]
    assert found(owner="ana", whole_owner=True) == []
    assert found(owner="ana.ribeiro", whole_owner=True) == [exports]
    assert found(owner="Ana.ribeiro", whole_owner=True) == [], "AWS compares tags to the letter"
    store.findings.set_owners(ACCOUNT, {exports: "Équipe Ölçüm"})
    assert found(owner="équipe öl") == found(owner="ÉQUIPE") == [exports], "letters beyond ASCII have cases, too"
    store.findings.set_owners(ACCOUNT, {exports: "ana.ribeiro"})
    assert found(since=now - timedelta(days=1)) == [photos]
    assert found(service="sqs") == [photos]
    assert found(service="s3") == [exports, photos], "the check of both is one of S3"
    assert found(service="ec2") == []
    assert found(service="%") == found(), "not a pattern"
    first = store.findings.find(CHECK.id, ACCOUNT, REGION, exports)
    assert first is not None
    assert store.findings.get(first.id).owner == "ana.ribeiro"
    assert {*Owned(store.db).by_severity(ACCOUNT, now)} == {"", "ana.ribeiro"}
    store.findings.set_owners(ACCOUNT, {})
    assert found(owner="ana") == []
