"""Fixes of trails: into which bucket a new one writes, which one records more, and what stays as it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from checks import cloudtrail, lambda_trails, trail_fixes, trails
from checks.kit import NotApplicable, Unknown
from checks.trail_fixes import FUNCTIONS, OBJECTS, Home
from checks.trail_selectors import function_events, management_events, object_events, with_data_events
from tests.checks.test_cloudtrail import ALL, make_trail, trail, watched
from tests.checks.test_lambda_functions import create

HOME = Home("aws", "eu-west-1", "123456789012")
ARN = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/management-events"
NONE: cloudtrail.Watch = {"trails": []}


def policy(**write: Any) -> str:
    """A bucket's policy as AWS writes it for CloudTrail."""
    service = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    arn = {"aws:SourceArn": ARN}
    look = {"Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::all-trails", "Condition": {"StringEquals": arn}}
    put = {
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::all-trails/AWSLogs/123456789012/*",
        "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"} | arn},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [service | look, service | put | write]})


def created(text: str) -> Any:
    return trail_fixes.create_trail.plan(NONE, HOME, lambda _: text, {"all-trails"}, trail_bucket="all-trails")


def test_a_bucket_of_another_account_is_told_of() -> None:
    """Whoever owns it reads everything that happens here; a name that is free today may be anybody's tomorrow."""
    plan = trail_fixes.create_trail.plan(NONE, HOME, lambda _: policy(), set(), trail_bucket="all-trails")
    assert any("belongs to another account" in note for note in plan.notes)
    assert not any("belongs to another account" in note for note in created(policy()).notes)


@pytest.mark.parametrize(
    "write",
    [{}, {"Resource": "arn:aws:s3:::all-trails/*"}, {"Condition": {"StringLike": {"aws:SourceArn": "arn:aws:c*"}}}],
)
def test_a_new_trail_writes_into_a_bucket_that_lets_it(write: dict[str, Any]) -> None:
    plan = created(policy(**write))
    assert plan.do[0].params["S3BucketName"] == "all-trails"
    assert plan.do[1].params == {"Name": ARN}


@pytest.mark.parametrize(
    "text",
    [
        "",
        policy(Resource="arn:aws:s3:::all-trails/AWSLogs/999988887777/*"),
        policy(Action="s3:GetObject"),
        policy(Condition={"StringEquals": {"aws:SourceArn": "arn:aws:cloudtrail:eu-west-1:123456789012:trail/other"}}),
        policy(Effect="Deny"),
    ],
)
def test_there_is_no_plan_for_a_bucket_that_does_not(text: str) -> None:
    with pytest.raises(NotApplicable, match=r"all-trails .* must let cloudtrail.amazonaws.com do s3:GetBucketAcl"):
        created(text)


def test_a_bucket_that_cannot_be_read_is_for_cloudtrail_to_judge_and_the_plan_says_so() -> None:
    def unread(_: str) -> str:
        raise Unknown("s3:GetBucketPolicy was denied")

    plan = trail_fixes.create_trail.plan(NONE, HOME, unread, set(), trail_bucket="all-trails")
    assert plan.notes[0].startswith("Bucket all-trails could not be read: its policy must let")


def test_where_there_is_a_trail_no_other_is_made() -> None:
    with pytest.raises(NotApplicable, match="there is a trail already"):
        trail_fixes.create_trail.plan(
            {"trails": [watched()]}, HOME, lambda _: policy(), set(), trail_bucket="all-trails"
        )


@pytest.mark.parametrize(
    "found",
    [
        [],
        [watched(), watched(name="second")],
        [watched(TrailARN="arn:aws:cloudtrail:eu-west-1:999988887777:trail/organization")],
        [watched(IsMultiRegionTrail=False)],
    ],
)
def test_which_trail_records_more_is_not_guessed(found: list[cloudtrail.Watched]) -> None:
    with pytest.raises(NotApplicable, match="which trail should do it is not known"):
        trail_fixes.look_for_unusual_calls.plan({"trails": found}, {}, HOME)
    with pytest.raises(NotApplicable, match="which trail should do it is not known"):
        trail_fixes.record_object_reads.plan({"trails": found}, HOME)


ADVANCED = {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]}


@pytest.mark.parametrize("given", [ALL, ADVANCED])
def test_data_events_come_to_what_is_recorded_already(given: dict[str, Any]) -> None:
    reads = with_data_events(given, OBJECTS, "true", "aws")
    assert (object_events(reads), function_events(reads)) == ({"true"}, set())
    every = with_data_events(with_data_events(reads, OBJECTS, "false", "aws"), FUNCTIONS, "", "aws")
    assert object_events(every) == function_events(every) == management_events(every) == {"true", "false"}
    [kind] = every
    assert every[kind][: len(given[kind])] == given[kind]


def test_a_trail_with_as_many_selectors_as_aws_takes_gets_no_more() -> None:
    with pytest.raises(NotApplicable, match="5 event selectors"):
        with_data_events({"EventSelectors": ALL["EventSelectors"] * 5}, OBJECTS, "", "aws")


def test_a_log_group_that_is_not_there_or_another_that_is_get_no_plan() -> None:
    told = {"trail_log_group": "trails", "trail_log_role": "arn:aws:iam::123456789012:role/trail-logs"}
    with pytest.raises(NotApplicable, match="no log group trails in eu-west-1"):
        trail_fixes.deliver_to_cloudwatch_logs.plan(trail(), {}, lambda _: False, **told)
    had = trail() | {"CloudWatchLogsLogGroupArn": "arn"}
    with pytest.raises(NotApplicable, match="it has a log group"):
        trail_fixes.deliver_to_cloudwatch_logs.plan(had, {}, lambda _: True, **told)


def bucket_for_trails(aws: boto3.Session) -> None:
    client = aws.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="all-trails")
    home = ARN.replace("eu-west-1", "us-east-1")
    client.put_bucket_policy(Bucket="all-trails", Policy=policy().replace(ARN, home))


def with_log_group(aws: boto3.Session) -> None:
    make_trail(aws, "everything", "eu-west-1", everywhere=True)
    aws.client("logs", region_name="eu-west-1").create_log_group(logGroupName="trails")


def one_trail(aws: boto3.Session) -> None:
    make_trail(aws, "everything", "eu-west-1", everywhere=True)


def with_function(aws: boto3.Session) -> None:
    one_trail(aws)
    create(aws)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    cloudtrail.account_has_multi_region_trail.id: bucket_for_trails,
    cloudtrail.trail_delivers_to_cloudwatch_logs.id: with_log_group,
    cloudtrail.account_records_object_reads.id: one_trail,
    cloudtrail.account_records_object_writes.id: one_trail,
    trails.account_notices_unusual_calls.id: one_trail,
    lambda_trails.region_records_invocations.id: with_function,
}
