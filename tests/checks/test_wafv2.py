"""AWS WAF: what the judges say of web ACLs, and what is read of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import identify
from checks import wafv2
from checks.kit import NotApplicable
from tests.checks.cases import Case

HAS, MANAGED = wafv2.web_acl_has_rules, wafv2.web_acl_uses_managed_rules
LOGS, METRICS = wafv2.web_acl_logs_requests, wafv2.web_acl_rules_have_metrics
ARN = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shop/1"
ACL = {"ARN": ARN}
GROUP = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}}
RATE = {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}}
SEEN = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "shop"}
UNSEEN = SEEN | {"CloudWatchMetricsEnabled": False}


def rule(statement: dict[str, Any], visibility: dict[str, Any] = SEEN, name: str = "one") -> dict[str, Any]:
    return {"Name": name, "Statement": statement, "VisibilityConfig": visibility}


def acl(*rules: dict[str, Any], action: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Rules": list(rules), "DefaultAction": {action: {}}} | more


MANAGER: dict[str, Any] = {"PreProcessFirewallManagerRuleGroups": [{"Name": "fms", "FirewallManagerStatement": GROUP}]}

CASES = [
    Case(HAS, [ACL, acl(rule(RATE))], None),
    Case(HAS, [ACL, acl(**MANAGER)], None),
    Case(HAS, [ACL, acl()], "has no rules"),
    Case(MANAGED, [ACL, acl(rule(RATE), rule(GROUP))], None),
    Case(MANAGED, [ACL, acl(rule(RATE), **MANAGER)], None),
    Case(MANAGED, [ACL, acl(rule(RATE))], "has rules of its own only, no managed rule group"),
    Case(MANAGED, [ACL, acl(rule(RATE), action="Block")], NotApplicable),
    Case(MANAGED, [ACL, acl()], NotApplicable),
    Case(LOGS, [ACL, [ARN]], None),
    Case(LOGS, [ACL, [ARN + "2"]], "keeps no log of requests"),
    Case(METRICS, [ACL, acl(rule(RATE), rule(GROUP))], None),
    Case(METRICS, [ACL, acl(rule(RATE, UNSEEN, "slow-down"), rule(GROUP))], "has rules without metrics: slow-down"),
    Case(METRICS, [ACL, acl()], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def make(aws: Region, name: str, scope: str = wafv2.REGIONAL) -> str:
    client = aws.clients.session.client("wafv2", wafv2.CLOUDFRONT_IN if scope == wafv2.CLOUDFRONT else aws.region)
    request: Any = {"Name": name, "Scope": scope, "DefaultAction": {"Allow": {}}, "VisibilityConfig": SEEN}
    return str(client.create_web_acl(**request)["Summary"]["ARN"])


def test_those_of_cloudfront_are_read_where_they_are(aws: Region) -> None:
    regional, everywhere = make(aws, "shop"), make(aws, "site", wafv2.CLOUDFRONT)
    [here] = wafv2.web_acls.stream(aws)
    assert identify(aws, wafv2.web_acls, here) == (regional, "shop")
    assert wafv2.rules.read(aws, here)["Rules"] == []
    [there] = wafv2.web_acls.stream(aws.at(wafv2.CLOUDFRONT_IN))
    assert (there["ARN"], there["scope"]) == (everywhere, wafv2.CLOUDFRONT)
    assert wafv2.rules.read(aws.at(wafv2.CLOUDFRONT_IN), there)["Name"] == "site"


def test_one_list_tells_which_are_logged(aws: Region) -> None:
    arn = make(aws, "shop")
    group = "arn:aws:logs:eu-west-1:123456789012:log-group:aws-waf-logs-shop"
    configuration: Any = {"ResourceArn": arn, "LogDestinationConfigs": [group]}
    aws.clients.session.client("wafv2").put_logging_configuration(LoggingConfiguration=configuration)
    [found] = wafv2.web_acls.stream(aws)
    assert wafv2.logs.read(aws, found) == [arn]


def test_reads_every_page_and_stops_at_an_empty_one(aws: Region) -> None:
    one, two = ({"Name": name, "Id": name, "ARN": f"{ARN[:-1]}{name}"} for name in "12")
    with Stubber(aws.clients.get("wafv2", aws.region)) as stub:
        stub.add_response("list_web_acls", {"WebACLs": [one], "NextMarker": "1"}, {"Scope": "REGIONAL"})
        marked = {"Scope": "REGIONAL", "NextMarker": "1"}
        stub.add_response("list_web_acls", {"WebACLs": [two], "NextMarker": "2"}, marked)
        stub.add_response("list_web_acls", {"WebACLs": [], "NextMarker": "2"}, {"Scope": "REGIONAL", "NextMarker": "2"})
        assert [acl["Name"] for acl in wafv2.web_acls.stream(aws)] == ["1", "2"]


def test_what_is_protected_is_asked_of_each_web_acl_of_the_region(aws: Region) -> None:
    arn = make(aws, "shop")
    balancer = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/1"
    with Stubber(aws.clients.get("wafv2", aws.region)) as stub:
        shop = {"Name": "shop", "Id": "1", "ARN": arn}
        stub.add_response("list_web_acls", {"WebACLs": [shop]}, {"Scope": "REGIONAL"})
        asked = {"WebACLArn": arn, "ResourceType": "APPLICATION_LOAD_BALANCER"}
        stub.add_response("list_resources_for_web_acl", {"ResourceArns": [balancer]}, asked)
        assert list(wafv2.protected_load_balancers.stream(aws)) == [balancer]


def web_acl(aws: boto3.Session) -> None:
    """The one that the settings of tests name."""
    request: Any = {
        "Name": "northwind",
        "Scope": wafv2.REGIONAL,
        "DefaultAction": {"Allow": {}},
        "VisibilityConfig": SEEN,
    }
    aws.client("wafv2", region_name="eu-west-1").create_web_acl(**request)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {LOGS.id: web_acl}
