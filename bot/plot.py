"""`python -m bot.plot`: charts as JSON on standard input, a PNG on standard output.

A process of its own, which ends when the picture is there: matplotlib and numpy take 50 MB that the bot need not keep.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, BinaryIO

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

STYLES: tuple[dict[str, Any], ...] = (
    {"linestyle": "-", "marker": "s", "color": "#0b3c5d", "linewidth": 2.4},
    {"linestyle": "--", "marker": "^", "color": "#b34700"},
    {"linestyle": ":", "marker": "o", "color": "#007a5e"},
    {"linestyle": "-.", "marker": "x", "color": "#5b5b5b"},
)
"""Told apart by line and mark; the colours have contrast enough on white and differ for the colour-blind, too."""
APART = 0.075
"""Of the height: how near the words beside two lines may come."""
WIDTH, HEIGHT, DPI = 8.0, 3.0, 140
TICKS = 8
MARKED = 31
"""Days up to which each has a mark of its own."""


def draw(charts: Sequence[Mapping[str, Any]], out: BinaryIO) -> None:
    """Write a PNG of the charts, one below the other.

    Each has a `title`, `days` (ISO dates), `series` (name -> values) and `top`, where its scale ends, or null.
    """
    figure = Figure(figsize=(WIDTH, HEIGHT * len(charts)), dpi=DPI, layout="constrained")
    for axes, chart in zip(figure.subplots(len(charts), squeeze=False)[:, 0], charts, strict=True):
        _plot(axes, chart)
    figure.savefig(out, format="png")


def _plot(axes: Axes, chart: Mapping[str, Any]) -> None:
    dates = [date.fromisoformat(day) for day in chart["days"]]
    days = [day.toordinal() for day in dates]
    for values, style in zip(chart["series"].values(), STYLES, strict=False):
        marks = {"markersize": 5, "markevery": max(1, len(days) // MARKED)}
        axes.plot(days, values, **({"linewidth": 1.8} | style | marks))
    axes.set_title(chart["title"], loc="left", fontsize=11, fontweight="bold")
    top = chart["top"] or max(1, *(max(values) for values in chart["series"].values()))
    axes.set_ylim(0, top * 1.08)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    ticks = dates[:: -max(1, -(-len(dates) // TICKS))]  # from the last, which is today
    axes.set_xticks([day.toordinal() for day in ticks], [f"{day.day} {day:%b}" for day in ticks])
    axes.grid(axis="y", color="#d9d9d9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    _label(axes, days[-1], chart["series"], top * 1.08)


def _label(axes: Axes, last: int, series: Mapping[str, Sequence[int]], height: float) -> None:
    """The name and last value of each line, beside its end: no legend whose colours must be compared."""
    free = 0.0
    for name, values, style in sorted(
        ((name, values, style) for (name, values), style in zip(series.items(), STYLES, strict=False)),
        key=lambda one: one[1][-1],
    ):
        at = max(values[-1], free)
        free = at + APART * height
        axes.annotate(
            f"{name} {values[-1]:,}",
            xy=(last, at),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=style["color"],
            fontsize=10,
            annotation_clip=False,
        )


if __name__ == "__main__":
    draw(json.load(sys.stdin), sys.stdout.buffer)
