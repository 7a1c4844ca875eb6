"""Amazon FSx file systems: for Windows, Lustre, NetApp ONTAP and OpenZFS, each with its own settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collect,
    expect,
    extra,
    fix,
    now,
)

if TYPE_CHECKING:
    from types_boto3_fsx.type_defs import FileSystemTypeDef as FileSystem

SETTINGS = {
    "WINDOWS": "WindowsConfiguration",
    "LUSTRE": "LustreConfiguration",
    "ONTAP": "OntapConfiguration",
    "OPENZFS": "OpenZFSConfiguration",
}
UPDATE = "fsx:UpdateFileSystem"
UNFINISHED = ("CREATING", "DELETING", "FAILED")

file_systems: Collector[FileSystem] = collect(
    "fsx:DescribeFileSystems", "FileSystems", arn="{ResourceARN}", name="{FileSystemId}"
)


@extra("fsx:DescribeDataRepositoryAssociations")
def can_have_backups(aws: Aws, system: FileSystem) -> bool:
    """Not so scratch file systems of Lustre, and those linked to a bucket.

    Source: https://docs.aws.amazon.com/fsx/latest/LustreGuide/using-backups-fsx.html
    """
    if system["FileSystemType"] != "LUSTRE":
        return True
    settings = system["LustreConfiguration"]
    if settings["DeploymentType"].startswith("SCRATCH") or settings.get("DataRepositoryConfiguration"):
        return False
    wanted = [{"Name": "file-system-id", "Values": [system["FileSystemId"]]}]
    linked = aws.items("fsx:DescribeDataRepositoryAssociations", "Associations", Filters=wanted)
    return next(linked, None) is None


@extra("fsx:DescribeBackups")
def last_backup_of_a_plan(aws: Aws, system: FileSystem) -> datetime | None:
    """When AWS Backup last made one that is still there."""
    wanted = [
        {"Name": "file-system-id", "Values": [system["FileSystemId"]]},
        {"Name": "backup-type", "Values": ["AWS_BACKUP"]},
    ]
    return max(
        (one["CreationTime"] for one in aws.items("fsx:DescribeBackups", "Backups", Filters=wanted)), default=None
    )


@check(file_systems, can_have_backups, last_backup_of_a_plan, now, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def file_system_has_backups(
    system: FileSystem, possible: bool, planned: datetime | None, now: datetime, *, days: int = 7
) -> Verdict:
    """FSx file system keeps automatic backups long enough.

    A mistake or an attack is often noticed after days; only an older backup brings the files back.

    Fix: Set the automatic backup retention to 7 days or more, or put the file system into a plan of AWS Backup.
    See: https://docs.aws.amazon.com/fsx/latest/WindowsGuide/using-backups.html
    """
    kept = _settings(system).get("AutomaticBackupRetentionDays", 0)
    _must_be_possible(possible)
    if kept >= days or (planned and (now - planned).days < days):  # a plan of AWS Backup makes them, too
        return None
    return f"keeps automatic backups for {kept} of {days} days" if kept else "has no automatic backups"


@fix(file_system_has_backups, UPDATE, risk=Risk.SAFE, patience=120)
def keep_backups(system: FileSystem, possible: bool, planned: datetime | None, now: datetime, *, days: int = 7) -> Plan:
    """Keep the file system's automatic backups for long enough.

    Source: https://docs.aws.amazon.com/fsx/latest/APIReference/API_UpdateFileSystem.html
    """
    _must_be_possible(possible)
    kept = _settings(system).get("AutomaticBackupRetentionDays", 0)
    days = max(days, kept)
    return Plan(
        do=[_update(system, AutomaticBackupRetentionDays=days)],
        undo=[_update(system, AutomaticBackupRetentionDays=kept)],
        before={"automatic backups": _days(kept)},
        after={"automatic backups": _days(days)},
        notes=[
            "Backups are incremental and cost by the gigabyte and month.",
            "Undo deletes the automatic backups made meanwhile"
            + (f" that are older than {_days(kept)}." if kept else "."),
        ],
    )


@check(file_systems, practice=Practice.BACKUP, severity=Severity.LOW)
def file_system_is_in_several_zones(system: FileSystem) -> Verdict:
    """FSx file system is in several Availability Zones.

    When a zone fails, a standby in another takes over; a file system of one zone is away until that zone is back.

    Fix: Make a file system of a Multi-AZ type, restore a backup or copy the files, and move the clients to it.
    See: https://docs.aws.amazon.com/fsx/latest/WindowsGuide/high-availability-multiAZ.html
    """
    settings = _settings(system)
    if system["FileSystemType"] == "LUSTRE":
        raise NotApplicable("FSx for Lustre is of one zone")
    return expect(settings["DeploymentType"].startswith("MULTI_AZ"), "is in one Availability Zone")


@check(file_systems, can_have_backups, practice=Practice.BACKUP, severity=Severity.LOW)
def file_system_copies_tags_to_backups(system: FileSystem, possible: bool) -> Verdict:
    """FSx file system copies its tags to its backups.

    Tags say whose a backup is; rules on cost and access that go by tags do not see one without.

    Fix: Turn on copying of tags. Only FSx for OpenZFS takes it later; others take it when they are made.
    See: https://docs.aws.amazon.com/fsx/latest/APIReference/API_UpdateFileSystemOpenZFSConfiguration.html
    """
    settings = _settings(system)
    if system["FileSystemType"] == "ONTAP":
        raise NotApplicable("of FSx for ONTAP each volume decides on it")
    _must_be_possible(possible)
    return expect(settings.get("CopyTagsToBackups"), "does not copy its tags to backups")


@fix(file_system_copies_tags_to_backups, UPDATE, risk=Risk.SAFE)
def copy_tags_to_backups(system: FileSystem, possible: bool) -> Plan:
    """Copy the file system's tags to its backups."""
    return _copy_tags(system, "CopyTagsToBackups")


@check(file_systems, practice=Practice.BACKUP, severity=Severity.LOW)
def file_system_copies_tags_to_volumes(system: FileSystem) -> Verdict:
    """FSx for OpenZFS file system copies its tags to its volumes.

    Volumes hold the data; rules on cost and access that go by tags do not see one without.

    Fix: Turn on copying of tags to volumes. Volumes that are there already stay as they are.
    See: https://docs.aws.amazon.com/fsx/latest/APIReference/API_UpdateFileSystemOpenZFSConfiguration.html
    """
    settings = _settings(system)
    if system["FileSystemType"] != "OPENZFS":
        raise NotApplicable("only FSx for OpenZFS has the setting")
    return expect(settings.get("CopyTagsToVolumes"), "does not copy its tags to volumes")


@fix(file_system_copies_tags_to_volumes, UPDATE, risk=Risk.SAFE)
def copy_tags_to_volumes(system: FileSystem) -> Plan:
    """Copy the file system's tags to its volumes."""
    return _copy_tags(system, "CopyTagsToVolumes")


def _copy_tags(system: FileSystem, setting: str) -> Plan:
    if system["FileSystemType"] != "OPENZFS":
        raise NotApplicable("AWS takes the setting only when the file system is made")
    on = bool(_settings(system).get(setting))
    return Plan(
        do=[_update(system, **{setting: True})],
        undo=[_update(system, **{setting: on})],
        before={setting: "on" if on else "off"},
        after={setting: "on"},
        notes=["It holds for what is made from now on. A request that names tags of its own gets these alone."],
    )


def _update(system: FileSystem, **settings: Any) -> Call:
    kind = SETTINGS[system["FileSystemType"]]
    return Call(UPDATE, {"FileSystemId": system["FileSystemId"], kind: settings})


def _days(count: int) -> str:
    return "off" if not count else "1 day" if count == 1 else f"{count} days"


def _settings(system: FileSystem) -> Mapping[str, Any]:
    """Those of its type. Raises NotApplicable for what is being made or deleted, or is a cache."""
    if system.get("Lifecycle") in UNFINISHED:
        raise NotApplicable("it is being made or deleted, or was never made")
    found: Mapping[str, Any] = system[SETTINGS[system["FileSystemType"]]]  # type: ignore[literal-required]
    return found


def _must_be_possible(backups: bool) -> None:
    if not backups:
        raise NotApplicable("AWS makes no backups of a scratch file system, or of one linked to a bucket")
