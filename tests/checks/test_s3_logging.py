"""Server access logs of buckets, and where a fix sends them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import log_deliveries, s3_logging
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case

BUCKET = {"Name": "northwind-exports"}
LOGS = s3_logging.bucket_logs_access
NOT: Any = {"delivered": False, "unread": ""}
UNREAD: Any = {"delivered": False, "unread": "denied"}


def lets_log(bucket: str = "northwind-logs", **condition: str) -> str:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    conditions = {f"aws:{key}": value for key, value in condition.items()}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | {"Condition": {"ArnLike": conditions}}]})


CASES = [
    Case(LOGS, [BUCKET, {"TargetBucket": "northwind-logs", "TargetPrefix": ""}, "", NOT], None),
    Case(LOGS, [BUCKET, {"TargetBucket": "northwind-logs", "TargetPrefix": ""}, "", UNREAD], None),
    Case(LOGS, [BUCKET, {}, "", NOT], "keeps no log of access"),
    Case(LOGS, [BUCKET, {}, "", {"delivered": True, "unread": ""}], None),
    Case(LOGS, [BUCKET, {}, lets_log(), NOT], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_whether_a_log_is_delivered_may_be_unknown(aws: Region) -> None:
    with pytest.raises(Unknown, match="denied"):
        LOGS.judge({"Name": "northwind-exports"}, {}, "", UNREAD)
    bucket: Any = BUCKET | {"BucketRegion": "us-east-1"}
    aws.reads.once(log_deliveries.delivering, "us-east-1", lambda: iter(["arn:aws:s3:::northwind-exports"]))
    assert s3_logging.delivered.read(aws, bucket) == {"delivered": True, "unread": ""}
    assert s3_logging.delivered.read(aws, bucket | {"Name": "northwind-invoices"}) == NOT


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        (lets_log(), True),
        (lets_log(SourceAccount="123456789012"), True),
        (lets_log(SourceArn="arn:aws:s3:::northwind-exports"), True),
        (lets_log(SourceArn="arn:aws:s3:::northwind-*"), True),
        (lets_log(SourceArn="arn:aws:s3:::northwind-invoices"), False),
        (lets_log(PrincipalOrgID="o-a1"), False),
        (lets_log("northwind-logs/invoices"), False),
        ("", False),
    ],
)
def test_a_fix_logs_only_where_the_policy_lets_s3_write(policy: str, *, allowed: bool) -> None:
    targets = [{"bucket": "northwind-logs", "policy": policy}]
    if allowed:
        plan = s3_logging.log_access.plan(BUCKET, {}, "", NOT, targets)
        assert plan.after == {"access log": "northwind-logs/northwind-exports/"}
    else:
        with pytest.raises(NotApplicable):
            s3_logging.log_access.plan(BUCKET, {}, "", NOT, targets)


def test_log_buckets_are_those_of_the_same_region_that_others_use(aws: Region) -> None:
    others_log(aws.clients.session)
    client = aws.clients.session.client("s3", region_name="eu-west-1")
    client.create_bucket(Bucket="in-ireland", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    [found] = s3_logging.log_buckets.read(aws, {"Name": "northwind-exports"})
    assert found["bucket"] == "northwind-logs"
    assert s3_logging.log_buckets.read(aws, {"Name": "in-ireland"}) == []
    assert s3_logging.log_buckets.read(aws, {"Name": "northwind-logs"}) == []


def others_log(aws: boto3.Session) -> None:
    client = aws.client("s3", region_name="us-east-1")
    for name in ("northwind-logs", "northwind-exports", "northwind-invoices"):
        client.create_bucket(Bucket=name)
    client.put_bucket_policy(Bucket="northwind-logs", Policy=lets_log())
    on: Any = {"LoggingEnabled": {"TargetBucket": "northwind-logs", "TargetPrefix": "northwind-invoices/"}}
    client.put_bucket_logging(Bucket="northwind-invoices", BucketLoggingStatus=on)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {LOGS.id: others_log}
