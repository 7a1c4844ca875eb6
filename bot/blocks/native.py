"""Slack's own charts and tables, which not every workspace takes, and messages that have them.

slack_sdk has no classes for these blocks yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from slack_sdk.models.blocks import Block

from bot.blocks.parts import Message
from bot.blocks.text import cut, visible

CHART_TITLE = 50
CHART_WORDS = 20
"""Of a series, a category or a point. Source: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block"""
CHART_POINTS = 20
TABLE_ROWS = 100
TABLE_CHARACTERS = 9_000
"""Slack takes 10,000 of all cells. Source: https://docs.slack.dev/reference/block-kit/blocks/data-table-block"""


@dataclass(frozen=True)
class Drawn(Message):
    """A message with charts or tables of Slack's own; `plain` is sent where the workspace refuses those."""

    plain: Message

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of blocks that may be refused."""
        return frozenset(block.type for block in self.blocks if isinstance(block, Chart | Table))


class Chart(Block):
    """https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block; at most two in a message."""

    type = "data_visualization"

    def __init__(self, title: str, kind: str, series: Mapping[str, Mapping[str, int]], y_label: str) -> None:
        """`kind`: line, bar or area; `series`: name -> label -> value, with the same labels in each."""
        super().__init__(type=self.type)
        self.title = cut(title, CHART_TITLE)
        labels = [cut(label, CHART_WORDS) for label in next(iter(series.values()))]
        self.chart = {
            "type": kind,
            "series": [
                {
                    "name": cut(name, CHART_WORDS),
                    "data": [{"label": label, "value": v} for label, v in zip(labels, points.values(), strict=True)],
                }
                for name, points in series.items()
            ],
            "axis_config": {"categories": labels, "y_label": cut(y_label, CHART_TITLE)},
        }

    @property
    def attributes(self) -> set[str]:  # type: ignore[override]
        return {*super().attributes, "title", "chart"}


class Table(Block):
    """https://docs.slack.dev/reference/block-kit/blocks/data-table-block; at most one in a message.

    `left_out`: how many of the rows are too many for Slack.
    """

    type = "data_table"

    def __init__(self, caption: str, header: Sequence[str], rows: Sequence[Sequence[str | int]], page: int) -> None:
        """`page`: how many rows are shown at once."""
        super().__init__(type=self.type)
        self.caption = caption
        self.page_size = page
        cells = [[_cell(value) for value in row] for row in (header, *rows)]
        lengths = accumulate(sum(len(cell["text"]) for cell in row) for row in cells)
        fit = sum(length <= TABLE_CHARACTERS for length in lengths)
        self.rows = cells[: min(fit, TABLE_ROWS + 1)]
        self.left_out = len(cells) - len(self.rows)

    @property
    def attributes(self) -> set[str]:  # type: ignore[override]
        return {*super().attributes, "caption", "rows", "page_size"}


def _cell(value: str | int) -> dict[str, Any]:
    if isinstance(value, int):
        return {"type": "raw_number", "value": value, "text": f"{value:,}"}
    return {"type": "raw_text", "text": cut(visible(value), 500) or "-"}  # an empty one is refused
