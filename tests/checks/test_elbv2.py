"""Load balancers: what the judge says, and what is read of one."""

from __future__ import annotations

from typing import Any

import pytest

from bot.aws import Region
from bot.scan import identify
from checks import elbv2
from checks.kit import NotApplicable
from tests.checks.cases import Case

LOGS = elbv2.load_balancer_logs_requests
APPLICATION = {"Type": "application"}

CASES = [
    Case(LOGS, [APPLICATION, {"access_logs.s3.enabled": "true"}], None),
    Case(LOGS, [APPLICATION, {"access_logs.s3.enabled": "false"}], "keeps no access log"),
    Case(LOGS, [{"Type": "network"}, {"access_logs.s3.enabled": "false"}], NotApplicable),
    Case(LOGS, [{"Type": "gateway"}, {}], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_a_load_balancer_and_its_attributes(aws: Region) -> None:
    ec2, client = aws.clients.session.client("ec2"), aws.clients.session.client("elbv2")
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]]
    made: Any = client.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]
    [found] = elbv2.load_balancers.stream(aws)
    assert identify(aws, elbv2.load_balancers, found) == (made["LoadBalancerArn"], "shop")
    assert LOGS.judge(found, elbv2.attributes.read(aws, found)) == "keeps no access log"
