"""S3: what the judges say, and the broken buckets and accounts that fixes are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import s3
from tests.checks.cases import Case

ALL_ON = dict.fromkeys(s3.FLAGS, True)
BUCKET = {"Name": "northwind-exports"}
BOTH = ["arn:aws:s3:::northwind-exports", "arn:aws:s3:::northwind-exports/*"]
INSECURE = {"Bool": {"aws:SecureTransport": "false"}}
PUBLIC = "lets everyone do s3:GetObject"
SITE = {"website": True, "account_block": {}}
ALONE = {"website": False, "account_block": {}}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def reads(**more: Any) -> str:
    return policy({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": BOTH[1]} | more)


def denies(**more: Any) -> dict[str, Any]:
    whole = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": BOTH, "Condition": INSECURE}
    return whole | more


NOT_PUBLIC, TLS, VERSIONS = s3.bucket_policy_is_not_public, s3.bucket_refuses_plain_http, s3.bucket_has_versioning
PLAIN = "answers over plain HTTP"
OLD_TLS = {"NumericLessThan": {"s3:TlsVersion": "1.2"}}
OLD_TLS_OR_NONE = {"NumericLessThanIfExists": {"s3:TlsVersion": "1.2"}}
ONE_ROLE = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/old"}}

CASES = [
    Case(s3.account_blocks_public_access, [{"account_id": "123456789012", "block": ALL_ON}], None),
    Case(
        s3.account_blocks_public_access,
        [{"account_id": "123456789012", "block": {}}],
        "leaves BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets off",
    ),
    Case(
        s3.account_blocks_public_access,
        [{"account_id": "123456789012", "block": ALL_ON | {"IgnorePublicAcls": False}}],
        "leaves IgnorePublicAcls off",
    ),
    Case(s3.bucket_blocks_public_access, [{}, ALL_ON], None),
    Case(s3.bucket_blocks_public_access, [{}, ALL_ON | {"BlockPublicAcls": False}], "leaves BlockPublicAcls off"),
    Case(NOT_PUBLIC, [BUCKET, "", {}, ALONE], None),
    Case(NOT_PUBLIC, [BUCKET, reads(), {}, ALONE], PUBLIC),
    Case(NOT_PUBLIC, [BUCKET, reads(), ALL_ON | {"RestrictPublicBuckets": False}, ALONE], PUBLIC),
    Case(NOT_PUBLIC, [BUCKET, reads(), {"RestrictPublicBuckets": True}, ALONE], None),
    Case(NOT_PUBLIC, [BUCKET, reads(), {}, ALONE | {"account_block": ALL_ON}], None),
    Case(
        NOT_PUBLIC,
        [BUCKET, reads(), {}, SITE],
        f"{PUBLIC}; it serves a website: mute this if everyone is meant to read it",
    ),
    Case(NOT_PUBLIC, [BUCKET, reads(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1"}}), {}, SITE], None),
    Case(NOT_PUBLIC, [BUCKET, reads(Principal={"AWS": "arn:aws:iam::210987654321:root"}), {}, ALONE], None),
    Case(TLS, [BUCKET, ""], PLAIN),
    Case(TLS, [BUCKET, policy(denies())], None),
    Case(TLS, [BUCKET, policy(denies(Resource="*", Action="*"))], None),
    Case(TLS, [BUCKET, policy(denies(Resource="arn:aws:s3:::northwind-exports*"))], None),
    Case(TLS, [BUCKET, policy(denies(Condition={"Bool": {"aws:SecureTransport": False}}))], None),
    Case(TLS, [BUCKET, policy(*(denies(Resource=one) for one in BOTH))], None),
    Case(TLS, [BUCKET, policy(denies(Resource=BOTH[0]))], PLAIN),
    Case(TLS, [BUCKET, policy(denies(Resource=BOTH[1]))], PLAIN),
    Case(TLS, [BUCKET, policy(denies(Resource=["arn:aws:s3:::other", "arn:aws:s3:::other/*"]))], PLAIN),
    Case(TLS, [BUCKET, policy(denies(Action="s3:GetObject"))], PLAIN),
    Case(TLS, [BUCKET, policy(denies(Effect="Allow"))], PLAIN),
    Case(TLS, [BUCKET, policy(denies(Condition={"Bool": {"aws:SecureTransport": "true"}}))], PLAIN),
    Case(TLS, [BUCKET, policy(denies(Condition={}))], PLAIN),
    Case(TLS, [BUCKET, policy(denies(Condition=INSECURE | ONE_ROLE))], PLAIN),
    Case(TLS, [BUCKET, policy(denies(Principal={"AWS": "arn:aws:iam::210987654321:root"}))], PLAIN),
    Case(TLS, [BUCKET, policy(denies(Condition=OLD_TLS))], PLAIN),  # plain HTTP has no TLS version to compare
    Case(TLS, [BUCKET, policy(denies(Condition=OLD_TLS_OR_NONE))], None),
    Case(VERSIONS, [BUCKET, {"Status": "Enabled"}], None),
    Case(VERSIONS, [BUCKET, {"Status": "Suspended"}], "keeps no versions of its objects"),
    Case(VERSIONS, [BUCKET, {}], "keeps no versions of its objects"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_bucket_and_an_account_that_never_set_anything_read_as_nothing(aws: Region) -> None:
    open_bucket(aws.clients.session)
    [bucket] = s3.buckets.stream(aws)
    assert s3.policy.read(aws, bucket) == ""
    assert s3.public_access_block.read(aws, bucket) == {}
    assert s3.surroundings.read(aws, bucket) == ALONE
    assert "Status" not in s3.versioning.read(aws, bucket)


def test_what_surrounds_a_website_in_an_account_that_blocks_public_access(aws: Region) -> None:
    open_bucket(aws.clients.session)
    aws.clients.session.client("s3", region_name="us-east-1").put_bucket_website(
        Bucket=BUCKET["Name"], WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}}
    )
    aws.clients.get("s3control", "us-east-1").put_public_access_block(
        AccountId=aws.account, PublicAccessBlockConfiguration=ALL_ON
    )
    [bucket] = s3.buckets.stream(aws)
    assert s3.surroundings.read(aws, bucket) == {"website": True, "account_block": ALL_ON}


def test_a_plan_warns_of_a_website() -> None:
    assert s3.block_public_access.plan(BUCKET, {}, False).notes == []
    assert s3.block_public_access.plan(BUCKET, {}, True).notes == ["It serves a website, which goes dark for visitors."]


def open_bucket(aws: boto3.Session) -> None:
    client = aws.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="northwind-exports")
    client.delete_public_access_block(Bucket="northwind-exports")  # new buckets have it on since 2023


def nothing_set(aws: boto3.Session) -> None:
    """An account starts without a block."""


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    s3.bucket_blocks_public_access.id: open_bucket,
    s3.account_blocks_public_access.id: nothing_set,
}
