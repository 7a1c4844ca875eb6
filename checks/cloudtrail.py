"""AWS CloudTrail: that every call in the account leaves a trace nobody can quietly change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypedDict, cast

from checks import s3
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
    Unknown,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
    fix,
)
from checks.log_deliveries import delivering
from checks.trail_selectors import management_events, object_events

if TYPE_CHECKING:
    from types_boto3_cloudtrail.type_defs import TrailTypeDef as Trail
    from types_boto3_s3.type_defs import GetBucketVersioningOutputTypeDef as Versioning


class Watched(TypedDict):
    """A trail that covers all regions, and what it records. `unread`: why that could not be read."""

    trail: Trail
    status: dict[str, Any]
    selectors: dict[str, Any]
    unread: str


class Watch(TypedDict):
    """All trails that record this account, one of them the organization's perhaps."""

    trails: list[Watched]


class Delivery(TypedDict):
    """What CloudTrail says of its work on one trail."""

    arn: str
    status: dict[str, Any]


class Selection(TypedDict):
    """What one trail records: the answer to GetEventSelectors."""

    arn: str
    selectors: dict[str, Any]


class TrailBucket(TypedDict):
    """Where trails put their files. `ours`: whether the bucket belongs to this account. `region`: where to ask."""

    name: str
    ours: bool
    region: str


class AccessLog(TypedDict):
    """Where requests to a bucket are recorded: in another bucket, or wherever CloudWatch Logs delivers them."""

    target: str
    delivered: bool


trails: Collector[Trail] = collect(
    "cloudtrail:DescribeTrails", "trailList", arn="{TrailARN}", name="{Name}", includeShadowTrails=False
)
"""Each trail once, in its home region and its own account: a shadow shows elsewhere, and calls on it are refused.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html"""

seen_from_home: Collector[Trail] = collect(
    "cloudtrail:DescribeTrails", "trailList", arn="{TrailARN}", scope=Scope.ACCOUNT, includeShadowTrails=True
)
"""What covers all regions casts its shadow in every one, also a trail of the organization's."""


@collector("cloudtrail:GetTrailStatus", arn="{arn}", needs=(trails,))
def deliveries(aws: Aws) -> Iterator[Delivery]:
    """How it goes with each trail; a region has five at most."""
    for trail in aws.read(trails):
        yield {"arn": trail["TrailARN"], "status": aws.call("cloudtrail:GetTrailStatus", Name=trail["TrailARN"])}


@collector("cloudtrail:GetEventSelectors", arn="{arn}", needs=(trails,))
def selections(aws: Aws) -> Iterator[Selection]:
    """What each trail records."""
    for trail in aws.read(trails):
        yield {
            "arn": trail["TrailARN"],
            "selectors": aws.call("cloudtrail:GetEventSelectors", TrailName=trail["TrailARN"]),
        }


@extra(needs=(selections,))
def selectors(aws: Aws, trail: Trail) -> Mapping[str, Any]:
    return {one["arn"]: one["selectors"] for one in aws.read(selections)}[trail["TrailARN"]]


@extra(needs=(deliveries,))
def status(aws: Aws, trail: Trail) -> Mapping[str, Any]:
    return {one["arn"]: one["status"] for one in aws.read(deliveries)}[trail["TrailARN"]]


@collector(
    "cloudtrail:GetTrailStatus",
    "cloudtrail:GetEventSelectors",
    arn=ACCOUNT_ARN,
    name="{account}",
    scope=Scope.ACCOUNT,
    needs=(seen_from_home, deliveries, selections),
)
def watch(aws: Aws) -> Iterator[Watch]:
    yield {"trails": [_watched(aws.at(trail["HomeRegion"]), trail) for trail in aws.read(seen_from_home)]}


def _watched(there: Aws, trail: Trail) -> Watched:
    seen: Watched = {"trail": trail, "status": {}, "selectors": {}, "unread": ""}
    if not trail.get("IsMultiRegionTrail"):
        return seen
    try:
        ours = {one["arn"]: one["status"] for one in there.read(deliveries)}
        foreign = trail["TrailARN"] not in ours  # the organization's, seen from a member account
        seen["status"] = (
            there.call("cloudtrail:GetTrailStatus", Name=trail["TrailARN"]) if foreign else ours[trail["TrailARN"]]
        )
        seen["selectors"] = dict(
            there.call("cloudtrail:GetEventSelectors", TrailName=trail["TrailARN"])
            if foreign
            else selectors.read(there, trail)
        )
    except Unknown as reason:  # another account's trail, say: one that can be read may be enough
        seen["unread"] = str(reason)
    return seen


@collector(
    "cloudtrail:ListTrails",
    arn="arn:{partition}:s3:::{name}",
    name="{name}",
    scope=Scope.ACCOUNT,
    needs=(trails, s3.buckets),
)
def trail_buckets(aws: Aws) -> Iterator[TrailBucket]:
    """Each once, however many trails of whichever regions fill it."""
    found: dict[str, str] = {}
    for home in sorted({trail["HomeRegion"] for trail in aws.items("cloudtrail:ListTrails", "Trails")}):
        for trail in aws.at(home).read(trails):
            found.setdefault(trail["S3BucketName"], home)
    ours = {bucket["Name"]: bucket for bucket in aws.read(s3.buckets)} if found else {}
    for name, home in sorted(found.items()):
        region = ours[name].get("BucketRegion", home) if name in ours else home
        yield {"name": name, "ours": name in ours, "region": region}


@extra(*s3.versioning.calls)
def versioning(aws: Aws, bucket: TrailBucket) -> Versioning:
    return cast(
        "Versioning", _of_bucket(aws, bucket, lambda there: s3.versioning.read(there, {"Name": bucket["name"]}))
    )


@extra("s3:GetBucketLogging", needs=(delivering,))
def access_logging(aws: Aws, bucket: TrailBucket) -> AccessLog:
    read = _of_bucket(aws, bucket, lambda there: there.call("s3:GetBucketLogging", Bucket=bucket["name"]))
    got = read.get("LoggingEnabled", {})
    if got:
        return {"target": got["TargetBucket"], "delivered": False}
    arn = f"arn:{aws.partition}:s3:::{bucket['name']}"
    return {"target": "", "delivered": arn in aws.at(bucket["region"]).read(delivering)}


def _of_bucket(aws: Aws, bucket: TrailBucket, ask: Callable[[Aws], Any]) -> Any:
    try:
        return ask(aws.at(bucket["region"]))
    except Unknown as reason:
        if bucket["ours"]:
            raise
        raise Unknown("the bucket belongs to another account and cannot be read from here: look there") from reason


@check(watch, practice=Practice.MONITORING, severity=Severity.HIGH)
def account_has_multi_region_trail(watch: Watch) -> Verdict:
    """A trail logs all management events in all regions.

    Without one, what an intruder does in a region nobody uses leaves no trace, and there is nothing to look at
    after an incident.

    Fix: Create a trail that covers all regions and logs read and write management events, and start logging.
    See: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/receive-cloudtrail-log-files-from-multiple-regions.html
    """
    return some_trail(watch, lack, "has no trail that logs all management events in all regions")


@check(watch, practice=Practice.MONITORING, severity=Severity.LOW)
def account_records_object_writes(watch: Watch) -> Verdict:
    """A trail records who writes and deletes S3 objects.

    Without data events nobody can tell afterwards who changed, deleted or encrypted which objects.

    Fix: On a trail that covers all regions, log write data events for all S3 buckets. It costs money by the event.
    See: https://docs.aws.amazon.com/config/latest/developerguide/cloudtrail-all-write-s3-data-event-check.html
    """
    return some_trail(watch, _lacks_objects("false"), "has no trail that records writes to the objects of all buckets")


@check(watch, practice=Practice.MONITORING, severity=Severity.LOW)
def account_records_object_reads(watch: Watch) -> Verdict:
    """A trail records who reads S3 objects.

    After a leak they are the only record of which objects were taken, and by whom.

    Fix: On a trail that covers all regions, log read data events for all S3 buckets. It costs money by the event.
    See: https://docs.aws.amazon.com/config/latest/developerguide/cloudtrail-all-read-s3-data-event-check.html
    """
    return some_trail(watch, _lacks_objects("true"), "has no trail that records reads of the objects of all buckets")


def some_trail(watch: Watch, lack: Callable[[Watched], Verdict], problem: str) -> Verdict:
    """The problem and what each trail lacks, unless one lacks nothing. Raises Unknown where an unread one may be it."""
    lacking = {one["trail"]["Name"]: lack(one) for one in watch["trails"] if not one["unread"]}
    if None in lacking.values():
        return None
    for one in watch["trails"]:
        if one["unread"]:
            raise Unknown(f"trail {one['trail']['Name']} could not be read: {one['unread']}")
    return f"{problem}: {'; '.join(f'{name} {why}' for name, why in lacking.items())}" if lacking else problem


def lack(one: Watched) -> Verdict:
    """What a trail lacks to be a record of the whole account, None when it is one."""
    return lacks_reach(one) or expect(
        management_events(one["selectors"]) == {"true", "false"}, "leaves out some management events"
    )


def _lacks_objects(read_only: str) -> Callable[[Watched], Verdict]:
    def lack(one: Watched) -> Verdict:
        return lacks_reach(one) or expect(read_only in object_events(one["selectors"]), "leaves some or all out")

    return lack


def lacks_reach(one: Watched) -> Verdict:
    """What keeps a trail from being a record of all regions, None when nothing does."""
    if not one["trail"].get("IsMultiRegionTrail"):
        return "covers one region"
    if not one["status"].get("IsLogging"):
        return "does not log"
    error = one["status"].get("LatestDeliveryError")  # of the bucket: gone, or closed to CloudTrail
    return f"cannot deliver its log files ({error})" if error else None


@check(trails, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def trail_validates_log_files(trail: Trail) -> Verdict:
    """CloudTrail signs digests of its log files.

    Digests show whether anyone changed or deleted a log file after CloudTrail wrote it.

    Fix: Turn on log file validation on the trail. Files written before stay without digests.
    See: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html
    """
    return expect(trail["LogFileValidationEnabled"], "does not validate its log files")


@fix(trail_validates_log_files, "cloudtrail:UpdateTrail", risk=Risk.SAFE)
def validate_log_files(trail: Trail) -> Plan:
    """Turn on log file validation."""
    notes = (
        ["It is the organization's trail: every member account gets it."] if trail.get("IsOrganizationTrail") else []
    )

    def update(*, on: bool) -> Call:
        return Call("cloudtrail:UpdateTrail", {"Name": trail["TrailARN"], "EnableLogFileValidation": on})

    return Plan(
        do=[update(on=True)],
        undo=[update(on=False)],
        before={"log file validation": "on" if trail["LogFileValidationEnabled"] else "off"},
        after={"log file validation": "on"},
        notes=notes,
    )


@check(trails, status, practice=Practice.MONITORING, severity=Severity.LOW)
def trail_delivers_to_cloudwatch_logs(trail: Trail, status: Mapping[str, Any]) -> Verdict:
    """A trail delivers its events to CloudWatch Logs.

    There, filters and alarms can tell people within minutes; in a bucket the events wait until somebody looks.

    Fix: Give the trail a log group and a role that may write to it.
    See: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html
    """
    if not trail.get("CloudWatchLogsLogGroupArn"):
        return "does not deliver to CloudWatch Logs"
    error = status.get("LatestCloudWatchLogsDeliveryError")
    return f"cannot deliver to CloudWatch Logs ({error})" if error else None


@check(trails, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def trail_is_encrypted_with_kms(trail: Trail) -> Verdict:
    """A trail encrypts its log files with a KMS key.

    With a key of your own, reading the logs takes a permission on the key as well as one on the bucket.

    Fix: Choose a KMS key for the trail. Its policy must let CloudTrail encrypt and the readers decrypt.
    See: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html
    """
    return expect(trail.get("KmsKeyId"), "does not encrypt its log files with a KMS key")


@check(trail_buckets, versioning, practice=Practice.MFA, severity=Severity.LOW)
def trail_bucket_has_mfa_delete(bucket: TrailBucket, versioning: Versioning) -> Verdict:
    """Deleting a trail's log files takes an MFA code.

    Whoever steals credentials wants the logs gone; without the root user's MFA device they cannot delete versions.

    Fix: As the root user, with its MFA device, turn on versioning with MFA delete on the bucket.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html
    """
    return expect(versioning.get("MFADelete") == "Enabled", "holds a trail's logs and lets them be deleted without MFA")


@check(trail_buckets, access_logging, practice=Practice.MONITORING, severity=Severity.LOW)
def trail_bucket_logs_access(bucket: TrailBucket, log: AccessLog) -> Verdict:
    """Access to a trail's bucket is logged.

    Who reads or deletes the log files of a trail is itself worth a record, kept in another bucket.

    Fix: Turn on server access logging of the bucket, with another bucket of the same region as its target.
    See: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    return expect(log["target"] or log["delivered"], "holds a trail's logs and keeps no log of access to them")
