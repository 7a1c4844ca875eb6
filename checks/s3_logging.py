"""Server access logs of S3 buckets: who asked for what."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

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
from checks.log_deliveries import delivering
from checks.s3 import buckets, policy, there
from checks.wildcards import wildcard

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import BucketTypeDef as Bucket

LOGGING = "logging.s3.amazonaws.com"


class Log(TypedDict):
    """Where a bucket's log goes; `target` is empty where it keeps none."""

    bucket: str
    target: str


class LogBucket(TypedDict):
    """A bucket of the same region that takes the logs of others, and its policy."""

    bucket: str
    policy: str


class Delivered(TypedDict):
    """Whether CloudWatch Logs delivers a bucket's access log; `unread`: why that is not known."""

    delivered: bool
    unread: str


@extra("s3:GetBucketLogging")
def log(aws: Aws, bucket: Bucket) -> Mapping[str, Any]:
    return dict(there(aws, bucket).call("s3:GetBucketLogging", Bucket=bucket["Name"]).get("LoggingEnabled", {}))


@collector(
    "s3:GetBucketLogging",
    arn="arn:{partition}:s3:::{bucket}",
    scope=Scope.ACCOUNT,
    needs=(buckets,),
)
def logs(aws: Aws) -> Iterator[Log]:
    """Where every bucket of the account logs to."""

    def of(bucket: Bucket) -> Log:
        return {"bucket": bucket["Name"], "target": log.read(aws, bucket).get("TargetBucket", "")}

    yield from aws.each(of, aws.read(buckets))


@extra("s3:GetBucketLocation", "s3:GetBucketPolicy", needs=(logs,))
def log_buckets(aws: Aws, bucket: Bucket) -> Sequence[LogBucket]:
    """The buckets of its region that others log to already, the one most used first."""

    def region(name: str) -> str:
        """Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html."""
        found = aws.call("s3:GetBucketLocation", Bucket=name).get("LocationConstraint")
        return {"EU": "eu-west-1"}.get(found, found or "us-east-1")

    used = Counter(one["target"] for one in aws.read(logs) if one["target"] not in ("", bucket["Name"]))
    here = region(bucket["Name"]) if used else ""
    return [
        {"bucket": name, "policy": policy.read(aws, {"Name": name})}
        for name, _ in sorted(used.items(), key=lambda item: (-item[1], item[0]))
        if region(name) == here
    ]


@extra(needs=(delivering,))
def delivered(aws: Aws, bucket: Bucket) -> Delivered:
    """Whether CloudWatch Logs delivers its access log, which no setting of the bucket tells."""
    try:
        arns = there(aws, bucket).read(delivering)
    except Unknown as reason:  # a bucket that keeps its log itself needs no other
        return {"delivered": False, "unread": str(reason)}
    return {"delivered": f"arn:{aws.partition}:s3:::{bucket['Name']}" in arns, "unread": ""}


@check(buckets, log, policy, delivered, practice=Practice.MONITORING, severity=Severity.LOW)
def bucket_logs_access(bucket: Bucket, log: Mapping[str, Any], policy: str, delivered: Delivered) -> Verdict:
    """S3 bucket keeps a log of access to it.

    After a leak, the log tells who read what, strangers without an AWS account as well.

    Fix: Turn on server access logging, with another bucket of the same region as its target.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
    """
    if log.get("TargetBucket") or delivered["delivered"]:
        return None
    if any(principal.id == LOGGING for principal, _ in documents.trusted(policy)):
        raise NotApplicable("S3 delivers access logs there: a log of its own would grow by itself")
    if delivered["unread"]:
        raise Unknown(delivered["unread"])
    return "keeps no log of access"


@fix(bucket_logs_access, "s3:PutBucketLogging", risk=Risk.SAFE, reads=(log_buckets,))
def log_access(
    bucket: Bucket, log: Mapping[str, Any], policy: str, delivered: Delivered, targets: Sequence[LogBucket]
) -> Plan:
    """Log access to the bucket where others of its region do.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    if delivered["delivered"]:
        raise NotApplicable("CloudWatch Logs delivers its access log")
    prefix = f"{bucket['Name']}/"
    target = next((one["bucket"] for one in targets if _lets_log(one, bucket["Name"], prefix)), "")
    if not target:
        raise NotApplicable("no bucket of its region that others log to lets S3 write its log as well")
    put = "s3:PutBucketLogging"
    whose = {"Bucket": bucket["Name"]}
    on = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": prefix}}
    return Plan(
        do=[Call(put, whose | {"BucketLoggingStatus": on})],
        undo=[Call(put, whose | {"BucketLoggingStatus": {"LoggingEnabled": dict(log)} if log else {}})],
        before={"access log": _place(log)},
        after={"access log": f"{target}/{prefix}"},
        notes=[
            "The first logs come within hours. S3 delivers them for nothing; storing them costs as any object does.",
            "Who may read the other bucket may then read who asks for what in this one.",
        ],
    )


def _place(log: Mapping[str, Any]) -> str:
    return f"{log['TargetBucket']}/{log.get('TargetPrefix', '')}" if log else "off"


def _lets_log(target: LogBucket, source: str, prefix: str) -> bool:
    """Whether the policy of a bucket lets S3 write the log of another there."""
    return any(
        principal.id == LOGGING
        and any(_covers(resource, f"{target['bucket']}/{prefix}log") for resource in statement.resources)
        and any(wildcard(one, ignore_case=True).fullmatch("s3:PutObject") for one in statement.actions)
        and all(_speaks_of(condition, source) for condition in statement.conditions)
        for principal, statement in documents.trusted(target["policy"])
    )


def _speaks_of(condition: documents.Condition, source: str) -> bool:
    """Whether it holds for logs of a bucket: those of this account come from the account's other buckets already."""
    if condition.key == "aws:sourcearn":
        return any(_covers(value, source) for value in condition.values)
    return condition.key == "aws:sourceaccount"


def _covers(pattern: str, name: str) -> bool:
    """Whether an ARN's pattern covers a bucket, or an object in one."""
    return bool(wildcard(re.sub(r"^arn:[^:]*:s3:::", "", pattern), one=".").fullmatch(name))
