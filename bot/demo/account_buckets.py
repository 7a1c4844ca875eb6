"""What Northwind Traders must not lose: more of its buckets, archives, file servers, and what guards them."""

from __future__ import annotations

import json
from typing import Any

from bot.demo.account_data import BLOCKED, BUCKET, let_aws_write
from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import pairs, tags

TIDY = {
    "ID": "tidy",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
}
TIDY_BUCKETS = ("access-logs", "audit-archive", "backups", "cloudtrail", "config", "invoices", "product-images")
PLANS = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS")
"""Plans of GuardDuty that somebody turned on; those that came later nobody looked at."""
LATER_PLANS = ("LAMBDA_NETWORK_LOGS",)
AGENTS = {"Name": "EC2_AGENT_MANAGEMENT", "Status": "DISABLED"}
"""Runtime Monitoring is on, and its agents are on one instance that somebody installed them on."""


def fill_buckets(aws: Emulated) -> None:
    """After `fill_data` and `fill_watch`, whose buckets and detector it completes."""
    _audit_archive(aws)
    _housekeeping(aws)
    _guards(aws)


def _audit_archive(aws: Emulated) -> None:
    """Where the auditors' copy of the trail is to go: locked for seven years, as the other trail bucket is not."""
    s3, bucket = aws.client("s3"), f"{BUCKET}audit-archive"
    s3.create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}, ObjectLockEnabledForBucket=True
    )
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    kept = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 7}}
    s3.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": kept}
    )
    owned = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=owned)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=BLOCKED)
    let_aws_write(aws, bucket, "cloudtrail.amazonaws.com")
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": pairs(tags("platform"))})


def _housekeeping(aws: Emulated) -> None:
    """Most buckets are kept tidy and log who asks; what is exported to partners is not."""
    s3 = aws.client("s3")
    for name in (
        "access-logs",
        "audit-archive",
        "backups",
        "cloudtrail",
        "config",
        "invoices",
        "product-images",
        "website",
    ):
        s3.put_bucket_lifecycle_configuration(Bucket=BUCKET + name, LifecycleConfiguration={"Rules": [TIDY]})
    for name in ("audit-archive", "backups", "config", "press-kit", "product-images", "website"):
        log = {"TargetBucket": f"{BUCKET}access-logs", "TargetPrefix": f"{BUCKET}{name}/"}
        s3.put_bucket_logging(Bucket=BUCKET + name, BucketLoggingStatus={"LoggingEnabled": log})


def _guards(aws: Emulated) -> None:
    """GuardDuty as it was set up years ago; Inspector for instances and images, and for functions never."""
    guardduty = aws.client("guardduty")
    [detector] = guardduty.list_detectors()["DetectorIds"]
    features: list[dict[str, Any]] = [{"Name": name, "Status": "ENABLED"} for name in PLANS]
    features += [{"Name": name, "Status": "DISABLED"} for name in LATER_PLANS]
    features.append({"Name": "RUNTIME_MONITORING", "Status": "ENABLED", "AdditionalConfiguration": [AGENTS]})
    guardduty.update_detector(DetectorId=detector, Enable=True, Features=features)
    aws.client("inspector2").enable(accountIds=[ACCOUNT], resourceTypes=["EC2", "ECR", "LAMBDA"])


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
