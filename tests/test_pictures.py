"""Charts as a PNG: drawn by a process that ends, and that knows nothing of the bot's secrets."""

from __future__ import annotations

import asyncio
import struct
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot import pictures
from bot.blocks.charts import trend_page
from bot.pictures import NotDrawn, picture, show_picture
from bot.post import PICTURES, Post
from bot.trend import Day, Trend
from tests.conftest import ACCOUNT
from tests.slack.fake import BOT_TOKEN, Slack

pytestmark = pytest.mark.asyncio

MONTH = [Day(date(2026, 2, 1) + timedelta(n), 40 + n, {4: 3, 3: 30 - n, 2: 3}, True) for n in range(29)]
SECRET = "AWS_SEC_AUDIT_KEY"


async def test_a_picture_has_both_charts_and_says_what_they_show() -> None:
    drawn = await picture(Trend(ACCOUNT, MONTH, 30))
    assert drawn.content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", drawn.content[16:24])
    assert width > 1000
    assert height > 800
    assert drawn.name == "aws-sec-trend-2026-03-01.png"
    assert "The score rose from 40 to 68 of 100" in drawn.alt
    assert "matplotlib" not in sys.modules, "the bot's own process stays small"


async def test_the_score_alone_is_a_picture_too() -> None:
    drawn = await picture(Trend(ACCOUNT, [Day(day.on, day.score, None, True) for day in MONTH[:3]], 7))
    assert struct.unpack(">I", drawn.content[20:24])[0] < 500


async def test_the_child_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, "secret")
    monkeypatch.setattr(pictures, "DRAW", (sys.executable, "-c", "import os; print(*os.environ)"))
    told = (await picture(Trend(ACCOUNT, MONTH, 30))).content.decode().split()
    assert "PATH" in told
    assert not {*told} - {*pictures.KEPT, "LC_CTYPE"}


async def test_one_picture_is_drawn_at_a_time_and_few_wait(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.post.POST_SECONDS", 0.0)
    slow = f"import os, time; os.mkdir({str(tmp_path / 'one')!r}); time.sleep(0.05); os.rmdir({str(tmp_path / 'one')!r}); print('PNG')"
    monkeypatch.setattr(pictures, "DRAW", (sys.executable, "-I", "-S", "-c", slow))
    post, trend = Post(BOT_TOKEN, f"{slack.url}/api/"), Trend(ACCOUNT, MONTH, 30)
    slack.unknown.add("data_visualization")
    message = trend_page(trend)
    ts = await post.post("C1", message)
    shown = await asyncio.gather(*(show_picture(post, message, "C1", ts, trend) for _ in range(PICTURES + 9)))
    assert shown.count(True) == len(slack.files) == PICTURES
    assert "many are being drawn" in caplog.text
    assert "File exists" not in caplog.text
    assert await show_picture(post, message, "C1", ts, trend), "later there is room again"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        pytest.param(
            (sys.executable, "-c", "raise SystemExit('no module named matplotlib')"), "matplotlib", id="fails"
        ),
        pytest.param((sys.executable, "-c", "import time; time.sleep(60)"), "more than", id="hangs"),
        pytest.param(("/nowhere/python",), "no process", id="is not there"),
    ],
)
async def test_why_there_is_no_picture(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], why: str) -> None:
    monkeypatch.setattr(pictures, "DRAW", command)
    monkeypatch.setattr(pictures, "DRAW_SECONDS", 5.0 if "SystemExit" in command[-1] else 0.3)
    with pytest.raises(NotDrawn, match=why):
        await picture(Trend(ACCOUNT, MONTH, 30))
