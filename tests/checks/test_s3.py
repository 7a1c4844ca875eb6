"""S3: what the judges say, and the broken buckets and accounts that fixes are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Clients, Region
from checks import documents, s3
from checks.kit import NotApplicable, Plan
from tests.checks.cases import NOT_ASKED, Case
from tests.made import Made

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


OWN_BLOCK = s3.bucket_has_its_own_public_access_block
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
    Case(s3.bucket_blocks_public_access, [{}, ALL_ON, {}], None),
    Case(s3.bucket_blocks_public_access, [{}, NOT_ASKED, ALL_ON], None),
    Case(s3.bucket_blocks_public_access, [{}, ALL_ON | {"BlockPublicAcls": False}, {"BlockPublicAcls": True}], None),
    Case(s3.bucket_blocks_public_access, [{}, ALL_ON | {"BlockPublicAcls": False}, {}], "leaves BlockPublicAcls off"),
    Case(OWN_BLOCK, [{}, ALL_ON, {}], None),
    Case(OWN_BLOCK, [{}, ALL_ON, ALL_ON], None),
    Case(
        OWN_BLOCK,
        [{}, ALL_ON | {"BlockPublicAcls": False}, ALL_ON],
        "leaves BlockPublicAcls off; only the account's own block holds",
    ),
    Case(OWN_BLOCK, [{}, ALL_ON | {"BlockPublicAcls": False}, {}], NotApplicable),
    Case(OWN_BLOCK, [{}, {}, {}], NotApplicable),
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


def test_a_bucket_is_asked_for_in_its_own_region_and_once_for_all(aws: Region) -> None:
    made = Made(aws.clients.session)
    aws.clients.session.client("s3", region_name="us-east-1").create_bucket(Bucket=BUCKET["Name"])
    made.calls.clear()
    for bucket in (BUCKET | {"BucketRegion": "ap-southeast-2"}, BUCKET):
        for _ in range(2):
            s3.versioning.read(aws, bucket)  # type: ignore[arg-type]  # what is read of it
            s3.public_access_block.read(aws, bucket)  # type: ignore[arg-type]
    assert [(call, region) for call, region, _ in made.calls] == [
        ("s3:GetBucketVersioning", "ap-southeast-2"),
        ("s3:GetPublicAccessBlock", "ap-southeast-2"),
        ("s3:GetBucketVersioning", aws.region),
        ("s3:GetPublicAccessBlock", aws.region),
    ]


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
    dark = "It serves a website, which goes dark for visitors."
    assert s3.block_public_access.plan(BUCKET, {}, {}, False).notes == []
    assert s3.block_public_access.plan(BUCKET, {}, {}, True).notes == [dark]
    assert dark in s3.remove_public_statements.plan(BUCKET, reads(), {}, SITE).notes
    assert any("dark" in note for note in s3.refuse_plain_http.plan(BUCKET, "", "aws", True).notes)


def test_a_block_that_the_account_lacks_is_left_to_the_other_fix() -> None:
    with pytest.raises(NotApplicable):
        s3.block_public_access_twice.plan(BUCKET, {}, {})


def statements(plan: Plan) -> list[dict[str, Any]]:
    [call] = plan.do
    found: list[dict[str, Any]] = json.loads(call.params["Policy"])["Statement"]
    return found


def test_denying_plain_http_keeps_the_policy_that_is_there() -> None:
    old = json.dumps(
        {"Version": "2008-10-17", "Id": "mine", "Statement": [{"Sid": "DenyPlainHttp"} | denies(Action="s3:Get*")]}
    )
    plan = s3.refuse_plain_http.plan(BUCKET, old, "aws-cn", False)
    kept, added = statements(plan)
    assert kept == {"Sid": "DenyPlainHttp"} | denies(Action="s3:Get*")
    assert (added["Sid"], added["Resource"][0]) == ("DenyPlainHttp2", "arn:aws-cn:s3:::northwind-exports")
    assert json.loads(plan.do[0].params["Policy"])["Id"] == "mine"
    assert documents.refuses_plain_http(plan.do[0].params["Policy"], "northwind-exports")
    assert plan.undo[0].params["Policy"] == old


def test_a_policy_of_one_statement_that_is_no_list_stays_whole() -> None:
    single = json.dumps({"Statement": json.loads(reads())["Statement"][0]})
    assert len(statements(s3.refuse_plain_http.plan(BUCKET, single, "aws", False))) == 2


def test_a_policy_that_would_grow_too_long_is_left_alone() -> None:
    with pytest.raises(NotApplicable):
        s3.refuse_plain_http.plan(BUCKET, policy(denies(Sid="x" * 20_400)), "aws", False)


def test_only_the_public_statements_are_removed() -> None:
    ours = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "s3:*",
        "Resource": BOTH,
    }
    public = json.loads(reads())["Statement"][0]
    assert statements(s3.remove_public_statements.plan(BUCKET, policy(ours, public, denies()), {}, ALONE)) == [
        ours,
        denies(),
    ]
    last = s3.remove_public_statements.plan(BUCKET, reads(), {}, ALONE)
    assert [call.call for call in last.do] == ["s3:DeleteBucketPolicy"]
    with pytest.raises(NotApplicable):
        s3.remove_public_statements.plan(BUCKET, policy(ours), {}, ALONE)


def test_versions_that_only_the_root_user_changes_are_left_alone() -> None:
    with pytest.raises(NotApplicable):
        s3.keep_versions.plan(BUCKET, {"Status": "Suspended", "MFADelete": "Enabled"})


def public_policy(aws: boto3.Session) -> None:
    open_bucket(aws)
    ours = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "s3:*",
        "Resource": BOTH,
    }
    public = json.loads(reads())["Statement"][0]
    aws.client("s3", region_name="us-east-1").put_bucket_policy(Bucket="northwind-exports", Policy=policy(ours, public))


def only_the_account_blocks(aws: boto3.Session) -> None:
    open_bucket(aws)
    Clients(aws).get("s3control", "us-east-1").put_public_access_block(
        AccountId="123456789012", PublicAccessBlockConfiguration=ALL_ON
    )


def open_bucket(aws: boto3.Session) -> None:
    client = aws.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="northwind-exports")
    client.delete_public_access_block(Bucket="northwind-exports")  # new buckets have it on since 2023


def nothing_set(aws: boto3.Session) -> None:
    """An account starts without a block."""


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    s3.bucket_blocks_public_access.id: open_bucket,
    s3.account_blocks_public_access.id: nothing_set,
    s3.bucket_has_its_own_public_access_block.id: only_the_account_blocks,
    s3.bucket_policy_is_not_public.id: public_policy,
    s3.bucket_refuses_plain_http.id: public_policy,
    s3.bucket_has_versioning.id: open_bucket,
}
