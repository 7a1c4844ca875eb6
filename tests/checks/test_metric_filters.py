"""Metric filters: what raises an alarm on root's use and what only looks as if it did."""

from __future__ import annotations

from typing import Any

import pytest

from bot.aws import Region
from checks import metric_filters
from checks.kit import Unknown
from tests.checks.cases import Case
from tests.checks.test_cloudtrail import ALL

CIS = '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }'
ACTS = {"ActionsEnabled": True, "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:alarms"]}
ALARM = ACTS | {"Namespace": "Security", "MetricName": "RootUse"}
METRIC = {"Metric": {"Namespace": "Security", "MetricName": "RootUse"}}
EXPRESSION = ACTS | {"Metrics": [{"Id": "e", "Expression": "m * 2"}, {"Id": "m", "MetricStat": METRIC}]}
ROOT_USE = metric_filters.root_use_raises_alarm
NO_FILTER, NO_ALARM = (
    "has no metric filter on use of the root user",
    ("has metric filter root on use of the root user and no alarm that acts on it"),
)


def group(pattern: str = CIS, *alarms: dict[str, Any], unread: str = "") -> Any:
    metrics = [{"metricNamespace": "Security", "metricName": "RootUse", "metricValue": "1"}]
    filters = [{"filterName": "root", "filterPattern": pattern, "metricTransformations": metrics}]
    return {"filters": [] if unread else filters, "alarms": list(alarms), "unread": unread}


CASES = [
    Case(
        ROOT_USE,
        [{"groups": []}],
        "has no trail of all events in CloudWatch Logs that could raise an alarm on use of the root user",
    ),
    Case(ROOT_USE, [{"groups": [group(CIS, ALARM)]}], None),
    Case(ROOT_USE, [{"groups": [group(CIS, EXPRESSION)]}], None),
    Case(ROOT_USE, [{"groups": [group("{$.userIdentity.arn=arn:aws:iam::*:root}", ALARM)]}], None),
    Case(ROOT_USE, [{"groups": [group(unread="denied"), group(CIS, ALARM)]}], None),
    Case(ROOT_USE, [{"groups": [group(CIS)]}], NO_ALARM),
    Case(ROOT_USE, [{"groups": [group(CIS, ALARM | {"MetricName": "Other"})]}], NO_ALARM),
    Case(ROOT_USE, [{"groups": [group(CIS, ALARM | {"ActionsEnabled": False})]}], NO_ALARM),
    Case(ROOT_USE, [{"groups": [group(CIS, ALARM | {"AlarmActions": []})]}], NO_ALARM),
    Case(ROOT_USE, [{"groups": [group('{ $.userIdentity.type = "IAMUser" }', ALARM)]}], NO_FILTER),
    Case(ROOT_USE, [{"groups": [group("{ $.userIdentity.type = * }", ALARM)]}], NO_FILTER),  # everybody's events
    Case(ROOT_USE, [{"groups": [group("Root", ALARM)]}], NO_FILTER),
    Case(
        ROOT_USE,
        [{"groups": [group('{ $.userIdentity.type = "Root" && $.eventName = "ConsoleLogin" }', ALARM)]}],
        NO_FILTER,  # root's keys may be used without signing in
    ),
    Case(ROOT_USE, [{"groups": [group("{ $.errorCode = 3 && $.a > 2 }", ALARM)]}], NO_FILTER),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (group(unread="logs:DescribeMetricFilters was denied"), "DescribeMetricFilters was denied"),
        (group('{ $.userIdentity.type = "Root" && $.requests[0] > 2 }', ALARM), "metric filter root is not understood"),
    ],
)
def test_what_cannot_be_read_is_unknown(one: Any, words: str) -> None:
    with pytest.raises(Unknown, match=words):
        ROOT_USE.judge({"groups": [one]})


def test_reads_the_filters_of_trails_that_see_everything_where_their_log_group_is(aws: Region) -> None:
    session = aws.clients.session
    session.client("s3", region_name="us-east-1").create_bucket(Bucket="trail-logs")
    logs, trails = session.client("logs"), session.client("cloudtrail")
    logs.create_log_group(logGroupName="trail")
    metric = {"metricName": "RootUse", "metricNamespace": "Security", "metricValue": "1"}
    logs.put_metric_filter(logGroupName="trail", filterName="root", filterPattern=CIS, metricTransformations=[metric])
    for name, account in (("ours", aws.account), ("elsewhere", "210987654321")):
        trails.create_trail(
            Name=name,
            S3BucketName="trail-logs",
            IsMultiRegionTrail=True,
            CloudWatchLogsLogGroupArn=f"arn:aws:logs:eu-west-1:{account}:log-group:trail:*",
            CloudWatchLogsRoleArn=f"arn:aws:iam::{aws.account}:role/to-logs",
        )
        trails.put_event_selectors(TrailName=name, EventSelectors=ALL["EventSelectors"])
        trails.start_logging(Name=name)
    [found] = metric_filters.watched_groups.stream(aws.at("us-east-1"))
    elsewhere, ours = sorted(found["groups"], key=lambda group: len(group["filters"]))
    assert [one["filterPattern"] for one in ours["filters"]] == [CIS]
    assert "account 210987654321" in elsewhere["unread"]
