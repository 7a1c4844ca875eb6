"""Alarms on what CloudTrail writes to CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypedDict

from checks import filter_patterns
from checks.cloudtrail import Watched, lack, watch
from checks.kit import ACCOUNT_ARN, Aws, Practice, Scope, Severity, Unknown, Verdict, check, collector

SIGN_IN = {
    "eventType": "AwsConsoleSignIn",
    "eventName": "ConsoleLogin",
    "eventSource": "signin.amazonaws.com",
    "userIdentity": {"type": "Root", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333"},
}
API_CALL = SIGN_IN | {"eventType": "AwsApiCall", "eventName": "CreateUser", "eventSource": "iam.amazonaws.com"}
OF_A_USER = API_CALL | {
    "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/dan", "accountId": "111122223333"}
}
"""Events as CloudTrail writes them, root's first.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html"""


class Group(TypedDict):
    """A log group with all events of the account. `unread`: why its filters or alarms could not be read."""

    filters: list[dict[str, Any]]
    alarms: list[dict[str, Any]]
    unread: str


class Groups(TypedDict):
    groups: list[Group]


@collector(
    "logs:DescribeMetricFilters",
    "cloudwatch:DescribeAlarms",
    arn=ACCOUNT_ARN,
    name="{account}",
    scope=Scope.ACCOUNT,
    needs=(watch,),
)
def watched_groups(aws: Aws) -> Iterator[Groups]:
    arns = {
        one["trail"]["CloudWatchLogsLogGroupArn"]: one
        for account in aws.read(watch)
        for one in account["trails"]
        if one["trail"].get("CloudWatchLogsLogGroupArn") and (one["unread"] or lack(one) is None)
    }
    alarms: dict[str, list[dict[str, Any]]] = {}
    yield {"groups": [_group(aws, arn, one, alarms) for arn, one in arns.items()]}


def _group(aws: Aws, arn: str, one: Watched, alarms: dict[str, list[dict[str, Any]]]) -> Group:
    _, _, _, region, account, _, name, *_ = arn.split(":")
    found: Group = {"filters": [], "alarms": [], "unread": one["unread"]}
    if account != aws.account:
        found["unread"] = f"trail {one['trail']['Name']} sends its events to account {account}: look for alarms there"
    if found["unread"]:
        return found
    there = aws.at(region)
    try:
        found["filters"] = list(there.items("logs:DescribeMetricFilters", "metricFilters", logGroupName=name))
        if region not in alarms:
            alarms[region] = list(there.items("cloudwatch:DescribeAlarms", "MetricAlarms"))
        found["alarms"] = alarms[region]
    except Unknown as reason:  # another group may be enough
        found["unread"] = str(reason)
    return found


@check(watched_groups, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def root_use_raises_alarm(account: Groups) -> Verdict:
    """Use of the root user raises an alarm.

    Nobody should need the root user on an ordinary day, so somebody must hear when it is used.

    Fix: On the log group of a trail that covers all regions, make a metric filter for root's events, and an alarm
    with an action on its metric.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-1
    """
    read = [group for group in account["groups"] if not group["unread"]]
    told = [(group, one, _tells_root(one["filterPattern"])) for group in read for one in group["filters"]]
    matching = [(group, one) for group, one, tells in told if tells]
    if any(_alarms(group, one) for group, one in matching):
        return None
    for group in account["groups"]:
        if group["unread"]:
            raise Unknown(group["unread"])
    for _, one, tells in told:
        if tells is None:
            raise Unknown(f"the pattern of metric filter {one['filterName']} is not understood: look whether it fits")
    if matching:
        return f"has metric filter {matching[0][1]['filterName']} on use of the root user and no alarm that acts on it"
    if read:
        return "has no metric filter on use of the root user"
    return "has no trail of all events in CloudWatch Logs that could raise an alarm on use of the root user"


def _tells_root(pattern: str) -> bool | None:
    """Whether it matches what root does and not what everybody does; None when it speaks of root in unknown words."""
    if not pattern.lstrip().startswith("{"):
        return False  # words anywhere in the event say nothing about who acted
    try:
        matches = filter_patterns.parse(pattern)
    except ValueError:
        return None if "root" in pattern.lower() else False
    return matches(SIGN_IN) and matches(API_CALL) and not matches(OF_A_USER)


def _alarms(group: Group, one: dict[str, Any]) -> bool:
    metrics = {(to["metricNamespace"], to["metricName"]) for to in one["metricTransformations"]}
    return any(
        alarm["ActionsEnabled"] and alarm.get("AlarmActions") and metrics & set(_watches(alarm))
        for alarm in group["alarms"]
    )


def _watches(alarm: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Namespace and name of each metric an alarm looks at, also inside an expression."""
    if "MetricName" in alarm:
        yield alarm["Namespace"], alarm["MetricName"]
    for one in alarm.get("Metrics", []):
        if "MetricStat" in one:
            yield one["MetricStat"]["Metric"]["Namespace"], one["MetricStat"]["Metric"]["MetricName"]
