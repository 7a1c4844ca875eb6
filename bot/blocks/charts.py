"""How the score and the open findings moved: Slack's own charts, and what they show in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from slack_sdk.models.blocks import Block

from bot.blocks.native import CHART_POINTS, Chart, Drawn
from bot.blocks.parts import Message, actions, button, context, header, section
from bot.ids import Action, OfTrend
from bot.trend import FEWEST, WINDOWS, Day, Trend, thinned
from bot.words import plural
from checks.kit import Severity

SCORE = "Score over time"
FINDINGS = "Open findings by severity"
BARS = 8
"""Days of which bars are shown: four of each, in the order of severity, which tells them apart without colour."""
WORST_FIRST = tuple(sorted(Severity, reverse=True))


def chart_blocks(trend: Trend) -> list[Block]:
    """The score as a line, open findings as bars; a chart for which there are too few days is left out."""
    blocks: list[Block] = []
    if line := thinned(trend.scored, CHART_POINTS):
        score = {day_words(day.on): day.score or 0 for day in line}
        blocks.append(Chart(SCORE, "line", {"Score": score}, "Score of 100"))
    if bars := thinned(trend.counted, BARS):
        counts = {
            level.word: {day_words(day.on): (day.open or {}).get(level, 0) for day in bars} for level in WORST_FIRST
        }
        blocks.append(Chart(FINDINGS, "bar", counts, "Open findings"))
    return blocks


def sentences(trend: Trend) -> list[str]:
    """What the charts show, in words: one sentence for the score, one for the findings."""
    return [*_of_score(trend.scored), *_of_findings(trend.counted)]


def alt_text(trend: Trend) -> str:
    """What a picture of the charts shows, for whoever does not see it."""
    kinds = [*(["a line of the score"] if trend.scored else []), *(["lines of open findings"] if trend.counted else [])]
    return f"Charts of AWS account {trend.account}: {' and '.join(kinds)}. {' '.join(sentences(trend))}"


def trend_page(trend: Trend) -> Message:
    """The two charts and the sentences that say what they show; no chart where there are too few days."""
    title = f"AWS account {trend.account}: the last {plural(trend.asked, 'day')}"
    said = sentences(trend) or [_too_few(trend)]
    head, words = header(title), section("\n".join(said))
    foot = [context(note(trend)), _windows(trend.asked)]
    plain = Message(f"{title}. {' '.join(said)}", [head, words, *foot])
    if not trend.drawable:
        return plain
    return Drawn(plain.text, [head, words, *chart_blocks(trend), *foot], plain)


def note(trend: Trend) -> str:
    """How much of it was read."""
    without = len(trend.days) - trend.scanned
    others = "; the others show the one before" if without else ""
    return (
        f"{trend.scanned} of {plural(len(trend.days), 'day')} had a complete scan{others}. Muted findings are left out."
    )


def day_words(on: date) -> str:
    """A day as charts have it: 2 Mar."""
    return f"{on.day} {on:%b}"


def _windows(asked: int) -> Block:
    others = [days for days in WINDOWS if days != asked]
    return actions(
        *(
            button(f"{days} days", Action.TREND, OfTrend(days=days), suffix=f".{number}")
            for number, days in enumerate(others, 1)
        )
    )


def _too_few(trend: Trend) -> str:
    scanned = f"{plural(trend.scanned, 'day')} of these had" if trend.scanned else "no day of these had"
    return f"There is too little to draw yet: {scanned} a complete scan, and a chart needs {FEWEST}."


def _of_score(days: Sequence[Day]) -> Iterator[str]:
    if not days:
        return
    scores = [day.score or 0 for day in days]
    first, last = scores[0], scores[-1]
    since = f"{day_words(days[0].on)} to {day_words(days[-1].on)}"
    moved = f"rose from {first} to {last}" if last > first else f"fell from {first} to {last}"
    ends = f"is {last} as at first" if last == first else moved
    lowest, highest = min(scores), max(scores)
    between = f"; it was between {lowest} and {highest}" if {lowest, highest} != {first, last} else ""
    yield f"The score {ends} of 100, {since}{between}."


def _of_findings(days: Sequence[Day]) -> Iterator[str]:
    if not days:
        return
    first, last = (days[end].open or {} for end in (0, -1))
    before, now = sum(first.values()), sum(last.values())
    moved = "rose" if now > before else "fell"
    total = f"are {now:,} as at first" if now == before else f"{moved} from {before:,} to {now:,}"
    parts = [_part(level, first.get(level, 0), last.get(level, 0)) for level in WORST_FIRST]
    yield f"Open findings {total}: {', '.join(parts)}."


def _part(level: Severity, before: int, now: int) -> str:
    return f"{level.word} {before:,} to {now:,}" if before != now else f"{level.word} still {now:,}"
