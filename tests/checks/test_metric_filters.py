"""Metric filters: what raises an alarm on an event and what only looks as if it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import metric_filters
from checks.kit import CHECKS, AnyCheck, NotApplicable, Unknown
from checks.metric_filter_fixes import pattern, plan
from tests.checks.cases import Case
from tests.checks.test_cloudtrail import ALL, watched

CIS = '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }'
ACTS = {"ActionsEnabled": True, "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:alarms"]}
ALARM = ACTS | {"Namespace": "Security", "MetricName": "RootUse"}
METRIC = {"Metric": {"Namespace": "Security", "MetricName": "RootUse"}}
EXPRESSION = ACTS | {"Metrics": [{"Id": "e", "Expression": "m * 2"}, {"Id": "m", "MetricStat": METRIC}]}
NO_FILTER, NO_ALARM = (
    "has no metric filter on use of the root user",
    "has metric filter root on use of the root user and no alarm that acts on it",
)


def about(id: str) -> AnyCheck:
    return CHECKS[f"metric_filters.{id}"]


ROOT_USE, TRAILS, SIGN_IN = (
    about("root_use_raises_alarm"),
    about("trail_changes_raise_alarm"),
    about("sign_in_without_mfa_raises_alarm"),
)


def group(pattern: str = CIS, *alarms: dict[str, Any], unread: str = "") -> Any:
    metrics = [{"metricNamespace": "Security", "metricName": "RootUse", "metricValue": "1"}]
    filters = [{"filterName": "root", "filterPattern": pattern, "metricTransformations": metrics}]
    place = {"name": "trail", "region": "eu-west-1"}
    return place | {"filters": [] if unread else filters, "alarms": list(alarms), "unread": unread}


def names(*events: str, source: str = "") -> str:
    """A pattern as CIS and AWS write them."""
    any_of = " || ".join(f"($.eventName = {event})" for event in events)
    return f"{{ ($.eventSource = {source}) && ({any_of}) }}" if source else f"{{ {any_of} }}"


IAM = (
    "{($.eventSource=iam.amazonaws.com) && (($.eventName=DeleteGroupPolicy) || ($.eventName=DeleteRolePolicy) ||"
    " ($.eventName=DeleteUserPolicy) || ($.eventName=PutGroupPolicy) || ($.eventName=PutRolePolicy) ||"
    " ($.eventName=PutUserPolicy) || ($.eventName=CreatePolicy) || ($.eventName=DeletePolicy) ||"
    " ($.eventName=CreatePolicyVersion) || ($.eventName=DeletePolicyVersion) || ($.eventName=AttachRolePolicy) ||"
    " ($.eventName=DetachRolePolicy) || ($.eventName=AttachUserPolicy) || ($.eventName=DetachUserPolicy) ||"
    " ($.eventName=AttachGroupPolicy) || ($.eventName=DetachGroupPolicy))}"
)
ALL_TRAIL_CHANGES = names("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging")
PATTERNS = {
    "unauthorized_calls_raise_alarm": [
        '{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}',
        (
            '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") &&'
            ' ($.sourceIPAddress != "delivery.logs.amazonaws.com") && ($.eventName != "HeadBucket") }'
        ),
    ],
    "sign_in_without_mfa_raises_alarm": [
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }',
        (
            '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type ='
            ' "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
        ),
    ],
    "root_use_raises_alarm": [CIS],
    "failed_sign_ins_raise_alarm": [
        '{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}',
        '{ $.eventName = "ConsoleLogin" && $.responseElements.ConsoleLogin = "Failure" }',
    ],
    "iam_policy_changes_raise_alarm": [IAM, "{ $.eventSource = iam.amazonaws.com && $.readOnly IS FALSE }"],
    "trail_changes_raise_alarm": [ALL_TRAIL_CHANGES, "{ $.eventName = *Trail || $.eventName = St*Logging }"],
    "key_removals_raise_alarm": [names("DisableKey", "ScheduleKeyDeletion", source="kms.amazonaws.com")],
    "bucket_policy_changes_raise_alarm": [
        names(
            *("PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication"),
            *("DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication"),
            source="s3.amazonaws.com",
        )
    ],
    "config_changes_raise_alarm": [
        names(
            *("StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder"),
            source="config.amazonaws.com",
        )
    ],
    "security_group_changes_raise_alarm": [
        names(
            *("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress"),
            *("RevokeSecurityGroupEgress", "CreateSecurityGroup", "DeleteSecurityGroup"),
        )
    ],
    "network_acl_changes_raise_alarm": [
        names(
            *("CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry"),
            *("ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation"),
        )
    ],
    "gateway_changes_raise_alarm": [
        names(
            *("CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway"),
            *("DeleteInternetGateway", "DetachInternetGateway"),
        )
    ],
    "route_table_changes_raise_alarm": [
        names(
            *("CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation", "DeleteRouteTable"),
            *("DeleteRoute", "DisassociateRouteTable"),
            source="ec2.amazonaws.com",
        )
    ],
    "vpc_changes_raise_alarm": [
        names(
            *("CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection"),
            *("CreateVpcPeeringConnection", "DeleteVpcPeeringConnection", "RejectVpcPeeringConnection"),
            *("AttachClassicLinkVpc", "DetachClassicLinkVpc", "DisableVpcClassicLink", "EnableVpcClassicLink"),
        )
    ],
    "organization_changes_raise_alarm": [
        names(
            *("AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy"),
            *("DeclineHandshake", "DeleteOrganization", "DeleteOrganizationalUnit", "DeletePolicy", "DetachPolicy"),
            *("DisablePolicyType", "EnablePolicyType", "InviteAccountToOrganization", "LeaveOrganization"),
            *("MoveAccount", "RemoveAccountFromOrganization", "UpdatePolicy", "UpdateOrganizationalUnit"),
            source="organizations.amazonaws.com",
        )
    ],
}
"""What CIS and AWS propose, and other ways to say the same.
https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html"""

CASES = [
    *(Case(about(id), [{"groups": [group(one, ALARM)]}], None) for id, known in PATTERNS.items() for one in known),
    *(
        Case(about(one.id), [{"groups": [group("{ $.eventName = * }", ALARM)]}], f"has no metric filter on {one.what}")
        for one in metric_filters.SUBJECTS
    ),
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
        "has a metric filter on use of the root user that leaves out its API calls",
    ),
    Case(
        TRAILS,
        [{"groups": [group(names("StopLogging"), ALARM)]}],
        "has a metric filter on changes of trails that leaves out CreateTrail, UpdateTrail, DeleteTrail and 1 more",
    ),
    Case(
        TRAILS,  # two filters share the work
        [
            {
                "groups": [
                    group(names("StopLogging"), ALARM),
                    group("{ $.eventName = *Trail || $.eventName = Start* }", ALARM),
                ]
            }
        ],
        None,
    ),
    Case(
        TRAILS,
        [{"groups": [group(names("StopLogging"), ALARM), group(ALL_TRAIL_CHANGES)]}],
        "has metric filter root on changes of trails and no alarm that acts on it",
    ),
    Case(
        TRAILS,
        [{"groups": [group("{ $.eventSource = cloudtrail.* }", ALARM)]}],
        "has no metric filter on changes of trails",
    ),
    Case(
        SIGN_IN,  # those with MFA as well
        [{"groups": [group("{ $.eventName = ConsoleLogin }", ALARM)]}],
        "has no metric filter on sign-ins without MFA",
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


def test_a_composite_alarm_acts_for_those_in_its_rule() -> None:
    silent = {"ActionsEnabled": True, "AlarmActions": [], "Namespace": "Security", "MetricName": "RootUse"}
    composite = {"arn": "", "name": "security", "alarm": ACTS, "part_of": ""}
    found: Any = [composite, {"arn": "", "name": "root", "alarm": silent, "part_of": "security"}]
    told = metric_filters.heard(found)
    assert ROOT_USE.judge({"groups": [group(CIS, *told)]}) is None
    alone: Any = [composite, {"arn": "", "name": "root", "alarm": silent, "part_of": ""}]
    assert ROOT_USE.judge({"groups": [group(CIS, *metric_filters.heard(alone))]}) == NO_ALARM


def test_a_log_group_that_a_trail_cannot_write_to_raises_no_alarm() -> None:
    trail = watched()
    assert metric_filters.fills_its_group(trail)
    trail["status"]["LatestCloudWatchLogsDeliveryError"] = "Access denied"
    assert not metric_filters.fills_its_group(trail)


def test_reads_the_filters_of_trails_that_see_everything_where_their_log_group_is(aws: Region) -> None:
    session = aws.clients.session
    session.client("s3", region_name="us-east-1").create_bucket(Bucket="trail-logs")
    logs, trails = session.client("logs"), session.client("cloudtrail")
    logs.create_log_group(logGroupName="trail")
    metric: Any = {"metricName": "RootUse", "metricNamespace": "Security", "metricValue": "1"}
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


@pytest.mark.parametrize("subject", metric_filters.SUBJECTS, ids=lambda one: one.id)
def test_the_pattern_of_a_fix_tells_of_all_events_and_fits_what_aws_takes(subject: metric_filters.Subject) -> None:
    assert subject.told_by(pattern(subject)) == set(subject.events)
    assert len(pattern(subject)) <= 1024


ROOT = next(one for one in metric_filters.SUBJECTS if one.id == "root_use_raises_alarm")
PAGER = {"AlarmName": "disk", "Namespace": "Shop", "MetricName": "Disk", "ActionsEnabled": True}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:"


def test_a_filter_that_is_there_only_gets_its_alarm() -> None:
    made = plan({"groups": [group(CIS, PAGER | {"AlarmActions": [f"{TOPIC}pager"]})]}, ROOT)
    [alarm] = made.do
    assert (alarm.call, alarm.region) == ("cloudwatch:PutMetricAlarm", "eu-west-1")
    assert alarm.params["MetricName"] == "RootUse"
    assert [call.call for call in made.undo] == ["cloudwatch:DeleteAlarms"]


def test_whom_alarms_on_the_same_log_group_tell_is_told() -> None:
    others = [PAGER | {"AlarmName": str(n), "AlarmActions": [f"{TOPIC}pager"]} for n in range(3)]
    security = PAGER | {"Namespace": "Security", "MetricName": "RootUse", "AlarmActions": [f"{TOPIC}security"]}
    made = plan({"groups": [group("{ $.eventName = * }", *others, security)]}, ROOT)
    assert made.do[-1].params["AlarmActions"] == [f"{TOPIC}security"]
    made = plan({"groups": [group("{ $.eventName = * }", *others)]}, ROOT)
    assert made.do[-1].params["AlarmActions"] == [f"{TOPIC}pager"]


@pytest.mark.parametrize(
    "groups",
    [
        [],
        [group(unread="denied")],
        [group(CIS)],
        [group(CIS, PAGER | {"AlarmActions": ["arn:aws:automate:eu-west-1:ec2:stop"]})],
        [group(CIS, PAGER | {"AlarmName": "security-root-use", "AlarmActions": [f"{TOPIC}pager"]})],
    ],
)
def test_nothing_is_guessed_and_nothing_overwritten(groups: list[Any]) -> None:
    with pytest.raises(NotApplicable):
        plan({"groups": groups}, ROOT)


def unalarmed(aws: boto3.Session) -> None:
    """A trail of all events whose log group nobody looks at, in another region than what belongs to the account."""
    aws.client("s3", region_name="us-east-1").create_bucket(Bucket="trail-logs")
    logs, trails = aws.client("logs", region_name="eu-west-1"), aws.client("cloudtrail", region_name="eu-west-1")
    logs.create_log_group(logGroupName="trail")
    trails.create_trail(
        Name="everything",
        S3BucketName="trail-logs",
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn="arn:aws:logs:eu-west-1:123456789012:log-group:trail:*",
        CloudWatchLogsRoleArn="arn:aws:iam::123456789012:role/to-logs",
    )
    trails.put_event_selectors(TrailName="everything", EventSelectors=ALL["EventSelectors"])
    trails.start_logging(Name="everything")
    aws.client("cloudwatch", region_name="eu-west-1").put_metric_alarm(
        AlarmName="disk",
        Namespace="Shop",
        MetricName="Disk",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[f"{TOPIC}pager"],
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    f"metric_filters.{one.id}": unalarmed for one in metric_filters.SUBJECTS
}
