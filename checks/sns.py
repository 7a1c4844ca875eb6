"""Amazon SNS topics and subscriptions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict

from checks import documents
from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
    fix,
)
from checks.policy_edits import close

if TYPE_CHECKING:
    from types_boto3_sns.type_defs import TopicTypeDef as Topic

OWNERS = ("Publish", "Subscribe", "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission")
"""What SNS's default policy lets the owner of a topic do, in part."""


class Attributes(TypedDict):
    """What is read of a topic's attributes. `key`: empty where it is not encrypted with one."""

    policy: str
    key: str


class Subscription(TypedDict):
    arn: str
    topic: str
    protocol: str


topics: Collector[Topic] = collect("sns:ListTopics", "Topics", arn="{TopicArn}")


@collector("sns:ListSubscriptions", arn="{arn}", name="{topic} ({protocol})")
def subscriptions(aws: Aws) -> Iterator[Subscription]:
    """Those that are confirmed: the others have no ARN yet, and get no messages. Leaves out whom they send to."""
    for one in aws.items("sns:ListSubscriptions", "Subscriptions"):
        arn = one["SubscriptionArn"]
        if arn.startswith("arn:"):
            yield {"arn": arn, "topic": arn.split(":")[5], "protocol": one["Protocol"]}


@extra("sns:GetTopicAttributes")
def attributes(aws: Aws, topic: Topic) -> Attributes:
    got = aws.call("sns:GetTopicAttributes", TopicArn=topic["TopicArn"])["Attributes"]
    return {"policy": got.get("Policy", ""), "key": got.get("KmsMasterKeyId", "")}


@extra("cloudwatch:DescribeAlarms")
def alarms_of(aws: Aws, topic: Topic) -> list[str]:
    """The alarms that publish to a topic."""
    kinds = ["MetricAlarm", "CompositeAlarm"]
    return [
        alarm["AlarmName"]
        for path in ("MetricAlarms", "CompositeAlarms")
        for alarm in aws.items("cloudwatch:DescribeAlarms", path, AlarmTypes=kinds)
        if topic["TopicArn"]
        in [*alarm.get("AlarmActions", []), *alarm.get("OKActions", []), *alarm.get("InsufficientDataActions", [])]
    ]


@check(topics, attributes, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def topic_is_not_public(topic: Topic, attributes: Attributes) -> Verdict:
    """SNS topic lets in nobody from outside.

    Everyone on the internet could read its messages by subscribing, or send your people and programs messages.

    Fix: Name the accounts that need the topic in its policy, or the ARN of what publishes to it in a condition.
    See: https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html
    """
    return documents.opens_to_everyone(attributes["policy"])


@fix(topic_is_not_public, "sns:SetTopicAttributes", risk=Risk.CUTS_ACCESS)
def close_topic(topic: Topic, attributes: Attributes) -> Plan:
    """Take the statements that let everyone in out of the topic's policy."""
    arn = topic["TopicArn"]
    _, partition, _, _, account, _ = arn.split(":")
    owner = {
        "Sid": "owner",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": [f"sns:{action}" for action in OWNERS],
        "Resource": arn,
    }  # a topic has a policy always

    def put(policy: str) -> Call:
        wanted = {"TopicArn": arn, "AttributeName": "Policy", "AttributeValue": policy}
        return Call("sns:SetTopicAttributes", wanted)

    left = json.dumps({"Version": "2012-10-17", "Statement": [owner]})
    return close(attributes["policy"], put, left, ["Subscriptions that exist stay."])


@check(topics, attributes, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def topic_is_encrypted(topic: Topic, attributes: Attributes) -> Verdict:
    """SNS topic encrypts its messages with a KMS key.

    Messages carry names, orders, sometimes tokens. Without a key SNS guards them by encrypted disks only, and nobody's
    permission on a key is asked.

    Fix: Choose a KMS key for the topic. Where AWS services publish to it (alarms, S3, EventBridge) it must be a key of
    yours whose policy lets them use it: AWS's own key, alias/aws/sns, does not.
    See: https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html
    """
    return expect(attributes["key"], "does not encrypt its messages with a KMS key")


@fix(topic_is_encrypted, "sns:SetTopicAttributes", risk=Risk.CUTS_ACCESS, reads=(alarms_of,))
def encrypt(topic: Topic, attributes: Attributes, alarms: list[str]) -> Plan:
    """Encrypt the topic's messages with the key that AWS keeps for SNS.

    Services cannot use that key: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    if alarms:
        raise NotApplicable(f"alarm {alarms[0]} publishes to it and may not use AWS's key: choose a key of yours")
    if any(who.kind == "Service" for who, _ in documents.trusted(attributes["policy"])):
        raise NotApplicable("AWS services publish to it and may not use AWS's key: choose a key of yours")

    def key(id: str) -> Call:
        wanted = {"TopicArn": topic["TopicArn"], "AttributeName": "KmsMasterKeyId", "AttributeValue": id}
        return Call("sns:SetTopicAttributes", wanted)

    return Plan(
        do=[key("alias/aws/sns")],
        undo=[key("")],
        before={"KMS key": attributes["key"] or "none"},
        after={"KMS key": "alias/aws/sns"},
        notes=["Other accounts and AWS services can no longer publish to it: they may not use this key."],
    )


@check(subscriptions, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def subscription_uses_https(subscription: Subscription) -> Verdict:
    """SNS subscription does not send messages over plain HTTP.

    Over plain HTTP, whoever sits between SNS and the receiver reads and changes the messages on their way.

    Fix: Subscribe the receiver's HTTPS address and remove this subscription.
    See: https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html
    """
    if subscription["protocol"] not in ("http", "https"):
        raise NotApplicable("it does not send to a web address")
    return expect(subscription["protocol"] == "https", "sends its messages over plain HTTP")
