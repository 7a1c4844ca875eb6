"""Load balancers: what the judge says, and what is read of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Reads, Region
from bot.scan import identify
from checks import elbv2, log_deliveries
from checks.kit import NotApplicable
from tests.checks.cases import Case

LOGS = elbv2.load_balancer_logs_requests
APPLICATION = {"Type": "application"}

CASES = [
    Case(LOGS, [APPLICATION, True], None),
    Case(LOGS, [APPLICATION, False], "keeps no access log"),
    Case(LOGS, [{"Type": "network"}, False], NotApplicable),
    Case(LOGS, [{"Type": "gateway"}, False], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_its_log_is_written_to_s3_or_delivered_by_cloudwatch_logs(aws: Region) -> None:
    ec2, client = aws.clients.session.client("ec2"), aws.clients.session.client("elbv2")
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]]
    made: Any = client.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]
    [found] = elbv2.load_balancers.stream(aws)
    assert identify(aws, elbv2.load_balancers, found) == (made["LoadBalancerArn"], "shop")
    assert not elbv2.is_logged.read(aws, found)
    elsewhere = replace(aws, reads=Reads())
    elsewhere.reads.once(log_deliveries.delivering, aws.region, lambda: iter([found["LoadBalancerArn"]]))
    assert elbv2.is_logged.read(elsewhere, found)
    on = [{"Key": "access_logs.s3.enabled", "Value": "true"}, {"Key": "access_logs.s3.bucket", "Value": "logs"}]
    with Stubber(aws.clients.get("elbv2", aws.region)) as stub:
        stub.add_response("describe_load_balancer_attributes", {"Attributes": on})
        assert elbv2.is_logged.read(aws, found)


def test_only_an_application_load_balancer_is_asked(aws: Region) -> None:
    with Stubber(aws.clients.get("elbv2", aws.region)):
        assert not elbv2.is_logged.read(aws, {"Type": "gateway", "LoadBalancerArn": "arn"})
