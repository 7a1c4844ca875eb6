"""The weekly edition's part of a digest: how things moved, what is open for longest."""

from __future__ import annotations

from datetime import datetime

from slack_sdk.models.blocks import Block

from bot.blocks.charts import sentences
from bot.blocks.parts import lines
from bot.blocks.text import code, plain, severity
from bot.store.findings import Finding
from bot.weekly import Week
from bot.words import span


def week_blocks(week: Week, now: datetime) -> list[Block]:
    """How the account moved in words, how long things stay open, and what has for longest."""
    told = [f"• {sentence}" for sentence in (sentences(week.trend) if week.trend else [])]
    if week.took is not None:
        told.append(f"• Half of what was resolved had been open for no longer than {span(week.took)} (the median).")
    if week.oldest:
        told += ["⏱ *Open for longest*, critical and high before others", *(_old(one, now) for one in week.oldest)]
    return [*lines(["📅 *The week*", *told])] if told else []


def _old(finding: Finding, now: datetime) -> str:
    words = f"{severity(finding.severity)}  {code(finding.name, 100)} {plain(finding.text)}"
    return f"• {words}  ·  {span(now - finding.opened_at)}  ·  finding {finding.id}"
