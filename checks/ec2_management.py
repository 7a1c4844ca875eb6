"""Whether AWS Systems Manager looks after EC2 instances."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from checks.ec2_instances import instances, not_managed
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    NotApplicable,
    Practice,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    extra,
    now,
)
from checks.ssm import nodes

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import InstanceTypeDef as Instance

RUNNING = "running"


@collector(arn=ACCOUNT_ARN, needs=(nodes,))
def managed(aws: Aws) -> Iterator[frozenset[str]]:
    """One for the region: the ids of what Systems Manager manages."""
    yield frozenset(node["id"] for node in aws.read(nodes))


@extra(needs=(managed,))
def is_managed(aws: Aws, instance: Instance) -> bool:
    [ids] = aws.read(managed)
    return instance["InstanceId"] in ids


@check(instances, is_managed, now, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def instance_is_managed(instance: Instance, is_managed: bool, now: datetime, *, minutes: int = 60) -> Verdict:
    """EC2 instance is managed by Systems Manager.

    Otherwise nobody sees which patches it lacks, and people need SSH or RDP to get onto it.

    Fix: Give it a role with AmazonSSMManagedInstanceCore and a way to the ssm endpoints, and run the SSM Agent.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ssm-controls.html#ssm-1
    """
    if instance["State"]["Name"] != RUNNING:
        raise NotApplicable(f"it is {instance['State']['Name']}")
    not_managed(instance)
    if (now - instance["LaunchTime"]).total_seconds() < minutes * 60:
        raise NotApplicable("it was started just now")
    return expect(is_managed, "is not managed by Systems Manager")
