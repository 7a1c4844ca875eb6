"""The demo's bot says in words what the demo's Slack would show as it is written."""

from __future__ import annotations

import subprocess
import sys

from bot.demo.bot import in_words
from tests.blocks.examples import ORDINARY, all_of


def test_dates_become_their_fallback_and_nothing_else_changes() -> None:
    text = "until *<!date^1772442000^{date_short_pretty} {time}|2026-03-02 09:00 GMT>*, <@U1> <https://a.b/|there>"
    assert in_words({"text": [text]}) == {"text": ["until *2026-03-02 09:00 GMT*, <@U1> <https://a.b/|there>"]}
    assert in_words(None) is None
    for name, payload in all_of(ORDINARY):
        assert "<!date" not in str(in_words(payload)), name


def test_it_is_the_command() -> None:
    ran = subprocess.run([sys.executable, "-m", "bot.demo.bot", "run", "--help"], capture_output=True, check=True)
    assert b"Run the bot until it is stopped." in ran.stdout
