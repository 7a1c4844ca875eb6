"""What watches: a trail and its alarms, AWS Config and every detector, in each region."""

from __future__ import annotations

from typing import Any

from bot.demo.aws import ACCOUNT, REGIONS
from checks.metric_filter_fixes import pattern
from checks.metric_filters import SUBJECTS
from tests.accounts.filling import Filled

HOME = REGIONS[0]
GROUP = "/cloudtrail/everything"
CONFIG_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"


def fill_watch(aws: Filled, key: str) -> None:
    _trail(aws, key)
    _alarms(aws, key)
    for region in REGIONS:
        _config(aws, region)
        _detectors(aws, region)


def _trail(aws: Filled, key: str) -> None:
    logs, trails = aws.client("logs"), aws.client("cloudtrail")
    logs.create_log_group(logGroupName=GROUP, kmsKeyId=key)
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=400)
    trails.create_trail(
        Name="everything",
        S3BucketName="hardened-trail",
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        KmsKeyId=key,
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:{GROUP}:*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/cloudtrail-to-logs",
    )
    data = [
        {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]},
        {"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]},
    ]
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": data}
    trails.put_event_selectors(TrailName="everything", EventSelectors=[selector])
    insights = [{"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}]
    trails.put_insight_selectors(TrailName="everything", InsightSelectors=insights)
    trails.start_logging(Name="everything")


def _alarms(aws: Filled, key: str) -> None:
    topic = aws.client("sns").create_topic(Name="alarms", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    for subject in SUBJECTS:
        metric = {"metricName": subject.id, "metricNamespace": "Security", "metricValue": "1"}
        aws.client("logs").put_metric_filter(
            logGroupName=GROUP,
            filterName=subject.id,
            filterPattern=pattern(subject),
            metricTransformations=[metric],
        )
        aws.client("cloudwatch").put_metric_alarm(
            AlarmName=subject.id,
            MetricName=subject.id,
            Namespace="Security",
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            AlarmActions=[topic],
        )
    rds: Any = aws.client("rds")
    for source, categories in (
        ("db-instance", ["failure", "maintenance", "configuration change"]),
        ("db-cluster", ["failure", "maintenance"]),
        ("db-parameter-group", ["configuration change"]),
        ("db-security-group", ["failure", "configuration change"]),
    ):
        rds.create_event_subscription(
            SubscriptionName=source,
            SnsTopicArn=topic,
            SourceType=source,
            EventCategories=categories,
            Enabled=True,
        )


def _config(aws: Filled, region: str) -> None:
    config = aws.client("config", region)
    everything = {"allSupported": True, "includeGlobalResourceTypes": True}
    recorder = {"name": "default", "roleARN": CONFIG_ROLE, "recordingGroup": everything}
    config.put_configuration_recorder(ConfigurationRecorder=recorder)
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "hardened-config"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")


PLANS = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS")
AGENTS = ("EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT")


def _detectors(aws: Filled, region: str) -> None:
    guardduty = aws.client("guardduty", region)
    detector = guardduty.create_detector(Enable=True, FindingPublishingFrequency="FIFTEEN_MINUTES")["DetectorId"]
    agents = [{"Name": name, "Status": "ENABLED"} for name in AGENTS]
    plans: list[dict[str, Any]] = [{"Name": name, "Status": "ENABLED"} for name in PLANS]
    plans.append({"Name": "RUNTIME_MONITORING", "Status": "ENABLED", "AdditionalConfiguration": agents})
    guardduty.update_detector(DetectorId=detector, Enable=True, Features=plans)
    manager = {"AccountId": "999999999999", "RelationshipStatus": "Enabled"}
    aws.answer("guardduty:GetAdministratorAccount", {"Administrator": manager}, region)
    aws.client("securityhub", region).enable_security_hub(EnableDefaultStandards=True)
    standard = "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0"
    subscription = f"arn:aws:securityhub:{region}:{ACCOUNT}:subscription/cis-aws-foundations-benchmark/v/5.0.0"
    on = {"StandardsSubscriptionArn": subscription, "StandardsArn": standard, "StandardsStatus": "READY"}
    aws.answer("securityhub:GetEnabledStandards", {"StandardsSubscriptions": [on | {"StandardsInput": {}}]}, region)
    aws.client("macie2", region).enable_macie()
    aws.answer("macie2:GetAutomatedDiscoveryConfiguration", {"status": "ENABLED"}, region)
    aws.client("inspector2", region).enable(accountIds=[ACCOUNT], resourceTypes=["EC2", "ECR", "LAMBDA", "LAMBDA_CODE"])
    analyzer = {
        "arn": f"arn:aws:access-analyzer:{region}:{ACCOUNT}:analyzer/outside",
        "name": "outside",
        "type": "ACCOUNT",
        "createdAt": "2026-01-01T00:00:00Z",
        "status": "ACTIVE",
    }
    aws.answer("accessanalyzer:ListAnalyzers", {"analyzers": [analyzer]}, region)
    aws.answer("accessanalyzer:ListFindingsV2", {"findings": []}, region)
