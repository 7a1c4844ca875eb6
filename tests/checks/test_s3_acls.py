"""ACLs of buckets: whom they let in, and when AWS does not look at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import s3_acls
from checks.kit import NotApplicable
from tests.checks.cases import Case

BUCKET = {"Name": "northwind-images"}
ALONE: dict[str, Any] = {"website": False, "account_block": {}}
OWNER = {"Grantee": {"Type": "CanonicalUser", "ID": "me"}, "Permission": "FULL_CONTROL"}
EVERYONE, SIGNED_IN = s3_acls.GROUPS
LOGS = "http://acs.amazonaws.com/groups/s3/LogDelivery"
ENFORCED = "BucketOwnerEnforced"


def group(uri: str, permission: str = "READ") -> dict[str, Any]:
    return {"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission}


def acl(*grants: dict[str, Any], ownership: str = "ObjectWriter") -> dict[str, Any]:
    return {"owner": "me", "grants": [OWNER, *grants], "ownership": ownership}


PUBLIC, DISABLED = s3_acls.bucket_acl_is_not_public, s3_acls.bucket_has_acls_disabled
LISTS = "lets everyone list its objects"
CASES = [
    Case(PUBLIC, [BUCKET, acl(), {}, ALONE], None),
    Case(PUBLIC, [BUCKET, acl(group(EVERYONE)), {}, ALONE], LISTS),
    Case(PUBLIC, [BUCKET, acl(group(EVERYONE), ownership=""), {}, ALONE], LISTS),
    Case(PUBLIC, [BUCKET, acl(group(EVERYONE), ownership="BucketOwnerPreferred"), {}, ALONE], LISTS),
    Case(PUBLIC, [BUCKET, acl(group(EVERYONE), ownership=ENFORCED), {}, ALONE], None),
    Case(PUBLIC, [BUCKET, acl(group(EVERYONE)), {"IgnorePublicAcls": True}, ALONE], None),
    Case(PUBLIC, [BUCKET, acl(group(EVERYONE)), {"BlockPublicAcls": True}, ALONE], LISTS),  # stops new ones only
    Case(PUBLIC, [BUCKET, acl(group(EVERYONE)), {}, ALONE | {"account_block": {"IgnorePublicAcls": True}}], None),
    Case(PUBLIC, [BUCKET, acl(group(LOGS, "WRITE")), {}, ALONE], None),
    Case(
        PUBLIC,
        [BUCKET, acl(group(EVERYONE), group(SIGNED_IN, "WRITE")), {}, ALONE],
        f"{LISTS} and lets everyone with an AWS account write objects",
    ),
    Case(
        PUBLIC,
        [BUCKET, acl(group(EVERYONE, "WRITE_ACP")), {}, ALONE | {"website": True}],
        "lets everyone change its ACL; it serves a website: visitors need to read objects, not the ACL's grants",
    ),
    Case(DISABLED, [BUCKET, acl(ownership=ENFORCED)], None),
    Case(DISABLED, [BUCKET, acl()], "has ACLs in use: its Object Ownership lets them count"),
    Case(DISABLED, [BUCKET, acl(ownership="")], "has ACLs in use: its Object Ownership lets them count"),
    Case(DISABLED, [BUCKET, acl({"Grantee": {"ID": s3_acls.CLOUDFRONT}, "Permission": "FULL_CONTROL"})], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_bucket_whose_acl_lets_others_in_is_not_closed_to_acls() -> None:
    with pytest.raises(NotApplicable):
        s3_acls.disable_acls.plan(BUCKET, acl(group(LOGS, "WRITE")))


def test_an_ownership_that_was_never_chosen_is_taken_away_again() -> None:
    [undo] = s3_acls.disable_acls.plan(BUCKET, acl(ownership="")).undo
    assert undo.call == "s3:DeleteBucketOwnershipControls"


def test_reads_grants_and_ownership(aws: Region) -> None:
    client = aws.clients.session.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="northwind-images", ObjectOwnership="ObjectWriter")
    client.put_bucket_acl(Bucket="northwind-images", ACL="public-read")
    read = s3_acls.acl.read(aws, {"Name": "northwind-images"})
    assert read["ownership"] == "ObjectWriter"
    assert PUBLIC.judge({"Name": "northwind-images"}, read, {}, {"website": False, "account_block": {}}) == LISTS
    client.delete_bucket_ownership_controls(Bucket="northwind-images")
    assert s3_acls.acl.read(aws, {"Name": "northwind-images"})["ownership"] == ""


def acls_in_use(aws: boto3.Session) -> None:
    aws.client("s3", region_name="us-east-1").create_bucket(
        Bucket="northwind-images", ObjectOwnership="BucketOwnerPreferred"
    )


def public_acl(aws: boto3.Session) -> None:
    acls_in_use(aws)
    aws.client("s3", region_name="us-east-1").put_bucket_acl(Bucket="northwind-images", ACL="public-read")


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {DISABLED.id: acls_in_use, PUBLIC.id: public_acl}
