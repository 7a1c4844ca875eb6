"""Access points of S3, of one region and of many: doors to a bucket that have blocks and policies of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict

from checks import documents
from checks.kit import (
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Scope,
    Severity,
    Unknown,
    Verdict,
    check,
    collector,
    extra,
    fix,
)
from checks.policy_edits import close
from checks.s3 import account_settings, effective, left_off, public_access_block

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import PublicAccessBlockConfigurationTypeDef as Block
    from types_boto3_s3control.type_defs import AccessPointTypeDef as AccessPoint
    from types_boto3_s3control.type_defs import MultiRegionAccessPointReportTypeDef as MultiRegionAccessPoint

ROUTED = "us-west-2"
"""Where requests about Multi-Region Access Points go.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiRegionAccessPointRestrictions.html"""

UNFINISHED = ("CREATING", "DELETING", "PARTIALLY_DELETED")


class Blocks(TypedDict):
    """What blocks public access through an access point: its own settings, its bucket's and the bucket owner's.

    `unread`: why those of a bucket of another account could not be read.
    """

    own: Block
    bucket: Block
    account: Block
    unread: str


@collector("s3control:ListAccessPoints", arn="{AccessPointArn}", name="{Name}")
def access_points(aws: Aws) -> Iterator[AccessPoint]:
    """Those of buckets: AWS leaves out others unless it is asked for them."""
    for point in aws.items("s3control:ListAccessPoints", "AccessPointList", AccountId=aws.account):
        if point["AccessPointArn"].split(":")[3] == aws.region:  # an emulator lists those of all regions in each
            yield point


@collector(
    "s3control:ListMultiRegionAccessPoints",
    arn="arn:{partition}:s3::{account}:accesspoint/{Alias}",
    name="{Name}",
    scope=Scope.ACCOUNT,
)
def multi_region_access_points(aws: Aws) -> Iterator[MultiRegionAccessPoint]:
    """None in the partitions that do not offer them."""
    if aws.partition == "aws":
        listed = "s3control:ListMultiRegionAccessPoints"
        yield from aws.at(ROUTED).items(listed, "AccessPoints", AccountId=aws.account)


def _account_block(aws: Aws) -> Block:
    [account] = aws.read(account_settings)
    return account["block"]


@extra("s3control:GetAccessPoint", *public_access_block.calls, needs=(account_settings,))
def blocks(aws: Aws, point: AccessPoint) -> Blocks:
    """All three count: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-bpa-settings.html."""
    got = aws.call("s3control:GetAccessPoint", AccountId=aws.account, Name=point["Name"])
    found: Blocks = {"own": got.get("PublicAccessBlockConfiguration", {}), "bucket": {}, "account": {}, "unread": ""}
    ours = point.get("BucketAccountId", aws.account) == aws.account
    if ours:
        found["account"] = _account_block(aws)
    if not left_off(_effective(found)):
        return found  # its bucket's settings can close nothing more
    try:
        found["bucket"] = public_access_block.read(aws, {"Name": point["Bucket"]})
    except Unknown as reason:
        if ours:
            raise
        found["unread"] = f"its bucket belongs to another account: {reason}"
    return found


@extra("s3control:GetAccessPointPolicy")
def access_point_policy(aws: Aws, point: AccessPoint) -> str:
    got = aws.call(
        "s3control:GetAccessPointPolicy",
        AccountId=aws.account,
        Name=point["Name"],
        absent="NoSuchAccessPointPolicy",
    )
    return str(got.get("Policy", ""))


@extra(needs=(account_settings,))
def account_block(aws: Aws, point: MultiRegionAccessPoint) -> Block:
    return _account_block(aws)


@check(access_points, blocks, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def access_point_blocks_public_access(point: AccessPoint, blocks: Blocks) -> Verdict:
    """S3 access point blocks public access.

    An access point has a policy of its own; with all four blocks on, a careless one opens nothing.

    Fix: Make the access point again with all four settings on: they cannot be changed later. Or turn them on for its
    bucket or the account, which holds for its access points.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-bpa-settings.html
    """
    problem = left_off(_effective(blocks))
    if problem and blocks["unread"]:
        raise Unknown(blocks["unread"])
    return problem


def _effective(blocks: Blocks) -> Block:
    return effective(blocks["own"], blocks["bucket"], blocks["account"])


@check(access_points, blocks, access_point_policy, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def access_point_policy_is_not_public(point: AccessPoint, blocks: Blocks, policy: str) -> Verdict:
    """S3 access point's policy lets in nobody from outside.

    Where the bucket leaves access to its access points, this policy alone decides who reads and writes.

    Fix: Name the principals that need the access point in its policy.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
    """
    if point["NetworkOrigin"] == "VPC":
        raise NotApplicable("only requests from its VPC get in")
    if _effective(blocks).get("RestrictPublicBuckets"):
        return None
    problem = documents.opens_to_everyone(policy)
    if problem and blocks["unread"]:
        raise Unknown(blocks["unread"])
    return problem


@fix(
    access_point_policy_is_not_public,
    "s3control:PutAccessPointPolicy",
    "s3control:DeleteAccessPointPolicy",
    risk=Risk.CUTS_ACCESS,
)
def close_access_point(point: AccessPoint, blocks: Blocks, policy: str) -> Plan:
    """Take the statements that let everyone in out of the policy."""
    which = {"AccountId": point["AccessPointArn"].split(":")[4], "Name": point["Name"]}

    def put(text: str) -> Call:
        return Call("s3control:PutAccessPointPolicy", which | {"Policy": text})

    return close(policy, put, Call("s3control:DeleteAccessPointPolicy", which))


@check(multi_region_access_points, account_block, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def multi_region_access_point_blocks_public_access(point: MultiRegionAccessPoint, account: Block) -> Verdict:
    """S3 Multi-Region Access Point blocks public access.

    It leads to buckets in several regions; with all four blocks on, a careless policy opens none of them.

    Fix: Make it again with all four settings on: they cannot be changed later. Or turn them on for the account.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/multi-region-access-point-block-public-access.html
    """
    if point["Status"] in UNFINISHED:
        raise NotApplicable("AWS is still making or deleting it")
    return left_off(effective(point.get("PublicAccessBlock", {}), account))
