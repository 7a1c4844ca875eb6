"""EC2 instances: the credentials they hand out, and to whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.ec2_names import with_name
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
    fix,
)

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import InstanceTypeDef as Instance

GONE = ("terminated", "shutting-down")


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
    operator = instance.get("Operator", {})
    if operator.get("Managed"):
        raise NotApplicable(f"{operator['Principal']} manages it: change it there")
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


def _made_again(instance: Instance) -> Iterator[str]:
    for tag in instance.get("Tags", []):
        if tag["Key"] == "aws:autoscaling:groupName":
            yield f"Auto Scaling group {tag['Value']} starts new ones by its launch template: change that too."


def _still_there(instance: Instance) -> None:
    state = instance["State"]["Name"]
    if state in GONE:
        raise NotApplicable(f"it is {state}")
