"""What watches Northwind Traders: trails, AWS Config, detectors, alarms and log groups, and whom AWS may call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.demo.account_data import let_aws_write
from bot.demo.account_messages import allow
from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import pairs, tags
from checks.metric_filter_fixes import pattern
from checks.metric_filters import SUBJECTS

TRAIL_LOGS = "/cloudtrail/management-events"
TRAIL_BUCKET, CONFIG_BUCKET = "northwind-traders-cloudtrail", "northwind-traders-config"
OLD_TRAIL_BUCKET = "northwind-traders-backups"

ALARMS = (
    ("root-use", "RootUse", '{ $.userIdentity.type = "Root" && $.eventType != "AwsServiceEvent" }', True),
    ("trail-changes", "TrailChanges", "{ $.eventName = *Trail || $.eventName = *Logging }", True),
    ("failed-sign-ins", "FailedSignIns", '{ $.errorMessage = "Failed authentication" }', False),
    ("key-removals", "KeyRemovals", "{ $.eventName = ScheduleKeyDeletion }", True),
)
"""Name, metric and pattern of each filter, and whether somebody made an alarm of it."""

TOLD = ("config", "gateway", "network_acl", "organization", "route_table", "security_group", "sign_in", "vpc")
"""Of what else somebody is told, by filters as AWS writes them: how the checks' names begin."""


def fill_watch(aws: Emulated, keys: Mapping[str, str]) -> None:
    _trails(aws, keys["audit-logs"])
    _alarms(aws)
    _unheard(aws)
    _config(aws)
    _detectors(aws)
    _contacts(aws)


def _trails(aws: Emulated, key: str) -> None:
    for bucket in (TRAIL_BUCKET, OLD_TRAIL_BUCKET):
        let_aws_write(aws, bucket, "cloudtrail.amazonaws.com")
    logs, trails = aws.client("logs"), aws.client("cloudtrail")
    logs.create_log_group(logGroupName=TRAIL_LOGS, tags=tags("platform"))
    logs.put_retention_policy(logGroupName=TRAIL_LOGS, retentionInDays=365)
    group = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:{TRAIL_LOGS}:*"
    # One as it should be, and an older one without validation or encryption that covers a single region.
    trails.create_trail(
        Name="management-events",
        S3BucketName=TRAIL_BUCKET,
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        KmsKeyId=key,
        CloudWatchLogsLogGroupArn=group,
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/cloudtrail-to-logs",
        TagsList=pairs(tags("platform", managed_by="terraform")),
    )
    trails.create_trail(
        Name="old-trail",
        S3BucketName=OLD_TRAIL_BUCKET,
        S3KeyPrefix="old-trail",
        IsMultiRegionTrail=False,
        IncludeGlobalServiceEvents=False,
        EnableLogFileValidation=False,
        TagsList=pairs(tags("finance")),
    )
    management = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
    objects = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    objects_of_all = {"ReadWriteType": "All", "IncludeManagementEvents": False, "DataResources": objects}
    quiet = management | {"ExcludeManagementEventSources": ["kms.amazonaws.com"]}
    # AWS's default for a new trail, to which the first one adds who touches objects; the old one spares KMS.
    for name, selectors in (("management-events", [management, objects_of_all]), ("old-trail", [quiet])):
        trails.put_event_selectors(TrailName=name, EventSelectors=selectors)
        trails.start_logging(Name=name)
    trails.stop_logging(Name="old-trail")


def _alarms(aws: Emulated) -> None:
    """Much of what CIS names is told to somebody, some is half done or missing."""
    told = [(one.what, one.id, pattern(one), True) for one in SUBJECTS if one.id.startswith(TOLD)]
    for name, metric, text, alarm in (*ALARMS, *told):
        aws.client("logs").put_metric_filter(
            logGroupName=TRAIL_LOGS,
            filterName=name,
            filterPattern=text,
            metricTransformations=[{"metricName": metric, "metricNamespace": "Security", "metricValue": "1"}],
        )
        if alarm:
            aws.client("cloudwatch").put_metric_alarm(
                AlarmName=name,
                MetricName=metric,
                Namespace="Security",
                Statistic="Sum",
                Period=300,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanOrEqualToThreshold",
                AlarmActions=[f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms"],
            )


def _unheard(aws: Emulated) -> None:
    """Alarms that tell nobody, events that are soon forgotten, and log groups that everyone may write to."""
    common: dict[str, Any] = {
        "Namespace": "Shop",
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 10,
        "ComparisonOperator": "GreaterThanThreshold",
        "Tags": pairs(tags("shop")),
    }
    people = [f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms"]
    cloudwatch, logs = aws.client("cloudwatch"), aws.client("logs")
    cloudwatch.put_metric_alarm(AlarmName="checkout-errors", MetricName="Errors", **common)
    cloudwatch.put_metric_alarm(
        AlarmName="slow-checkout", MetricName="Latency", AlarmActions=people, ActionsEnabled=False, **common
    )
    logs.create_log_group(logGroupName="/shop/checkout", tags=tags("shop"))
    logs.put_retention_policy(logGroupName="/shop/checkout", retentionInDays=30)
    logs.put_resource_policy(policyName="log-writers", policyDocument=allow("*", "logs:PutLogEvents", "*", "everyone"))
    logs.put_resource_policy(
        policyName="search-logs", policyDocument=allow({"Service": "es.amazonaws.com"}, "logs:PutLogEvents", "*", "es")
    )


def _config(aws: Emulated) -> None:
    """AWS Config records in eu-west-1; in us-east-1 somebody began to set it up and never finished."""
    let_aws_write(aws, CONFIG_BUCKET, "config.amazonaws.com")
    config = aws.client("config")
    everything = {"allSupported": True, "includeGlobalResourceTypes": True}
    recorder: dict[str, Any] = {
        "name": "default",
        "roleARN": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",
    }
    config.put_configuration_recorder(ConfigurationRecorder=recorder | {"recordingGroup": everything})
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": CONFIG_BUCKET})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    aws.client("config", "us-east-1").put_configuration_recorder(ConfigurationRecorder=recorder)


def _detectors(aws: Emulated) -> None:
    """GuardDuty and Security Hub in one region only; Macie in none."""
    aws.client("guardduty").create_detector(Enable=True, FindingPublishingFrequency="SIX_HOURS", Tags=tags("platform"))
    aws.client("securityhub").enable_security_hub(EnableDefaultStandards=False)
    for region in ("eu-west-1", "us-east-1"):
        aws.client("macie2", region).disable_macie()  # the emulator starts with it on, AWS does not


def _contacts(aws: Emulated) -> None:
    """AWS knows whom to bill, and has nobody to call about security."""
    aws.client("account").put_alternate_contact(
        AlternateContactType="BILLING",
        Name="Dan Kowalski",
        Title="Finance",
        EmailAddress="invoices@northwind.example",
        PhoneNumber="+44 20 7946 0100",
    )
