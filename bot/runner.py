"""Scans for the bot, each in a process of its own: a scan that uses the CPU never delays an answer to Slack."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

log = logging.getLogger(__name__)

GRACE_SECONDS = 60
"""How long past its own time limit a scan may take to end before it is killed."""
SOME = 2
"""Scans of single checks at once, each a process of some 100 MB: one person may ask for as many as there are checks."""
ENDING_SECONDS = 5
"""How long a scan that is told to stop may take to write down that it was interrupted."""


@dataclass(frozen=True)
class Progress:
    """How far a scan is. `done` of `total` units; `reading`: the last one; `failed`: findings so far."""

    done: int = 0
    total: int = 0
    reading: str = ""
    failed: int = 0


@dataclass(frozen=True)
class ScanResult:
    """How a scan ended; `note` says why when it is not ok, or what it left out."""

    ok: bool
    account: str = ""
    note: str = ""


@dataclass(eq=False)
class Running:
    """A scan on its way. Any number of people may follow it."""

    checks: frozenset[str]
    progress: Progress = field(default_factory=Progress)
    _ended: asyncio.Future[ScanResult] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def updates(self) -> AsyncIterator[Progress]:
        """Each change of the progress a follower is quick enough to see; ends with the scan."""
        seen: Progress | None = None
        while not self._ended.done():
            async with self._changed:
                while self.progress == seen and not self._ended.done():
                    await self._changed.wait()
                seen = self.progress
            yield seen

    async def result(self) -> ScanResult:
        """How the scan ended, when it has."""
        return await asyncio.shield(self._ended)

    async def advance(self, progress: Progress) -> None:
        async with self._changed:
            self.progress = progress
            self._changed.notify_all()

    async def end(self, result: ScanResult) -> None:
        async with self._changed:
            if not self._ended.done():
                self._ended.set_result(result)
            self._changed.notify_all()


class ScanRunner:
    """Starts scans; whoever asks while one runs that covers the question joins it."""

    def __init__(
        self,
        *,
        command: Sequence[str] = (sys.executable, "-m", "bot.cli", "scan", "--events"),
        limit_minutes: int = 30,
        on_end: Callable[[ScanResult], None] = lambda _: None,
    ) -> None:
        self._command = command
        self._limit = limit_minutes * 60 + GRACE_SECONDS
        self._on_end = on_end
        self._runs: dict[frozenset[str], Running] = {}
        self._tasks: dict[Running, asyncio.Task[None]] = {}
        self._cancelled_at: float | None = None
        self._turns = asyncio.Semaphore(SOME)

    @property
    def running(self) -> Running | None:
        """The full scan that is on its way, if there is one."""
        return self._runs.get(frozenset())

    async def start(self, *, requested_by: str, checks: Sequence[str] = ()) -> Running:
        """A scan of these checks, or of all; joins one that is running and covers them."""
        wanted = frozenset(checks)
        for covering in (frozenset[str](), wanted):
            if covering in self._runs:
                return self._runs[covering]
        run = self._runs[wanted] = Running(wanted)
        task = self._tasks[run] = asyncio.create_task(self._run(run, requested_by))
        task.add_done_callback(lambda _: self._tasks.pop(run))
        return run

    async def cancel(self, run: Running) -> None:
        """End a scan; what it stored so far stays, and everybody who follows it is told."""
        self._cancelled_at = time.monotonic()
        await self._end(run)

    def cancelled_within(self, length: timedelta) -> bool:
        """Whether somebody ended a scan lately: the schedule does not begin another at once."""
        return self._cancelled_at is not None and time.monotonic() - self._cancelled_at < length.total_seconds()

    async def stop(self) -> None:
        """End every scan: nothing that was stored is lost."""
        await asyncio.gather(*map(self._end, [*self._tasks]))

    async def _end(self, run: Running) -> None:
        task = self._tasks.get(run)
        if task:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self, run: Running, requested_by: str) -> None:
        result = ScanResult(False, note="the scan was stopped; what was read is stored")
        try:
            async with self._turns if run.checks else contextlib.nullcontext():
                result = await self._child(run, requested_by)
        except TimeoutError:
            result = ScanResult(False, note="the scan took too long and was stopped; what was read is stored")
        except OSError as error:
            result = ScanResult(False, note=f"the scan could not be started: {error.strerror}")
        except ValueError:  # a line that is no event
            log.exception("the scan's process printed what is no event")
            result = ScanResult(False, note="the scan answered what could not be understood: see the log")
        finally:
            del self._runs[run.checks]
            await run.end(result)
            self._on_end(result)

    async def _child(self, run: Running, requested_by: str) -> ScanResult:
        arguments = ["--requested-by", requested_by, *(part for id in sorted(run.checks) for part in ("--check", id))]
        process = await asyncio.create_subprocess_exec(
            *self._command, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(self._limit):
                result = await _follow(process, run)
                await process.wait()
        finally:
            await _ended(process)
        return result or ScanResult(False, note=f"the scan ended unexpectedly (exit {process.returncode}): see the log")


async def _ended(process: asyncio.subprocess.Process) -> None:
    """See to it that the process is gone: asked to, so that it can say so in the database, then by force."""
    if process.returncode is None:
        process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), ENDING_SECONDS)
    if process.returncode is None:
        process.kill()
        await process.wait()


async def _follow(process: asyncio.subprocess.Process, run: Running) -> ScanResult | None:
    assert process.stdout is not None  # asked for above
    result = None
    async for line in process.stdout:
        event: dict[str, Any] = json.loads(line)
        if "progress" in event:
            await run.advance(Progress(**event["progress"]))
        elif "result" in event:
            result = ScanResult(**event["result"])
    return result
