"""Amazon S3 buckets and the account's own S3 settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, cast

from checks import documents
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    Collector,
    NotApplicable,
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
    later,
)

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import BucketTypeDef as Bucket
    from types_boto3_s3.type_defs import GetBucketVersioningOutputTypeDef as Versioning
    from types_boto3_s3.type_defs import PublicAccessBlockConfigurationTypeDef as Block

FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")

LONGEST_POLICY = 20 * 1024
"""Bytes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html"""


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


def there(aws: Aws, bucket: Bucket) -> Aws:
    """Where a bucket is asked for: S3 sends whoever asks elsewhere on to its region, which costs one more call."""
    return aws.at(bucket.get("BucketRegion", aws.region))


@extra("s3:GetPublicAccessBlock")
def public_access_block(aws: Aws, bucket: Bucket) -> Block:
    """Asked for an access point's sake, too, which leads to the bucket."""
    none = "NoSuchPublicAccessBlockConfiguration"
    got = there(aws, bucket).once("s3:GetPublicAccessBlock", Bucket=bucket["Name"], absent=none)
    return cast("Block", got.get("PublicAccessBlockConfiguration", {}))


@extra("s3:GetBucketPolicy")
def policy(aws: Aws, bucket: Bucket) -> str:
    got = there(aws, bucket).call("s3:GetBucketPolicy", Bucket=bucket["Name"], absent="NoSuchBucketPolicy")
    return str(got.get("Policy", ""))


@extra("s3:GetBucketVersioning")
def versioning(aws: Aws, bucket: Bucket) -> Versioning:
    """Asked for the sake of a trail that fills the bucket, too."""
    return cast("Versioning", there(aws, bucket).once("s3:GetBucketVersioning", Bucket=bucket["Name"]))


@extra("s3:GetBucketWebsite")
def website(aws: Aws, bucket: Bucket) -> bool:
    site = there(aws, bucket).call("s3:GetBucketWebsite", Bucket=bucket["Name"], absent="NoSuchWebsiteConfiguration")
    return "IndexDocument" in site


@extra(needs=(account_settings,))
def account_block(aws: Aws, bucket: Bucket) -> Block:
    """The account's own Block Public Access."""
    [account] = aws.read(account_settings)
    return account["block"]


@extra(*website.calls, needs=(account_settings,))
def surroundings(aws: Aws, bucket: Bucket) -> Surroundings:
    return {"website": website.read(aws, bucket), "account_block": account_block.read(aws, bucket)}


@extra()
def partition(aws: Aws, bucket: Bucket) -> str:
    """Where the bucket's ARN begins."""
    return aws.partition


def effective(*blocks: Block) -> Block:
    """What several blocks come to: S3 applies the most restrictive combination of the account's and the bucket's.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    return cast("Block", {flag: any(block.get(flag) for block in blocks) for flag in FLAGS})


@check(account_settings, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def account_blocks_public_access(account: Account) -> Verdict:
    """The account blocks public access to all its buckets.

    The account's setting holds for every bucket, those that are yet to be made as well.

    Fix: Turn on all four settings of Block Public Access for the account. Serve public files through CloudFront.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/configuring-block-public-access-account.html
    """
    return left_off(account["block"])


@fix(
    account_blocks_public_access,
    "s3control:PutPublicAccessBlock",
    "s3control:DeletePublicAccessBlock",
    risk=Risk.CUTS_ACCESS,
)
def block_public_access_of_account(account: Account) -> Plan:
    """Turn on all four public access blocks for the account."""
    notes = [
        "It holds for every bucket: what is public in any of them, a website say, goes dark.",
        "AWS refuses where a policy of the organization sets it for its accounts: change it there.",
    ]
    return all_on("s3control", {"AccountId": account["account_id"]}, account["block"], notes)


@check(buckets, later(public_access_block), account_block, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def bucket_blocks_public_access(bucket: Bucket, block: Callable[[], Block], account: Block) -> Verdict:
    """S3 bucket blocks public access.

    With all four blocks on, of the bucket or of the account, one careless ACL or policy cannot expose it.

    Fix: Turn on all four settings of Block Public Access on the bucket, or better on the account.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    return left_off(account) and left_off(effective(block(), account))


@fix(
    bucket_blocks_public_access,
    "s3:PutPublicAccessBlock",
    "s3:DeletePublicAccessBlock",
    risk=Risk.CUTS_ACCESS,
    reads=(website,),
)
def block_public_access(bucket: Bucket, block: Block, account: Block, website: bool) -> Plan:
    """Turn on all four public access blocks."""
    notes = ["It serves a website, which goes dark for visitors."] if website else []
    return all_on("s3", {"Bucket": bucket["Name"]}, block, notes)


@check(buckets, public_access_block, account_block, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def bucket_has_its_own_public_access_block(bucket: Bucket, block: Block, account: Block) -> Verdict:
    """S3 bucket blocks public access by itself, too.

    What only the account blocks opens in every bucket at once when somebody takes the account's block off.

    Fix: Turn on all four settings of Block Public Access on the bucket as well.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    problem = left_off(block)
    if problem and left_off(effective(block, account)):
        raise NotApplicable("the account does not block what the bucket leaves open: another check tells of it")
    return f"{problem}; only the account's own block holds" if problem else None


@fix(
    bucket_has_its_own_public_access_block,
    "s3:PutPublicAccessBlock",
    "s3:DeletePublicAccessBlock",
    risk=Risk.SAFE,
)
def block_public_access_twice(bucket: Bucket, block: Block, account: Block) -> Plan:
    """Turn on all four public access blocks of the bucket."""
    if left_off(effective(block, account)):
        raise NotApplicable("the account does not block what the bucket leaves open")
    notes = ["Nothing changes for anybody today: the account's block already holds."]
    return all_on("s3", {"Bucket": bucket["Name"]}, block, notes)


def left_off(block: Block) -> Verdict:
    """Which of the four settings are off, in words; None when all are on."""
    off = [flag for flag in FLAGS if not block.get(flag)]
    return f"leaves {', '.join(off)} off" if off else None


def all_on(service: str, whose: dict[str, str], block: Block, notes: Sequence[str]) -> Plan:
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


@fix(bucket_policy_is_not_public, "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", risk=Risk.CUTS_ACCESS)
def remove_public_statements(bucket: Bucket, policy: str, block: Block, around: Surroundings) -> Plan:
    """Remove the statements that let everyone in."""
    public = documents.public_grants(policy)
    if not public:
        raise NotApplicable("its policy lets nobody in from outside", _as_it_is(policy))
    given = documents.statements(policy)
    kept = [raw for raw, read in zip(_raw_statements(policy), given, strict=True) if read not in public]
    notes = ["Whoever uses the bucket without being named in its policy, or by IAM in this account, loses access."]
    if around["website"]:
        notes.append("It serves a website, which goes dark for visitors.")
    return _policy_plan(bucket, policy, kept, notes)


@check(buckets, policy, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def bucket_refuses_plain_http(bucket: Bucket, policy: str) -> Verdict:
    """S3 bucket refuses requests over plain HTTP.

    Over plain HTTP, whoever sits between a client and S3 reads and changes the objects on their way.

    Fix: Add a Deny for everyone on s3:* where aws:SecureTransport is false, on the bucket and its objects.
    A website endpoint of S3 itself speaks only HTTP: put CloudFront before it.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    return expect(documents.refuses_plain_http(policy, bucket["Name"]), "answers over plain HTTP")


@fix(
    bucket_refuses_plain_http,
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    risk=Risk.CUTS_ACCESS,
    reads=(partition, website),
)
def refuse_plain_http(bucket: Bucket, policy: str, partition: str, website: bool) -> Plan:
    """Deny everyone requests over plain HTTP."""
    arn = f"arn:{partition}:s3:::{bucket['Name']}"
    kept = _raw_statements(policy)
    denies = {
        "Sid": _free_sid(kept, "DenyPlainHttp"),
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    notes = ["Every other statement stays. AWS's SDKs and tools speak HTTPS unless they are told not to."]
    if website:
        notes.append("It serves a website, and S3's website endpoint speaks only HTTP: it goes dark for visitors.")
    return _policy_plan(bucket, policy, [*kept, denies], notes)


def _raw_statements(policy: str) -> list[Mapping[str, Any]]:
    """The statements of a policy as they are written."""
    found = json.loads(policy)["Statement"] if policy else []
    return [found] if isinstance(found, dict) else found


def _free_sid(statements: Sequence[Mapping[str, Any]], wanted: str) -> str:
    taken = {statement.get("Sid") for statement in statements}
    return next(sid for sid in (wanted, *(f"{wanted}{n}" for n in range(2, len(taken) + 3))) if sid not in taken)


def _policy_plan(bucket: Bucket, policy: str, kept: Sequence[Mapping[str, Any]], notes: Sequence[str]) -> Plan:
    """Give the bucket these statements, and nothing else of its policy a new look."""
    whose = {"Bucket": bucket["Name"]}
    remove = Call("s3:DeleteBucketPolicy", whose)
    document = (json.loads(policy) if policy else {"Version": "2012-10-17"}) | {"Statement": list(kept)}
    text = json.dumps(document, separators=(",", ":"))
    if len(text.encode()) > LONGEST_POLICY:
        raise NotApplicable("its policy would be longer than S3 takes")
    return Plan(
        do=[Call("s3:PutBucketPolicy", whose | {"Policy": text}) if kept else remove],
        undo=[Call("s3:PutBucketPolicy", whose | {"Policy": policy}) if policy else remove],
        before=_as_it_is(policy),
        after=_as_it_is(text if kept else ""),
        notes=notes,
    )


def _as_it_is(policy: str) -> dict[str, str]:
    return {"policy": json.dumps(json.loads(policy)) if policy else "none"}


@check(buckets, versioning, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def bucket_has_versioning(bucket: Bucket, versioning: Versioning) -> Verdict:
    """S3 bucket keeps versions of its objects.

    With versions, what somebody or some program overwrites or deletes can be brought back.

    Fix: Turn on versioning, with a lifecycle rule that removes old versions. It can be suspended later, never undone.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
    """
    return expect(versioning.get("Status") == "Enabled", "keeps no versions of its objects")


@fix(bucket_has_versioning, "s3:PutBucketVersioning", risk=Risk.SAFE)
def keep_versions(bucket: Bucket, versioning: Versioning) -> Plan:
    """Keep versions of the bucket's objects."""
    if versioning.get("MFADelete") == "Enabled":
        raise NotApplicable("it has MFA delete: only the root user, with its MFA device, changes its versioning")

    def put(status: str) -> Call:
        return Call("s3:PutBucketVersioning", {"Bucket": bucket["Name"], "VersioningConfiguration": {"Status": status}})

    return Plan(
        do=[put("Enabled")],
        undo=[put("Suspended")],
        before={"versioning": "on" if versioning.get("Status") == "Enabled" else "off"},
        after={"versioning": "on"},
        notes=[
            "Objects that are overwritten or deleted stay and cost money until a lifecycle rule removes old versions.",
            "Undo suspends it: the versions made by then stay, and a bucket never goes back to one without any.",
        ],
    )
