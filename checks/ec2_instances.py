"""EC2 instances: the credentials they hand out, their addresses, and whether anybody still looks after them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from checks.ec2_names import with_name
from checks.kit import (
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
    fix,
    now,
)

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import InstanceTypeDef as Instance

GONE = ("terminated", "shutting-down")
TWO = 2
OF_PODS = "aws-k8s-"
"""How the interfaces are described, in whatever case, that Amazon EKS places for pods.
https://docs.aws.amazon.com/eks/latest/userguide/security-groups-for-pods.html"""
STOPPED_AT = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) GMT\)")
PARAVIRTUAL_FAMILIES = ("c1", "c3", "hs1", "m1", "m2", "m3", "t1")
"""The only ones that can run it: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ComponentsAMIs.html."""


@collector(
    "ec2:DescribeInstances", arn="arn:{partition}:ec2:{region}:{account}:instance/{InstanceId}", name="{known_as}"
)
def instances(aws: Aws) -> Iterator[Instance]:
    for reservation in aws.items("ec2:DescribeInstances", "Reservations"):
        yield from (with_name(instance, instance["InstanceId"]) for instance in reservation["Instances"])


@check(instances, practice=Practice.ROLES, severity=Severity.HIGH)
def instance_requires_imdsv2(instance: Instance) -> Verdict:
    """EC2 instance requires IMDSv2.

    With IMDSv1 one careless request made by the server is enough to read the credentials of its role.

    Fix: Require IMDSv2, once the instance's metric MetadataNoToken shows that nothing uses IMDSv1 any more.
    See: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
    """
    _still_there(instance)
    options = instance["MetadataOptions"]
    # .get: AWS always sends it, but the emulator forgets it when HttpTokens is changed; only "disabled" passes.
    off = options.get("HttpEndpoint") == "disabled"
    return expect(off or options["HttpTokens"] == "required", "answers IMDSv1 requests")


@fix(instance_requires_imdsv2, "ec2:ModifyInstanceMetadataOptions", risk=Risk.CUTS_ACCESS)
def require_imdsv2(instance: Instance) -> Plan:
    """Require IMDSv2 on the instance.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html
    """
    not_managed(instance)
    tokens = instance["MetadataOptions"]["HttpTokens"]
    which = {"InstanceId": instance["InstanceId"]}
    return Plan(  # other options keep their values when they are not named
        do=[Call("ec2:ModifyInstanceMetadataOptions", which | {"HttpTokens": "required"})],
        undo=[Call("ec2:ModifyInstanceMetadataOptions", which | {"HttpTokens": tokens})],
        before={"HttpTokens": tokens},
        after={"HttpTokens": "required"},
        notes=[
            "Programs that still use IMDSv1 lose the role's credentials: metric MetadataNoToken counts their calls.",
            "Nothing restarts. Containers on the instance may need a hop limit of 2.",
            *_made_again(instance),
        ],
    )


@check(instances, practice=Practice.ROLES, severity=Severity.MEDIUM)
def instance_has_a_role(instance: Instance) -> Verdict:
    """EC2 instance has an IAM role.

    Without a role, programs that call AWS need access keys stored on the disk, which are copied and never change.

    Fix: Attach an instance profile with a role that allows what the programs need, and remove the keys.
    See: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html
    """
    _still_there(instance)
    return expect(instance.get("IamInstanceProfile"), "has no IAM role")  # AWS leaves the key out when there is none


@check(instances, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def instance_has_no_public_address(instance: Instance) -> Verdict:
    """EC2 instance has no public IPv4 address.

    With a public address only the rules of its security groups and network ACL stand between it and the internet.

    Fix: Put it in a private subnet behind a load balancer, with a NAT gateway or VPC endpoints for its way out.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-9
    """
    _still_there(instance)
    found = _public_addresses(instance)
    return expect(not found, f"has the public address{'es' * (len(found) > 1)} {', '.join(found)}")


@check(instances, now, practice=Practice.CONFIG, severity=Severity.LOW)
def stopped_instance_is_not_forgotten(instance: Instance, now: datetime, *, days: int = 30) -> Verdict:
    """EC2 instance is not stopped for long.

    Nobody patches a stopped machine: when it is started again it is as old as the day it was stopped.

    Fix: Make an AMI of it if it may be needed again, then terminate it.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-4
    """
    state = instance["State"]["Name"]
    if state != "stopped":
        raise NotApplicable(f"it is {state}")
    if _scaling_group(instance):
        raise NotApplicable("its Auto Scaling group keeps it in a warm pool, or replaces it")
    found = STOPPED_AT.search(instance.get("StateTransitionReason", ""))
    if not found:
        raise Unknown("AWS does not say since when it is stopped")
    age = (now - datetime.fromisoformat(found[1]).replace(tzinfo=UTC)).days
    return expect(age <= days, f"is stopped since {age} days")


@check(instances, practice=Practice.CONFIG, severity=Severity.LOW)
def instance_is_not_paravirtual(instance: Instance) -> Verdict:
    """EC2 instance uses hardware virtualization.

    Paravirtual machines run on retired hardware only, and get neither new instance types nor the Nitro System.

    Fix: Make an HVM AMI of what runs there, and start it on a type of the current generation.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-24
    """
    _still_there(instance)
    family = instance["InstanceType"].partition(".")[0]  # the emulator calls every machine paravirtual
    return expect(
        instance["VirtualizationType"] != "paravirtual" or family not in PARAVIRTUAL_FAMILIES,
        f"is paravirtual, on the type {instance['InstanceType']}",
    )


@check(instances, practice=Practice.NETWORK, severity=Severity.LOW)
def instance_stands_in_one_subnet(instance: Instance) -> Verdict:
    """EC2 instance has its interfaces in one subnet.

    A machine with a foot in two subnets can carry traffic past whatever the network lets pass between them.

    Fix: Detach the second interface, and let the route table and the security groups decide what reaches it.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-17
    """
    _still_there(instance)
    interfaces = instance["NetworkInterfaces"]
    own = [one for one in interfaces if not one.get("Description", "").lower().startswith(OF_PODS)]
    subnets = sorted({one["SubnetId"] for one in own})
    return expect(len(subnets) < TWO, f"has network interfaces in {' and '.join(subnets)}")


@check(instances, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def instance_checks_source_and_destination(instance: Instance) -> Verdict:
    """EC2 instance takes only traffic of its own.

    Without the check it can send in the name of other addresses and pass on what is not for it.

    Fix: Turn on the source/destination check, except where the machine is a NAT, a firewall or a router on purpose.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-180
    """
    _still_there(instance)
    off = [one["NetworkInterfaceId"] for one in _unchecked(instance)]
    return expect(not off, f"does not check source and destination on {', '.join(off)}")


@fix(instance_checks_source_and_destination, "ec2:ModifyNetworkInterfaceAttribute", risk=Risk.CUTS_ACCESS)
def check_source_and_destination(instance: Instance) -> Plan:
    """Turn on the source/destination check."""
    not_managed(instance)
    off = [one["NetworkInterfaceId"] for one in _unchecked(instance)]
    if not off:
        raise NotApplicable("it checks them")

    def calls(value: bool) -> list[Call]:
        return [
            Call("ec2:ModifyNetworkInterfaceAttribute", {"NetworkInterfaceId": id, "SourceDestCheck": {"Value": value}})
            for id in off
        ]

    return Plan(
        do=calls(True),
        undo=calls(False),
        before={f"source/destination check of {id}": "off" for id in off},
        after={f"source/destination check of {id}": "on" for id in off},
        notes=["A NAT instance, firewall, router or VPN endpoint stops working: others' traffic no longer passes it."],
    )


@check(instances, practice=Practice.MONITORING, severity=Severity.LOW)
def instance_has_detailed_monitoring(instance: Instance) -> Verdict:
    """EC2 instance has detailed monitoring.

    Without it CloudWatch has one value in five minutes: a burst that lasts two is not seen.

    Fix: Turn on detailed monitoring. CloudWatch charges for the metrics as custom ones.
    See: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/manage-detailed-monitoring.html
    """
    _still_there(instance)
    return expect(_monitored(instance), "has a metric only every five minutes")


@fix(instance_has_detailed_monitoring, "ec2:MonitorInstances", "ec2:UnmonitorInstances", risk=Risk.SAFE)
def monitor_in_detail(instance: Instance) -> Plan:
    """Turn on detailed monitoring of the instance."""
    not_managed(instance)
    which = {"InstanceIds": [instance["InstanceId"]]}
    return Plan(
        do=[Call("ec2:MonitorInstances", which)],
        undo=[Call("ec2:UnmonitorInstances", which)],
        before={"detailed monitoring": "on" if _monitored(instance) else "off"},
        after={"detailed monitoring": "on"},
        notes=["CloudWatch charges for each metric of the instance each month.", *_made_again(instance)],
    )


def _monitored(instance: Instance) -> bool:
    return instance["Monitoring"]["State"] in ("enabled", "pending")


def _unchecked(instance: Instance) -> Sequence[Any]:
    return [one for one in instance["NetworkInterfaces"] if not one["SourceDestCheck"]]


def not_managed(instance: Instance) -> None:
    """Raises NotApplicable for an instance that an AWS service made and nobody else may change.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html
    """
    operator = instance.get("Operator", {})
    if operator.get("Managed"):
        raise NotApplicable(f"{operator['Principal']} manages it: change it there")


def _public_addresses(instance: Instance) -> list[str]:
    """Of all its interfaces: AWS names that of the first alone beside them."""
    interfaces = instance["NetworkInterfaces"]
    holders = [*interfaces, *(one for each in interfaces for one in each.get("PrivateIpAddresses", []))]
    found = [instance.get("PublicIpAddress"), *(one.get("Association", {}).get("PublicIp") for one in holders)]
    return list(dict.fromkeys(filter(None, found)))


def _scaling_group(instance: Instance) -> str:
    tags = instance.get("Tags", [])
    return next((tag["Value"] for tag in tags if tag["Key"] == "aws:autoscaling:groupName"), "")


def _made_again(instance: Instance) -> Iterator[str]:
    if group := _scaling_group(instance):
        yield f"Auto Scaling group {group} starts new ones by its launch template: change that too."


def _still_there(instance: Instance) -> None:
    state = instance["State"]["Name"]
    if state in GONE:
        raise NotApplicable(f"it is {state}")
