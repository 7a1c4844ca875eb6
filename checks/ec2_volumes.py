"""Amazon EBS: volumes, snapshots, and whether a region encrypts what is made next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from checks.ec2_names import with_name
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    Collector,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import CreateVolumePermissionTypeDef as Permission
    from types_boto3_ec2.type_defs import GetEbsEncryptionByDefaultResultTypeDef as Default
    from types_boto3_ec2.type_defs import GetSnapshotBlockPublicAccessStateResultTypeDef as Sharing
    from types_boto3_ec2.type_defs import SnapshotTypeDef as Snapshot
    from types_boto3_ec2.type_defs import VolumeTypeDef as Volume

SNAPSHOT_ARN = "arn:{partition}:ec2:{region}::snapshot/{SnapshotId}"

snapshots: Collector[Snapshot] = collect("ec2:DescribeSnapshots", "Snapshots", arn=SNAPSHOT_ARN, OwnerIds=["self"])
public_snapshots: Collector[Snapshot] = collect(
    "ec2:DescribeSnapshots", "Snapshots", arn=SNAPSHOT_ARN, OwnerIds=["self"], RestorableByUserIds=["all"]
)


@collector("ec2:DescribeVolumes", arn="arn:{partition}:ec2:{region}:{account}:volume/{VolumeId}", name="{known_as}")
def volumes(aws: Aws) -> Iterator[Volume]:
    return (with_name(volume, volume["VolumeId"]) for volume in aws.items("ec2:DescribeVolumes", "Volumes"))


@collector("ec2:GetEbsEncryptionByDefault", arn=ACCOUNT_ARN, name="{region}")
def defaults(aws: Aws) -> Iterator[Default]:
    """The region's one answer."""
    yield aws.call("ec2:GetEbsEncryptionByDefault")


@collector("ec2:GetSnapshotBlockPublicAccessState", arn=ACCOUNT_ARN, name="{region}")
def public_sharing(aws: Aws) -> Iterator[Sharing]:
    """The region's one answer."""
    yield aws.call("ec2:GetSnapshotBlockPublicAccessState")


@extra("ec2:DescribeSnapshotAttribute", needs=(public_snapshots, public_sharing))
def permissions(aws: Aws, snapshot: Snapshot) -> Sequence[Permission]:
    """Who may make volumes of a snapshot, read for those alone that the region's list of public ones names.

    The list spares a call for each snapshot; the attribute decides, for an emulator may list them all. Where all
    public sharing is blocked, AWS treats them as private and leaves the attribute as it was: nobody may.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableSnapshotBlockPublicAccess.html
    """
    id = snapshot["SnapshotId"]
    if not any(public["SnapshotId"] == id for public in aws.read(public_snapshots)):
        return []
    if any(sharing["State"] == "block-all-sharing" for sharing in aws.read(public_sharing)):
        return []
    answer = aws.call("ec2:DescribeSnapshotAttribute", SnapshotId=id, Attribute="createVolumePermission")
    found: Sequence[Permission] = answer["CreateVolumePermissions"]
    return found


@check(defaults, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def region_encrypts_new_volumes(default: Default) -> Verdict:
    """Region encrypts new EBS volumes.

    With encryption by default nobody has to remember it: every new volume and snapshot copy is encrypted.

    Fix: Turn on EBS encryption by default in the region. It is free; volumes that exist stay as they are.
    See: https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
    """
    return expect(default["EbsEncryptionByDefault"], "does not encrypt new EBS volumes by default")


@fix(
    region_encrypts_new_volumes,
    "ec2:EnableEbsEncryptionByDefault",
    "ec2:DisableEbsEncryptionByDefault",
    risk=Risk.SAFE,
)
def encrypt_new_volumes(default: Default) -> Plan:
    """Encrypt new EBS volumes in this region by default."""
    return Plan(
        do=[Call("ec2:EnableEbsEncryptionByDefault", {})],
        undo=[Call("ec2:DisableEbsEncryptionByDefault", {})],
        before={"EBS encryption by default": "on" if default["EbsEncryptionByDefault"] else "off"},
        after={"EBS encryption by default": "on"},
        notes=[
            "It costs nothing. Volumes that exist stay as they are; those made meanwhile stay encrypted after an undo.",
            "Instance types of old generations that cannot use encrypted volumes can no longer be launched.",
            "Whoever makes volumes needs permission to use the region's default key for EBS.",
        ],
    )


@check(volumes, practice=Practice.ENCRYPTION, severity=Severity.HIGH)
def volume_is_encrypted(volume: Volume) -> Verdict:
    """EBS volume is encrypted.

    An encrypted volume cannot be read from a lost disk or a leaked snapshot without the permission to use its key.

    Fix: Make a snapshot, copy it with encryption, make a volume of the copy and put it in the old one's place.
    See: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html
    """
    return expect(volume["Encrypted"], "is not encrypted")


@check(snapshots, permissions, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def snapshot_is_private(snapshot: Snapshot, permissions: Sequence[Permission]) -> Verdict:
    """EBS snapshot is private.

    A public snapshot is a copy of a whole disk that anyone with an AWS account can take, secrets included.

    Fix: Make the snapshot private. Treat what was on the disk as leaked: change its passwords and keys.
    See: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
    """
    return expect(not _public(permissions), "can be copied by every AWS account")


@fix(snapshot_is_private, "ec2:ModifySnapshotAttribute", risk=Risk.CUTS_ACCESS)
def make_snapshot_private(snapshot: Snapshot, permissions: Sequence[Permission]) -> Plan:
    """Take the EBS snapshot back from the public."""
    who = {"SnapshotId": snapshot["SnapshotId"], "Attribute": "createVolumePermission", "GroupNames": ["all"]}
    return Plan(
        do=[Call("ec2:ModifySnapshotAttribute", who | {"OperationType": "remove"})],
        undo=[Call("ec2:ModifySnapshotAttribute", who | {"OperationType": "add"})],
        before={"who may copy it": "everyone" if _public(permissions) else "accounts it is shared with"},
        after={"who may copy it": "accounts it is shared with"},
        notes=["Copies that others made already stay theirs.", "Accounts it is shared with by number keep it."],
    )


def _public(permissions: Sequence[Permission]) -> bool:
    return any(permission.get("Group") == "all" for permission in permissions)  # the others name a UserId
