"""Versions, lifecycle, locks, copies and keys of buckets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import s3_objects
from checks.kit import NotApplicable
from tests.checks.cases import NOT_ASKED, Case

BUCKET: Any = {"Name": "northwind-invoices"}
ON, OFF = {"Status": "Enabled", "ID": "old"}, {"Status": "Disabled", "ID": "old"}
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0f1e2d3c"
MFA, LIFE = s3_objects.bucket_has_mfa_delete, s3_objects.bucket_has_lifecycle_rules
LOCK, COPY, KMS = (
    s3_objects.bucket_has_object_lock,
    s3_objects.bucket_is_replicated,
    s3_objects.bucket_encrypts_with_kms,
)
NO_MFA, NO_RULE = "lets versions be deleted without MFA", "has no lifecycle rule in force"
EVERY, ASKED = {"every_bucket": True}, {"customer_managed_key": True}
KEPT = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 365}}}
AT_WILL = "has Object Lock without a default retention: CloudTrail locks nothing by itself"


def lets_in(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "s3:PutObject", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


TRAIL = lets_in("cloudtrail.amazonaws.com")
CASES = [
    Case(MFA, [BUCKET, {}, NOT_ASKED], NotApplicable),
    Case(MFA, [BUCKET, {"Status": "Suspended"}, NOT_ASKED], NotApplicable),
    Case(MFA, [BUCKET, {"Status": "Enabled"}, []], NO_MFA),
    Case(MFA, [BUCKET, {"Status": "Enabled", "MFADelete": "Disabled"}, []], NO_MFA),
    Case(MFA, [BUCKET, {"Status": "Enabled", "MFADelete": "Enabled"}, NOT_ASKED], None),
    Case(MFA, [BUCKET, {"Status": "Enabled"}, [OFF]], NotApplicable),
    Case(LIFE, [BUCKET, []], NO_RULE),
    Case(LIFE, [BUCKET, [OFF]], NO_RULE),
    Case(LIFE, [BUCKET, [OFF, ON]], None),
    Case(LOCK, [BUCKET, "", {}], NotApplicable),
    Case(LOCK, [BUCKET, "", {}], "has no Object Lock", EVERY),
    Case(LOCK, [BUCKET, "", {"ObjectLockEnabled": "Enabled"}], None, EVERY),
    Case(LOCK, [BUCKET, TRAIL, {}], "has no Object Lock"),
    Case(LOCK, [BUCKET, TRAIL, {"ObjectLockEnabled": "Enabled"}], AT_WILL),
    Case(LOCK, [BUCKET, TRAIL, KEPT], None),
    Case(COPY, [BUCKET, []], NotApplicable),
    Case(COPY, [BUCKET, []], "is not replicated", EVERY),
    Case(COPY, [BUCKET, [OFF]], "is not replicated", EVERY),
    Case(COPY, [BUCKET, [ON]], None, EVERY),
    Case(KMS, [BUCKET, {"SSEAlgorithm": "AES256"}, ""], NotApplicable),
    Case(KMS, [BUCKET, {"SSEAlgorithm": "AES256"}, ""], "encrypts with S3's own keys", ASKED),
    Case(KMS, [BUCKET, {}, ""], "encrypts with S3's own keys", ASKED),
    Case(KMS, [BUCKET, {"SSEAlgorithm": "aws:kms"}, ""], "encrypts with AWS's own KMS key", ASKED),
    Case(KMS, [BUCKET, {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/aws/s3"}, ""], "encrypts with AWS's own KMS key", ASKED),
    Case(KMS, [BUCKET, {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}, ""], None, ASKED),
    Case(KMS, [BUCKET, {"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": KEY}, ""], None, ASKED),
    Case(KMS, [BUCKET, {"SSEAlgorithm": "AES256"}, lets_in("logging.s3.amazonaws.com")], NotApplicable, ASKED),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_rules_that_somebody_turned_off_are_left_alone() -> None:
    with pytest.raises(NotApplicable):
        s3_objects.remove_unfinished_uploads.plan(BUCKET, [OFF])


def test_a_bucket_that_never_set_anything_reads_as_nothing(aws: Region) -> None:
    plain(aws.clients.session)
    assert s3_objects.lifecycle.read(aws, BUCKET) == []
    assert s3_objects.object_lock.read(aws, BUCKET) == {}
    assert s3_objects.replication.read(aws, BUCKET) == []
    assert not s3_objects.encryption.read(aws, BUCKET)


def test_reads_what_a_bucket_has(aws: Region) -> None:
    client = aws.clients.session.client("s3", region_name="us-east-1")
    for name in (BUCKET["Name"], "northwind-copies"):
        client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    client.put_object_lock_configuration(Bucket=BUCKET["Name"], ObjectLockConfiguration=KEPT)  # type: ignore[arg-type]
    copied = {"Bucket": "arn:aws:s3:::northwind-copies"}
    rule: Any = {"ID": "all", "Status": "Enabled", "Prefix": "", "Destination": copied}
    client.put_bucket_replication(
        Bucket=BUCKET["Name"],
        ReplicationConfiguration={"Role": "arn:aws:iam::123456789012:role/replication", "Rules": [rule]},
    )
    by_default: Any = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    client.put_bucket_encryption(
        Bucket=BUCKET["Name"],
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": by_default}]},
    )
    assert LOCK.judge(BUCKET, TRAIL, s3_objects.object_lock.read(aws, BUCKET)) is None
    assert [one["Status"] for one in s3_objects.replication.read(aws, BUCKET)] == ["Enabled"]
    assert s3_objects.encryption.read(aws, BUCKET) == by_default


def plain(aws: boto3.Session) -> None:
    aws.client("s3", region_name="us-east-1").create_bucket(Bucket=BUCKET["Name"])


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {LIFE.id: plain, s3_objects.bucket_encrypts_with_kms.id: plain}


def test_a_key_of_another_region_is_given_to_no_bucket() -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    rules: Any = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BlockedEncryptionTypes": {}}]
    asked: Any = [{"SSEAlgorithm": "AES256"}, "", rules]
    plan = s3_objects.encrypt_with_own_key.plan({**BUCKET, "BucketRegion": "eu-west-1"}, *asked, kms_key=key)
    (do,), (undo,) = plan.do, plan.undo
    rule = do.params["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["BlockedEncryptionTypes"] == {}, "what else the rule says stays"
    assert undo.params["ServerSideEncryptionConfiguration"]["Rules"] == rules
    with pytest.raises(NotApplicable, match="which is in eu-west-1: name one of us-east-1"):
        s3_objects.encrypt_with_own_key.plan({**BUCKET, "BucketRegion": "us-east-1"}, *asked, kms_key=key)
