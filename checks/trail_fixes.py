"""Making the trail that is missing, and having one record more: events of data, unusual activity, a copy in the logs.

Which trail records more is never guessed: the one that records all management events of all regions, if there is one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from checks import cloudtrail, documents, lambda_trails, s3, trails
from checks.cloudtrail import Watch, Watched, lack
from checks.kit import Aws, Call, NotApplicable, Plan, Risk, Unknown, extra, fix
from checks.trail_selectors import Kind, with_data_events
from checks.trails import OF_ALL
from checks.wildcards import wildcard

if TYPE_CHECKING:
    from types_boto3_cloudtrail.type_defs import TrailTypeDef as Trail
    from types_boto3_s3.type_defs import BucketTypeDef as Bucket

CLOUDTRAIL = "cloudtrail.amazonaws.com"
NAME = "management-events"
"""What AWS's own console calls a trail that is made quickly."""

OF_OTHERS = "The bucket belongs to another account: whoever owns it reads all that happens here. Make sure it is yours."

OBJECTS = Kind("AWS::S3::Object", "s3", "S3 objects")
FUNCTIONS = Kind("AWS::Lambda::Function", "lambda", "Lambda functions")
INSIGHTS = ("ApiCallRateInsight", "ApiErrorRateInsight")


class Home(NamedTuple):
    """Where the account is looked at from."""

    partition: str
    region: str
    account: str


@extra()
def home(aws: Aws, _: object) -> Home:
    return Home(aws.partition, aws.region, aws.account)


@extra("s3:GetBucketPolicy", needs=(s3.buckets,))
def policy_of(aws: Aws, _: object) -> Callable[[str], str]:
    """Reads the policy of a bucket by its name, of this account or another; empty where there is none."""

    def read(name: str) -> str:
        ours: dict[str, Bucket] = {bucket["Name"]: bucket for bucket in aws.read(s3.buckets)}
        if name in ours:
            return s3.policy.read(aws, ours[name])
        got = aws.call("s3:GetBucketPolicy", Bucket=name, absent=("NoSuchBucket", "NoSuchBucketPolicy"))
        return str(got.get("Policy", ""))

    return read


@extra(needs=(s3.buckets,))
def own_buckets(aws: Aws, _: object) -> Collection[str]:
    """The names of the account's buckets."""
    return {bucket["Name"] for bucket in aws.read(s3.buckets)}


@extra("logs:DescribeLogGroups")
def has_group(aws: Aws, _: object) -> Callable[[str], bool]:
    """Whether the region has a log group of a name."""

    def read(name: str) -> bool:
        found = aws.items("logs:DescribeLogGroups", "logGroups", logGroupNamePrefix=name)
        return any(group["logGroupName"] == name for group in found)

    return read


@fix(
    cloudtrail.account_has_multi_region_trail,
    "cloudtrail:CreateTrail",
    "cloudtrail:StartLogging",
    risk=Risk.SAFE,
    reads=(home, policy_of, own_buckets),
)
def create_trail(
    account: Watch, home: Home, policy_of: Callable[[str], str], own: Collection[str], *, trail_bucket: str
) -> Plan:
    """Create a trail that logs all management events in all regions.

    Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    if account["trails"]:
        names = ", ".join(one["trail"]["Name"] for one in account["trails"])
        raise NotApplicable(f"there is a trail already ({names}): other checks tell what it lacks")
    arn = f"arn:{home.partition}:cloudtrail:{home.region}:{home.account}:trail/{NAME}"
    needed = f"its policy must let {CLOUDTRAIL} do s3:GetBucketAcl on it and s3:PutObject below AWSLogs/{home.account}/"
    try:
        if not _lets_write(policy_of(trail_bucket), trail_bucket, arn, home.account):
            raise NotApplicable(f"bucket {trail_bucket} is not there or does not take log files: {needed}")
        seen = f"The policy of bucket {trail_bucket} lets CloudTrail write there."
    except Unknown:
        seen = f"Bucket {trail_bucket} could not be read: {needed}. If not, CloudTrail makes no trail."
    what = {"IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": True, "EnableLogFileValidation": True}
    return Plan(
        do=[
            Call("cloudtrail:CreateTrail", {"Name": NAME, "S3BucketName": trail_bucket} | what),
            Call("cloudtrail:StartLogging", {"Name": arn}),
        ],
        undo=[],
        before={"trail": "none"},
        after={"trail": f"{NAME}, all regions, validated log files, into {trail_bucket}"},
        notes=[
            seen,
            *([] if trail_bucket in own else [OF_OTHERS]),
            "The first copy of management events is free; S3 bills the bucket's storage.",
            "There is no undo: a bot that may delete trails would be a danger of its own. Delete it by hand.",
        ],
    )


def _lets_write(policy: str, bucket: str, trail: str, account: str) -> bool:
    """Whether a bucket's policy lets CloudTrail look at it and write a trail's log files into it."""
    wanted = {"s3:GetBucketAcl": bucket, "s3:PutObject": f"{bucket}/AWSLogs/{account}/CloudTrail/file"}
    told = {"aws:sourcearn": trail, "aws:sourceaccount": account, "s3:x-amz-acl": "bucket-owner-full-control"}
    allowed = [one for principal, one in documents.trusted(policy) if principal.id == CLOUDTRAIL]
    return all(
        any(
            any(wildcard(pattern, ignore_case=True).fullmatch(action) for pattern in one.actions)
            and any(wildcard(pattern, one=".").fullmatch(f"arn:{trail.split(':')[1]}:s3:::{resource}")
                    for pattern in one.resources)
            and all(any(wildcard(value, one=".").fullmatch(told[condition.key]) for value in condition.values)
                    for condition in one.conditions if condition.key in told)
            for one in allowed
        )
        for action, resource in wanted.items()
    )  # fmt: skip


@fix(
    cloudtrail.trail_delivers_to_cloudwatch_logs,
    "cloudtrail:UpdateTrail",
    risk=Risk.SAFE,
    reads=(has_group,),
)
def deliver_to_cloudwatch_logs(
    trail: Trail,
    status: Mapping[str, Any],
    has_group: Callable[[str], bool],
    *,
    trail_log_group: str,
    trail_log_role: str,
) -> Plan:
    """Send the trail's events to a log group as well.

    Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html
    """
    if had := trail.get("CloudWatchLogsLogGroupArn"):
        now = {"log group": f"{had}, with {trail.get('CloudWatchLogsRoleArn')}"}
        raise NotApplicable("it has a log group: mend that, or the role that writes to it", now)
    if not has_group(trail_log_group):
        raise NotApplicable(f"there is no log group {trail_log_group} in {trail['HomeRegion']}, the trail's home")
    _, partition, _, region, account, _ = trail["TrailARN"].split(":")

    def update(group: str, role: str) -> Call:
        where = {"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": role}
        return Call("cloudtrail:UpdateTrail", {"Name": trail["TrailARN"]} | where)

    return Plan(
        do=[update(f"arn:{partition}:logs:{region}:{account}:log-group:{trail_log_group}:*", trail_log_role)],
        undo=[update("", "")],
        before={"log group": "none"},
        after={"log group": f"{trail_log_group}, with {trail_log_role}"},
        notes=[
            "CloudWatch Logs bills each gigabyte that arrives and what it keeps: set how long.",
            f"CloudTrail refuses, and changes nothing, if {CLOUDTRAIL} may not take the role or write with it.",
            *([OF_ALL] if trail.get("IsOrganizationTrail") else []),
        ],
    )


@fix(trails.account_notices_unusual_calls, "cloudtrail:PutInsightSelectors", risk=Risk.SAFE, reads=(home,))
def look_for_unusual_calls(account: Watch, insights: Mapping[str, list[str] | str], home: Home) -> Plan:
    """Have the trail of all regions tell of unusual activity."""
    one = _the_trail(account, home)
    trail = one["trail"]
    kinds = insights.get(trail["TrailARN"], [])
    was = kinds if isinstance(kinds, str) else ", ".join(kinds)

    def put(kinds: Sequence[str]) -> Call:
        which = {"TrailName": trail["TrailARN"], "InsightSelectors": [{"InsightType": kind} for kind in kinds]}
        return Call("cloudtrail:PutInsightSelectors", which, trail["HomeRegion"])

    return Plan(
        do=[put(INSIGHTS)],
        undo=[put([])],  # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutInsightSelectors.html
        before={f"Insights of trail {trail['Name']}": was or "off"},
        after={f"Insights of trail {trail['Name']}": ", ".join(INSIGHTS)},
        notes=[
            "AWS bills them by the management events they analyze, once for each of the two kinds.",
            "They learn first: it takes up to 36 hours until the first can come.",
            *([OF_ALL] if trail.get("IsOrganizationTrail") else []),
        ],
    )


@fix(cloudtrail.account_records_object_writes, "cloudtrail:PutEventSelectors", risk=Risk.SAFE, reads=(home,))
def record_object_writes(account: Watch, home: Home) -> Plan:
    """Record who writes and deletes objects of all S3 buckets."""
    return _record(account, home, OBJECTS, "false")


@fix(cloudtrail.account_records_object_reads, "cloudtrail:PutEventSelectors", risk=Risk.SAFE, reads=(home,))
def record_object_reads(account: Watch, home: Home) -> Plan:
    """Record who reads objects of all S3 buckets."""
    return _record(account, home, OBJECTS, "true")


@fix(lambda_trails.region_records_invocations, "cloudtrail:PutEventSelectors", risk=Risk.SAFE, reads=(home,))
def record_invocations(region: lambda_trails.Region, account: Watch, home: Home) -> Plan:
    """Record who invokes Lambda functions, of all regions."""
    return _record(account, home, FUNCTIONS, "")


def _record(account: Watch, home: Home, kind: Kind, read_only: str) -> Plan:
    """`read_only`: "true" for reads, "false" for writes, empty for both."""
    one = _the_trail(account, home)
    trail, selectors = one["trail"], one["selectors"]
    had = {key: selectors[key] for key in ("EventSelectors", "AdvancedEventSelectors") if selectors.get(key)}
    wanted = with_data_events(selectors, kind, read_only, home.partition)

    def put(chosen: Mapping[str, Any]) -> Call:
        return Call(
            "cloudtrail:PutEventSelectors", {"TrailName": trail["TrailARN"]} | dict(chosen), trail["HomeRegion"]
        )

    return Plan(
        do=[put(wanted)],
        undo=[put(had)],
        before={f"event selectors of trail {trail['Name']}": json.dumps(had, sort_keys=True)},
        after={f"event selectors of trail {trail['Name']}": json.dumps(wanted, sort_keys=True)},
        notes=[
            "AWS bills each data event, also in the first trail: much where many applications read and write.",
            *(["Log files that are written into buckets of the account are events, too."] if kind is OBJECTS else []),
            *([OF_ALL] if trail.get("IsOrganizationTrail") else []),
        ],
    )


def _the_trail(account: Watch, home: Home) -> Watched:
    """The account's one trail that records all management events of all regions."""
    found = [one for one in account["trails"] if not one["unread"] and lack(one) is None]
    found = [one for one in found if one["trail"]["TrailARN"].split(":")[4] == home.account]
    if len(found) != 1:
        raise NotApplicable(f"which trail should do it is not known: {len(found)} of the account's own record it all")
    return found[0]
