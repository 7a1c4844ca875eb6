"""Scans the demo's emulated account as a person would, behind an endpoint that counts calls and adds latency."""

from __future__ import annotations

import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

import checks
from benchmarks.endpoint import CONTROL
from bot.demo.account import fill
from bot.demo.aws import REGIONS, start_aws, wait_for_aws
from bot.demo.processes import fetch, processes, wait_until
from bot.demo.run import environment

RUNS = 3
LATENCIES = (0, 50)
"""Milliseconds added to each call: none, and about what a far region takes."""
AWS_SEC = (sys.executable, "-m", "bot.cli")
SCAN = ("scan", "--no-store", "--format", "json")


@dataclass(frozen=True)
class Measured:
    """One run of a command, and what the endpoint saw meanwhile."""

    wall: float
    cpu: float
    peak_mb: float
    calls: int
    duplicates: Mapping[str, int] = field(default_factory=dict)


def measure(command: Sequence[str], env: Mapping[str, str], url: str, latency: int) -> Measured:
    """Runs `aws-sec` once. Raises CalledProcessError when it fails."""
    fetch(url + CONTROL, str(latency).encode())
    began = time.perf_counter()
    process = subprocess.Popen([*AWS_SEC, *command], env=dict(env), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)  # what this child alone used
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    peak = used.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    return Measured(wall, used.ru_utime + used.ru_stime, peak, **json.loads(fetch(url + CONTROL) or b"{}"))


@contextmanager
def account(folder: Path) -> Iterator[tuple[dict[str, str], str]]:
    """The filled account behind the endpoint: the environment that reaches it, and the endpoint's address."""
    with processes(folder) as children:
        aws_port, port = _free_port(), _free_port()
        behind, front = f"http://127.0.0.1:{aws_port}", f"http://127.0.0.1:{port}"
        env = environment(0, port, folder)
        aws = start_aws(children, aws_port, env)
        wait_for_aws(aws, behind)
        fill(behind)
        endpoint = children.start("endpoint", [sys.executable, "-m", "benchmarks.endpoint", str(port), behind], env=env)
        wait_until(lambda: fetch(front + CONTROL) is not None, endpoint, seconds=20, doing="starting")
        yield env, front


def row(table: Table, what: str, runs: Sequence[Measured]) -> None:
    """Medians of the runs; the peak is the highest."""
    table.add_row(
        what,
        f"{statistics.median(run.wall for run in runs):.2f} s",
        f"{statistics.median(run.cpu for run in runs):.2f} s",
        f"{max(run.peak_mb for run in runs):.0f} MB",
        str(runs[-1].calls),
        str(sum(runs[-1].duplicates.values())),
    )


def main() -> None:
    """Prints the table, and which calls were made more than once."""
    console = Console()
    table = Table("", "Wall", "CPU", "Peak memory", "API calls", "Duplicate")
    with tempfile.TemporaryDirectory() as folder, account(Path(folder)) as (env, url):
        for latency in LATENCIES:
            runs = [measure(SCAN, env, url, latency) for _ in range(RUNS)]
            row(table, f"scan, {latency} ms added", runs)
        measure(("scan",), env, url, 0)
        row(table, "status", [measure(("status",), env, url, 0) for _ in range(RUNS)])
    known = len(checks.load()[0])
    python = f"Python {platform.python_version()} on {os.cpu_count()} cores"
    console.print(f"{known} checks in {len(REGIONS)} regions of the demo's account, {RUNS} runs each, {python}")
    console.print(table)
    for call, times in runs[-1].duplicates.items():
        console.print(f"asked {times} times again, by a retry or by us: {call}", soft_wrap=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
