"""Load balancers: what the judges say, what is read of one, and the broken ones that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest

from bot.aws import Reads, Region
from bot.scan import identify
from checks import elbv2, log_deliveries, wafv2, web_acl_fixes
from checks.inputs import INPUTS
from checks.kit import NotApplicable
from tests.checks.cases import Case
from tests.checks.test_wafv2 import web_acl

LOGS, WAF = elbv2.load_balancer_logs_requests, elbv2.load_balancer_has_web_acl
DROPS, DESYNC = elbv2.load_balancer_drops_invalid_headers, elbv2.load_balancer_mitigates_desync
PROTECTION, ZONES = elbv2.load_balancer_has_deletion_protection, elbv2.load_balancer_is_in_several_zones
ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/1"
PUBLIC = {"Type": "application", "LoadBalancerArn": ARN, "Scheme": "internet-facing"}
NETWORK, GATEWAY = PUBLIC | {"Type": "network"}, {"Type": "gateway", "LoadBalancerArn": ARN}


def zones(count: int, **more: str) -> dict[str, Any]:
    return PUBLIC | {"AvailabilityZones": [{"ZoneName": f"eu-west-1{letter}"} | more for letter in "abc"[:count]]}


CASES = [
    Case(LOGS, [PUBLIC, {elbv2.LOGS_TO_S3: "true"}, []], None),
    Case(LOGS, [PUBLIC, {}, [ARN]], None),
    Case(LOGS, [PUBLIC, {elbv2.LOGS_TO_S3: "false"}, [ARN + "2"]], "keeps no access log"),
    Case(LOGS, [NETWORK, {}, []], NotApplicable),
    Case(LOGS, [GATEWAY, {}, []], NotApplicable),
    Case(DROPS, [PUBLIC, {elbv2.DROP_INVALID: "true"}], None),
    Case(DROPS, [PUBLIC, {elbv2.DROP_INVALID: "false"}], "passes invalid headers on"),
    Case(DROPS, [NETWORK, {}], NotApplicable),
    Case(DESYNC, [PUBLIC, {elbv2.DESYNC: "defensive"}], None),
    Case(DESYNC, [PUBLIC, {elbv2.DESYNC: "strictest"}], None),
    Case(DESYNC, [PUBLIC, {elbv2.DESYNC: "monitor"}], "only monitors ambiguous requests (mode monitor)"),
    Case(DESYNC, [GATEWAY, {}], NotApplicable),
    Case(PROTECTION, [PUBLIC, {elbv2.PROTECTION: "true"}], None),
    Case(PROTECTION, [NETWORK, {elbv2.PROTECTION: "false"}], "can be deleted: deletion protection is off"),
    Case(ZONES, [zones(2)], None),
    Case(ZONES, [zones(1)], "is in 1 zone, not 2"),
    Case(ZONES, [zones(2)], "is in 2 zones, not 3", {"zones": 3}),
    Case(ZONES, [zones(1, OutpostId="op-1")], NotApplicable),
    Case(WAF, [PUBLIC, [ARN]], None),
    Case(WAF, [PUBLIC, []], "has no web ACL before it"),
    Case(WAF, [PUBLIC | {"Scheme": "internal"}, []], NotApplicable),
    Case(WAF, [NETWORK, []], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def make(aws: boto3.Session, **more: str) -> str:
    """A new load balancer's ARN."""
    subnets = [one["SubnetId"] for one in aws.client("ec2").describe_subnets()["Subnets"]]
    request: Any = {"Name": "shop", "Subnets": subnets} | more
    return str(aws.client("elbv2").create_load_balancer(**request)["LoadBalancers"][0]["LoadBalancerArn"])


def test_its_log_is_written_to_s3_or_delivered_by_cloudwatch_logs(aws: Region) -> None:
    arn = make(aws.clients.session)
    [found] = elbv2.load_balancers.stream(aws)
    assert identify(aws, elbv2.load_balancers, found) == (arn, "shop")
    assert elbv2.attributes.read(aws, found)[elbv2.PROTECTION] == "false"
    assert list(elbv2.delivered.read(aws, found)) == []
    elsewhere = replace(aws, reads=Reads())
    elsewhere.reads.once(log_deliveries.delivering, aws.region, lambda: iter([arn]))
    assert elbv2.delivered.read(elsewhere, found) == [arn]
    elsewhere.reads.once(wafv2.protected_load_balancers, aws.region, lambda: iter([arn]))
    assert elbv2.protected.read(elsewhere, found) == [arn]


def test_a_web_acl_of_another_region_is_refused_and_the_prefix_of_a_log_stays() -> None:
    balancer: Any = PUBLIC
    elsewhere = INPUTS["web_acl"].example.replace("eu-west-1", "us-east-1")
    with pytest.raises(NotApplicable, match="which is in us-east-1: name one of eu-west-1"):
        web_acl_fixes.protect_load_balancer.plan(balancer, [], web_acl=elsewhere)
    had = {elbv2.LOGS_TO_S3: "false", elbv2.LOG_BUCKET: "old", elbv2.LOG_PREFIX: "web"}
    plan = elbv2.log_requests.plan(balancer, had, [], load_balancer_log_bucket="new")
    assert plan.after == {"access log": "new/web"}
    assert plan.undo[0].params["Attributes"] == [{"Key": key, "Value": value} for key, value in had.items()]


def as_made(aws: boto3.Session) -> None:
    make(aws)


def monitoring(aws: boto3.Session) -> None:
    mode = {"Key": elbv2.DESYNC, "Value": "monitor"}
    aws.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=make(aws), Attributes=[mode])  # type: ignore[list-item]


def unprotected(aws: boto3.Session) -> None:
    make(aws, Scheme="internet-facing")
    web_acl(aws)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    DROPS.id: as_made,
    PROTECTION.id: as_made,
    DESYNC.id: monitoring,
    LOGS.id: as_made,
    WAF.id: unprotected,
}
