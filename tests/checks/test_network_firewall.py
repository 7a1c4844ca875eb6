"""Network firewalls, their policies and rule groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import network_firewall as nfw
from checks.kit import NotApplicable
from tests.checks.cases import Case

DELETION, SUBNETS, LOGS, ZONES, GROUPS, PACKETS, FRAGMENTS, RULES = (
    nfw.firewall_has_deletion_protection,
    nfw.firewall_has_subnet_protection,
    nfw.firewall_logs,
    nfw.firewall_spans_zones,
    nfw.policy_has_rule_groups,
    nfw.policy_stops_unmatched_packets,
    nfw.policy_stops_unmatched_fragments,
    nfw.stateless_group_has_rules,
)


def policy(packets: str = "aws:forward_to_sfe", fragments: str = "aws:drop", **more: Any) -> dict[str, Any]:
    body = {"StatelessDefaultActions": [packets], "StatelessFragmentDefaultActions": [fragments]}
    return {"body": body | more}


CASES = [
    Case(DELETION, [{"DeleteProtection": True}], None),
    Case(DELETION, [{"DeleteProtection": False}], "can be deleted by one call"),
    Case(SUBNETS, [{"SubnetChangeProtection": True}], None),
    Case(SUBNETS, [{"SubnetChangeProtection": False}], "can lose its subnets by one call"),
    Case(LOGS, [{}, [{"LogType": "ALERT"}]], None),
    Case(LOGS, [{}, []], "logs nothing"),
    Case(ZONES, [{"SubnetMappings": [{"SubnetId": "subnet-1"}, {"SubnetId": "subnet-2"}]}], None),
    Case(ZONES, [{"AvailabilityZoneMappings": [{"AvailabilityZone": z} for z in "ab"]}], None),
    Case(ZONES, [{"SubnetMappings": [{"SubnetId": "subnet-1"}]}], "stands in one Availability Zone only"),
    Case(GROUPS, [policy(StatefulRuleGroupReferences=[{"ResourceArn": "arn:aws:x"}])], None),
    Case(GROUPS, [policy(StatelessRuleGroupReferences=[{"ResourceArn": "arn:aws:x"}])], None),
    Case(GROUPS, [policy()], "has no rule group"),
    Case(PACKETS, [policy()], None),
    Case(PACKETS, [policy("aws:drop")], None),
    Case(PACKETS, [policy("aws:pass")], "passes packets that no stateless rule matches"),
    Case(FRAGMENTS, [policy()], None),
    Case(FRAGMENTS, [policy(fragments="aws:pass")], "passes fragments that no stateless rule matches"),
    Case(RULES, [{"rules": 3}], None),
    Case(RULES, [{"rules": 0}], "has no rules"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def firewall(aws: boto3.Session) -> None:
    client = aws.client("network-firewall", region_name="eu-west-1")
    made = client.create_firewall_policy(
        FirewallPolicyName="egress",
        FirewallPolicy={"StatelessDefaultActions": ["aws:pass"], "StatelessFragmentDefaultActions": ["aws:drop"]},
    )
    client.create_firewall(
        FirewallName="egress",
        FirewallPolicyArn=made["FirewallPolicyResponse"]["FirewallPolicyArn"],
        VpcId="vpc-1",
        SubnetMappings=[{"SubnetId": "subnet-1"}],
        DeleteProtection=False,
        SubnetChangeProtection=False,
    )


def test_firewalls_policies_and_groups_as_they_are_read(aws: Region) -> None:
    firewall(aws.clients.session)
    client = aws.clients.session.client("network-firewall")
    rules: Any = {"RulesSource": {"StatelessRulesAndCustomActions": {"StatelessRules": []}}}
    client.create_rule_group(RuleGroupName="blocked", Type="STATELESS", Capacity=10, RuleGroup=rules)
    client.create_rule_group(RuleGroupName="domains", Type="STATEFUL", Capacity=10, Rules="pass ip any any -> any any")
    [found] = nfw.firewalls.stream(aws)
    assert found["FirewallName"] == "egress"
    assert nfw.destinations.read(aws, found) == []
    client.update_logging_configuration(
        FirewallArn=found["FirewallArn"],
        LoggingConfiguration={
            "LogDestinationConfigs": [
                {"LogType": "ALERT", "LogDestinationType": "S3", "LogDestination": {"bucketName": "northwind-logs"}}
            ]
        },
    )
    assert [one["LogType"] for one in nfw.destinations.read(aws, found)] == ["ALERT"]
    [one] = nfw.policies.stream(aws)
    assert one["body"]["StatelessDefaultActions"] == ["aws:pass"]
    assert [(one["Name"], one["rules"]) for one in nfw.stateless_groups.stream(aws)] == [("blocked", 0)]


def test_no_plan_where_it_is_protected() -> None:
    with pytest.raises(NotApplicable):
        nfw.protect_subnets.plan({"FirewallArn": "arn:aws:x", "SubnetChangeProtection": True})


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {DELETION.id: firewall, SUBNETS.id: firewall}
