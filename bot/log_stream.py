"""A copy of the audit log in one log stream of CloudWatch Logs: row by row, in order, none twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot import aws
from bot.aws_errors import CallError
from bot.fixing import WRITE_CONFIG
from bot.ids import LARGEST
from bot.ledger import CannotShip, connect
from bot.store import Store
from bot.store.shipments import Shipments

EVENTS, BYTES, BESIDES = 10_000, 1_048_576, 26
"""What one call takes: events, and bytes of their messages with so many for each event besides.
Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html"""
PAST = timedelta(hours=23)
"""How far back an event is dated at most: one call takes what spans 24 hours, and a log group may keep a day only. Each
message says when its row was written."""
TOO_OLD = timedelta(days=15)
"""What CloudWatch Logs rejects: older than 14 days."""
SHOWS = timedelta(minutes=1)
"""What was taken is there to be read after some seconds. Until then nobody knows whether a lost batch arrived."""

READ, WRITE = "logs:GetLogEvents", "logs:PutLogEvents"


class LogStream:
    """Adds rows to the copy. `where`: log group and stream, parted by a colon; both are there already."""

    def __init__(
        self, store: Store, where: str, logs: aws.Region | None = None, now: Callable[[], datetime] | None = None
    ) -> None:
        self._log = store.audit
        self._where = where
        group, _, stream = where.partition(":")
        self._stream = {"logGroupName": group, "logStreamName": stream}
        self._shipments = Shipments(store.db, "log_shipments", self._fitting)
        self._logs = logs or connect(WRITE_CONFIG)  # CloudWatch Logs takes twice what is sent twice
        self._now = now or _utc_now

    def ship(self) -> int:
        """Copy all rows that are not there yet; how many. Raises CallError, CannotShip, StoreError: the next goes on.

        Before each batch it looks where the copy ends: so a batch that arrived unnoticed is not sent again.
        """
        begun = self._shipments.begun()
        if begun and self._now() - begun < SHOWS:
            raise CannotShip("nobody can tell yet whether the last rows that were sent arrived: wait a minute")
        rows = 0
        while batch := self._shipments.next(self._now()):
            first, last = batch
            there, at = self._newest()
            if there < last:
                self._put(max(first, there + 1), last, at)
            self._shipments.sent(first, self._now())
            rows += last - first + 1
        return rows

    def try_out(self) -> int:
        """Read, and write what CloudWatch Logs takes and drops as too old: the last row there. Raises CallError."""
        there, _ = self._newest()
        old = int((self._now() - TOO_OLD).timestamp() * 1000)
        self._logs.call(WRITE, **self._stream, logEvents=[{"timestamp": old, "message": "aws-sec doctor"}])
        return there

    def _put(self, first: int, last: int, newest: int) -> None:
        events = [*self._events(first, last, newest)]
        try:
            answer = self._logs.call(WRITE, **self._stream, logEvents=events)
        except CallError as error:
            if error.denied:
                self._shipments.unsent(first)
            raise
        if rejected := answer.get("rejectedLogEventsInfo"):
            raise CannotShip(f"CloudWatch Logs rejected rows for their time ({rejected}): is the host's clock right?")

    def _events(self, first: int, last: int, newest: int) -> Iterator[Mapping[str, Any]]:
        """Rows as events, each later than the one before: CloudWatch Logs orders by time."""
        time = max(newest, int((self._now() - PAST).timestamp() * 1000))
        for line in self._log.export(first, last):
            time = max(time + 1, int(datetime.fromisoformat(json.loads(line)["at"]).timestamp() * 1000))
            yield {"timestamp": time, "message": line}

    def _newest(self) -> tuple[int, int]:
        """The copy's last row, and its event's time; zeros for an empty one. Raises CannotShip for another log's."""
        event = self._last_event()
        if event is None:
            return 0, 0
        try:
            seq = json.loads(event["message"])["seq"]
        except (ValueError, KeyError, TypeError, RecursionError):  # whatever who may write there wrote
            seq = None
        if not isinstance(seq, int) or not 0 < seq <= LARGEST:
            raise CannotShip(f"the last event in {self._where} is none of the copy's")
        if event["message"] not in self._log.export(seq, seq):
            raise CannotShip(f"row {seq} in {self._where} is not the log's")
        return seq, int(event["timestamp"])

    def _last_event(self) -> Mapping[str, Any] | None:
        """Pages may be empty before the last: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html"""
        token: dict[str, str] = {}
        while True:
            page = self._logs.call(READ, **self._stream, startFromHead=False, limit=1, **token)
            if page["events"]:
                return dict(page["events"][-1])
            back = {"nextToken": page["nextBackwardToken"]}
            if back == token:
                return None
            token = back

    def _fitting(self, first: int, head: int) -> int:
        """The last row that one call takes besides those from the first on."""
        size, last = 0, first
        for last, line in enumerate(self._log.export(first, min(head, first + EVENTS - 1)), first):
            size += len(line.encode()) + BESIDES
            if size > BYTES:
                return max(first, last - 1)
        return last


def _utc_now() -> datetime:
    return datetime.now(UTC)
