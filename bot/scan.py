"""Run checks over an account's regions: a stream of outcomes, one resource in memory at a time.

A unit of work is (region, collector). Units run side by side, and so do the extra reads of the resources inside one.
"""

from __future__ import annotations

import enum
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bot.aws import WINDOW, Region, offered
from checks.kit import AnyCheck, Aws, Collector, Extra, NotApplicable, Scope, Unknown, Verdict

log = logging.getLogger(__name__)

UNITS = 16
"""Units read at once."""
EXTRAS = 48
"""Extra reads at once, over all units: boto3 makes some 700 calls a second, so 50 ms of latency fill about so many."""
EACH = 32
"""Reads of a collector's own items at once. A pool of its own: an extra may wait for a collector that uses it."""
BACKLOG = 1000
"""Outcomes waiting for whoever consumes the scan."""

Thresholds = Mapping[str, Mapping[str, Any]]
"""Check id -> parameter -> value, where the settings differ from a judge's defaults."""


class Status(enum.StrEnum):
    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check says of one resource. `resource` is empty when the whole unit could not be read."""

    check: AnyCheck
    account: str
    region: str
    resource: str
    name: str
    status: Status
    text: str = ""


@dataclass(frozen=True, slots=True)
class UnitDone:
    """A unit came to its end; `complete` when every resource in it was listed."""

    checks: tuple[AnyCheck, ...]
    account: str
    region: str
    complete: bool
    done: int
    total: int
    reading: str


Event = Outcome | UnitDone


@dataclass(frozen=True, slots=True)
class Unit:
    """One collector in one region, and the checks that look at what it reads."""

    region: str
    over: Collector[Any]
    checks: tuple[AnyCheck, ...]

    @property
    def reading(self) -> str:
        calls = self.over.all_calls
        return f"{calls[0]} in {self.region}" if calls else self.region


def plan_units(checks: Iterable[AnyCheck], home: str, regions: Sequence[str]) -> list[Unit]:
    """Every (collector, region) once, with all the checks that ask for it.

    First what is asked once in the account: its lists, of users and buckets, are the longest and ask most of each item.
    """
    by_collector: dict[Collector[Any], list[AnyCheck]] = {}
    for check in checks:
        by_collector.setdefault(check.over, []).append(check)
    return [
        Unit(region, over, tuple(group))
        for over, group in sorted(by_collector.items(), key=lambda item: item[0].scope is Scope.REGION)
        for region in ((home,) if over.scope is Scope.ACCOUNT else regions)
    ]


def scan(
    home: Region, checks: Iterable[AnyCheck], regions: Sequence[str], thresholds: Thresholds | None = None
) -> Iterator[Event]:
    """The outcomes of all checks, as they come, and a `UnitDone` after the last of each unit.

    Nothing is raised for what AWS refuses: that is an UNKNOWN outcome. Closing the iterator stops the reads.
    """
    units = plan_units(checks, home.region, regions)
    shared = {need for unit in units for need in _needs(unit)}
    events: queue.Queue[Event | BaseException] = queue.Queue(BACKLOG)
    stop = threading.Event()
    with (  # a pool is closed after those that hand work to it: a scan that is stopped has no late errors
        ThreadPoolExecutor(EACH, "each") as each,
        ThreadPoolExecutor(EXTRAS, "extra") as extras,
        ThreadPoolExecutor(UNITS, "unit") as pool,
    ):
        run = _Run(replace(home, pool=each), thresholds or {}, shared, events, stop)
        for unit in units:
            pool.submit(run.unit, unit, extras)
        try:
            done = 0
            while done < len(units):
                event = events.get()
                if isinstance(event, BaseException):
                    raise event
                if isinstance(event, UnitDone):
                    done += 1
                    event = UnitDone(
                        event.checks, event.account, event.region, event.complete, done, len(units), event.reading
                    )
                yield event
        finally:
            stop.set()


def _needs(unit: Unit) -> Iterator[Collector[Any]]:
    pending = [*unit.over.needs, *(need for check in unit.checks for extra in check.extras for need in extra.needs)]
    while pending:
        need = pending.pop()
        yield need
        pending += need.needs


class Stopped(Exception):
    """Nobody consumes this scan any more."""


@dataclass(frozen=True)
class _Run:
    home: Region
    thresholds: Thresholds
    shared: set[Collector[Any]]
    events: queue.Queue[Event | BaseException]
    stop: threading.Event

    def emit(self, event: Event | BaseException) -> None:
        while not self.stop.is_set():  # every outcome passes here, so a scan nobody consumes ends soon
            try:
                return self.events.put(event, timeout=0.2)
            except queue.Full:
                continue
        raise Stopped

    def unit(self, unit: Unit, extras: ThreadPoolExecutor) -> None:
        if self.stop.is_set():  # it was still waiting for its turn
            return
        try:
            complete = self._read(unit, extras)
            self.emit(UnitDone(unit.checks, self.home.account, unit.region, complete, 0, 0, unit.reading))
        except Stopped:
            return
        except BaseException as error:  # noqa: BLE001  # a bug of ours: raised again where the scan is consumed
            self.emit(error)

    def _read(self, unit: Unit, extras: ThreadPoolExecutor) -> bool:
        """Whether every resource of the unit was listed."""
        aws = self.home.at(unit.region)
        for service in {call.partition(":")[0] for call in unit.over.all_calls}:
            if not offered(self.home, service, unit.region):
                self._all(unit, Status.NOT_APPLICABLE, f"AWS does not offer {service} in {unit.region}")
                return True
        window: deque[Future[list[Outcome]]] = deque()
        problem = None
        try:
            for resource in aws.read(unit.over) if unit.over in self.shared else unit.over.stream(aws):
                self._judge(aws, unit, resource, window, extras)
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001  # the scan's boundary: whatever a read raises is UNKNOWN, and said
            problem = why_unknown(error)
        while window:
            self._emit_all(window.popleft().result())
        if problem is not None:
            self._all(unit, Status.UNKNOWN, problem)
        return problem is None

    def _judge(
        self, aws: Aws, unit: Unit, resource: Any, window: deque[Future[list[Outcome]]], extras: ThreadPoolExecutor
    ) -> None:
        if not any(check.extras for check in unit.checks):
            self._emit_all(self.judge_all(aws, unit, resource))
            return
        window.append(extras.submit(self.judge_all, aws, unit, resource))
        if len(window) >= WINDOW:
            self._emit_all(window.popleft().result())

    def judge_all(self, aws: Aws, unit: Unit, resource: Any) -> list[Outcome]:
        seen: dict[Extra[Any, Any], Any] = {}
        return [self._outcome(aws, unit, check, resource, seen) for check in unit.checks]

    def _outcome(
        self, aws: Aws, unit: Unit, check: AnyCheck, resource: Any, seen: dict[Extra[Any, Any], Any]
    ) -> Outcome:
        try:
            arn, name = identify(aws, unit.over, resource)
        except (KeyError, IndexError, TypeError, ValueError) as error:  # AWS left out what names the resource
            return Outcome(check, aws.account, unit.region, "", unit.region, Status.UNKNOWN, why_unknown(error))
        status, text = verdict(
            lambda: check.judge(*given(aws, check.extras, resource, seen), **self.thresholds.get(check.id, {}))
        )
        return Outcome(check, aws.account, unit.region, arn, name, status, text)

    def _emit_all(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self.emit(outcome)

    def _all(self, unit: Unit, status: Status, text: str) -> None:
        for check in unit.checks:
            self.emit(Outcome(check, self.home.account, unit.region, "", unit.region, status, text))


def given(aws: Aws, extras: Iterable[Extra[Any, Any]], resource: Any, seen: dict[Extra[Any, Any], Any]) -> list[Any]:
    """What a judge or a plan is handed: the resource, then the extras, each read once per resource and kept in `seen`.

    In place of an extra for later it is handed the call that reads it, or finds it in `seen`.
    """
    return [
        resource,
        *(
            partial(_seen, aws, extra.later, resource, seen) if extra.later else _seen(aws, extra, resource, seen)
            for extra in extras
        ),
    ]


def _seen(aws: Aws, extra: Extra[Any, Any], resource: Any, seen: dict[Extra[Any, Any], Any]) -> Any:
    if extra not in seen:
        try:
            seen[extra] = extra.read(aws, resource)
        except Unknown as reason:  # it is the same for everybody who asks: AWS is not asked again
            seen[extra] = reason
    if isinstance(seen[extra], Unknown):
        raise seen[extra]
    return seen[extra]


def verdict(judge: Callable[[], Verdict]) -> tuple[Status, str]:
    """The status and the words of a judgement; an answer that was not there to be read is UNKNOWN."""
    try:
        problem = judge()
    except NotApplicable as reason:
        return Status.NOT_APPLICABLE, str(reason)
    except Exception as error:  # noqa: BLE001  # the scan's boundary: an answer that surprises a judge is UNKNOWN
        return Status.UNKNOWN, why_unknown(error)
    return (Status.FAIL, problem) if problem is not None else (Status.PASS, "")


def why_unknown(error: Exception) -> str:
    """Words for what could not be read or judged."""
    if isinstance(error, Unknown):
        return str(error)
    log.warning("a read or a judge failed on an unexpected answer", exc_info=error)
    return f"AWS's answer could not be understood ({type(error).__name__}): see the log"


def part_of(aws: Aws, over: Collector[Any], resource: Any) -> str:
    """The ARN of what a resource is part of, or ""."""
    return over.within.format_map(_fields(aws, resource))


def _fields(aws: Aws, resource: Any) -> dict[str, Any]:
    return {"account": aws.account, "region": aws.region, "partition": aws.partition, **resource}


def identify(aws: Aws, over: Collector[Any], resource: Any) -> tuple[str, str]:
    """The ARN of a resource and the name people know it by."""
    fields = _fields(aws, resource)
    arn = over.arn.format_map(fields)
    return arn, over.name.format_map(fields) if over.name else arn.rpartition(":")[2]
