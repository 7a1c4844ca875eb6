"""How an account stands on a framework, control by control, according to the last readings of its checks."""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.store import Store
from bot.store.scans import Reading
from checks import Framework


class Stand(enum.Enum):
    """What can be said of a control. `NOT_COVERED`: no check speaks to it, and the framework's table says why."""

    FAIL = "fail"
    UNKNOWN = "unknown"
    PASS = "pass"  # noqa: S105
    NOT_APPLICABLE = "not applicable"
    NOT_COVERED = "not covered"


@dataclass(frozen=True)
class Control:
    """One control. `failed`: how many resources fail; `checks`: the ids that speak to it; `why`: it is not covered."""

    id: str
    stand: Stand
    failed: int
    checks: Sequence[str]
    why: str = ""


@dataclass(frozen=True)
class Report:
    """All controls of a framework, in its order."""

    title: str
    controls: Sequence[Control]

    @property
    def counts(self) -> Counter[Stand]:
        return Counter(control.stand for control in self.controls)


def report(store: Store, account: str, framework: Framework, run: Collection[str]) -> Report:
    """The framework's controls. `run`: ids of the checks that the settings do not leave out."""
    readings: dict[str, list[Reading]] = {}
    for reading in store.scans.readings(account):
        readings.setdefault(reading.check_id, []).append(reading)
    covered = [_control(id, checks, readings, run) for id, checks in framework.controls.items()]
    left_out = [Control(id, Stand.NOT_COVERED, 0, (), why) for id, why in framework.not_covered.items()]
    return Report(framework.title, sorted([*covered, *left_out], key=lambda control: _order(control.id)))


def _control(
    id: str, checks: Sequence[str], readings: Mapping[str, Sequence[Reading]], run: Collection[str]
) -> Control:
    found = [reading for check in checks for reading in readings.get(check, ())]
    failed = sum(reading.failed for reading in found)
    unread = any(check not in readings for check in checks if check in run) or any(one.unknown for one in found)
    if not any(check in run for check in checks):
        return Control(id, Stand.NOT_COVERED, 0, checks, "Its checks are left out by AWS_SEC_SKIP_CHECKS.")
    if failed:
        return Control(id, Stand.FAIL, failed, checks)
    if unread:
        return Control(id, Stand.UNKNOWN, 0, checks)
    passed = any(reading.passed for reading in found)
    return Control(id, Stand.PASS if passed else Stand.NOT_APPLICABLE, 0, checks)


def _order(control: str) -> list[tuple[int, str]]:
    """2.1.10 after 2.1.9, IAM.10 after IAM.9."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", control)]
