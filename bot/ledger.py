"""A copy of the audit log in an S3 bucket with Object Lock: where whoever has the host cannot rewrite it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError

from bot import aws
from bot.aws_errors import AWS_ERRORS, CallError
from bot.store import Store
from bot.store.shipments import Shipments

THERE = "PreconditionFailed"
"""S3's answer when there is an object of that name.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""


class CannotShip(Exception):
    """A copy cannot be added to now; says why."""


@dataclass(frozen=True)
class Comparison:
    """How the copy agrees with the log. `rows`: those in the copy; `waiting`: those not yet; `problem`: the first."""

    rows: int
    waiting: int
    problem: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem


class Ledger:
    """Adds rows to the copy, never replaces any, and compares."""

    def __init__(
        self, store: Store, where: str, s3: aws.Region | None = None, now: Callable[[], datetime] | None = None
    ) -> None:
        self._log = store.audit
        self._shipments = Shipments(store.db)
        self._bucket, slash, prefix = where.partition("/")
        self._prefix = f"{prefix}{slash}"
        self._s3 = s3 or connect()
        self._now = now or _utc_now

    def ship(self) -> int:
        """Copy all rows that are not there yet; how many. Raises CallError or StoreError: the next time goes on."""
        rows = 0
        while batch := self._shipments.next(self._now()):
            self._put(*batch)
            self._shipments.sent(batch[0], self._now())
            rows += batch[1] - batch[0] + 1
        return rows

    def try_out(self) -> int:
        """Read, and write what is there already, which S3 refuses: the last row that is there. Raises CallError."""
        self._s3.call("s3:ListObjectsV2", Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)
        last = self._shipments.last()
        if last is None:
            return 0
        self._put(*last)
        return last[1]

    def retention(self) -> str:
        """The bucket's default retention in words, "" without one. Raises CallError."""
        none = "ObjectLockConfigurationNotFoundError"
        got = self._s3.call("s3:GetObjectLockConfiguration", Bucket=self._bucket, absent=none)
        kept = got.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {})
        length = next((f"{kept[unit]} {unit.lower()}" for unit in ("Days", "Years") if unit in kept), "")
        return f"{length}, {kept['Mode']}" if length else ""

    def compare(self) -> Comparison:
        """Every row of the copy with the log's; stops at the first difference. Raises CallError or StoreError."""
        covered = 0
        for key in self._keys():
            first, last = _range(key.removeprefix(self._prefix))
            if not 0 < first <= last:
                return self._compared(covered, f"the object {key} is none of the copy's")
            if first > covered + 1:
                return self._compared(covered, f"{_rows(covered + 1, first - 1)} not in the copy")
            problem = _difference(self._get(key), [*self._log.export(first, last)], first, last)
            if problem:
                return self._compared(covered, problem)
            covered = max(covered, last)
        sent = self._shipments.last()
        if sent and sent[1] > covered:
            return self._compared(covered, f"{_rows(covered + 1, sent[1])} not in the copy any more")
        return self._compared(covered, "")

    def _compared(self, covered: int, problem: str) -> Comparison:
        return Comparison(covered, max(0, self._log.head().seq - covered), problem)

    def _put(self, first: int, last: int) -> None:
        """Objects are only added. One of that name is there when an answer was lost, or it is another log's."""
        self._s3.call(
            "s3:PutObject",
            absent=THERE,
            Bucket=self._bucket,
            Key=f"{self._prefix}{first:012}-{last:012}.jsonl",
            Body="".join(f"{line}\n" for line in self._lines(first, last)).encode(),
            ContentType="application/jsonl",
            ChecksumAlgorithm="SHA256",  # which a bucket with Object Lock asks for
            IfNoneMatch="*",
        )

    def _lines(self, first: int, last: int) -> Iterator[str]:
        line = ""
        for line in self._log.export(first, last):
            yield line
        yield _head(line)

    def _keys(self) -> Iterator[str]:
        """In the order of the rows: S3 lists in the order of names."""
        found = self._s3.items("s3:ListObjectsV2", "Contents", Bucket=self._bucket, Prefix=self._prefix)
        yield from (one["Key"] for one in found if "/" not in one["Key"].removeprefix(self._prefix))

    def _get(self, key: str) -> list[str]:
        answer = self._s3.call("s3:GetObject", Bucket=self._bucket, Key=key)
        try:
            return str(answer["Body"].read().decode("utf-8", "replace")).splitlines()
        except AWS_ERRORS as error:  # the rest of the answer did not come
            raise CallError("s3:GetObject", self._s3.region, error) from error


def connect(config: Config = aws.READ_CONFIG) -> aws.Region:
    """AWS with the host's own credentials: neither role of the account needs to reach a copy. Raises CannotShip."""
    try:
        session = aws.session()
        return aws.Region(aws.Clients(session, config=config), "", session.region_name or aws.HOME)
    except BotoCoreError as error:
        raise CannotShip(f"AWS cannot be used: {error}") from error


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _head(line: str) -> str:
    """What ends an object: the head that its last row makes."""
    row: dict[str, Any] = json.loads(line)
    return json.dumps({"head": f"{row['seq']}:{row['hash']}"})


def _range(name: str) -> tuple[int, int]:
    """First and last row of an object, as its name says; zeros for another name."""
    first, _, last = name.removesuffix(".jsonl").partition("-")
    return (int(first), int(last)) if first.isdecimal() and last.isdecimal() else (0, 0)


def _difference(copied: Sequence[str], here: Sequence[str], first: int, last: int) -> str:
    for number in range(first, last + 1):
        place = number - first
        if place >= len(copied):
            return f"row {number} is not in the copy, whose object has its number"
        if place >= len(here):
            return f"row {number} is in the copy and not in the log"
        if copied[place] != here[place]:
            return f"row {number} is not as it was copied{_where(copied[place], here[place])}"
    if copied[last - first + 1 :] != [_head(here[-1])]:
        return f"the object that ends with row {last} has another end"
    return ""


def _where(copied: str, here: str) -> str:
    """Which columns differ, if the copy can be read."""
    try:
        was, now = json.loads(copied), json.loads(here)
        names = [name for name in now if was.get(name) != now[name]]
    except (ValueError, AttributeError):
        return ""
    return f" ({', '.join(names)})"


def _rows(first: int, last: int) -> str:
    return f"row {first} is" if first == last else f"rows {first} to {last} are"
