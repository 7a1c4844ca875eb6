"""How far a run is from what no program could be quicker than, and where the rest goes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import checks
from benchmarks.measure import environment
from benchmarks.tools import FRAMEWORK
from bot import aws
from checks.kit import AnyCheck, Scope

CPU_A_CALL = 0.0014
"""Seconds of CPU that boto3 takes for one call: build, sign, send, parse."""
DEPTH = 3
"""Calls that can only follow each other: who am I and where, a list, and what is asked of each item."""
IMPORTED = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| *([\w.]+)")
LOADS = "import bot.cli.scanning, checks; checks.load()"


@dataclass(frozen=True)
class Limit:
    """Seconds. Each bound alone could not be beaten by a program that makes these calls with boto3."""

    cpu: float
    path: float
    width: float

    @property
    def least(self) -> float:
        return max(self.cpu, self.path, self.width)


def limit(calls: int, at_once: int, latency: float) -> Limit:
    """The bounds of so many calls, at most `at_once` in flight, each after `latency` seconds."""
    return Limit(calls * CPU_A_CALL, DEPTH * latency, calls * latency / max(at_once, 1))


@dataclass(frozen=True)
class StartUp:
    """Seconds before and between calls: imports by package, clients of boto3."""

    imports: Mapping[str, float]
    first: int
    first_seconds: float
    more: int
    more_seconds: float


def import_times(report: str) -> dict[str, float]:
    """Seconds by package, worst first, from what `python -X importtime` prints."""
    packages: Counter[str] = Counter()
    for line in report.splitlines():
        if found := IMPORTED.match(line):
            packages[found[2].partition(".")[0]] += int(found[1])
    return {package: micros / 1e6 for package, micros in packages.most_common()}


def start_up(regions: Sequence[str], folder: Path) -> StartUp:
    """Measured in two processes of their own: imports, then clients. Raises CalledProcessError."""
    env = environment("http://localhost:9", regions[0])
    loads = [sys.executable, "-X", "importtime", "-c", LOADS]
    report = subprocess.run(loads, env=env, cwd=folder, capture_output=True, text=True, check=True).stderr
    makes = [sys.executable, "-m", "benchmarks.limit", *regions]
    made = subprocess.run(makes, env=env, cwd=folder, capture_output=True, check=True).stdout
    return StartUp(import_times(report), **json.loads(made))


def make_clients(regions: Sequence[str]) -> dict[str, float]:
    """How long the clients take that the framework's checks use: one of each service, then those of other regions."""
    asked = [check for check in checks.load()[0].values() if FRAMEWORK in checks.references(check.id)]
    everywhere = _services(check for check in asked if check.over.scope is Scope.REGION)
    first = [(service, regions[0]) for service in _services(asked)]
    more = [(service, region) for region in regions[1:] for service in everywhere]
    clients = aws.Clients(aws.session())
    began = time.perf_counter()
    for service, region in first:
        clients.get(service, region)
    between = time.perf_counter()
    for service, region in more:
        clients.get(service, region)
    ended = time.perf_counter()
    return {
        "first": len(first),
        "first_seconds": between - began,
        "more": len(more),
        "more_seconds": ended - between,
    }


def _services(asked: Iterable[AnyCheck]) -> list[str]:
    return sorted({call.partition(":")[0] for check in asked for call in check.calls})


if __name__ == "__main__":
    sys.stdout.write(json.dumps(make_clients(sys.argv[1:])))
