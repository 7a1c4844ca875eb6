"""CloudFront: what the judge says, and where each kind of logging is read from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.aws import Region
from bot.scan import identify
from checks import cloudfront, log_deliveries
from checks.kit import NotApplicable
from tests.checks.cases import Case

LOGS = cloudfront.distribution_logs_requests
ARN = "arn:aws:cloudfront::123456789012:distribution/E1"
SHOP: Any = {"ARN": ARN, "Enabled": True}


def config(*, legacy: bool = False, **behavior: str) -> dict[str, Any]:
    return {"Logging": {"Enabled": legacy}, "DefaultCacheBehavior": behavior}


CASES = [
    Case(LOGS, [SHOP, config(), []], "keeps no log of requests"),
    Case(LOGS, [SHOP, config(), [ARN + "2"]], "keeps no log of requests"),
    Case(LOGS, [SHOP, config(), [ARN]], None),
    Case(LOGS, [SHOP, config(legacy=True), []], None),
    Case(
        LOGS, [SHOP, config(RealtimeLogConfigArn="arn:aws:cloudfront::123456789012:realtime-log-config/all"), []], None
    ),
    Case(LOGS, [SHOP | {"Enabled": False}, config(), []], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_distributions_and_what_cloudwatch_logs_delivers(aws: Region) -> None:
    assert list(cloudfront.distributions.stream(aws)) == []
    origin = {"Id": "web", "DomainName": "web.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    settings: Any = {
        "CallerReference": "shop",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {"TargetOriginId": "web", "ViewerProtocolPolicy": "redirect-to-https"},
    }
    client = aws.clients.session.client("cloudfront")
    made = client.create_distribution(DistributionConfig=settings)["Distribution"]
    [found] = cloudfront.distributions.stream(aws)
    assert identify(aws, cloudfront.distributions, found) == (made["ARN"], f"{made['DomainName']} ({made['Id']})")
    read = cloudfront.config.read(aws, found)
    assert LOGS.judge(found, read, cloudfront.delivered.read(aws, found)) == "keeps no log of requests"


def test_what_is_delivered_is_read_where_cloudfront_keeps_it_and_china_has_none(aws: Region) -> None:
    aws.reads.once(log_deliveries.delivering, "us-east-1", lambda: iter([ARN]))
    assert cloudfront.delivered.read(aws, SHOP) == [ARN]
    assert cloudfront.delivered.read(replace(aws, partition="aws-cn"), SHOP) == []
