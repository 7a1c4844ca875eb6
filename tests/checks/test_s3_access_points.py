"""Access points: their own blocks, the account's, and their policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest

from bot.aws import Clients, Reads, Region
from checks import s3, s3_access_points
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case

ALL_ON = dict.fromkeys(s3.FLAGS, True)
ARN = "arn:aws:s3:eu-west-1:123456789012:accesspoint/reports"
POINT = {"Name": "reports", "AccessPointArn": ARN, "NetworkOrigin": "Internet"}
BLOCKS = s3_access_points.access_point_blocks_public_access
POLICY = s3_access_points.access_point_policy_is_not_public
OF_MANY = s3_access_points.multi_region_access_point_blocks_public_access
ALL_OFF = f"leaves {', '.join(s3.FLAGS)} off"
OPEN = json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}})
READY = {"Name": "world", "Status": "READY"}


def blocks(own: dict[str, bool], account: dict[str, bool] | None = None, **more: Any) -> dict[str, Any]:
    return {"own": own, "bucket": {}, "account": account or {}, "unread": ""} | more


CASES = [
    Case(BLOCKS, [POINT, blocks(ALL_ON)], None),
    Case(BLOCKS, [POINT, blocks({})], ALL_OFF),
    Case(BLOCKS, [POINT, blocks(ALL_ON | {"BlockPublicPolicy": False})], "leaves BlockPublicPolicy off"),
    Case(BLOCKS, [POINT, blocks({}, ALL_ON)], None),
    Case(BLOCKS, [POINT, blocks({}, bucket=ALL_ON)], None),
    Case(BLOCKS, [POINT, blocks(ALL_ON, unread="denied")], None),
    Case(POLICY, [POINT, blocks({}, bucket=ALL_ON), OPEN], None),
    Case(POLICY, [POINT, blocks({}, unread="denied"), ""], None),
    Case(POLICY, [POINT, blocks({}), ""], None),
    Case(POLICY, [POINT, blocks({}), OPEN], "lets everyone do s3:GetObject"),
    Case(POLICY, [POINT, blocks({"RestrictPublicBuckets": True}), OPEN], None),
    Case(POLICY, [POINT, blocks({}, ALL_ON), OPEN], None),
    Case(POLICY, [POINT | {"NetworkOrigin": "VPC"}, blocks({}), OPEN], NotApplicable),
    Case(OF_MANY, [READY | {"PublicAccessBlock": ALL_ON}, {}], None),
    Case(OF_MANY, [READY, {}], ALL_OFF),
    Case(OF_MANY, [READY, ALL_ON], None),
    Case(OF_MANY, [READY | {"Status": "CREATING"}, {}], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_the_block_of_a_bucket_of_another_account_may_be_unknown() -> None:
    point: Any = POINT
    unread: Any = blocks({}, unread="denied")
    with pytest.raises(Unknown, match="denied"):
        BLOCKS.judge(point, unread)
    with pytest.raises(Unknown, match="denied"):
        POLICY.judge(point, unread, OPEN)


def test_reads_access_points_their_blocks_and_policies(aws: Region) -> None:
    bucket: Any = {"Bucket": "northwind-reports"}
    s3_there = aws.clients.session.client("s3", region_name="us-east-1")
    s3_there.create_bucket(**bucket)
    aws = aws.at("us-east-1")  # type: ignore[assignment]  # where the emulator says that every access point is
    ours = aws.clients.get("s3control", "us-east-1")
    for name, block in (("closed", ALL_ON), ("open", dict.fromkeys(s3.FLAGS, False))):
        ours.create_access_point(
            AccountId=aws.account, Name=name, Bucket="northwind-reports", PublicAccessBlockConfiguration=block
        )
    ours.put_access_point_policy(AccountId=aws.account, Name="open", Policy=OPEN)
    read = {point["Name"]: point for point in s3_access_points.access_points.stream(aws)}
    found = {name: s3_access_points.blocks.read(aws, point) for name, point in read.items()}
    policies = {name: s3_access_points.access_point_policy.read(aws, point) for name, point in read.items()}
    assert {name: BLOCKS.judge(read[name], found[name]) for name in read} == {"closed": None, "open": ALL_OFF}
    judged = {name: POLICY.judge(read[name], found[name], policies[name]) for name in read}
    assert judged == {"closed": None, "open": "lets everyone do s3:GetObject"}
    all_on: Any = ALL_ON
    s3_there.put_public_access_block(**bucket, PublicAccessBlockConfiguration=all_on)
    later = replace(aws, reads=Reads())
    assert BLOCKS.judge(read["open"], s3_access_points.blocks.read(later, read["open"])) is None
    others: Any = read["open"] | {"BucketAccountId": "210987654321", "Bucket": "no-such-bucket"}
    assert s3_access_points.blocks.read(aws, others)["unread"]


def test_reads_those_of_many_regions_where_aws_keeps_them(aws: Region) -> None:
    aws.clients.session.client("s3", region_name="us-east-1").create_bucket(Bucket="northwind-reports")
    aws.clients.get("s3control", "us-west-2").create_multi_region_access_point(
        AccountId=aws.account,
        ClientToken="once",
        Details={"Name": "world", "PublicAccessBlock": ALL_ON, "Regions": [{"Bucket": "northwind-reports"}]},
    )
    [found] = s3_access_points.multi_region_access_points.stream(aws)
    assert OF_MANY.judge(found, s3_access_points.account_block.read(aws, found)) is None
    china = Region(aws.clients, aws.account, "cn-north-1", "aws-cn")
    assert list(s3_access_points.multi_region_access_points.stream(china)) == []


def public_point(aws: boto3.Session) -> None:
    aws.client("s3", region_name="us-east-1").create_bucket(Bucket="northwind-reports")
    client = Clients(aws).get("s3control", "eu-west-1")
    which: Any = {"AccountId": "123456789012", "Name": "reports"}
    off: Any = dict.fromkeys(s3.FLAGS, False)
    client.create_access_point(**which, Bucket="northwind-reports", PublicAccessBlockConfiguration=off)
    client.put_access_point_policy(**which, Policy=OPEN)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {POLICY.id: public_point}
