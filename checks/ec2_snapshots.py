"""EBS snapshots: encrypted, and a recent one for each volume. Who may copy them is in `ec2_volumes`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from checks.ec2_instances import instances
from checks.ec2_volumes import snapshots, volumes
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

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import SnapshotTypeDef as Snapshot
    from types_boto3_ec2.type_defs import VolumeTypeDef as Volume


@collector(arn=ACCOUNT_ARN, needs=(snapshots,))
def latest_snapshots(aws: Aws) -> Iterator[Mapping[str, datetime]]:
    """One for the region: by volume, when its last whole snapshot was taken."""
    last = dict[str, datetime]()
    for one in aws.read(snapshots):
        if one["State"] == "completed":
            last[one["VolumeId"]] = max(one["StartTime"], last.get(one["VolumeId"], one["StartTime"]))
    yield last


MADE_ANEW = ("aws:autoscaling:groupName", "aws:ec2:fleet-id", "aws:ec2spot:fleet-request-id")
"""Tags of AWS's on machines of Auto Scaling groups and of fleets, as Karpenter starts them."""


@collector(arn=ACCOUNT_ARN, needs=(instances,))
def scaling_machines(aws: Aws) -> Iterator[frozenset[str]]:
    """One for the region: the instances that something makes anew when they are gone."""
    yield frozenset(
        one["InstanceId"]
        for one in aws.read(instances)
        if one.get("Operator", {}).get("Managed") or any(tag["Key"] in MADE_ANEW for tag in one.get("Tags", []))
    )


@extra(needs=(latest_snapshots,))
def last_taken(aws: Aws, volume: Volume) -> datetime | None:
    """When the last snapshot of a volume was taken, by whatever tool: AWS Backup's and those of DLM are among them."""
    [last] = aws.read(latest_snapshots)
    return last.get(volume["VolumeId"])


@extra(needs=(scaling_machines,))
def scales(aws: Aws, volume: Volume) -> bool:
    """Whether it comes and goes with a machine that is made anew and not restored: a volume of a pod outlives it."""
    [machines] = aws.read(scaling_machines)
    return any(one["InstanceId"] in machines and one["DeleteOnTermination"] for one in volume["Attachments"])


@check(snapshots, practice=Practice.ENCRYPTION, severity=Severity.HIGH)
def snapshot_is_encrypted(snapshot: Snapshot) -> Verdict:
    """EBS snapshot is encrypted.

    Whoever may copy a plain snapshot reads the whole disk; an encrypted one also asks for the use of its key.

    Fix: Copy the snapshot with encryption and delete the plain one. Turn on encryption by default in the region.
    See: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html
    """
    return expect(snapshot["Encrypted"], "is not encrypted")


@check(volumes, last_taken, scales, now, practice=Practice.BACKUP, severity=Severity.LOW)
def volume_has_recent_snapshot(
    volume: Volume, last_taken: datetime | None, scales: bool, now: datetime, *, days: int = 7
) -> Verdict:
    """EBS volume has a recent snapshot.

    A disk that is deleted, encrypted by ransomware or simply breaks is back only as of its last snapshot.

    Fix: Put the volume, by a tag, into an AWS Backup plan or a policy of Data Lifecycle Manager.
    See: https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-lifecycle.html
    """
    if volume["State"] != "in-use":
        raise NotApplicable(f"it is {volume['State']}")
    if scales:
        raise NotApplicable("it goes with its machine, which an Auto Scaling group, a fleet or a service makes anew")
    if last_taken is None:
        if (now - volume["CreateTime"]).days < days:
            raise NotApplicable(f"it is not {days} days old")
        return "has no snapshot"
    age = (now - last_taken).days
    return expect(age <= days, f"has no snapshot of the last {days} days; the last is {age} days old")
