"""The two that are compared, on the same account and the same controls, and what each says fails."""

from __future__ import annotations

import csv
import json
import subprocess
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import checks
from benchmarks.measure import AWS_SEC, Counting, Run, environment, measure
from bot.demo.processes import DemoError

FRAMEWORK = "cis_5.0"
PEER = "prowler==5.46.0"
ATTEMPTS = 4
HANDFUL = 500
"""One call in so many may reach the emulator: a tool may choose a region at random."""

Failing = Mapping[str, Collection[str]]
"""Control -> the resources that fail it."""


class Account(Counting, Protocol):
    """A recorded account."""

    @property
    def size(self) -> int: ...
    @property
    def regions(self) -> tuple[str, ...]: ...
    @property
    def filled(self) -> bool:
        """Whether the emulator is there to be asked."""

    def fill(self) -> None:
        """Makes sure that there is an emulator to ask. Raises DemoError."""


class Tool(Protocol):
    """A scanner as a command."""

    @property
    def name(self) -> str: ...
    @property
    def good(self) -> Collection[int]:
        """Exit codes of a scan that came to its end."""

    def command(self, regions: Sequence[str], folder: Path, /) -> list[str]:
        """A scan of these regions, its report in `folder`."""

    def env(self, url: str, region: str) -> dict[str, str]: ...

    def judged(self, folder: Path) -> tuple[set[str], Failing]:
        """The controls that the last run judged, and what fails them."""


@dataclass(frozen=True)
class AwsSec:
    """This project. It prints what it found."""

    name: str = "aws-sec"
    good: tuple[int, ...] = (0,)

    def command(self, regions: Sequence[str], _folder: Path) -> list[str]:
        where = [word for region in regions for word in ("--region", region)]
        return [*AWS_SEC, "scan", "--no-store", "--format", "json", "--framework", FRAMEWORK, *where]

    def env(self, url: str, region: str) -> dict[str, str]:
        return environment(url, region)

    def judged(self, folder: Path) -> tuple[set[str], Failing]:
        controls: set[str] = set()
        failing: defaultdict[str, set[str]] = defaultdict(set)
        for found in json.loads((folder / "stdout").read_text()):
            for control in checks.references(found["check"])[FRAMEWORK]:
                if found["status"] in {"pass", "fail"}:
                    controls.add(control)
                if found["status"] == "fail":
                    failing[control].add(f"{found['region']} {found['resource']}")
        return controls, failing


@dataclass(frozen=True)
class Prowler:
    """The peer. It exits with 3 when something fails."""

    program: Path
    name: str = "Prowler"
    good: tuple[int, ...] = (0, 3)

    def command(self, regions: Sequence[str], folder: Path) -> list[str]:
        report = ["--compliance", f"{FRAMEWORK}_aws", "--no-banner", "-M", "csv", "-o", str(folder)]
        return [str(self.program), "aws", *report, "-f", *regions]

    def env(self, url: str, region: str) -> dict[str, str]:
        return environment(url, region, ours=False)

    def judged(self, folder: Path) -> tuple[set[str], Failing]:
        controls: set[str] = set()
        failing: defaultdict[str, set[str]] = defaultdict(set)
        report = max(folder.glob(f"compliance/*{FRAMEWORK}_aws.csv"))  # a run that did not count left one too
        with report.open(newline="") as lines:
            for row in csv.DictReader(lines, delimiter=";"):
                if row["STATUS"] in {"PASS", "FAIL"}:
                    controls.add(row["REQUIREMENTS_ID"])
                if row["STATUS"] == "FAIL":
                    failing[row["REQUIREMENTS_ID"]].add(f"{row['REGION']} {row['RESOURCEID']}")
        return controls, failing


def run(tool: Tool, account: Account, regions: Sequence[str], latency: int, folder: Path) -> Run:
    """One run that the recording answered. A run that had to ask the emulator is made again.

    Raises CalledProcessError when the tool fails, and DemoError when it asks something new each time.
    """
    for _ in range(ATTEMPTS):
        command = tool.command(regions, folder)
        made = measure(command, tool.env(account.url, regions[0]), account, latency, folder=folder)
        if not made.misses or (account.filled and made.misses <= made.calls // HANDFUL):
            if made.exit in tool.good:
                return made
            raise subprocess.CalledProcessError(made.exit, command, stderr=_last_words(folder))
        account.fill()
    raise DemoError(f"{tool.name} asks something new each time: {made.misses} of {made.calls} calls")


def _last_words(folder: Path) -> bytes:
    said = (folder / "stderr").read_bytes().strip() or (folder / "stdout").read_bytes().strip()
    return said.rpartition(b"\n")[2]
