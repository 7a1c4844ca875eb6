"""The demo's bot says in words what the demo's Slack would show as it is written."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

from bot.demo.bot import draws, in_words
from bot.demo.history import DAYS, make_up
from bot.store import Store
from bot.trend import trend
from tests.blocks.examples import ORDINARY, all_of
from tests.conftest import ACCOUNT


def test_dates_become_their_fallback_and_nothing_else_changes() -> None:
    text = "until *<!date^1772442000^{date_short_pretty} {time}|2026-03-02 09:00 GMT>*, <@U1> <https://a.b/|there>"
    assert in_words({"text": [text]}) == {"text": ["until *2026-03-02 09:00 GMT*, <@U1> <https://a.b/|there>"]}
    assert in_words(None) is None
    for name, payload in all_of(ORDINARY):
        assert "<!date" not in str(in_words(payload)), name


def test_charts_and_tables_are_refused_as_where_slack_has_not_got_them() -> None:
    drawn = {name for name, payload in all_of(ORDINARY) if not draws(payload)}
    assert {"trend", "compliance"} <= drawn
    assert not {name for name in drawn if name.endswith("draws_nothing")}


def test_a_month_is_made_up_and_no_scan_with_it(store: Store) -> None:
    now = datetime.now(UTC)
    make_up(store, now)
    made = trend(store, ACCOUNT, DAYS, now, UTC)
    assert len(made.days) == DAYS
    assert made.drawable
    assert store.scans.last(ACCOUNT) is None
    real = store.scans.begin(ACCOUNT, at=now, complete_scope=True, requested_by="test")
    assert real == 1


def test_it_is_the_command() -> None:
    ran = subprocess.run([sys.executable, "-m", "bot.demo.bot", "run", "--help"], capture_output=True, check=True)
    assert b"Run the bot until it is stopped." in ran.stdout
