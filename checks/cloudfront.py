"""Amazon CloudFront distributions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypedDict

from checks.kit import Aws, Collector, NotApplicable, Practice, Scope, Severity, Verdict, check, collect, expect, extra
from checks.log_deliveries import delivering

DELIVERS_FROM = "us-east-1"
"""Where CloudWatch Logs keeps what CloudFront delivers, wherever its readers are.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html"""


class Distribution(TypedDict):
    """What is used of AWS's DistributionSummary."""

    Id: str
    ARN: str
    Enabled: bool


distributions: Collector[Distribution] = collect(
    "cloudfront:ListDistributions",
    "DistributionList.Items",
    arn="{ARN}",
    name="{DomainName} ({Id})",
    scope=Scope.ACCOUNT,
)


@extra("cloudfront:GetDistributionConfig")
def config(aws: Aws, distribution: Distribution) -> dict[str, Any]:
    found = aws.call("cloudfront:GetDistributionConfig", Id=distribution["Id"])
    return dict(found["DistributionConfig"])


@extra(needs=(delivering,))
def delivered(aws: Aws, distribution: Distribution) -> Collection[str]:
    """The ARNs of what standard logging (v2) is on for. China has none: https://docs.amazonaws.cn, same page."""
    return [] if aws.partition == "aws-cn" else aws.at(DELIVERS_FROM).read(delivering)


@check(distributions, config, delivered, practice=Practice.MONITORING, severity=Severity.LOW)
def distribution_logs_requests(
    distribution: Distribution, config: dict[str, Any], delivered: Collection[str]
) -> Verdict:
    """CloudFront distribution logs requests.

    Most requests never reach what is behind it, so only its own log shows who asked for what.

    Fix: Turn on standard logging of the distribution, to S3, CloudWatch Logs or Firehose.
    See: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
    """
    if not distribution["Enabled"]:
        raise NotApplicable("it is disabled")
    logs = config["Logging"]["Enabled"] or distribution["ARN"] in delivered
    return expect(logs or config["DefaultCacheBehavior"].get("RealtimeLogConfigArn"), "keeps no log of requests")
