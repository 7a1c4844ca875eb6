"""Kinesis: what the judges say, and the streams that the fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import kinesis
from checks.kit import NotApplicable
from tests.checks.cases import Case

STREAM = {"StreamName": "clicks", "StreamARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"}
ENCRYPTED, KEEPS = kinesis.stream_is_encrypted, kinesis.stream_keeps_records_long_enough


def settings(**more: Any) -> dict[str, Any]:
    return {"StreamStatus": "ACTIVE", "RetentionPeriodHours": 24, "EncryptionType": "NONE"} | more


CASES = [
    Case(ENCRYPTED, [STREAM, settings(EncryptionType="KMS")], None),
    Case(ENCRYPTED, [STREAM, settings()], "does not encrypt its records"),
    Case(ENCRYPTED, [STREAM, settings(StreamStatus="UPDATING")], "does not encrypt its records"),
    Case(ENCRYPTED, [STREAM, settings(StreamStatus="DELETING")], NotApplicable),
    Case(KEEPS, [STREAM, settings(RetentionPeriodHours=168)], None),
    Case(KEEPS, [STREAM, settings()], "keeps its records for 24 hours"),
    Case(KEEPS, [STREAM, settings()], None, {"hours": 24}),
    Case(KEEPS, [STREAM, settings(StreamStatus="CREATING")], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_the_settings_of_each_stream(aws: Region) -> None:
    plain(aws.clients.session)
    [found] = kinesis.streams.stream(aws)
    assert kinesis.settings.read(aws, found)["RetentionPeriodHours"] == 24


@pytest.mark.parametrize("more", [{"StreamStatus": "UPDATING"}, {"EncryptionType": "KMS", "RetentionPeriodHours": 200}])
def test_there_is_no_plan_while_it_changes_or_when_nothing_is_wrong(more: dict[str, Any]) -> None:
    for fix in (kinesis.encrypt, kinesis.keep_longer):
        with pytest.raises(NotApplicable):
            fix.plan(STREAM, settings(**more))


def plain(aws: boto3.Session) -> None:
    aws.client("kinesis", region_name="eu-west-1").create_stream(StreamName="clicks", ShardCount=1)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {ENCRYPTED.id: plain, KEEPS.id: plain}
