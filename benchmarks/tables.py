"""What was measured, as tables that are also Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table

from benchmarks.agreement import Row, in_order
from benchmarks.limit import StartUp, limit
from benchmarks.measure import Run, median, ratio
from bot.words import plural

Measured = Mapping[tuple[int, int, str], Sequence[Run]]
"""(size, regions, tool) -> its runs."""

FIGURES = ("wall", "cpu", "peak_mb", "calls", "again", "before")


def comparison(runs: Measured, ours: str, peer: str) -> Table:
    """Medians of both tools on the same account, and how many times ours the peer's are."""
    heads = ("Wall (range)", "CPU", "Peak memory", "API calls", "Asked again", "First call after", "Most in flight")
    table = _table("Size", "Regions", "", *heads)
    for size, regions, tool in runs:
        mine = runs[size, regions, tool]
        table.add_row(str(size), str(regions), tool, *_figures(mine))
        if tool == peer and (size, regions, ours) in runs:
            table.add_row("", "", f"{peer} / {ours}", *_ratios(runs[size, regions, ours], mine), "")
    return table


def _figures(runs: Sequence[Run]) -> list[str]:
    walls = [run.wall for run in runs]
    return [
        f"{median(runs, 'wall'):.2f} s ({min(walls):.2f}-{max(walls):.2f})",
        f"{median(runs, 'cpu'):.2f} s",
        f"{median(runs, 'peak_mb'):.0f} MB",
        f"{median(runs, 'calls'):.0f}",
        f"{median(runs, 'again'):.0f}",
        f"{median(runs, 'before'):.2f} s",
        f"{median(runs, 'most'):.0f}",
    ]


def _ratios(ours: Sequence[Run], theirs: Sequence[Run]) -> list[str]:
    found = [ratio(median(theirs, figure), median(ours, figure)) for figure in FIGURES]
    return ["" if times is None else f"{times:.1f} x" for times in found]


def growth(runs: Measured, ours: str) -> Table:
    """How a scan of all regions grows with the account."""
    table = _table("Size", "Wall", "CPU", "API calls", "Peak memory")
    widest = max(regions for _, regions, _ in runs)
    for (size, regions, tool), made in runs.items():
        if regions == widest and tool == ours:
            wall, cpu, memory, calls, *_ = _figures(made)
            table.add_row(str(size), wall, cpu, calls, memory)
    return table


def distance(runs: Measured, ours: str, latency: float) -> Table:
    """The bounds of each run beside what was measured."""
    bounds = ("Calls x CPU", "Path x latency", "Calls x latency / in flight")
    table = _table("Size", "Regions", *bounds, "Limit", "Measured", "Times the limit", "Before", "Calling", "After")
    for (size, regions, tool), made in runs.items():
        if tool != ours:
            continue
        wall = median(made, "wall")
        bound = limit(round(median(made, "calls")), round(median(made, "most")), latency)
        times = [bound.cpu, bound.path, bound.width, bound.least, wall]
        parts = [median(made, part) for part in ("before", "window", "after")]
        table.add_row(
            str(size),
            str(regions),
            *(f"{seconds:.2f} s" for seconds in times),
            f"{wall / bound.least:.1f}",
            *(f"{seconds:.2f} s" for seconds in parts),
        )
    return table


def beginnings(found: StartUp) -> str:
    """Where the time goes before and between the calls."""
    worst = ", ".join(f"{package} {seconds:.2f}" for package, seconds in [*found.imports.items()][:6])
    return (
        f"Start-up: imports {sum(found.imports.values()):.2f} s ({worst}). The first client of each of {found.first}"
        f" services {found.first_seconds:.2f} s, {plural(found.more, 'client')} of other regions"
        f" {found.more_seconds:.2f} s."
    )


def agreement(rows: Sequence[Row], only_ours: set[str], only_theirs: set[str]) -> Table:
    """What fails where the tools differ; the rest is counted in the caption."""
    table = _table("Control", "aws-sec", "Prowler", "Both", "Why")
    for row in rows:
        if not row.agrees:
            table.add_row(row.control, str(row.ours), str(row.theirs), str(row.same), row.note)
    same = [row for row in rows if row.agrees]
    failing = sum(row.ours for row in same)
    table.caption = (
        f"{len(same)} of {plural(len(rows), 'control')} that both judge: as many resources fail for both"
        f" ({failing} by each). Judged by aws-sec only: {_listed(only_ours)}; by Prowler only: {_listed(only_theirs)}."
    )
    return table


def _listed(controls: set[str]) -> str:
    return ", ".join(in_order(controls)) or "none"


def _table(*heads: str) -> Table:
    return Table(*heads, box=box.MARKDOWN, caption_justify="left")
