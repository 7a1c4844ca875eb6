"""Security groups as a whole: whether anything uses them, and whether a person can still read their rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from checks.ec2_launch_templates import groups_named, launch_templates
from checks.ec2_security_groups import GROUP_ARN, groups
from checks.kit import ACCOUNT_ARN, Aws, NotApplicable, Practice, Severity, Verdict, check, collector, expect, extra

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import NetworkInterfaceTypeDef as Interface
    from types_boto3_ec2.type_defs import SecurityGroupTypeDef as Group

KEPT_BY_AWS = re.compile(r"d-[0-9a-f]{10}_(controllers|workspacesMembers)|default_elb_[0-9a-f-]+")
"""Of directories and of Classic Load Balancers in default VPCs; AWS uses them again.
https://docs.aws.amazon.com/workspaces/latest/adminguide/amazon-workspaces-security-groups.html"""
WIZARD = "launch-wizard-"


@collector(
    "ec2:DescribeNetworkInterfaces", arn="arn:{partition}:ec2:{region}:{account}:network-interface/{NetworkInterfaceId}"
)
def network_interfaces(aws: Aws) -> Iterator[Interface]:
    return aws.items("ec2:DescribeNetworkInterfaces", "NetworkInterfaces")


@collector(arn=GROUP_ARN, name="{GroupName} ({GroupId})", needs=(groups,))
def own_groups(aws: Aws) -> Iterator[Group]:
    """The account's own: groups that others share with it are theirs to change."""
    return (group for group in aws.read(groups) if group["OwnerId"] == aws.account)


@collector(arn=ACCOUNT_ARN, needs=(groups, network_interfaces, launch_templates))
def used_groups(aws: Aws) -> Iterator[set[str]]:
    """One for the region: the groups on a network interface, in the rules of another group, or in a launch template."""
    used = {one["GroupId"] for interface in aws.read(network_interfaces) for one in interface["Groups"]}
    used |= groups_named(aws.read(launch_templates))
    for group in aws.read(groups):
        for permission in [*group["IpPermissions"], *group["IpPermissionsEgress"]]:
            named = {pair.get("GroupId", "") for pair in permission.get("UserIdGroupPairs", [])}
            used |= named - {group["GroupId"]}
    yield used


@extra(needs=(used_groups,))
def is_used(aws: Aws, group: Group) -> bool:
    [used] = aws.read(used_groups)
    return group["GroupId"] in used


@check(own_groups, is_used, practice=Practice.NETWORK, severity=Severity.LOW)
def group_is_used(group: Group, is_used: bool) -> Verdict:
    """Security group is in use.

    An old group waits in every list to be picked by mistake, with rules that nobody remembers.

    Fix: Delete the group, unless a stack or an Auto Scaling group with no machines just now means to use it.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-22
    """
    if group["GroupName"] == "default":
        raise NotApplicable("it is the default one of its VPC, which AWS keeps")
    if KEPT_BY_AWS.fullmatch(group["GroupName"]):
        raise NotApplicable("AWS made it, and keeps it to use again")
    return expect(is_used, "guards no network interface, and no rule or launch template names it")


@check(own_groups, practice=Practice.NETWORK, severity=Severity.LOW)
def group_is_made_on_purpose(group: Group) -> Verdict:
    """Security group is made on purpose.

    The console's launch wizard makes a group on the way, often with SSH open to everyone; no name says what it is for.

    Fix: Make a group for what the machine does, with a name that says so, and put it in this one's place.
    See: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-security-groups.html
    """
    return expect(not group["GroupName"].startswith(WIZARD), "was made by the launch wizard")


@check(own_groups, practice=Practice.NETWORK, severity=Severity.LOW)
def group_has_few_rules(group: Group, *, rules: int = 50) -> Verdict:
    """Security group has few rules.

    Nobody can tell any more what a group with very many rules lets in, and AWS's own limit is near.

    Fix: Split the group by purpose, name other groups instead of addresses, or keep the addresses in a prefix list.
    See: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    counts = {
        "inbound": sum(map(_rules, group["IpPermissions"])),
        "outbound": sum(map(_rules, group["IpPermissionsEgress"])),
    }
    many = [f"{count} {kind}" for kind, count in counts.items() if count > rules]
    return expect(not many, f"has {' and '.join(many)} rules")


def _rules(permission: Any) -> int:
    """AWS counts a range, a group and a list each as one rule."""
    kinds = ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")
    return sum(len(permission.get(kind, [])) for kind in kinds)
