"""Charts as a picture, where Slack's own are refused: drawn by a child process, put into a message's thread."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from dataclasses import dataclass

from bot.blocks.charts import FINDINGS, SCORE, WORST_FIRST, alt_text
from bot.blocks.parts import Message
from bot.post import Post, PostError
from bot.trend import Trend
from bot.turns import TooMany

log = logging.getLogger(__name__)

DRAW = (sys.executable, "-m", "bot.plot")
DRAW_SECONDS = 60.0
"""The first picture of an installation takes longest: matplotlib lists the fonts."""
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR")
"""What the child is told of the environment: what draws needs none of the bot's secrets."""


class NotDrawn(Exception):
    """There is no picture; says why."""


@dataclass(frozen=True)
class Picture:
    """A PNG. `alt`: what it shows, in words."""

    name: str
    alt: str
    content: bytes


async def picture(trend: Trend) -> Picture:
    """The charts of a trend that can be drawn. Raises NotDrawn."""
    name = f"aws-sec-trend-{trend.days[-1].on}.png"
    return Picture(name, alt_text(trend), await _drawn(json.dumps(_charts(trend)).encode()))


async def show_picture(post: Post, message: Message, channel: str, thread: str, trend: Trend) -> bool:
    """Put a picture into the thread of a message that was sent, unless Slack drew its charts itself.

    Whether there is one. What does not work is logged: the words of the message say what it would show.
    """
    if not is_needed(post, message, trend):
        return False
    try:
        async with post.pictures.one():
            drawn = await picture(trend)
        await post.upload(channel, thread, drawn.content, drawn.name, "aws-sec: score and open findings", drawn.alt)
    except TooMany:
        log.warning("no picture of the trend: many are being drawn")
        return False
    except (NotDrawn, PostError) as error:
        log.warning("no picture of the trend: %s", error)
        return False
    return True


def is_needed(post: Post, message: Message, trend: Trend) -> bool:
    """Whether Slack refused the charts of a message that was sent."""
    return trend.drawable and post.natives.best(message) is not message


def _charts(trend: Trend) -> list[dict[str, object]]:
    charts: list[dict[str, object]] = []
    if days := trend.scored:
        score = {"Score": [day.score for day in days]}
        charts.append(
            {"title": f"{SCORE} (of 100)", "days": [str(day.on) for day in days], "series": score, "top": 100}
        )
    if days := trend.counted:
        found = {level.word: [(day.open or {}).get(level, 0) for day in days] for level in WORST_FIRST}
        charts.append({"title": FINDINGS, "days": [str(day.on) for day in days], "series": found, "top": None})
    return charts


async def _drawn(charts: bytes) -> bytes:
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    pipe = asyncio.subprocess.PIPE
    try:
        child = await asyncio.create_subprocess_exec(*DRAW, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
    except OSError as error:
        raise NotDrawn(f"no process could be started: {error.strerror}") from error
    try:
        async with asyncio.timeout(DRAW_SECONDS):
            content, said = await child.communicate(charts)
    except TimeoutError as error:
        raise NotDrawn(f"it took more than {DRAW_SECONDS:.0f} seconds") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise NotDrawn((said.decode(errors="replace").strip().splitlines() or [f"exit code {child.returncode}"])[-1])
    return content
