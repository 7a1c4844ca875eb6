"""The copy of the audit log in CloudWatch Logs: in order, within its limits, no row twice and none left out."""

from __future__ import annotations

import json
import logging
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from bot.aws_errors import CallError
from bot.ledger import CannotShip
from bot.log_stream import BESIDES, LogStream
from bot.store import Store, open_store
from tests.aws_answers import answer_instead, register_on_every_client
from tests.slack.clock import Clock
from tests.slack.desk import desk
from tests.slack.fake import Slack
from tests.store.test_audit import fill, tamper

GROUP, STREAM = "aws-sec", "audit/prod"
WHERE = f"{GROUP}:{STREAM}"
DENIED = b'{"__type": "AccessDeniedException"}'
TO_LOGS = {"logGroupName": GROUP, "logStreamName": STREAM}


class Copy:
    """A log stream, and the log that is copied to it."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store, self.clock = store, Clock()
        self.logs: Any = boto3.client("logs")
        self.logs.create_log_group(logGroupName=GROUP)
        self.logs.create_log_stream(**TO_LOGS)
        self.calls: list[list[dict[str, Any]]] = []
        register_on_every_client(monkeypatch, "provide-client-params.cloudwatch-logs.PutLogEvents", self._called)

    def _called(self, params: Any, **_: Any) -> None:
        self.calls.append(params["logEvents"])

    @property
    def stream(self) -> LogStream:
        """Whoever starts next goes on."""
        return LogStream(self.store, WHERE, now=self.clock)

    @property
    def events(self) -> list[dict[str, Any]]:
        return list(self.logs.get_log_events(**TO_LOGS, startFromHead=True)["events"])

    @property
    def rows(self) -> list[int]:
        return [json.loads(event["message"])["seq"] for event in self.events]


@pytest.fixture
def copy(moto_url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> Copy:
    return Copy(store, monkeypatch)


def test_rows_are_copied_in_order_each_once(copy: Copy) -> None:
    assert copy.stream.ship() == 0
    fill(copy.store, 3)
    assert copy.stream.ship() == 3
    assert copy.stream.ship() == 0
    fill(copy.store, 2)
    assert copy.stream.ship() == 2
    assert [event["message"] for event in copy.events] == [*copy.store.audit.export()]
    times = [event["timestamp"] for event in copy.events]
    assert times == sorted(set(times)), "CloudWatch Logs orders by time, so none are equal"


def test_each_call_is_within_the_limits(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(copy.store, 7)
    size = len(next(copy.store.audit.export()).encode()) + BESIDES
    monkeypatch.setattr("bot.log_stream.BYTES", 3 * size + size // 2)
    assert copy.stream.ship() == 7
    assert [len(call) for call in copy.calls] == [3, 3, 1]
    fill(copy.store, 3)
    monkeypatch.setattr("bot.log_stream.EVENTS", 2)
    assert copy.stream.ship() == 3
    assert [len(call) for call in copy.calls] == [3, 3, 1, 2, 1]
    assert copy.rows == [*range(1, 11)]


def test_rows_that_are_older_than_a_call_takes_are_dated_later(copy: Copy) -> None:
    """Who begins with a copy has rows of months; each message has its row's own time."""
    fill(copy.store, 3)
    copy.clock.now = datetime.now(UTC) + timedelta(days=40)
    events = [*copy.stream._events(1, 3, 0)]  # moto would reject the clock's future
    times = [datetime.fromtimestamp(event["timestamp"] / 1000, UTC) for event in events]
    assert all(timedelta(hours=22) < copy.clock.now - time < timedelta(hours=24) for time in times)
    assert times == sorted(set(times))


@pytest.mark.parametrize("arrived", [True, False])
def test_a_batch_of_which_nobody_knows_whether_it_arrived_is_copied_once(
    copy: Copy, monkeypatch: pytest.MonkeyPatch, *, arrived: bool
) -> None:
    fill(copy.store, 2)
    with monkeypatch.context() as lost:
        if arrived:
            lost.setattr("bot.store.shipments.Shipments.sent", _die)
        else:
            answer_instead(lost, "cloudwatch-logs", "PutLogEvents", 500, b"{}")
        with pytest.raises((CallError, KeyboardInterrupt)):
            copy.stream.ship()
    fill(copy.store, 1)
    with pytest.raises(CannotShip, match="wait a minute"):
        copy.stream.ship()
    copy.clock.now += timedelta(minutes=2)
    assert copy.stream.ship() == 3
    assert copy.rows == [1, 2, 3]


def _die(*_: Any) -> None:
    raise KeyboardInterrupt


def test_what_was_refused_is_copied_as_soon_as_it_is_allowed(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(copy.store, 2)
    with monkeypatch.context() as outage:
        answer_instead(outage, "cloudwatch-logs", "PutLogEvents", 400, DENIED)
        with pytest.raises(CallError, match="grant logs:PutLogEvents"):
            copy.stream.ship()
    assert copy.stream.ship() == 2


def test_an_answer_that_got_lost_is_not_asked_for_again_by_boto3(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(copy.store, 1)
    sent = []
    answer_instead(monkeypatch, "cloudwatch-logs", "PutLogEvents", 503, b"{}")
    register_on_every_client(monkeypatch, "request-created.cloudwatch-logs.PutLogEvents", lambda **_: sent.append(1))
    with pytest.raises(CallError):
        copy.stream.ship()
    assert len(sent) == 1, "each would be copied"


def test_a_database_that_was_restored_copies_no_row_again(copy: Copy, tmp_path: Path) -> None:
    fill(copy.store, 2)
    copy.stream.ship()
    fill(copy.store, 2)
    older = tmp_path / "older.sqlite"
    with sqlite3.connect(copy.store.db.path) as db:
        db.execute(f"VACUUM INTO '{older}'")
    db.close()
    copy.stream.ship()
    restored = open_store(older)
    assert LogStream(restored, WHERE).ship() == 2
    fill(restored, 1)
    assert LogStream(restored, WHERE).ship() == 1
    restored.close()
    assert copy.rows == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM audit WHERE seq > 2", "row 3 in aws-sec:audit/prod is not the log's"),
        ("UPDATE audit SET actor = 'T1/U9' WHERE seq = 3", "row 3 in aws-sec:audit/prod is not the log's"),
    ],
)
def test_a_log_that_is_not_the_copys_is_not_added_to_it(copy: Copy, statement: str, words: str) -> None:
    fill(copy.store, 3)
    copy.stream.ship()
    tamper(copy.store.db.path, statement)
    fill(copy.store, 2)
    with pytest.raises(CannotShip, match=words):
        copy.stream.ship()


@pytest.mark.parametrize(
    "words", ["hello", "[1]", "{}", '{"seq": null}', '{"seq": 1e999}', f'{{"seq": {"9" * 30}}}', "[" * 50_000]
)
def test_what_others_write_into_the_stream_stops_the_copy(copy: Copy, words: str) -> None:
    fill(copy.store, 1)
    now = int(copy.clock.now.timestamp() * 1000)
    copy.logs.put_log_events(**TO_LOGS, logEvents=[{"timestamp": now, "message": words}])
    with pytest.raises(CannotShip, match="the last event in aws-sec:audit/prod is none of the copy's"):
        copy.stream.ship()


def test_rows_rejected_for_their_time_are_said(copy: Copy) -> None:
    fill(copy.store, 1)
    copy.clock.now += timedelta(days=3)
    with pytest.raises(CannotShip, match=r"tooNewLogEventStartIndex.*is the host's clock right"):
        copy.stream.ship()


# --- who makes it --------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_schedule_copies_and_one_copy_does_not_wait_for_the_other(
    slack: Slack, copy: Copy, caplog: pytest.LogCaptureFixture
) -> None:
    at_desk = await desk(slack, copy.store, audit_bucket="northwind-nowhere", audit_log_stream=WHERE)
    fill(copy.store, 2)
    with caplog.at_level(logging.WARNING):
        await at_desk.schedule.copy_audit()
    assert "the copy of the audit log in northwind-nowhere lags behind" in caplog.text
    assert copy.rows == [1, 2]
