"""Firehose: what the judge says, that no stream is overlooked, and the stream that the fix is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import firehose
from checks.kit import NotApplicable
from tests.checks.cases import Case

STREAM = {"stream": "clicks"}
ENCRYPTED = firehose.stream_is_encrypted


def description(status: str = "", **more: Any) -> dict[str, Any]:
    known = {"DeliveryStreamType": "DirectPut", "DeliveryStreamStatus": "ACTIVE"} | more
    return known | ({"DeliveryStreamEncryptionConfiguration": {"Status": status}} if status else {})


PLAIN = "does not encrypt the records it holds"
CASES = [
    Case(ENCRYPTED, [STREAM, description("ENABLED")], None),
    Case(ENCRYPTED, [STREAM, description("ENABLING")], None),
    Case(ENCRYPTED, [STREAM, description()], PLAIN),
    Case(ENCRYPTED, [STREAM, description("DISABLED")], PLAIN),
    Case(ENCRYPTED, [STREAM, description("ENABLING_FAILED")], PLAIN),
    Case(ENCRYPTED, [STREAM, description(DeliveryStreamType="KinesisStreamAsSource")], NotApplicable),
    Case(ENCRYPTED, [STREAM, description(DeliveryStreamStatus="CREATING")], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_on_while_there_are_more(aws: Region) -> None:
    first = {"DeliveryStreamNames": ["one", "two"], "HasMoreDeliveryStreams": True}
    last = {"DeliveryStreamNames": ["three"], "HasMoreDeliveryStreams": False}
    with Stubber(aws.clients.get("firehose", aws.region)) as stub:
        stub.add_response("list_delivery_streams", first, {"Limit": 10_000})
        stub.add_response("list_delivery_streams", last, {"Limit": 10_000, "ExclusiveStartDeliveryStreamName": "two"})
        assert [one["stream"] for one in firehose.streams.stream(aws)] == ["one", "two", "three"]


@pytest.mark.parametrize("status", ["ENABLED", "DISABLING"])
def test_there_is_no_plan_while_it_changes_or_when_it_is_encrypted(status: str) -> None:
    with pytest.raises(NotApplicable):
        firehose.encrypt.plan(STREAM, description(status))


def plain(aws: boto3.Session) -> None:
    aws.client("s3", region_name="us-east-1").create_bucket(Bucket="clicks")
    aws.client("firehose", region_name="eu-west-1").create_delivery_stream(
        DeliveryStreamName="clicks",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::123456789012:role/firehose",
            "BucketARN": "arn:aws:s3:::clicks",
        },
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {ENCRYPTED.id: plain}
