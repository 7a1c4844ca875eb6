"""Amazon S3 buckets and the account's own S3 settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypedDict, cast

from checks import documents
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    Collector,
    Plan,
    Practice,
    Risk,
    Scope,
    Severity,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import BucketTypeDef as Bucket
    from types_boto3_s3.type_defs import GetBucketVersioningOutputTypeDef as Versioning
    from types_boto3_s3.type_defs import PublicAccessBlockConfigurationTypeDef as Block

FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


class Account(TypedDict):
    """The account's own Block Public Access, which holds for every bucket in it."""

    account_id: str
    block: Block


class Surroundings(TypedDict):
    """What else decides how public a bucket is: a website it serves, the account's own block."""

    website: bool
    account_block: Block


buckets: Collector[Bucket] = collect(
    "s3:ListBuckets", "Buckets", arn="arn:{partition}:s3:::{Name}", name="{Name}", scope=Scope.ACCOUNT, MaxBuckets=10000
)
"""Asks for pages: S3 refuses a request without MaxBuckets to an account that may have more than 10,000.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/BucketRestrictions.html"""


@collector("s3control:GetPublicAccessBlock", arn=ACCOUNT_ARN, name="{account}", scope=Scope.ACCOUNT)
def account_settings(aws: Aws) -> Iterator[Account]:
    got = aws.call(
        "s3control:GetPublicAccessBlock", AccountId=aws.account, absent="NoSuchPublicAccessBlockConfiguration"
    )
    yield {"account_id": aws.account, "block": got.get("PublicAccessBlockConfiguration", {})}


@extra("s3:GetPublicAccessBlock")
def public_access_block(aws: Aws, bucket: Bucket) -> Block:
    got = aws.call("s3:GetPublicAccessBlock", Bucket=bucket["Name"], absent="NoSuchPublicAccessBlockConfiguration")
    return cast("Block", got.get("PublicAccessBlockConfiguration", {}))


@extra("s3:GetBucketPolicy")
def policy(aws: Aws, bucket: Bucket) -> str:
    return str(aws.call("s3:GetBucketPolicy", Bucket=bucket["Name"], absent="NoSuchBucketPolicy").get("Policy", ""))


@extra("s3:GetBucketVersioning")
def versioning(aws: Aws, bucket: Bucket) -> Versioning:
    return cast("Versioning", aws.call("s3:GetBucketVersioning", Bucket=bucket["Name"]))


@extra("s3:GetBucketWebsite")
def website(aws: Aws, bucket: Bucket) -> bool:
    site = aws.call("s3:GetBucketWebsite", Bucket=bucket["Name"], absent="NoSuchWebsiteConfiguration")
    return "IndexDocument" in site


@extra(*website.calls, needs=(account_settings,))
def surroundings(aws: Aws, bucket: Bucket) -> Surroundings:
    [account] = aws.read(account_settings)
    return {"website": website.read(aws, bucket), "account_block": account["block"]}


@check(account_settings, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def account_blocks_public_access(account: Account) -> Verdict:
    """The account blocks public access to all its buckets.

    The account's setting holds for every bucket, those that are yet to be made as well.

    Fix: Turn on all four settings of Block Public Access for the account. Serve public files through CloudFront.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/configuring-block-public-access-account.html
    """
    return _left_off(account["block"])


@fix(
    account_blocks_public_access,
    "s3control:PutPublicAccessBlock",
    "s3control:DeletePublicAccessBlock",
    risk=Risk.CUTS_ACCESS,
)
def block_public_access_of_account(account: Account) -> Plan:
    """Turn on all four public access blocks for the account."""
    notes = ["It holds for every bucket: what is public in any of them, a website say, goes dark."]
    return _all_on("s3control", {"AccountId": account["account_id"]}, account["block"], notes)


@check(buckets, public_access_block, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def bucket_blocks_public_access(bucket: Bucket, block: Block) -> Verdict:
    """S3 bucket blocks public access.

    With all four blocks on, one careless ACL or policy cannot expose the bucket.

    Fix: Turn on all four settings of Block Public Access on the bucket.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    return _left_off(block)


@fix(
    bucket_blocks_public_access,
    "s3:PutPublicAccessBlock",
    "s3:DeletePublicAccessBlock",
    risk=Risk.CUTS_ACCESS,
    reads=(website,),
)
def block_public_access(bucket: Bucket, block: Block, website: bool) -> Plan:
    """Turn on all four public access blocks."""
    notes = ["It serves a website, which goes dark for visitors."] if website else []
    return _all_on("s3", {"Bucket": bucket["Name"]}, block, notes)


def _left_off(block: Block) -> Verdict:
    off = [flag for flag in FLAGS if not block.get(flag)]
    return f"leaves {', '.join(off)} off" if off else None


def _all_on(service: str, whose: dict[str, str], block: Block, notes: Sequence[str]) -> Plan:
    put = f"{service}:PutPublicAccessBlock"
    if block:
        back = Call(put, whose | {"PublicAccessBlockConfiguration": {**block}})
    else:
        back = Call(f"{service}:DeletePublicAccessBlock", whose)
    return Plan(
        do=[Call(put, whose | {"PublicAccessBlockConfiguration": dict.fromkeys(FLAGS, True)})],
        undo=[back],
        before={flag: "on" if block.get(flag) else "off" for flag in FLAGS},
        after=dict.fromkeys(FLAGS, "on"),
        notes=notes,
    )


@check(
    buckets, policy, public_access_block, surroundings, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL
)
def bucket_policy_is_not_public(bucket: Bucket, policy: str, block: Block, around: Surroundings) -> Verdict:
    """S3 bucket policy lets in nobody from outside.

    A policy that allows everyone makes the objects readable, or worse, for the whole internet.

    Fix: Name the principals that need access, or turn on Block Public Access. Serve a website through CloudFront.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    if block.get("RestrictPublicBuckets") or around["account_block"].get("RestrictPublicBuckets"):
        return None  # only this account and AWS services get in, whatever the policy says
    problem = documents.opens_to_everyone(policy)
    if problem and around["website"]:
        return f"{problem}; it serves a website: mute this if everyone is meant to read it"
    return problem


@check(buckets, policy, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def bucket_refuses_plain_http(bucket: Bucket, policy: str) -> Verdict:
    """S3 bucket refuses requests over plain HTTP.

    Over plain HTTP, whoever sits between a client and S3 reads and changes the objects on their way.

    Fix: Add a Deny for everyone on s3:* where aws:SecureTransport is false, on the bucket and its objects.
    A website endpoint of S3 itself speaks only HTTP: put CloudFront before it.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    return expect(documents.refuses_plain_http(policy, bucket["Name"]), "answers over plain HTTP")


@check(buckets, versioning, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def bucket_has_versioning(bucket: Bucket, versioning: Versioning) -> Verdict:
    """S3 bucket keeps versions of its objects.

    With versions, what somebody or some program overwrites or deletes can be brought back.

    Fix: Turn on versioning, with a lifecycle rule that removes old versions. It can be suspended later, never undone.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
    """
    return expect(versioning.get("Status") == "Enabled", "keeps no versions of its objects")
