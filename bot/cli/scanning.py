"""`aws-sec scan`: reads the account, records what it read, prints it as a table, as JSON or as events for the bot."""

from __future__ import annotations

import atexit
import ctypes
import gc
import getpass
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bot import recording, settings
from bot.aws_errors import CallError
from bot.cli.exits import CANNOT, FAILS, OK, UNKNOWN
from bot.cli.output import Format, Line, console, json_array, listing, on_terminal, plain
from bot.recording import CannotScan, Recorded
from bot.scan import Event, Outcome, Status, UnitDone, plan_units
from bot.settings import BadSettings
from bot.standing import reasons
from bot.store import Store, StoreError, open_store
from bot.words import plural
from checks.kit import AnyCheck, Practice

IN_MEMORY = ":memory:"
M_ARENA_MAX = -8
ARENAS = 2
COLLECTIONS = (50_000, 20, 100)


@dataclass(frozen=True)
class Request:
    """What to scan and for whom."""

    regions: Sequence[str] = ()
    checks: Sequence[str] = ()
    practices: Sequence[str] = ()
    frameworks: Sequence[str] = ()
    store: bool = True
    requested_by: str = ""

    @property
    def complete(self) -> bool:
        """Whether everything is asked for that the settings want scanned."""
        return not (self.regions or self.checks or self.practices or self.frameworks)


@dataclass
class Seen:
    """What the printed summary needs; passes are only counted."""

    counts: Counter[Status] = field(default_factory=Counter)
    failed: list[Outcome] = field(default_factory=list)
    unknown: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.counts[outcome.status] += 1
        if outcome.status is Status.FAIL:
            self.failed.append(outcome)
        elif outcome.status is Status.UNKNOWN:
            self.unknown.append(outcome)


@dataclass(frozen=True)
class Prepared:
    """A scan that only has to be run."""

    config: settings.Settings
    selected: list[AnyCheck]
    where: recording.Target
    request: Request

    @property
    def units(self) -> int:
        return len(plan_units(self.selected, self.where.home.region, self.where.regions))

    def run(self, on_event: Callable[[Event], None]) -> Recorded:
        """Raises StoreError, and CallError when the credentials fail in the middle."""
        with _opened(self.config, self.request) as store:
            return recording.record(
                self.config,
                store,
                self.where,
                self.selected,
                requested_by=self.request.requested_by or me(),
                complete_scope=self.request.complete,
                on_event=on_event,
            )


def prepare(request: Request) -> Prepared:
    """Settings, credentials, regions and checks. Raises BadSettings or CannotScan."""
    _share_memory_between_threads()
    _collect_garbage_rarely()
    config = settings.load()
    selected = recording.select(config, request.checks, request.practices, request.frameworks)
    if not selected:
        raise BadSettings("no check is left to run: see --check, --practice, --framework and AWS_SEC_SKIP_CHECKS")
    return Prepared(config, selected, recording.target(config, recording.connect(config), request.regions), request)


def _share_memory_between_threads() -> None:
    """glibc keeps a pool of memory for each thread, which a scan's many short-lived answers fill and never give back.

    Source: https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is not None and hasattr(libc, "mallopt"):
        libc.mallopt(M_ARENA_MAX, ARENAS)


def _collect_garbage_rarely() -> None:
    """A scan makes few reference cycles and many objects: Python's own pace costs it a fifth of its time.

    Nor is there anything to collect in a process that ends.
    """
    gc.set_threshold(*COLLECTIONS)
    atexit.register(gc.freeze)


def scan(request: Request, how: Format, *, exit_code: bool) -> int:
    """Scan and print; the exit code."""
    prepared = prepare(request)
    seen = Seen()
    ended = _as_json(prepared, seen) if how is Format.JSON else _as_table(prepared, seen)
    if ended.note:
        console(stderr=True).print(plain(f"Note: {ended.note}", "yellow"), soft_wrap=True)
    if ended.stopped:
        return CANNOT
    if exit_code:
        return FAILS if seen.failed else UNKNOWN if seen.unknown else OK
    return OK


def events(request: Request) -> int:
    """Scan and print progress and result as JSON lines, for the bot; the exit code. SIGTERM ends it as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    result: dict[str, Any] = {"ok": False, "account": "", "note": ""}
    try:
        prepared = prepare(request)
        result["account"] = prepared.where.home.account
        ended = prepared.run(_progress_lines(prepared.units))
        result |= {"ok": not ended.stopped, "note": ended.note}
    except (BadSettings, CannotScan, CallError, StoreError) as error:
        result["note"] = str(error)
    _line({"result": result})
    return OK if result["ok"] else CANNOT


def as_json(outcome: Outcome) -> dict[str, str]:
    """An outcome as `scan --format json` prints it."""
    check = outcome.check
    return {
        "check": check.id,
        "practice": check.practice.key,
        "severity": check.severity.word,
        "status": outcome.status.value,
        "account": outcome.account,
        "region": outcome.region,
        "resource": outcome.resource,
        "text": f"{outcome.name} {outcome.text}" if outcome.status is Status.FAIL else outcome.text or check.title,
    }


def _as_json(prepared: Prepared, seen: Seen) -> Recorded:
    with json_array() as add:

        def on_event(event: Event) -> None:
            if isinstance(event, Outcome):
                seen.add(event)
                add(as_json(event))

        return prepared.run(on_event)


def _as_table(prepared: Prepared, seen: Seen) -> Recorded:
    with _bar(prepared.units) if on_terminal() else nullcontext(lambda _: None) as advance:

        def on_event(event: Event) -> None:
            if isinstance(event, Outcome):
                seen.add(event)
            else:
                advance(event)

        ended = prepared.run(on_event)
    _print(prepared, seen)
    return ended


def _print(prepared: Prepared, seen: Seen) -> None:
    out = console()
    if seen.failed:
        out.print(listing(_line_of(outcome) for outcome in sorted(seen.failed, key=_worst_first)))
        out.print()
    if seen.unknown:
        out.print("Could not be read, so neither pass nor fail:")
        for reason, times in reasons((outcome.text, outcome.region) for outcome in seen.unknown).most_common():
            out.print(Padding(plain(reason + (f"  ({times} times)" if times > 1 else "")), (0, 0, 0, 2)))
        out.print()
    words = ", ".join(f"{seen.counts[status]:,} {status.value.replace('_', ' ')}" for status in Status)
    where = prepared.where
    scope = f"{plural(len(prepared.selected), 'check')} in {plural(len(where.regions), 'region')}"
    out.print(f"Account {where.home.account}, {scope}: {words}")
    if seen.failed:
        out.print(f"Next: aws-sec explain {min(seen.failed, key=_worst_first).check.id}")


def _line_of(outcome: Outcome) -> Line:
    found = plain(f"{outcome.name} {outcome.text}").append(f"  ({outcome.region})", "dim")
    return Line(outcome.check.id, outcome.check.severity, "", found)


def _worst_first(outcome: Outcome) -> tuple[int, int, str, str, str]:
    check = outcome.check
    return (-check.severity, [*Practice].index(check.practice), check.id, outcome.region, outcome.name)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[UnitDone], None]]:
    columns = (BarColumn(20), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.update(task, completed=done.done, description=done.reading)


def _progress_lines(total: int) -> Callable[[Event], None]:
    failed = 0

    def on_event(event: Event) -> None:
        nonlocal failed
        if isinstance(event, UnitDone):
            _line({"progress": {"done": event.done, "total": total, "reading": event.reading, "failed": failed}})
        else:
            failed += event.status is Status.FAIL

    _line({"progress": {"done": 0, "total": total, "reading": "", "failed": 0}})
    return on_event


def _line(event: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


@contextmanager
def _opened(config: settings.Settings, request: Request) -> Iterator[Store]:
    store = open_store(config.database if request.store else IN_MEMORY, audit_keys=config.audit_keys)
    try:
        yield store
    finally:
        store.close()


def me() -> str:
    try:
        return f"cli/{getpass.getuser()}"
    except (OSError, KeyError):  # a container's user without a name
        return f"cli/{os.getuid()}"
