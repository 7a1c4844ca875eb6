"""How the command line prints: plain text from anywhere, tables, bars, ages and streams of JSON."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from checks.kit import Severity

PIPE_WIDTH = 140
"""Columns where nobody's terminal sets them."""
BAR = 10
NONE = "-"
COLOURS = {4: "bold red", 3: "red", 2: "yellow", 1: "cyan"}


class Format(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"


def console(*, stderr: bool = False) -> Console:
    """A console that never reads markup, emoji codes or numbers into what it is given."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else shutil.get_terminal_size((PIPE_WIDTH, 24)).columns
    return Console(file=stream, width=width, markup=False, emoji=False, highlight=False)


def on_terminal() -> bool:
    """Whether a person watches: both streams go to a terminal."""
    return sys.stdout.isatty() and sys.stderr.isatty()


def plain(text: str, style: str = "") -> Text:
    """Text of AWS or a person, as it is: no markup, and no control character that a terminal would obey."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text), style)


def severity(level: int) -> Text:
    return Text(Severity(level).word, COLOURS[level])


def bar(score: int | None) -> Text:
    """A score as a bar and a number; colour only repeats what the number says."""
    if score is None:
        return Text(f"{'·' * BAR}    {NONE}", "dim")
    full = score * BAR // 100
    colour = "green" if score >= 90 else "yellow" if score >= 50 else "red"
    return Text("█" * full, colour).append("░" * (BAR - full), "dim").append(f"  {score:>3}", "default")


def table(*columns: str) -> Table:
    return Table(*columns, box=SIMPLE_HEAD, pad_edge=False, show_edge=False)


def age(since: timedelta) -> str:
    """How long ago, in the largest unit that fits."""
    minutes = int(since.total_seconds()) // 60
    if minutes < 1:
        return "just now"
    for size, unit in ((60 * 24, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            return f"{plural(minutes // size, unit)} ago"
    return "just now"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else NONE


def counted(by_severity: Mapping[int, int]) -> str:
    """Counts by severity, worst first: "1 critical, 4 high"."""
    worst_first = sorted(by_severity.items(), reverse=True)
    return ", ".join(f"{count} {Severity(level).word}" for level, count in worst_first if count) or NONE


@contextmanager
def json_array() -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """A function that writes one object of a JSON array. Closed only when all went well: half a list never parses."""
    before = "[\n"

    def add(item: Mapping[str, Any]) -> None:
        nonlocal before
        sys.stdout.write(f"{before}{json.dumps(item, ensure_ascii=False)}")
        before = ",\n"

    yield add
    sys.stdout.write("[]\n" if before.startswith("[") else "\n]\n")


def print_json_array(items: Iterable[Mapping[str, Any]]) -> None:
    with json_array() as add:
        for item in items:
            add(item)
