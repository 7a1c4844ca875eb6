"""What moto lacks of Network Firewall (policies, rule groups, protections), Direct Connect and Auto Scaling."""

from __future__ import annotations

import json
from typing import Any

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from moto.directconnect.responses import DirectConnectResponse
from moto.networkfirewall.responses import NetworkFirewallResponse


def add_guards() -> None:
    """Teaches moto, in this process, what it has no answer to."""
    for operation in (
        create_firewall_policy,
        create_rule_group,
        list_firewall_policies,
        describe_firewall_policy,
        list_rule_groups,
        describe_rule_group,
        update_firewall_delete_protection,
        update_subnet_change_protection,
    ):
        setattr(NetworkFirewallResponse, operation.__name__, operation)
    DirectConnectResponse.describe_virtual_interfaces = _no_interfaces  # type: ignore[attr-defined]
    untold = AutoScalingResponse.update_auto_scaling_group

    def update(request: AutoScalingResponse) -> ActionResult:
        """moto forgets Capacity Rebalancing in an update, and the mixed instances policy that it does not name."""
        group = request.autoscaling_backend.autoscaling_groups[request._get_param("AutoScalingGroupName")]
        policy = group.mixed_instances_policy
        answer = untold(request)
        group.mixed_instances_policy = request._get_param("MixedInstancesPolicy") or policy
        wanted = request._get_param("CapacityRebalance")
        if wanted is not None:
            group.capacity_rebalance = str(wanted).lower() == "true"
        return answer

    AutoScalingResponse.update_auto_scaling_group = update  # type: ignore[assignment,method-assign]


def create_firewall_policy(request: NetworkFirewallResponse) -> ActionResult:
    name, body = request._get_param("FirewallPolicyName"), request._get_param("FirewallPolicy")
    arn = _arn(request, "firewall-policy", name)
    _kept(request, "policies")[arn] = {"name": name, "body": body}
    about = {"FirewallPolicyName": name, "FirewallPolicyArn": arn, "FirewallPolicyId": name}
    return ActionResult({"UpdateToken": "1", "FirewallPolicyResponse": about})


def list_firewall_policies(request: NetworkFirewallResponse) -> ActionResult:
    found = [{"Name": one["name"], "Arn": arn} for arn, one in _kept(request, "policies").items()]
    return ActionResult({"FirewallPolicies": found})


def describe_firewall_policy(request: NetworkFirewallResponse) -> ActionResult:
    arn = request._get_param("FirewallPolicyArn")
    policy = _kept(request, "policies")[arn]
    about = {"FirewallPolicyName": policy["name"], "FirewallPolicyArn": arn, "FirewallPolicyId": policy["name"]}
    return ActionResult({"UpdateToken": "1", "FirewallPolicyResponse": about, "FirewallPolicy": policy["body"]})


def create_rule_group(request: NetworkFirewallResponse) -> ActionResult:
    name, kind = request._get_param("RuleGroupName"), request._get_param("Type")
    arn = _arn(request, f"{kind.lower()}-rulegroup", name)
    body = request._get_param("RuleGroup")
    _kept(request, "groups")[arn] = {"name": name, "type": kind, "body": body}
    about = {"RuleGroupName": name, "RuleGroupArn": arn, "RuleGroupId": name}
    return ActionResult({"UpdateToken": "1", "RuleGroupResponse": about})


def list_rule_groups(request: NetworkFirewallResponse) -> ActionResult:
    kind = request._get_param("Type")
    groups = _kept(request, "groups").items()
    found = [{"Name": one["name"], "Arn": arn} for arn, one in groups if kind in (None, one["type"])]
    return ActionResult({"RuleGroups": found})


def describe_rule_group(request: NetworkFirewallResponse) -> ActionResult:
    arn = request._get_param("RuleGroupArn")
    group = _kept(request, "groups")[arn]
    about = {"RuleGroupName": group["name"], "RuleGroupArn": arn, "RuleGroupId": group["name"]}
    return ActionResult({"UpdateToken": "1", "RuleGroupResponse": about, "RuleGroup": group["body"]})


def update_firewall_delete_protection(request: NetworkFirewallResponse) -> ActionResult:
    firewall = request.networkfirewall_backend.firewalls[request._get_param("FirewallArn")]
    firewall.delete_protection = request._get_bool_param("DeleteProtection")
    return ActionResult({"FirewallArn": firewall.arn, "DeleteProtection": firewall.delete_protection})


def update_subnet_change_protection(request: NetworkFirewallResponse) -> ActionResult:
    firewall = request.networkfirewall_backend.firewalls[request._get_param("FirewallArn")]
    firewall.subnet_change_protection = request._get_bool_param("SubnetChangeProtection")
    return ActionResult({"FirewallArn": firewall.arn, "SubnetChangeProtection": firewall.subnet_change_protection})


def _no_interfaces(_: DirectConnectResponse) -> str:
    """No connection has one."""
    return json.dumps({"virtualInterfaces": []})


def _arn(request: NetworkFirewallResponse, kind: str, name: str) -> str:
    return f"arn:aws:network-firewall:{request.region}:{request.current_account}:{kind}/{name}"


def _kept(request: NetworkFirewallResponse, what: str) -> dict[str, Any]:
    """Those of the account and region of a request."""
    found: dict[str, Any] = request.networkfirewall_backend.__dict__.setdefault(what, {})
    return found
