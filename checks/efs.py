"""Amazon EFS file systems and their access points."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NotRequired, TypedDict

from checks import documents
from checks.backup_coverage import DAYS, GRACE, Protection, protected, protection
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
    extra,
    fix,
)
from checks.policy_edits import as_it_is, public_statements, with_condition
from checks.public_subnets import NEEDS, public_among

if TYPE_CHECKING:
    from types_boto3_efs.type_defs import AccessPointDescriptionTypeDef as AccessPoint

MOUNTED = "elasticfilesystem:AccessedViaMountTarget"
GONE = ("creating", "deleting", "deleted", "error")


class FileSystem(TypedDict):
    """What is used of AWS's FileSystemDescription."""

    FileSystemArn: str
    FileSystemId: str
    CreationTime: datetime
    LifeCycleState: str
    NumberOfMountTargets: int
    Encrypted: bool
    AvailabilityZoneName: NotRequired[str]
    FileSystemProtection: NotRequired[Mapping[str, str]]


@collector("efs:DescribeFileSystems", arn="{FileSystemArn}", name="{known_as}")
def file_systems(aws: Aws) -> Iterator[FileSystem]:
    """Leaves out those being made or deleted."""
    found = aws.items("efs:DescribeFileSystems", "FileSystems")
    return (with_name(one, one["FileSystemId"]) for one in found if one["LifeCycleState"] not in GONE)


@collector("efs:DescribeAccessPoints", arn="{AccessPointArn}", name="{known_as}")
def access_points(aws: Aws) -> Iterator[AccessPoint]:
    """Leaves out those being made or deleted."""
    found = aws.items("efs:DescribeAccessPoints", "AccessPoints")
    return (with_name(one, one["AccessPointId"]) for one in found if one["LifeCycleState"] not in GONE)


@extra("efs:DescribeFileSystemPolicy")
def policy(aws: Aws, file_system: FileSystem) -> str:
    which = file_system["FileSystemId"]
    got = aws.call("efs:DescribeFileSystemPolicy", FileSystemId=which, absent="PolicyNotFound")
    return str(got.get("Policy", ""))


@extra("efs:DescribeBackupPolicy")
def automatic_backups(aws: Aws, file_system: FileSystem) -> str:
    """The status of the file system's automatic backups; DISABLED where they were never turned on."""
    which = file_system["FileSystemId"]
    got = aws.call("efs:DescribeBackupPolicy", FileSystemId=which, absent="PolicyNotFound")
    return str(got.get("BackupPolicy", {}).get("Status", "DISABLED"))


@extra(needs=(protected,))
def backed_up(aws: Aws, file_system: FileSystem) -> Protection:
    return protection(aws, "EFS", file_system["FileSystemArn"])


@extra("efs:DescribeMountTargets", needs=NEEDS)
def public_mount_targets(aws: Aws, file_system: FileSystem) -> Sequence[str]:
    """The public subnets in which it can be mounted. Not asked where it has no mount targets."""
    if not file_system["NumberOfMountTargets"]:
        return []
    targets = aws.items("efs:DescribeMountTargets", "MountTargets", FileSystemId=file_system["FileSystemId"])
    return public_among(aws, {target["SubnetId"] for target in targets})


@check(file_systems, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def file_system_is_encrypted(file_system: FileSystem) -> Verdict:
    """EFS file system is encrypted.

    Encryption covers the files, their names and their backups; without the key nobody reads what leaks.

    Fix: It cannot be turned on later: make an encrypted file system, copy the files with DataSync and mount that one.
    See: https://docs.aws.amazon.com/efs/latest/ug/encryption-at-rest.html
    """
    return expect(file_system["Encrypted"], "is not encrypted")


@check(file_systems, policy, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def file_system_policy_is_not_public(file_system: FileSystem, policy: str) -> Verdict:
    """EFS file system's policy lets in nobody from outside.

    Such a policy leaves the network as the only guard: whoever reaches a mount target reads and writes the files.

    Fix: Name principals in the policy, or allow only what comes by way of a mount target
    (elasticfilesystem:AccessedViaMountTarget).
    See: https://docs.aws.amazon.com/efs/latest/ug/access-control-block-public-access.html
    """
    return documents.opens_to_everyone(policy)


@fix(file_system_policy_is_not_public, "efs:PutFileSystemPolicy", risk=Risk.CUTS_ACCESS)
def ask_for_a_mount_target(file_system: FileSystem, policy: str) -> Plan:
    """Let everyone in by way of a mount target only.

    Statements are not taken out: without any, EFS lets in whoever reaches a mount target, with root's rights.
    Source: https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
    """
    if not policy or not (public := public_statements(policy)):
        raise NotApplicable("its policy lets in nobody from outside", as_it_is(policy))
    if any(MOUNTED.lower() in json.dumps(one.get("Condition", {})).lower() for one in public):
        raise NotApplicable("a statement says itself who needs to come by a mount target: change that by hand")
    later = with_condition(policy, public, "Bool", MOUNTED, "true")

    def put(text: str) -> Call:
        return Call("efs:PutFileSystemPolicy", {"FileSystemId": file_system["FileSystemId"], "Policy": text})

    return Plan(
        do=[put(later)],
        undo=[put(policy)],
        before=as_it_is(policy),
        after=as_it_is(later),
        notes=[
            "Clients that mount it as ever go on: they come by way of a mount target.",
            "Whoever reaches a mount target still gets in: security groups decide who that is.",
        ],
    )


@check(file_systems, automatic_backups, backed_up, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def file_system_is_backed_up(
    file_system: FileSystem, automatic: str, backed_up: Protection, *, days: int = DAYS
) -> Verdict:
    """EFS file system is backed up.

    EFS keeps several copies of a file, but what somebody deletes or encrypts is gone in all of them.

    Fix: Turn on automatic backups, or assign the file system to a plan of AWS Backup.
    See: https://docs.aws.amazon.com/efs/latest/ug/awsbackup.html
    """
    if file_system.get("FileSystemProtection", {}).get("ReplicationOverwriteProtection") == "REPLICATING":
        raise NotApplicable("it is a replica: what it copies keeps the backups")
    if automatic in ("ENABLED", "ENABLING"):
        return None
    last = backed_up["last"]
    if last is None and backed_up["now"] - file_system["CreationTime"] < GRACE:
        raise NotApplicable("it is not two days old: its first backup may be due yet")
    if last is None:
        return "is not backed up: automatic backups are off, and AWS Backup has none"
    recent = backed_up["now"] - last <= timedelta(days=days)
    return expect(recent, f"was last backed up by AWS Backup on {last:%Y-%m-%d}; automatic backups are off")


@fix(file_system_is_backed_up, "efs:PutBackupPolicy", risk=Risk.SAFE)
def back_up(file_system: FileSystem, automatic: str, backed_up: Protection) -> Plan:
    """Turn on automatic backups of the EFS file system."""

    def put(status: str) -> Call:
        which = file_system["FileSystemId"]
        return Call("efs:PutBackupPolicy", {"FileSystemId": which, "BackupPolicy": {"Status": status}})

    return Plan(
        do=[put("ENABLED")],
        undo=[put("DISABLED")],
        before={"automatic backups": _in_words(automatic)},
        after={"automatic backups": "on"},
        notes=[
            "AWS Backup backs it up daily and keeps each backup for 35 days, charged by size. Nothing slows down.",
            "Undo stops the next backups and keeps those that were made until they expire.",
        ],
    )


@check(file_systems, practice=Practice.BACKUP, severity=Severity.LOW)
def file_system_is_in_several_zones(file_system: FileSystem) -> Verdict:
    """EFS file system is stored in several Availability Zones.

    One Zone storage is lost when its zone is destroyed, and out of reach while it fails.

    Fix: It cannot be changed: replicate it to a Regional file system and mount that one, or back it up well.
    See: https://docs.aws.amazon.com/efs/latest/ug/availability-durability.html
    """
    zone = file_system.get("AvailabilityZoneName")  # .get: AWS sends it of One Zone file systems alone
    return expect(not zone, f"is stored in one Availability Zone, {zone}")


@check(file_systems, public_mount_targets, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def file_system_is_mounted_in_private_subnets(file_system: FileSystem, public: Sequence[str]) -> Verdict:
    """EFS file system has its mount targets in private subnets.

    Machines in a public subnet face the internet; the first of them to fall would have the files at hand.

    Fix: Make mount targets in private subnets of the same zones and remove those in public ones.
    See: https://docs.aws.amazon.com/efs/latest/ug/accessing-fs.html
    """
    return f"can be mounted in public subnets ({', '.join(public)})" if public else None


@check(access_points, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def access_point_has_own_root(point: AccessPoint) -> Verdict:
    """EFS access point shows only a directory of its own.

    An access point is to keep an application to its own files; with the root of the file system it shows all.

    Fix: It cannot be changed: make an access point with a root directory of the application's, and mount by that one.
    See: https://docs.aws.amazon.com/efs/latest/ug/enforce-root-directory-access-point.html
    """
    # .get: AWS leaves it out, or says "/", where none was chosen.
    return expect(point.get("RootDirectory", {}).get("Path", "/") != "/", "shows the whole file system")


@check(access_points, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def access_point_has_own_user(point: AccessPoint) -> Verdict:
    """EFS access point decides which user reads and writes.

    Without one a client says itself who it is, and may say root.

    Fix: It cannot be changed: make an access point with a POSIX user, and mount by that one.
    See: https://docs.aws.amazon.com/efs/latest/ug/enforce-identity-access-points.html
    """
    return expect("PosixUser" in point, "takes the client's word for which user it is")


def _in_words(status: str) -> str:
    return "on" if status in ("ENABLED", "ENABLING") else "off"
