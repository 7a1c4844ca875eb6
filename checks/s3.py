"""Amazon S3 buckets and the account's own S3 settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from checks.kit import Aws, Call, Collector, Plan, Practice, Risk, Scope, Severity, Verdict, check, collect, extra, fix

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import BucketTypeDef as Bucket
    from types_boto3_s3.type_defs import PublicAccessBlockConfigurationTypeDef as Block

FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")

buckets: Collector[Bucket] = collect(
    "s3:ListBuckets", "Buckets", arn="arn:{partition}:s3:::{Name}", name="{Name}", scope=Scope.ACCOUNT
)


@extra("s3:GetPublicAccessBlock")
def public_access_block(aws: Aws, bucket: Bucket) -> Block:
    got = aws.call("s3:GetPublicAccessBlock", Bucket=bucket["Name"], absent="NoSuchPublicAccessBlockConfiguration")
    return cast("Block", got.get("PublicAccessBlockConfiguration", {}))


@check(buckets, public_access_block, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def bucket_blocks_public_access(bucket: Bucket, block: Block) -> Verdict:
    """S3 bucket blocks public access.

    With all four blocks on, one careless ACL or policy cannot expose the bucket.

    Fix: Turn on all four settings of Block Public Access on the bucket.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    off = [flag for flag in FLAGS if not block.get(flag)]
    return f"leaves {', '.join(off)} off" if off else None


@fix(
    bucket_blocks_public_access,
    "s3:PutPublicAccessBlock",
    "s3:DeletePublicAccessBlock",
    risk=Risk.CUTS_ACCESS,
)
def block_public_access(bucket: Bucket, block: Block) -> Plan:
    """Turn on all four public access blocks."""
    name = {"Bucket": bucket["Name"]}
    put = Call("s3:PutPublicAccessBlock", name | {"PublicAccessBlockConfiguration": dict.fromkeys(FLAGS, True)})
    if block:
        back = Call("s3:PutPublicAccessBlock", name | {"PublicAccessBlockConfiguration": {**block}})
    else:
        back = Call("s3:DeletePublicAccessBlock", name)
    return Plan(
        do=[put],
        undo=[back],
        before={flag: "on" if block.get(flag) else "off" for flag in FLAGS},
        after=dict.fromkeys(FLAGS, "on"),
    )
