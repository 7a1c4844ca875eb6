"""`make bench`: the project and its peer on the same recorded accounts, one after the other, and the tables."""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import reference, tables
from benchmarks.agreement import compare
from benchmarks.demo import demo_account
from benchmarks.install import installed
from benchmarks.limit import start_up
from benchmarks.measure import AWS_SEC, Run, environment, timed
from benchmarks.tools import PEER, Account, AwsSec, Failing, Prowler, Tool, run
from bot.demo.processes import DemoError, cache_folder, processes
from bot.words import plural

COMPARED = (1, 4)
"""Sizes at which the peer runs too."""
GROWTH = (1, 2, 4, 8)
FINDINGS = 10_000
S3_CONTROL = "123456789012.localhost"
"""S3 Control puts the account before the host name: the peer needs it to resolve."""


@dataclass
class Bench:
    """One session: what to run, and what came of it."""

    options: argparse.Namespace
    console: Console
    errors: Console
    ours: AwsSec
    peer: Prowler | None
    runs: dict[tuple[int, int, str], list[Run]] = field(default_factory=dict)
    judged: dict[str, tuple[set[str], Failing]] = field(default_factory=dict)

    def account(self, account: Account) -> None:
        """All runs on one account: the tools take turns. Raises DemoError."""
        with_peer = self.peer is not None and account.size in COMPARED
        tools: list[Tool] = [self.ours, self.peer] if with_peer and self.peer else [self.ours]
        if with_peer:
            account.fill()  # for some calls it chooses a region at random, which no recording foresees
        widths = (1, len(account.regions)) if account.size in COMPARED else (len(account.regions),)
        for turn in range(self.options.runs):
            for width in widths:
                for tool in tools if turn < self.options.peer_runs else tools[:1]:
                    self._run(tool, account, account.regions[:width], turn)

    def _run(self, tool: Tool, account: Account, regions: Sequence[str], turn: int) -> None:
        where = f"size {account.size}, {plural(len(regions), 'region')}, run {turn + 1} of {self.options.runs}"
        with self.errors.status(f"{tool.name}: {where}"), tempfile.TemporaryDirectory() as folder:
            made = run(tool, account, regions, self.options.latency, Path(folder))
            self.errors.print(f"{tool.name}: {where}: {made.wall:.2f} s, {made.calls} calls", soft_wrap=True)
            self.runs.setdefault((account.size, len(regions), tool.name), []).append(made)
            if account.size == self.options.sizes[0]:
                self.judged[tool.name] = tool.judged(Path(folder))  # the last is of all regions

    def report(self) -> None:
        """Prints every table."""
        out = self.console
        peer = self.peer.name if self.peer else ""
        self._table("Both tools", tables.comparison(self.runs, self.ours.name, peer))
        self._table("Growth", tables.growth(self.runs, self.ours.name))
        self._table("Distance to the limit", tables.distance(self.runs, self.ours.name, self.options.latency / 1000))
        with tempfile.TemporaryDirectory() as folder:
            out.print(tables.beginnings(start_up(reference.REGIONS, Path(folder))), soft_wrap=True)
            out.print()
            out.print(stored_status(Path(folder), self.options.runs), soft_wrap=True)
        for (size, regions, tool), made in self.runs.items():
            for call, times in made[-1].duplicates.items() if tool == self.ours.name else ():
                out.print(f"Asked {times} times again (size {size}, {plural(regions, 'region')}): {call}")
        if peer in self.judged:
            found = compare(self.judged[self.ours.name], self.judged[peer])
            self._table("What fails", tables.agreement(*found))

    def _table(self, title: str, table: Table) -> None:
        self.console.print(f"\n## {title}")
        self.console.print(table)


def stored_status(folder: Path, runs: int) -> str:
    """How long a status from the database takes. Raises CalledProcessError."""
    database = folder / "benchmark.sqlite"
    env = environment("http://localhost:9", reference.REGIONS[0]) | {"AWS_SEC_DATABASE": str(database)}
    command = [sys.executable, "-m", "benchmarks.stored", str(database), str(FINDINGS)]
    took = json.loads(subprocess.run(command, env=env, cwd=folder, capture_output=True, check=True).stdout)
    as_process = sorted(timed([*AWS_SEC, "status"], env, folder) for _ in range(runs))[runs // 2]
    return (
        f"Status from a database of {FINDINGS:,} open findings: Slack's message in {took['median'] * 1000:.0f} ms"
        f" (the first {took['first'] * 1000:.0f} ms), `aws-sec status` as a process in {as_process:.2f} s."
    )


@contextmanager
def account(python: Path | None, cache: Path, size: int) -> Iterator[Account]:
    """A recorded account: of the reference bench, or the demo's. Raises DemoError."""
    logs = cache / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with processes(logs) as children:
        if python:
            with reference.replayed(children, python, cache, size) as replayed:
                yield replayed
        else:
            with demo_account(children) as demo:
                yield demo


def find_tools(options: argparse.Namespace, console: Console) -> tuple[Path | None, Prowler | None]:
    """The reference bench's Python and the peer, each installed when it is not; None for what cannot be had."""
    python = program = None
    cache: Path = options.cache
    wanted = reference.FOLDER.exists() and not options.demo
    with processes(cache) as children, console.status("Installing what the comparison needs (once)"):
        if wanted:
            python = installed(children, cache, "venv", "moto_server", reference.PACKAGES)
        if options.peer:
            program = options.prowler or installed(children, cache, "prowler", "prowler", (PEER,))
    if wanted and not python:
        console.print(f"The reference bench could not be installed, so the demo's account is used (log: {cache})")
    if options.peer and not program:
        console.print(f"Prowler could not be installed, so it is left out (log: {cache}/pip-prowler.log)")
    return python and python.with_name("python"), Prowler(program) if program else None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each tool; medians are shown")
    parser.add_argument("--peer-runs", type=int, help="of the peer, where fewer have to do; it takes minutes")
    parser.add_argument("--latency", type=int, default=50, help="milliseconds that each call takes")
    parser.add_argument("--sizes", type=int, nargs="+", default=GROWTH, help="of the account; needs the reference")
    parser.add_argument("--no-peer", dest="peer", action="store_false", help="leave Prowler out")
    parser.add_argument("--demo", action="store_true", help="the demo's account, also where the reference bench is")
    parser.add_argument("--prowler", type=Path, help="a Prowler that is installed already")
    parser.add_argument("--cache", type=Path, help="where environments and recorded accounts are kept")
    return parser.parse_args()


def main() -> None:
    """Measures, and prints the tables."""
    options = arguments()
    options.peer_runs = options.runs if options.peer_runs is None else min(options.peer_runs, options.runs)
    options.cache = (options.cache or cache_folder().with_name("bench")).resolve()
    options.cache.mkdir(parents=True, exist_ok=True)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 220)
    errors = Console(stderr=True, highlight=False)  # what goes on; what came of it goes to stdout
    python, peer = find_tools(options, errors)
    bench = Bench(options, console, errors, AwsSec(), peer)
    began = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load {load()}"
    if not python:
        options.sizes = COMPARED[:1]
    try:
        for size in options.sizes:
            with account(python, options.cache, size) as recorded:
                bench.account(recorded)
    except (DemoError, subprocess.CalledProcessError) as error:
        if not bench.runs:
            raise
        errors.print(f"Stopped, and here is what was measured until then: {sentence(error)}", soft_wrap=True)
    what = "the reference bench's account" if python else "the demo's account behind the project's own endpoint"
    fewer = f", of Prowler {options.peer_runs}" if peer and options.peer_runs < options.runs else ""
    console.print(
        f"CIS 5.0 on {what}, {options.latency} ms for each call, medians of {plural(options.runs, 'run')}{fewer}."
        f" Python {platform.python_version()} on {plural(os.cpu_count() or 1, 'core')},"
        f" {began} to {datetime.now(UTC):%H:%M}, load {load()}.",
        soft_wrap=True,
    )
    if peer and not resolves(S3_CONTROL):
        console.print(f"{S3_CONTROL} does not resolve here: Prowler's S3 Control calls failed.")
    bench.report()


def sentence(error: DemoError | subprocess.CalledProcessError) -> str:
    """What went wrong, for a person."""
    if isinstance(error, DemoError):
        return str(error)
    said = (error.stderr or b"").decode(errors="replace").strip().rpartition("\n")[2]
    return f"{' '.join(map(str, error.cmd))} ended with {error.returncode}: {said or 'it said nothing'}"


def load() -> str:
    """How busy the machine is: its load average over a minute."""
    return f"{os.getloadavg()[0]:.1f}"


def resolves(name: str) -> bool:
    """Whether a host name is known on this machine."""
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    try:
        main()
    except (DemoError, subprocess.CalledProcessError) as error:
        sys.exit(sentence(error))
    except KeyboardInterrupt:
        sys.exit(130)
