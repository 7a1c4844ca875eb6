"""SQS: what the judges say, that no queue is overlooked, and the queue that the fix is tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import sqs
from tests.checks.cases import Case

QUEUE = {"url": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "queue": "orders"}


def policy(**more: Any) -> dict[str, str]:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"} | more
    return {"Policy": json.dumps({"Statement": [statement]})}


OF_A_TOPIC = {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:123456789012:orders"}}
OF_A_BUCKET = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:northwind"}}
CASES = [
    Case(sqs.queue_is_not_public, [QUEUE, {}], None),
    Case(sqs.queue_is_not_public, [QUEUE, policy(Condition=OF_A_TOPIC)], None),
    Case(sqs.queue_is_not_public, [QUEUE, policy(Condition=OF_A_BUCKET)], None),
    Case(sqs.queue_is_not_public, [QUEUE, policy()], "lets everyone do sqs:SendMessage"),
    Case(sqs.queue_is_encrypted, [QUEUE, {"SqsManagedSseEnabled": "true"}], None),
    Case(sqs.queue_is_encrypted, [QUEUE, {"SqsManagedSseEnabled": "false", "KmsMasterKeyId": "alias/aws/sqs"}], None),
    Case(sqs.queue_is_encrypted, [QUEUE, {"SqsManagedSseEnabled": "false"}], "does not encrypt its messages"),
    Case(sqs.queue_is_encrypted, [QUEUE, {}], "does not encrypt its messages"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_every_queue_of_more_than_one_page_is_read(aws: Region) -> None:
    client = aws.clients.session.client("sqs")
    for number in range(1001):  # one more than SQS puts on a page
        client.create_queue(QueueName=f"queue-{number}")
    found = list(sqs.queues.stream(aws))
    assert len(found) == 1001
    assert sqs.attributes.read(aws, found[0])["SqsManagedSseEnabled"] in ("true", "false")


def test_a_queue_that_got_a_key_meanwhile_is_told_from_one_without_encryption() -> None:
    settings = [{}, {"SqsManagedSseEnabled": "true"}, {"SqsManagedSseEnabled": "false", "KmsMasterKeyId": "alias/own"}]
    before = [sqs.encrypt.plan(QUEUE, one).before["encryption"] for one in settings]
    assert before == ["off", "with keys that SQS owns", "with KMS key alias/own"]


def unencrypted(aws: boto3.Session) -> None:
    aws.client("sqs", region_name="eu-west-1").create_queue(
        QueueName="orders", Attributes={"SqsManagedSseEnabled": "false"}
    )


def public(aws: boto3.Session) -> None:
    text = policy()["Policy"]
    aws.client("sqs", region_name="eu-west-1").create_queue(QueueName="orders", Attributes={"Policy": text})


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    sqs.queue_is_encrypted.id: unencrypted,
    sqs.queue_is_not_public.id: public,
}
