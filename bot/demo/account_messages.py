"""What Northwind Traders sends and runs: topics, buses, streams, mail, state machines, documents, stacks."""

from __future__ import annotations

import json
from typing import Any

from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import pairs, tags

PARTNER = "210987654321"
"""The account of a former consultant."""
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"


def fill_messages(aws: Emulated) -> None:
    _topics(aws)


def allow(principal: Any, action: str, resource: str, sid: str) -> str:
    """A resource policy of one statement."""
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _topics(aws: Emulated) -> None:
    """One that everyone may subscribe to and that speaks plain HTTP to a warehouse, and one as it should be."""
    sns = aws.client("sns")
    orders = sns.create_topic(Name="order-updates", Tags=pairs(tags("shop")))["TopicArn"]
    open_to_all = allow("*", "SNS:Subscribe", orders, "everyone")
    sns.set_topic_attributes(TopicArn=orders, AttributeName="Policy", AttributeValue=open_to_all)
    for address in ("http://warehouse.northwind.example/orders", "https://shop.northwind.example/orders"):
        sns.subscribe(TopicArn=orders, Protocol=address.partition(":")[0], Endpoint=address)
    encrypted = {"KmsMasterKeyId": "alias/aws/sns"}
    sns.create_topic(Name="refunds", Attributes=encrypted, Tags=pairs(tags("finance")))
