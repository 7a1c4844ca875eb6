"""EC2 Auto Scaling: the groups that start and replace machines, and the launch configurations they still use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from checks.ec2_defaults import metadata_defaults
from checks.ec2_images import UNREAD, Images, by_id, tokens_by_default
from checks.ec2_launch_templates import template_images
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Unknown,
    Verdict,
    check,
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_autoscaling.type_defs import AutoScalingGroupTypeDef as Group
    from types_boto3_autoscaling.type_defs import LaunchConfigurationTypeDef as Configuration

TWO = 2


@collector("autoscaling:DescribeAutoScalingGroups", arn="{AutoScalingGroupARN}", name="{AutoScalingGroupName}")
def groups(aws: Aws) -> Iterator[Group]:
    """Those that are not being deleted: AWS sends a Status for these alone."""
    found = aws.items("autoscaling:DescribeAutoScalingGroups", "AutoScalingGroups")
    return (group for group in found if not group.get("Status"))


@collector(
    "autoscaling:DescribeLaunchConfigurations",
    arn="{LaunchConfigurationARN}",
    name="{LaunchConfigurationName}",
)
def launch_configurations(aws: Aws) -> Iterator[Configuration]:
    return aws.items("autoscaling:DescribeLaunchConfigurations", "LaunchConfigurations")


@extra(needs=(groups,))
def used_by(aws: Aws, configuration: Configuration) -> Sequence[str]:
    """The groups that start machines from it."""
    name = configuration["LaunchConfigurationName"]
    return [one["AutoScalingGroupName"] for one in aws.read(groups) if one.get("LaunchConfigurationName") == name]


@collector("ec2:DescribeImages", arn=ACCOUNT_ARN, needs=(launch_configurations, template_images))
def configuration_images(aws: Aws) -> Iterator[Images]:
    """One for the region: the images that launch configurations name, and what is known of others."""
    [known] = aws.read(template_images)
    yield {**known, **by_id(aws, {one["ImageId"] for one in aws.read(launch_configurations)} - set(known))}


@extra(needs=(metadata_defaults, configuration_images))
def default_tokens(aws: Aws, configuration: Configuration) -> str:
    """What decides of tokens where a launch configuration says nothing: the region's defaults, then the image."""
    says = next((str(one.get("HttpTokens", "")) for one in aws.read(metadata_defaults)), "")
    [images] = aws.read(configuration_images)
    return tokens_by_default(says, configuration["ImageId"], images)


@check(groups, practice=Practice.BACKUP, severity=Severity.LOW)
def group_uses_load_balancer_health(group: Group) -> Verdict:
    """Auto Scaling group heeds its load balancer's health checks.

    Otherwise a machine that runs but no longer answers is kept for ever, while the load balancer sends nobody there.

    Fix: Set the health check type to ELB, with a grace period that is longer than a start takes.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/autoscaling-controls.html#autoscaling-1
    """
    if not _balanced(group):
        raise NotApplicable("no load balancer sends it traffic")
    return expect("ELB" in group["HealthCheckType"], "does not replace machines that its load balancer finds unhealthy")


@fix(group_uses_load_balancer_health, "autoscaling:UpdateAutoScalingGroup", risk=Risk.INTERRUPTS)
def heed_load_balancer(group: Group) -> Plan:
    """Replace what the load balancer finds unhealthy."""
    if not _balanced(group):
        raise NotApplicable("no load balancer sends it traffic")
    now = group["HealthCheckType"]
    if "ELB" in now:
        raise NotApplicable("it does")
    which = {"AutoScalingGroupName": group["AutoScalingGroupName"]}
    new = "ELB" if now == "EC2" else f"{now},ELB"
    return Plan(
        do=[Call("autoscaling:UpdateAutoScalingGroup", which | {"HealthCheckType": new})],
        undo=[Call("autoscaling:UpdateAutoScalingGroup", which | {"HealthCheckType": now})],
        before={"HealthCheckType": now},
        after={"HealthCheckType": new},
        notes=[
            "Machines that fail the load balancer's check now are terminated and replaced at once.",
            f"A new one has {group['HealthCheckGracePeriod']} seconds to start before it is judged.",
        ],
    )


@check(groups, practice=Practice.BACKUP, severity=Severity.LOW)
def group_spans_zones(group: Group) -> Verdict:
    """Auto Scaling group spans more than one Availability Zone.

    When its one zone is down, all its machines are, and no new ones can be started elsewhere.

    Fix: Add subnets of a second zone to the group.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/autoscaling-controls.html#autoscaling-2
    """
    zones = group["AvailabilityZones"]
    return expect(len(zones) >= TWO, f"starts machines in {', '.join(zones)} only")


@check(groups, practice=Practice.BACKUP, severity=Severity.LOW)
def group_mixes_instance_types(group: Group) -> Verdict:
    """Auto Scaling group can use more than one instance type.

    When AWS has no more of its one type, the group cannot grow or replace what broke.

    Fix: Give the group a mixed instances policy with several types, or with attributes that many types have.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/autoscaling-controls.html#autoscaling-6
    """
    overrides = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("Overrides", [])
    types = {one["InstanceType"] for one in overrides if "InstanceType" in one}
    by_attributes = any("InstanceRequirements" in one for one in overrides)
    return expect(by_attributes or len(types) >= TWO, "can start one instance type only")


@check(groups, practice=Practice.BACKUP, severity=Severity.LOW)
def group_rebalances_spot(group: Group) -> Verdict:
    """Auto Scaling group with Spot machines rebalances.

    AWS takes a Spot machine back two minutes after it says so; with rebalancing the next one is started before that.

    Fix: Turn on Capacity Rebalancing of the group.
    See: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-rebalancing.html
    """
    if not _uses_spot(group):
        raise NotApplicable("it starts no Spot machines")
    return expect(group.get("CapacityRebalance"), "waits for Spot machines to be taken before it starts others")


@fix(group_rebalances_spot, "autoscaling:UpdateAutoScalingGroup", risk=Risk.SAFE)
def rebalance(group: Group) -> Plan:
    """Turn on Capacity Rebalancing."""
    if group.get("CapacityRebalance") or not _uses_spot(group):
        raise NotApplicable("there is nothing to turn on")
    which = {"AutoScalingGroupName": group["AutoScalingGroupName"]}
    return Plan(
        do=[Call("autoscaling:UpdateAutoScalingGroup", which | {"CapacityRebalance": True})],
        undo=[Call("autoscaling:UpdateAutoScalingGroup", which | {"CapacityRebalance": False})],
        before={"CapacityRebalance": "off"},
        after={"CapacityRebalance": "on"},
        notes=[
            "Machines that AWS is about to take back are replaced early; for a while there may be more than wished."
        ],
    )


@check(groups, practice=Practice.CONFIG, severity=Severity.LOW)
def group_uses_launch_template(group: Group) -> Verdict:
    """Auto Scaling group uses a launch template.

    Launch configurations get no new features of EC2 any more, have no versions, and new accounts cannot make them.

    Fix: Copy the launch configuration to a launch template in the console, and give it to the group.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/autoscaling-controls.html#autoscaling-9
    """
    name = group.get("LaunchConfigurationName")  # AWS sends the one key or the other
    return expect(not name, f"uses the launch configuration {name}")


@check(launch_configurations, used_by, default_tokens, practice=Practice.ROLES, severity=Severity.HIGH)
def launch_configuration_requires_imdsv2(
    configuration: Configuration, used_by: Sequence[str], default_tokens: str
) -> Verdict:
    """Launch configuration requires IMDSv2.

    Each machine that a group starts from it answers IMDSv1 again, however often the running ones are repaired.

    Fix: A launch configuration cannot be changed: copy it to a launch template that requires IMDSv2, and use that.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/autoscaling-controls.html#autoscaling-3
    """
    _in_use(used_by)
    options = configuration.get("MetadataOptions", {})
    if options.get("HttpEndpoint") == "disabled":
        return None
    tokens = options.get("HttpTokens", default_tokens)
    if tokens == UNREAD:
        raise Unknown(f"its image {configuration['ImageId']} decides on that, and could not be read")
    return expect(tokens == "required", _words("lets machines answer IMDSv1", used_by))


@check(launch_configurations, used_by, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def launch_configuration_gives_no_public_address(configuration: Configuration, used_by: Sequence[str]) -> Verdict:
    """Launch configuration gives no public IPv4 address.

    Each machine that a group starts from it is on the internet, with only security groups before it.

    Fix: Copy it to a launch template without public addresses, and put a load balancer before the group.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/autoscaling-controls.html#autoscaling-5
    """
    _in_use(used_by)
    return expect(
        not configuration.get("AssociatePublicIpAddress"), _words("gives machines a public IPv4 address", used_by)
    )


def _in_use(used_by: Sequence[str]) -> None:
    if not used_by:
        raise NotApplicable("no Auto Scaling group uses it")


def _words(problem: str, used_by: Sequence[str]) -> str:
    return f"{problem} (used by {', '.join(used_by)})"


def _balanced(group: Group) -> bool:
    return bool(group.get("LoadBalancerNames") or group.get("TargetGroupARNs"))


def _uses_spot(group: Group) -> bool:
    policy: Mapping[str, Any] = group.get("MixedInstancesPolicy", {})
    given = policy.get("InstancesDistribution", {}).get("OnDemandPercentageAboveBaseCapacity", 100)
    return bool(policy) and given < 100  # per cent
