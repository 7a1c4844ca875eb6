"""Charts as Slack draws them, and as a picture in the thread once it has refused to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.demo.history import make_up
from bot.store import open_store
from tests.e2e.stage import Stage, until

pytestmark = pytest.mark.e2e

CHART = "data_visualization"


def posted(stage: Stage) -> list[list[str]]:
    """The kinds of blocks of each message that was posted, and refused or not."""
    calls: list[dict[str, Any]] = stage.slack.calls("chat.postMessage")
    return [[block["type"] for block in call["args"]["blocks"]] for call in calls]


@pytest.fixture
def month(stage: Stage) -> Iterator[None]:
    """Thirty days with a score, which other tests do not see."""
    with closing(open_store(stage.database)) as store:
        make_up(store, datetime.now(UTC))
    yield
    stage.write("DELETE FROM scores WHERE scan_id < 0")


def test_charts_where_slack_draws_them_and_a_picture_where_it_refuses(stage: Stage, month: None) -> None:
    stage.alice.command("/aws-sec", "trend", channel="security")
    stage.alice.wait_message("security", "the last 30 days", "trend.open.1")
    assert [kinds.count(CHART) for kinds in posted(stage)] == [2]
    assert not stage.slack.calls("files.completeUploadExternal")

    stage.slack.fault("api", "error", "chat.postMessage", error="invalid_blocks")  # once
    stage.alice.command("/aws-sec", "trend 7", channel="security")
    message = stage.alice.wait_message("security", "the last 7 days", "trend.open.1")
    assert "The score rose from" in message.content
    until(lambda: stage.slack.calls("files.completeUploadExternal"), "the picture is there")
    (shared,) = stage.slack.calls("files.completeUploadExternal")
    assert shared["args"]["thread_ts"] == message.ts
    (asked,) = stage.slack.calls("files.getUploadURLExternal")
    assert "The score rose from" in asked["args"]["alt_txt"]

    stage.alice.command("/aws-sec", "trend 90", channel="security")
    stage.alice.wait_message("security", "the last 90 days", "trend.open.1")
    assert [kinds.count(CHART) for kinds in posted(stage)] == [2, 2, 0, 0], "what was refused is not asked again"
    until(lambda: len(stage.slack.calls("files.completeUploadExternal")) == 2, "its picture is there")


def test_a_framework_is_a_table(stage: Stage) -> None:
    stage.alice.command("/aws-sec", "compliance cis_5.0", channel="general")
    stage.alice.wait_message("general", "CIS Amazon Web Services")
    (said,) = stage.slack.responses()
    (table,) = [block for block in said["body"]["blocks"] if block["type"] == "data_table"]
    assert [cell["text"] for cell in table["rows"][0]][:2] == ["Control", "Verdict"]
