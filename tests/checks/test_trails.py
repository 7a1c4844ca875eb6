"""One trail at a time: what the judges say of running, delivering and leaving out, and what the fixes are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import cloudtrail, trails
from checks.kit import NotApplicable, Unknown
from checks.trail_selectors import left_out, with_all_management
from tests.checks.cases import Case
from tests.checks.test_cloudtrail import (
    ALL,
    DATA,
    KMS_EXCLUDED,
    MANAGEMENT,
    NOT_RDS_DATA,
    OBJECTS,
    READS,
    WRITES,
    advanced,
    basic,
    make_trail,
    objects,
    trail,
    watched,
)

LOGS, DELIVERS, ALL_EVENTS, REGIONS, INSIGHTS, CLOSED = (
    trails.trail_logs,
    trails.trail_delivers_its_log_files,
    trails.trail_records_all_management_events,
    trails.trail_covers_all_regions,
    trails.account_notices_unusual_calls,
    trails.bucket_is_not_public,
)
ENCRYPTED = cloudtrail.trail_is_encrypted_with_kms
ON: dict[str, Any] = {"IsLogging": True}
ARN = trail()["TrailARN"]
UNNOTICED = "has no trail of all regions that looks for unusual activity"


def local(**more: Any) -> dict[str, Any]:
    return trail("local", IsMultiRegionTrail=False, IncludeGlobalServiceEvents=False, **more)


def bucket_policy(principal: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}
    return json.dumps({"Statement": [statement]})


def exposure(policy: str = "", block: Any = None, *grants: Any) -> dict[str, Any]:
    acl = {"owner": "1", "grants": list(grants), "ownership": ""}
    around = {"website": False, "account_block": {}}
    return {"policy": policy, "acl": acl, "block": block or {}, "around": around}


EVERYBODY = {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
BUCKET = {"name": "logs", "ours": True, "region": "eu-west-1"}
CASES = [
    Case(LOGS, [trail(), ON], None),
    Case(LOGS, [trail(), {"IsLogging": False}], "has not been logging"),
    Case(
        LOGS,
        [trail(), {"IsLogging": False, "StopLoggingTime": datetime(2026, 2, 1, tzinfo=UTC)}],
        "has not been logging since 2026-02-01",
    ),
    Case(DELIVERS, [trail(S3BucketName="logs"), ON], None),
    Case(
        DELIVERS,
        [trail(S3BucketName="logs"), ON | {"LatestDeliveryError": "NoSuchBucket"}],
        "cannot deliver its log files to logs (NoSuchBucket)",
    ),
    Case(
        DELIVERS,
        [trail(S3BucketName="logs"), ON | {"LatestDigestDeliveryError": "AccessDenied"}],
        "cannot deliver the digests of its log files (AccessDenied)",
    ),
    Case(DELIVERS, [trail(), {"IsLogging": False, "LatestDeliveryError": "NoSuchBucket"}], NotApplicable),
    Case(ALL_EVENTS, [trail(), ALL], None),
    Case(ALL_EVENTS, [trail(), advanced([MANAGEMENT, WRITES], [MANAGEMENT, READS])], None),
    Case(ALL_EVENTS, [trail(), basic({"ReadWriteType": "WriteOnly"})], "leaves out management events that read"),
    Case(ALL_EVENTS, [trail(), basic({"ReadWriteType": "ReadOnly"})], "leaves out management events that write"),
    Case(ALL_EVENTS, [trail(), basic(KMS_EXCLUDED)], "leaves out the management events of kms.amazonaws.com"),
    Case(
        ALL_EVENTS,
        [trail(), advanced([MANAGEMENT, NOT_RDS_DATA])],
        "leaves out the management events of rdsdata.amazonaws.com",
    ),
    Case(
        ALL_EVENTS,
        [trail(), advanced([MANAGEMENT, {"Field": "userIdentity.arn", "NotEquals": ["arn:..."]}])],
        "leaves out some management events",
    ),
    Case(ALL_EVENTS, [trail(), objects("All")], NotApplicable),
    Case(ALL_EVENTS, [trail(), advanced([DATA, OBJECTS])], NotApplicable),
    Case(REGIONS, [trail(), ["everything"]], None),
    Case(REGIONS, [local(), []], "covers one region, and no other trail covers all"),
    Case(REGIONS, [local(), ["everything"]], NotApplicable),
    Case(INSIGHTS, [{"trails": [watched()]}, {ARN: ["ApiCallRateInsight"]}], None),
    Case(INSIGHTS, [{"trails": [watched()]}, {ARN: []}], UNNOTICED),
    Case(INSIGHTS, [{"trails": []}, {}], UNNOTICED),
    Case(CLOSED, [BUCKET, exposure(bucket_policy({"Service": "cloudtrail.amazonaws.com"}))], None),
    Case(CLOSED, [BUCKET, exposure(bucket_policy("*"))], "lets everyone do s3:GetObject"),
    Case(CLOSED, [BUCKET, exposure(bucket_policy("*"), {"RestrictPublicBuckets": True})], None),
    Case(CLOSED, [BUCKET, exposure("", None, EVERYBODY)], "lets everyone list its objects"),
    Case(CLOSED, [BUCKET, exposure("", {"IgnorePublicAcls": True}, EVERYBODY)], None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_trail_whose_insights_cannot_be_read_leaves_the_account_unknown() -> None:
    with pytest.raises(Unknown, match="everything"):
        INSIGHTS.judge({"trails": [watched()]}, {ARN: "denied"})


def test_reads_what_a_trail_records_and_tells_of(aws: Region) -> None:
    make_trail(aws.clients.session, "everywhere", "eu-west-1", everywhere=True)
    make_trail(aws.clients.session, "local", "us-east-1", everywhere=False)
    [watch] = cloudtrail.watch.stream(aws.at("us-east-1"))
    [arn] = [one["trail"]["TrailARN"] for one in watch["trails"] if one["trail"]["Name"] == "everywhere"]
    assert trails.insights.read(aws, watch) == {arn: []}
    client = aws.clients.session.client("cloudtrail", region_name="eu-west-1")
    client.put_insight_selectors(TrailName=arn, InsightSelectors=[{"InsightType": "ApiErrorRateInsight"}])
    assert trails.insights.read(aws, watch) == {arn: ["ApiErrorRateInsight"]}
    [here] = cloudtrail.trails.stream(aws)
    assert left_out(cloudtrail.selectors.read(aws, here)) is None
    there = aws.at("us-east-1")
    [one] = cloudtrail.trails.stream(there)
    assert trails.everywhere.read(there, one) == ["everywhere"]


def test_all_that_decides_who_gets_into_a_bucket_is_read(aws: Region) -> None:
    make_trail(aws.clients.session, "everywhere", "eu-west-1", everywhere=True)
    client = aws.clients.session.client("s3", region_name="us-east-1")
    client.put_bucket_policy(Bucket="everywhere-logs", Policy=bucket_policy("*").replace("logs/", "everywhere-logs/"))
    [bucket] = cloudtrail.trail_buckets.stream(aws.at("us-east-1"))
    assert CLOSED.judge(bucket, trails.exposure.read(aws, bucket)) == "lets everyone do s3:GetObject"


ROWS = [
    basic({"ReadWriteType": "WriteOnly"}),
    basic(KMS_EXCLUDED),
    {"EventSelectors": [*objects("WriteOnly")["EventSelectors"], *basic(KMS_EXCLUDED)["EventSelectors"]]},
    advanced([MANAGEMENT, NOT_RDS_DATA], [DATA, OBJECTS, READS]),
]


@pytest.mark.parametrize("given", ROWS)
def test_all_management_events_are_recorded_then_and_data_events_as_before(given: dict[str, Any]) -> None:
    wanted = with_all_management(given)
    assert left_out(wanted) is None
    [kind] = wanted
    data = [one for one in given[kind] if one.get("DataResources") or "Data" in str(one)]
    kept = [one for one in wanted[kind] if one.get("DataResources") or "'Data'" in str(one)]
    assert [one.get("DataResources", one) for one in kept] == [one.get("DataResources", one) for one in data]


def test_writes_of_objects_do_not_become_reads_too() -> None:
    both = basic(
        {"ReadWriteType": "WriteOnly", "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}
    )
    everything, writes = with_all_management(both)["EventSelectors"]
    assert (everything["ReadWriteType"], everything["DataResources"]) == ("All", [])
    assert (writes["ReadWriteType"], writes["IncludeManagementEvents"]) == ("WriteOnly", False)


@pytest.mark.parametrize("keys", [[], ["arn:one", "arn:two"]])
def test_no_key_is_guessed(keys: list[str]) -> None:
    with pytest.raises(NotApplicable):
        trails.encrypt_with_the_key_of_its_bucket.plan(trail(), keys)


def stopped(aws: boto3.Session) -> None:
    make_trail(aws, "everything", "eu-west-1", everywhere=True)
    aws.client("cloudtrail", region_name="eu-west-1").stop_logging(Name="everything")


def partial(aws: boto3.Session) -> None:
    make_trail(aws, "everything", "eu-west-1", everywhere=True)
    chosen = [*basic({"ReadWriteType": "WriteOnly"})["EventSelectors"], *objects("WriteOnly")["EventSelectors"]]
    aws.client("cloudtrail", region_name="eu-west-1").put_event_selectors(TrailName="everything", EventSelectors=chosen)


def one_region(aws: boto3.Session) -> None:
    make_trail(aws, "local", "eu-west-1", everywhere=False)
    client = aws.client("cloudtrail", region_name="eu-west-1")
    client.update_trail(Name="local", IncludeGlobalServiceEvents=False)


def one_encrypted(aws: boto3.Session) -> None:
    """Two trails of one bucket, the second of which uses a key."""
    make_trail(aws, "everything", "eu-west-1", everywhere=True)
    key = aws.client("kms", region_name="eu-west-1").create_key()["KeyMetadata"]["Arn"]
    client = aws.client("cloudtrail", region_name="eu-west-1")
    client.create_trail(Name="second", S3BucketName="everything-logs", KmsKeyId=key)


def public_trail_bucket(aws: boto3.Session) -> None:
    s3 = aws.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="logs")
    s3.put_bucket_policy(Bucket="logs", Policy=bucket_policy("*"))
    aws.client("cloudtrail", region_name="us-east-1").create_trail(Name="main", S3BucketName="logs")


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    LOGS.id: stopped,
    ALL_EVENTS.id: partial,
    REGIONS.id: one_region,
    ENCRYPTED.id: one_encrypted,
    CLOSED.id: public_trail_bucket,
}
