"""What bucket policies let other accounts do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import s3_policies
from checks.kit import NotApplicable
from tests.checks.cases import Case

BUCKET = {"Name": "northwind-exports"}
OURS = {"account": "123456789012", "management": "111122223333"}
PARTNER = "210987654321"
BOTH = ["arn:aws:s3:::northwind-exports", "arn:aws:s3:::northwind-exports/*"]
CONTROL = s3_policies.bucket_policy_leaves_control_to_its_owner
ONLY_OWN = s3_policies.bucket_policy_names_only_own_accounts


def allows(action: Any = "s3:GetObject", principal: Any = PARTNER, **more: Any) -> str:
    who = principal if isinstance(principal, dict | str) and not str(principal).isdigit() else root(principal)
    statement = {"Effect": "Allow", "Principal": who, "Action": action, "Resource": BOTH}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | more]})


def root(account: str) -> dict[str, str]:
    return {"AWS": f"arn:aws:iam::{account}:root"}


def only(key: str, *values: str) -> dict[str, Any]:
    return {"StringEquals": {key: list(values)}}


ALL = f"lets account {PARTNER} do {', '.join(s3_policies.CONTROL)}"
CASES = [
    Case(CONTROL, [BUCKET, "", OURS], NotApplicable),
    Case(CONTROL, [BUCKET, allows(principal="123456789012"), OURS], NotApplicable),
    Case(CONTROL, [BUCKET, allows(principal="*"), OURS], NotApplicable),  # another check's
    Case(CONTROL, [BUCKET, allows(), OURS], None),
    Case(CONTROL, [BUCKET, allows("s3:PutBucket*"), OURS], f"lets account {PARTNER} do s3:PutBucketAcl, s3:PutBucketPolicy"),
    Case(CONTROL, [BUCKET, allows("s3:*", Resource=BOTH[1]), OURS], f"lets account {PARTNER} do s3:PutObjectAcl"),
    Case(CONTROL, [BUCKET, allows("s3:*", Resource=f"{BOTH[0]}/in/*"), OURS], f"lets account {PARTNER} do s3:PutObjectAcl"),
    Case(CONTROL, [BUCKET, allows("s3:PutObjectAcl", Resource=BOTH[0]), OURS], None),
    Case(CONTROL, [BUCKET, allows("s3:*", Resource="arn:aws:s3:::northwind-*"), OURS], ALL),
    Case(CONTROL, [BUCKET, allows("S3:putobjectACL"), OURS], f"lets account {PARTNER} do s3:PutObjectAcl"),
    Case(CONTROL, [BUCKET, allows("s3:*"), OURS], ALL),
    Case(CONTROL, [BUCKET, allows("*", PARTNER), OURS], ALL),
    Case(CONTROL, [BUCKET, json.dumps({"Statement": {"Effect": "Allow", "Principal": {"AWS": PARTNER}, "NotAction": "s3:Get*", "Resource": "*"}}), OURS], ALL),
    Case(CONTROL, [BUCKET, allows("s3:*", "*", Condition=only("aws:PrincipalAccount", PARTNER)), OURS], ALL),
    Case(CONTROL, [BUCKET, allows("s3:*", Effect="Deny"), OURS], NotApplicable),
    Case(CONTROL, [BUCKET, allows("s3:*"), OURS], NotApplicable, {"own_accounts": (PARTNER,)}),
    Case(CONTROL, [BUCKET, allows("s3:*", "111122223333"), OURS], NotApplicable),
    Case(ONLY_OWN, [BUCKET, "", OURS], None),
    Case(ONLY_OWN, [BUCKET, allows(), OURS], f"lets in account {PARTNER}"),
    Case(ONLY_OWN, [BUCKET, allows(), OURS], None, {"own_accounts": (PARTNER,)}),
    Case(ONLY_OWN, [BUCKET, allows(Condition=only("aws:PrincipalOrgID", "o-a1b2c3")), OURS], None),
    Case(ONLY_OWN, [BUCKET, allows(principal={"Service": "cloudtrail.amazonaws.com"}), OURS], None),
    Case(ONLY_OWN, [BUCKET, allows(principal={"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"}), OURS], None),
    Case(ONLY_OWN, [BUCKET, allows("s3:PutObject", "156460612806"), OURS], None),  # load balancers of eu-west-1
    Case(ONLY_OWN, [BUCKET, allows("s3:PutObject", "386209384616"), OURS], None),  # cost and usage reports
    Case(ONLY_OWN, [BUCKET, allows(principal={"AWS": "AIDAEXAMPLE"}), OURS], None),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_the_account_and_who_manages_it(aws: Region) -> None:
    assert s3_policies.ours.read(aws, {"Name": "any"}) == {"account": aws.account, "management": ""}
    aws.clients.session.client("organizations", region_name="us-east-1").create_organization(FeatureSet="ALL")
    again = Region(aws.clients, aws.account, aws.region)
    assert s3_policies.ours.read(again, {"Name": "any"}) == {"account": aws.account, "management": aws.account}


def shared(aws: boto3.Session) -> None:
    client = aws.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="northwind-exports")
    client.put_bucket_policy(Bucket="northwind-exports", Policy=allows())


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {ONLY_OWN.id: shared}
