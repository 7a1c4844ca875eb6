"""AWS Network Firewall: firewalls, their policies and their stateless rule groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from checks.kit import (
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_network_firewall.type_defs import FirewallPolicyOutputTypeDef as PolicyBody
    from types_boto3_network_firewall.type_defs import FirewallTypeDef as Firewall
    from types_boto3_network_firewall.type_defs import LogDestinationConfigOutputTypeDef as Destination

SAFE_DEFAULTS = {"aws:drop", "aws:forward_to_sfe"}
TWO = 2


@collector(
    "network-firewall:ListFirewalls", "network-firewall:DescribeFirewall", arn="{FirewallArn}", name="{FirewallName}"
)
def firewalls(aws: Aws) -> Iterator[Firewall]:
    listed = aws.items("network-firewall:ListFirewalls", "Firewalls")
    arns = [one["FirewallArn"] for one in listed]
    yield from aws.each(lambda arn: _firewall(aws, arn), arns)


def _firewall(aws: Aws, arn: str) -> Firewall:
    found: Firewall = aws.call("network-firewall:DescribeFirewall", FirewallArn=arn)["Firewall"]
    return found


@collector(
    "network-firewall:ListFirewallPolicies",
    "network-firewall:DescribeFirewallPolicy",
    arn="{Arn}",
    name="{Name}",
)
def policies(aws: Aws) -> Iterator[Mapping[str, Any]]:
    """Each as its listing has it, with its `body`."""
    listed = list(aws.items("network-firewall:ListFirewallPolicies", "FirewallPolicies"))

    def whole(one: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = aws.call("network-firewall:DescribeFirewallPolicy", FirewallPolicyArn=one["Arn"])
        return {**one, "body": answer["FirewallPolicy"]}

    yield from aws.each(whole, listed)


@collector(
    "network-firewall:ListRuleGroups",
    "network-firewall:DescribeRuleGroup",
    arn="{Arn}",
    name="{Name}",
)
def stateless_groups(aws: Aws) -> Iterator[Mapping[str, Any]]:
    """The account's own, each with how many `rules` it has."""
    listed = list(aws.items("network-firewall:ListRuleGroups", "RuleGroups", Scope="ACCOUNT", Type="STATELESS"))

    def whole(one: Mapping[str, Any]) -> Mapping[str, Any]:
        group = aws.call("network-firewall:DescribeRuleGroup", RuleGroupArn=one["Arn"], Type="STATELESS")["RuleGroup"]
        source = group["RulesSource"].get("StatelessRulesAndCustomActions", {})
        return {**one, "rules": len(source.get("StatelessRules", []))}

    yield from aws.each(whole, listed)


@extra("network-firewall:DescribeLoggingConfiguration")
def destinations(aws: Aws, firewall: Firewall) -> Sequence[Destination]:
    answer = aws.call("network-firewall:DescribeLoggingConfiguration", FirewallArn=firewall["FirewallArn"])
    found: Sequence[Destination] = answer.get("LoggingConfiguration", {}).get("LogDestinationConfigs", [])
    return found


@check(firewalls, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def firewall_has_deletion_protection(firewall: Firewall) -> Verdict:
    """Network firewall has deletion protection.

    Without it one call takes the firewall away, and traffic stops or passes unseen.

    Fix: Turn on delete protection of the firewall.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/networkfirewall-controls.html#networkfirewall-9
    """
    return expect(firewall.get("DeleteProtection"), "can be deleted by one call")


@fix(firewall_has_deletion_protection, "network-firewall:UpdateFirewallDeleteProtection", risk=Risk.SAFE)
def protect_from_deletion(firewall: Firewall) -> Plan:
    """Protect the firewall from deletion."""
    return _protection(firewall, "DeleteProtection", "network-firewall:UpdateFirewallDeleteProtection")


@check(firewalls, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def firewall_has_subnet_protection(firewall: Firewall) -> Verdict:
    """Network firewall is protected from changes of its subnets.

    Whoever takes a subnet from the firewall takes its eyes and its guard from everything in that zone.

    Fix: Turn on subnet change protection of the firewall.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/networkfirewall-controls.html#networkfirewall-10
    """
    return expect(firewall.get("SubnetChangeProtection"), "can lose its subnets by one call")


@fix(firewall_has_subnet_protection, "network-firewall:UpdateSubnetChangeProtection", risk=Risk.SAFE)
def protect_subnets(firewall: Firewall) -> Plan:
    """Protect the firewall's subnets from changes."""
    return _protection(firewall, "SubnetChangeProtection", "network-firewall:UpdateSubnetChangeProtection")


@check(firewalls, destinations, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def firewall_logs(firewall: Firewall, destinations: Sequence[Destination]) -> Verdict:
    """Network firewall logs what it sees.

    Without alert or flow logs nobody learns what the firewall stopped, or what it let pass.

    Fix: Send alert and flow logs to CloudWatch Logs, S3 or Data Firehose.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/networkfirewall-controls.html#networkfirewall-2
    """
    return expect(destinations, "logs nothing")


@check(firewalls, practice=Practice.BACKUP, severity=Severity.LOW)
def firewall_spans_zones(firewall: Firewall) -> Verdict:
    """Network firewall stands in more than one zone.

    When the only zone with the firewall is down, nothing passes it from any zone.

    Fix: Add a subnet of a second Availability Zone to the firewall, and route that zone's traffic to it.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/networkfirewall-controls.html#networkfirewall-1
    """
    mapped = [*firewall.get("SubnetMappings", []), *firewall.get("AvailabilityZoneMappings", [])]
    return expect(len(mapped) >= TWO, "stands in one Availability Zone only")  # no two subnets of one zone, says AWS


@check(policies, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def policy_has_rule_groups(policy: Mapping[str, Any]) -> Verdict:
    """Network firewall policy has rule groups.

    A policy without rules does the same to every packet: the firewall guards nothing, or stops everything.

    Fix: Add a stateful or stateless rule group to the policy.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/networkfirewall-controls.html#networkfirewall-3
    """
    body: PolicyBody = policy["body"]
    return expect(
        body.get("StatelessRuleGroupReferences") or body.get("StatefulRuleGroupReferences"), "has no rule group"
    )


@check(policies, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def policy_stops_unmatched_packets(policy: Mapping[str, Any]) -> Verdict:
    """Network firewall policy passes no unmatched packets.

    What no stateless rule speaks of goes through unseen when the default is to pass it.

    Fix: Set the default action for full packets to drop, or to forward to the stateful rules.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/networkfirewall-controls.html#networkfirewall-4
    """
    return _default(policy["body"]["StatelessDefaultActions"], "packets")


@check(policies, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def policy_stops_unmatched_fragments(policy: Mapping[str, Any]) -> Verdict:
    """Network firewall policy passes no unmatched fragments.

    Attacks are cut into fragments so that no rule matches them; a default that passes these lets them through.

    Fix: Set the default action for fragmented packets to drop, or to forward to the stateful rules.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/networkfirewall-controls.html#networkfirewall-5
    """
    return _default(policy["body"]["StatelessFragmentDefaultActions"], "fragments")


@check(stateless_groups, practice=Practice.NETWORK, severity=Severity.LOW)
def stateless_group_has_rules(group: Mapping[str, Any]) -> Verdict:
    """Stateless rule group has rules.

    An empty group is taken for protection by whoever reads the policy.

    Fix: Add the rules that it was made for, or delete the group.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/networkfirewall-controls.html#networkfirewall-6
    """
    return expect(group["rules"], "has no rules")


def _default(actions: Sequence[str], what: str) -> Verdict:
    return expect(SAFE_DEFAULTS & set(actions), f"passes {what} that no stateless rule matches")


def _protection(firewall: Firewall, key: str, call: str) -> Plan:
    settings: Mapping[str, Any] = {**firewall}
    if settings.get(key):
        raise NotApplicable("it is on")
    which = {"FirewallArn": firewall["FirewallArn"]}
    return Plan(
        do=[Call(call, which | {key: True})],
        undo=[Call(call, which | {key: False})],
        before={key: "off"},
        after={key: "on"},
        notes=["Traffic does not notice. Who deletes or moves the firewall on purpose turns it off first."],
    )
