"""SNS: what the judges say, which subscriptions are read, and the topics that the fixes are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import sns
from checks.kit import NotApplicable
from tests.checks.cases import Case

ARN = "arn:aws:sns:eu-west-1:123456789012:orders"
TOPIC = {"TopicArn": ARN}
OWNER = {"StringEquals": {"AWS:SourceOwner": "123456789012"}}


def policy(*statements: dict[str, Any]) -> dict[str, str]:
    return {"policy": json.dumps({"Statement": list(statements)}) if statements else "", "key": ""}


def statement(principal: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "SNS:Subscribe", "Resource": ARN} | more


CLOSED, ENCRYPTED, HTTPS = sns.topic_is_not_public, sns.topic_is_encrypted, sns.subscription_uses_https
OF_S3 = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:northwind"}}
CASES = [
    Case(CLOSED, [TOPIC, policy(statement({"AWS": "*"}, Condition=OWNER))], None),
    Case(CLOSED, [TOPIC, policy(statement({"Service": "s3.amazonaws.com"}, Condition=OF_S3))], None),
    Case(CLOSED, [TOPIC, policy(statement())], "lets everyone do SNS:Subscribe"),
    Case(
        CLOSED,
        [TOPIC, policy(statement(Condition={"StringEquals": {"SNS:Protocol": "https"}}))],
        "lets everyone do SNS:Subscribe",
    ),
    Case(ENCRYPTED, [TOPIC, policy() | {"key": "alias/aws/sns"}], None),
    Case(ENCRYPTED, [TOPIC, policy()], "does not encrypt its messages with a KMS key"),
    Case(HTTPS, [{"protocol": "https"}], None),
    Case(HTTPS, [{"protocol": "http"}], "sends its messages over plain HTTP"),
    Case(HTTPS, [{"protocol": "email"}], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_topics_and_the_subscriptions_that_are_confirmed(aws: Region) -> None:
    client = aws.clients.session.client("sns")
    arn = client.create_topic(Name="orders")["TopicArn"]
    client.subscribe(TopicArn=arn, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:orders")
    [topic] = sns.topics.stream(aws)
    assert CLOSED.judge(topic, sns.attributes.read(aws, topic)) is None, "AWS's default policy is for the owner only"
    assert [one["protocol"] for one in sns.subscriptions.stream(aws)] == ["sqs"]


def test_one_that_waits_for_confirmation_is_left_out() -> None:
    class Waiting:
        def items(self, *_: str) -> list[dict[str, str]]:
            return [{"SubscriptionArn": "PendingConfirmation", "Protocol": "http"}]

    assert list(sns.subscriptions.stream(Waiting())) == []  # type: ignore[arg-type]


def test_no_key_of_awss_where_services_publish() -> None:
    with pytest.raises(NotApplicable, match="root-use"):
        sns.encrypt.plan(TOPIC, policy(), ["root-use"])
    with pytest.raises(NotApplicable, match="services"):
        sns.encrypt.plan(TOPIC, policy(statement({"Service": "events.amazonaws.com"})), [])


def test_the_alarms_of_a_topic_are_found(aws: Region) -> None:
    arn = aws.clients.session.client("sns").create_topic(Name="orders")["TopicArn"]
    aws.clients.session.client("cloudwatch").put_metric_alarm(
        AlarmName="root-use",
        MetricName="RootUse",
        Namespace="Security",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[arn],
    )
    assert sns.alarms_of.read(aws, {"TopicArn": arn}) == ["root-use"]
    assert sns.alarms_of.read(aws, {"TopicArn": f"{arn}-more"}) == []


def public(aws: boto3.Session) -> None:
    client = aws.client("sns", region_name="eu-west-1")
    arn = client.create_topic(Name="orders")["TopicArn"]
    added = policy(statement(Sid="all"), statement({"AWS": "123456789012"}, Sid="own"))
    client.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=added["policy"])


def plain(aws: boto3.Session) -> None:
    aws.client("sns", region_name="eu-west-1").create_topic(Name="orders")


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {CLOSED.id: public, ENCRYPTED.id: plain}
