"""How score and open findings moved: days from scores, charts from days, and the words beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.blocks.charts import alt_text, chart_blocks, note, sentences, trend_page
from bot.blocks.native import TABLE_CHARACTERS, Chart, Drawn, Table
from bot.store import Store
from bot.store.scans import Score
from bot.trend import Day, Trend, thinned, trend
from tests.conftest import ACCOUNT

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
AUCKLAND = ZoneInfo("Pacific/Auckland")  # 13 hours ahead: Monday's scan at 12:00 UTC is Tuesday's there


def keep(store: Store, at: datetime, score: int | None, by_severity: Mapping[int, int] | None = None) -> None:
    scan_id = store.scans.begin(ACCOUNT, at=at, complete_scope=True, requested_by="test")
    store.scans.record_score(scan_id, ACCOUNT, Score(at, score, {}, 0, by_severity))


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def days(*scores: int | None, open: Mapping[int, int] | None = None) -> list[Day]:
    return [Day(TODAY - timedelta(days=back), score, open, True) for back, score in enumerate(scores[::-1])][::-1]


def test_each_day_is_its_last_scan_and_a_day_without_one_is_the_day_before(store: Store) -> None:
    keep(store, ago(3), 40, {4: 2})
    keep(store, ago(2.9), 42, {4: 1, 3: 5})
    keep(store, ago(0), 50, {3: 5})
    found = trend(store, ACCOUNT, 7, NOW, UTC)
    assert [(day.on.day, day.score, day.open, day.scanned) for day in found.days] == [
        (27, 42, {4: 1, 3: 5}, True),
        (28, 42, {4: 1, 3: 5}, False),
        (1, 42, {4: 1, 3: 5}, False),
        (2, 50, {3: 5}, True),
    ]
    assert found.scanned == 2


def test_what_was_known_before_the_first_day_holds_on_it(store: Store) -> None:
    keep(store, ago(20), 30)
    assert [day.score for day in trend(store, ACCOUNT, 7, NOW, UTC).days] == [30] * 7
    assert trend(store, "999999999999", 7, NOW, UTC).days == []


def test_a_day_ends_where_the_reader_lives(store: Store) -> None:
    keep(store, datetime(2026, 3, 1, 12, 0, tzinfo=UTC), 30)
    assert [day.on.day for day in trend(store, ACCOUNT, 7, NOW, UTC).days] == [1, 2]
    assert [day.on.day for day in trend(store, ACCOUNT, 7, NOW, AUCKLAND).days] == [2]


def test_a_digest_brings_the_counts_up_to_date(store: Store) -> None:
    keep(store, ago(0.1), 30, {4: 2})
    store.scans.score_now(ACCOUNT, Score(NOW, 40, {}, 1, {4: 1}))
    (today,) = trend(store, ACCOUNT, 7, NOW, UTC).days
    assert (today.score, today.open) == (40, {4: 1})


@pytest.mark.parametrize(
    ("given", "charts"),
    [
        pytest.param(days(40, 41), 0, id="two days are too few"),
        pytest.param(days(40, 41, 42), 1, id="no severities kept: the score alone"),
        pytest.param(days(40, 41, 42, open={4: 1}), 2, id="three days"),
        pytest.param(days(None, None, None, open={}), 1, id="nothing judged: the findings alone"),
        pytest.param([Day(TODAY, 40, None, False)] * 9, 0, id="no scan on any of the days"),
        pytest.param([], 0, id="nothing known"),
    ],
)
def test_charts_are_drawn_of_three_days_and_more(given: list[Day], charts: int) -> None:
    found = Trend(ACCOUNT, given, 30)
    assert len(chart_blocks(found)) == charts
    assert len(sentences(found)) == charts
    assert isinstance(trend_page(found), Drawn) == bool(charts)


@pytest.mark.parametrize(("asked", "points", "bars"), [(7, 7, 7), (30, 15, 8), (90, 18, 8)])
def test_many_days_are_thinned_to_what_slack_draws_and_today_is_among_them(asked: int, points: int, bars: int) -> None:
    many = [Day(TODAY - timedelta(days=back), 40, {4: 1}, True) for back in reversed(range(asked))]
    line, columns = chart_blocks(Trend(ACCOUNT, many, asked))
    assert isinstance(line, Chart)
    assert isinstance(columns, Chart)
    for chart, count in ((line, points), (columns, bars)):
        categories = chart.to_dict()["chart"]["axis_config"]["categories"]
        assert (len(categories), categories[-1]) == (count, "2 Mar")
    assert thinned([], 8) == []


def test_bars_are_in_the_order_of_severity_and_named() -> None:
    _, columns = chart_blocks(Trend(ACCOUNT, days(40, 41, 42, open={2: 3, 4: 1}), 7))
    series = columns.to_dict()["chart"]["series"]
    assert [(one["name"], one["data"][-1]["value"]) for one in series] == [
        ("critical", 1), ("high", 0), ("medium", 3), ("low", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ((40, 45, 50), "The score rose from 40 to 50 of 100, 28 Feb to 2 Mar."),
        ((50, 30, 40), "The score fell from 50 to 40 of 100, 28 Feb to 2 Mar; it was between 30 and 50."),
        ((50, 60, 50), "The score is 50 as at first of 100, 28 Feb to 2 Mar; it was between 50 and 60."),
        ((0, 0, 0), "The score is 0 as at first of 100, 28 Feb to 2 Mar."),
    ],
)
def test_the_score_in_words(scores: tuple[int, ...], words: str) -> None:
    assert sentences(Trend(ACCOUNT, days(*scores), 7)) == [words]


def test_the_findings_in_words() -> None:
    first, last = days(None, None, None, open={4: 2, 3: 5}), days(None, open={4: 1, 3: 5, 1: 1})
    told = Trend(ACCOUNT, [*first, *last], 7)
    assert sentences(told) == [
        "Open findings are 7 as at first: critical 2 to 1, high still 5, medium still 0, low 0 to 1."
    ]
    assert alt_text(told).startswith(f"Charts of AWS account {ACCOUNT}: lines of open findings. Open findings are 7")


def test_days_without_a_scan_are_told() -> None:
    one, *_ = days(40)
    assert note(Trend(ACCOUNT, [one] * 3, 7)) == "3 of 3 days had a complete scan. Muted findings are left out."
    carried = Day(date(2026, 3, 1), 40, None, False)
    assert note(Trend(ACCOUNT, [carried, one], 7)).startswith("1 of 2 days had a complete scan; the others show")


@pytest.mark.parametrize(("length", "rows"), [(1, 100), (200, 44), (900, 17)])
def test_a_table_holds_what_slack_takes_and_says_what_it_leaves_out(length: int, rows: int) -> None:
    table = Table("caption", ["name", "n"], [["x" * length, 7]] * 150, 10)
    shown = table.to_dict()["rows"]
    assert (len(shown) - 1, table.left_out) == (rows, 150 - rows)
    assert sum(len(cell["text"]) for row in shown for cell in row) <= TABLE_CHARACTERS
