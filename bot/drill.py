"""What a status opens: a practice's checks, worst first, and where a list is in the account; under any filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.permissions import action
from bot.standing import Standing, reasons
from bot.store import Store
from bot.store.findings import Filter
from bot.store.scans import Reading
from checks.kit import AnyCheck


@dataclass(frozen=True)
class CheckStanding:
    """How one check stands. `failed`: findings that the filter lets through; the rest: resources in its regions.

    `title` and `severity` are those of its findings where the check itself is not run any more.
    """

    id: str
    title: str
    severity: int
    failed: int
    passed: int
    unknown: int
    reasons: tuple[str, ...] = ()
    """Why something could not be read."""

    @property
    def worst_first(self) -> tuple[object, ...]:
        """What fails before what could not be read, before what passes; the worst of each first."""
        return (not self.failed, not self.unknown, -self.severity, -self.failed, -self.unknown, self.title)


def narrowed(stands: Standing, store: Store, which: Filter, now: datetime) -> Standing:
    """The same account, in which only the findings count that the filter lets through. Scores stay the account's."""
    found = store.tallies.by_practice(which, now)
    practices = tuple(replace(one, open=found.get(one.practice.key, Counter())) for one in stands.practices)
    return replace(stands, practices=practices, open=sum((one.open for one in practices), Counter()))


def checks_of(
    store: Store, checks: Mapping[str, AnyCheck], practice: str, which: Filter, now: datetime
) -> list[CheckStanding]:
    """Every check of a practice that the filter lets through, worst first."""
    found = store.tallies.by_check(replace(which, practice=practice), now)
    wanted = {id for id, check in checks.items() if check.practice.key == practice and _is_let_through(check, which)}
    readings = _readings(store, which, wanted)
    stands = [_stands(id, checks, found, readings.get(id, [])) for id in sorted(wanted | {*found})]
    return sorted(stands, key=lambda one: one.worst_first)


def check_standing(
    store: Store, checks: Mapping[str, AnyCheck], check: str, which: Filter, now: datetime
) -> CheckStanding | None:
    """One check; None when there is no such check and no finding of it."""
    found = store.tallies.by_check(replace(which, check_id=check), now)
    if check not in checks and not found:
        return None
    return _stands(check, checks, found, _readings(store, which, {check}).get(check, []))


def _is_let_through(check: AnyCheck, which: Filter) -> bool:
    if check.severity < which.min_severity:
        return False
    services = {action(call).partition(":")[0] for call in check.over.calls}
    return not which.service or check.id.startswith(which.service) or which.service in services


def _readings(store: Store, which: Filter, wanted: Collection[str]) -> dict[str, list[Reading]]:
    found: dict[str, list[Reading]] = {}
    for reading in store.scans.readings(which.account):
        if reading.check_id in wanted and which.region in ("", reading.region):
            found.setdefault(reading.check_id, []).append(reading)
    return found


def _stands(
    id: str, checks: Mapping[str, AnyCheck], found: Mapping[str, tuple[int, int]], readings: Collection[Reading]
) -> CheckStanding:
    check = checks.get(id)
    severity, failed = found.get(id, (0, 0))
    unread = ((line, reading.region) for reading in readings for line in reading.unknown_text.splitlines())
    return CheckStanding(
        id,
        check.title if check else id,
        int(check.severity) if check else severity,
        failed,
        sum(reading.passed for reading in readings),
        sum(reading.unknown for reading in readings),
        tuple(reasons(unread)),
    )
