"""What S3 buckets do with their objects: old versions, locks, copies elsewhere, keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from checks import documents
from checks.inputs import must_be_in
from checks.kit import (
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    expect,
    extra,
    fix,
    later,
)
from checks.s3 import buckets, policy, there, versioning

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import BucketTypeDef as Bucket
    from types_boto3_s3.type_defs import GetBucketVersioningOutputTypeDef as Versioning
    from types_boto3_s3.type_defs import LifecycleRuleOutputTypeDef as LifecycleRule
    from types_boto3_s3.type_defs import ObjectLockConfigurationTypeDef as ObjectLock
    from types_boto3_s3.type_defs import ReplicationRuleOutputTypeDef as ReplicationRule
    from types_boto3_s3.type_defs import ServerSideEncryptionByDefaultTypeDef as Encryption
    from types_boto3_s3.type_defs import ServerSideEncryptionRuleTypeDef as EncryptionRule

TRAIL = "cloudtrail.amazonaws.com"

ONLY_S3_KEYS = frozenset(
    {"logging.s3.amazonaws.com", "logdelivery.elasticloadbalancing.amazonaws.com", "delivery.logs.amazonaws.com"}
)
"""Services whose logs are best, or can only be, delivered into a bucket that encrypts with S3's own keys.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html"""

UNFINISHED_DAYS = 7
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html"""


@extra("s3:GetBucketLifecycleConfiguration")
def lifecycle(aws: Aws, bucket: Bucket) -> Sequence[LifecycleRule]:
    got = there(aws, bucket).call(
        "s3:GetBucketLifecycleConfiguration", Bucket=bucket["Name"], absent="NoSuchLifecycleConfiguration"
    )
    return cast("Sequence[LifecycleRule]", got.get("Rules", []))


@extra("s3:GetObjectLockConfiguration")
def object_lock(aws: Aws, bucket: Bucket) -> ObjectLock:
    got = there(aws, bucket).call(
        "s3:GetObjectLockConfiguration", Bucket=bucket["Name"], absent="ObjectLockConfigurationNotFoundError"
    )
    return cast("ObjectLock", got.get("ObjectLockConfiguration", {}))


@extra("s3:GetBucketReplication")
def replication(aws: Aws, bucket: Bucket) -> Sequence[ReplicationRule]:
    got = there(aws, bucket).call(
        "s3:GetBucketReplication", Bucket=bucket["Name"], absent="ReplicationConfigurationNotFoundError"
    )
    return cast("Sequence[ReplicationRule]", got.get("ReplicationConfiguration", {"Rules": []})["Rules"])


@extra("s3:GetBucketEncryption")
def encryption_rules(aws: Aws, bucket: Bucket) -> Sequence[EncryptionRule]:
    """One rule: AWS always answers since 2023. Emulators do not, where nobody set it."""
    none = "ServerSideEncryptionConfigurationNotFoundError"
    got = there(aws, bucket).once("s3:GetBucketEncryption", Bucket=bucket["Name"], absent=none)
    return cast("Sequence[EncryptionRule]", got.get("ServerSideEncryptionConfiguration", {"Rules": []})["Rules"])


@extra(*encryption_rules.calls)
def encryption(aws: Aws, bucket: Bucket) -> Encryption:
    """How S3 encrypts new objects by default."""
    rules = encryption_rules.read(aws, bucket)
    return cast("Encryption", next((rule["ApplyServerSideEncryptionByDefault"] for rule in rules), {}))


@check(buckets, versioning, later(lifecycle), practice=Practice.MFA, severity=Severity.LOW)
def bucket_has_mfa_delete(
    bucket: Bucket, versioning: Versioning, rules: Callable[[], Sequence[LifecycleRule]]
) -> Verdict:
    """S3 bucket asks for an MFA code before versions are deleted.

    Whoever steals credentials can otherwise delete every version of every object for good.

    Fix: As the root user, with its MFA device, turn on MFA delete with the AWS CLI. No other way does it.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html
    """
    if versioning.get("MFADelete") == "Enabled":
        return None
    if versioning.get("Status") != "Enabled":
        raise NotApplicable("it keeps no versions, without which there is no MFA delete")
    if rules():
        raise NotApplicable("it has lifecycle rules, with which AWS allows no MFA delete")
    return "lets versions be deleted without MFA"


@check(buckets, lifecycle, practice=Practice.BACKUP, severity=Severity.LOW)
def bucket_has_lifecycle_rules(bucket: Bucket, rules: Sequence[LifecycleRule]) -> Verdict:
    """S3 bucket has lifecycle rules.

    Without them old versions, uploads that never finished and data past its time stay and cost money for ever.

    Fix: Add rules that remove unfinished uploads, old versions, and what you may not keep any longer.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
    """
    return expect(any(rule["Status"] == "Enabled" for rule in rules), "has no lifecycle rule in force")


@fix(
    bucket_has_lifecycle_rules,
    "s3:PutBucketLifecycleConfiguration",
    "s3:DeleteBucketLifecycle",
    risk=Risk.SAFE,
)
def remove_unfinished_uploads(bucket: Bucket, rules: Sequence[LifecycleRule]) -> Plan:
    """Remove uploads that were never finished."""
    if rules:
        raise NotApplicable("it has rules that somebody turned off: turn on those that are wanted")
    whose = {"Bucket": bucket["Name"]}
    rule = {
        "ID": "remove-unfinished-uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_DAYS},
    }
    return Plan(
        do=[Call("s3:PutBucketLifecycleConfiguration", whose | {"LifecycleConfiguration": {"Rules": [rule]}})],
        undo=[Call("s3:DeleteBucketLifecycle", whose)],
        before={"lifecycle rules": "none"},
        after={"lifecycle rules": f"remove parts of uploads not finished within {UNFINISHED_DAYS} days"},
        notes=[
            "No object is touched. Parts of unfinished uploads that are older are removed for good.",
            "How long to keep objects and their old versions is yours to decide: this sets no such rule.",
        ],
    )


@check(buckets, policy, object_lock, practice=Practice.BACKUP, severity=Severity.LOW)
def bucket_has_object_lock(bucket: Bucket, policy: str, lock: ObjectLock, *, every_bucket: bool = False) -> Verdict:
    """S3 bucket that CloudTrail writes to locks its objects.

    A lock keeps even an administrator, and whoever stole their keys, from deleting what tells of them.

    Fix: Turn on Object Lock, which takes versioning, with a default retention as long as you must keep the logs.
    Ask the same of all buckets with every_bucket of this check, in AWS_SEC_THRESHOLDS.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
    """
    for_trail = TRAIL in _services(policy)
    if not for_trail and not every_bucket:
        raise NotApplicable("no trail writes to it, and the settings do not ask for a lock on every bucket")
    if lock.get("ObjectLockEnabled") != "Enabled":
        return "has no Object Lock"
    unlocked = for_trail and not lock.get("Rule", {}).get("DefaultRetention")
    return "has Object Lock without a default retention: CloudTrail locks nothing by itself" if unlocked else None


@check(buckets, replication, practice=Practice.BACKUP, severity=Severity.LOW)
def bucket_is_replicated(bucket: Bucket, rules: Sequence[ReplicationRule], *, every_bucket: bool = False) -> Verdict:
    """S3 bucket is replicated to another bucket.

    A copy in another region, best of another account, outlives what happens to this one.

    Fix: Turn on versioning on both buckets, then add a replication rule with a role that may write to the other.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html
    """
    if not every_bucket:
        raise NotApplicable("the settings do not ask for copies: every_bucket of this check, in AWS_SEC_THRESHOLDS")
    return expect(any(rule["Status"] == "Enabled" for rule in rules), "is not replicated")


@check(buckets, encryption, policy, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def bucket_encrypts_with_kms(
    bucket: Bucket, encryption: Encryption, policy: str, *, customer_managed_key: bool = False
) -> Verdict:
    """S3 bucket encrypts with a KMS key of yours.

    S3 encrypts everything anyway; with a key of your own, reading takes a permission on the key too, and is logged.

    Fix: Choose a KMS key of yours, with an S3 Bucket Key, as the bucket's default encryption. Old objects stay as
    they are until they are copied onto themselves.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    if not customer_managed_key:
        raise NotApplicable("the settings do not ask for keys of your own")
    if _services(policy) & ONLY_S3_KEYS:
        raise NotApplicable("AWS delivers logs there, which takes encryption with S3's own keys")
    if encryption.get("SSEAlgorithm") not in ("aws:kms", "aws:kms:dsse"):
        return "encrypts with S3's own keys"
    key = encryption.get("KMSMasterKeyID", "")
    return expect(key and not key.endswith("alias/aws/s3"), "encrypts with AWS's own KMS key")


@fix(
    bucket_encrypts_with_kms,
    "s3:PutBucketEncryption",
    "s3:DeleteBucketEncryption",
    risk=Risk.CUTS_ACCESS,
    reads=(encryption_rules,),
)
def encrypt_with_own_key(
    bucket: Bucket, encryption: Encryption, policy: str, rules: Sequence[EncryptionRule], *, kms_key: str
) -> Plan:
    """Encrypt new objects with the key of the settings.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
    """
    before = {"default encryption": _by_default(encryption)}
    if encryption.get("SSEAlgorithm", "AES256") != "AES256":
        raise NotApplicable("it encrypts with KMS, and may have a reason for which key", before)
    if _services(policy) & ONLY_S3_KEYS:
        raise NotApplicable("AWS delivers logs there, which takes encryption with S3's own keys")
    if "BucketRegion" in bucket:  # AWS always says it, emulators do not
        must_be_in(bucket["BucketRegion"], kms_key)
    kms = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms_key}}
    kept = dict(rules[0]) if rules else {}  # a bucket has one rule, which also tells what uploads may not use
    whose = {"Bucket": bucket["Name"]}

    def put(rule: Mapping[str, Any]) -> Call:
        return Call("s3:PutBucketEncryption", whose | {"ServerSideEncryptionConfiguration": {"Rules": [rule]}})

    return Plan(
        do=[put(kept | kms | {"BucketKeyEnabled": True})],
        undo=[put(kept) if rules else Call("s3:DeleteBucketEncryption", whose)],
        before=before,
        after={"default encryption": f"aws:kms with {kms_key}"},
        notes=[
            "Objects that are there stay as they are; those that are written from now on are encrypted with the key.",
            "Who writes or reads new objects needs to be allowed to use the key, also other accounts and services.",
            "KMS charges for its use; an S3 Bucket Key keeps that low.",
            "After the undo, objects that were written in between stay encrypted with the key, so keep it.",
        ],
    )


def _by_default(encryption: Encryption) -> str:
    key = encryption.get("KMSMasterKeyID")
    return encryption.get("SSEAlgorithm", "AES256") + (f" with {key}" if key else "")


def _services(policy: str) -> set[str]:
    """The AWS services that its policy lets in."""
    found: Any = documents.trusted(policy)
    return {principal.id for principal, _ in found if principal.kind == "Service"}
