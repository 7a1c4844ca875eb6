"""How the command line prints: plain text from anywhere, tables, bars and streams of JSON."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot import words
from checks.kit import Severity

PIPE_WIDTH = 140
"""Columns where nobody's terminal sets them."""
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
COLOURS = {4: "bold red", 3: "red", 2: "yellow", 1: "cyan"}


class Format(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """The caller's, who knows the exit code; rich would exit with 1."""
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """A console that never reads markup, emoji codes or numbers into what it is given."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else shutil.get_terminal_size((PIPE_WIDTH, 24)).columns
    return _Console(file=stream, width=width, markup=False, emoji=False, highlight=False)


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
    colour = "dim" if score is None else "green" if score >= 90 else "yellow" if score >= 50 else "red"
    return Text(words.bar(score), colour).append(f"  {words.NONE if score is None else score:>3}", "default")


def table(*columns: str) -> Table:
    """A table that wraps and never cuts off: names and ids are there to be copied."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


@dataclass(frozen=True)
class Line:
    """Something that does not hold: of which check, how grave, a number to ask with, and the words."""

    check_id: str
    level: int
    number: str
    words: Text


def listing(lines: Iterable[Line]) -> Group:
    """Lines under a heading for each check, in the order given."""
    groups: dict[tuple[int, str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.level, line.check_id), []).append(line)
    parts: list[RenderableType] = []
    for (level, check_id), some in groups.items():
        rows = Table.grid(padding=(0, 2, 0, 0))
        rows.add_column(justify="right", min_width=5)
        rows.add_column(overflow="fold")
        for line in some:
            rows.add_row(line.number, line.words)
        parts += [Text.assemble(severity(level), "  ", (check_id, "bold")), rows]
    return Group(*parts)


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
