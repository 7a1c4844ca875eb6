"""A framework control by control: what fails fails, what was not read is unknown, what nobody checks says why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import checks
from bot.compliance import Report, Stand, report
from bot.scan import Outcome, Status, UnitDone
from bot.store import Store
from checks import Framework

ACCOUNT = "123456789012"
ONE, TWO = "s3.bucket_blocks_public_access", "s3.account_blocks_public_access"
KNOWN = checks.load()[0]
FRAMEWORK = Framework("A benchmark", {"2.10": (ONE,), "2.9": (ONE, TWO)}, {"1.1": "Manual: ask somebody."})


def read(store: Store, check_id: str, *statuses: Status) -> None:
    """What one check's reading in one region came to."""
    check = KNOWN[check_id]
    outcomes = [
        Outcome(check, ACCOUNT, "us-east-1", f"arn:{n}", f"{n}", status, "words") for n, status in enumerate(statuses)
    ]
    scan_id = store.scans.begin(ACCOUNT, at=datetime.now(UTC), complete_scope=True, requested_by="test")
    done = UnitDone((check,), ACCOUNT, "us-east-1", complete=True, done=1, total=1, reading="")
    passed = sum(status is Status.PASS for status in statuses)
    others = [outcome for outcome in outcomes if outcome.status is not Status.PASS]
    store.findings.record(scan_id, done, others, {check_id: passed}, datetime.now(UTC))


def made(store: Store, run: tuple[str, ...] = (ONE, TWO)) -> Report:
    return report(store, ACCOUNT, FRAMEWORK, run)


def stands(found: Report) -> dict[str, tuple[Stand, int]]:
    return {control.id: (control.stand, control.failed) for control in found.controls}


PASS, FAIL, UNKNOWN, NOT_APPLICABLE = Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE
ROWS: list[tuple[tuple[Status, ...], tuple[Status, ...] | None, Stand, int]] = [
    ((PASS,), (PASS,), Stand.PASS, 0),
    ((PASS, FAIL), (FAIL,), Stand.FAIL, 2),
    ((FAIL,), (UNKNOWN,), Stand.FAIL, 1),
    ((PASS,), (UNKNOWN,), Stand.UNKNOWN, 0),
    ((PASS,), None, Stand.UNKNOWN, 0),  # one of the two was never read
    ((NOT_APPLICABLE,), (PASS,), Stand.PASS, 0),
    ((NOT_APPLICABLE,), (NOT_APPLICABLE,), Stand.NOT_APPLICABLE, 0),
    ((), (), Stand.NOT_APPLICABLE, 0),
]


@pytest.mark.parametrize(("one", "two", "stand", "failed"), ROWS)
def test_a_control_is_as_bad_as_its_worst_check(
    store: Store, one: tuple[Status, ...], two: tuple[Status, ...] | None, stand: Stand, failed: int
) -> None:
    read(store, ONE, *one)
    if two is not None:
        read(store, TWO, *two)
    assert stands(made(store))["2.9"] == (stand, failed)


def test_controls_are_in_the_order_of_their_numbers_and_counted(store: Store) -> None:
    read(store, ONE, PASS)
    found = made(store)
    assert [control.id for control in found.controls] == ["1.1", "2.9", "2.10"]
    assert found.counts == {Stand.NOT_COVERED: 1, Stand.UNKNOWN: 1, Stand.PASS: 1}
    assert found.controls[0].why == "Manual: ask somebody."


def test_what_the_settings_leave_out_is_not_covered(store: Store) -> None:
    read(store, TWO, PASS)
    found = made(store, (TWO,))
    assert stands(found) == {
        "1.1": (Stand.NOT_COVERED, 0),
        "2.9": (Stand.PASS, 0),
        "2.10": (Stand.NOT_COVERED, 0),
    }
    assert "AWS_SEC_SKIP_CHECKS" in found.controls[-1].why
