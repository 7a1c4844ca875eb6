"""FSx: each kind of file system has settings of its own, and lacks some."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import fsx
from checks.kit import NotApplicable
from tests.checks.cases import NOW, Case

BACKUPS, ZONES = fsx.file_system_has_backups, fsx.file_system_is_in_several_zones
TO_BACKUPS, TO_VOLUMES = fsx.file_system_copies_tags_to_backups, fsx.file_system_copies_tags_to_volumes
ONE_ZONE, NO_TAGS = "is in one Availability Zone", "does not copy its tags to backups"


def system(kind: str = "WINDOWS", type: str = "SINGLE_AZ_2", lifecycle: str = "AVAILABLE", **more: Any) -> Any:
    settings = {"DeploymentType": type} | more
    return {
        "FileSystemType": kind,
        "FileSystemId": "fs-0123456789abcdef0",
        "Lifecycle": lifecycle,
        fsx.SETTINGS[kind]: settings,
    }


CASES = [
    Case(BACKUPS, [system(AutomaticBackupRetentionDays=30), True, None, NOW], None),
    Case(BACKUPS, [system(AutomaticBackupRetentionDays=1), True, None, NOW], "keeps automatic backups for 1 of 7 days"),
    Case(BACKUPS, [system(), True, None, NOW], "has no automatic backups"),
    Case(BACKUPS, [system(), True, datetime(2026, 3, 1, tzinfo=UTC), NOW], None),
    Case(BACKUPS, [system(), True, datetime(2025, 3, 1, tzinfo=UTC), NOW], "has no automatic backups"),
    Case(BACKUPS, [system("LUSTRE", "SCRATCH_2"), False, None, NOW], NotApplicable),
    Case(BACKUPS, [system(lifecycle="DELETING"), True, None, NOW], NotApplicable),
    Case(ZONES, [system()], ONE_ZONE),
    Case(ZONES, [system(type="MULTI_AZ_1")], None),
    Case(ZONES, [system("ONTAP", "MULTI_AZ_2")], None),
    Case(ZONES, [system("OPENZFS", "SINGLE_AZ_HA_2")], ONE_ZONE),
    Case(ZONES, [system("LUSTRE", "PERSISTENT_2")], NotApplicable),
    Case(TO_BACKUPS, [system(CopyTagsToBackups=True), True], None),
    Case(TO_BACKUPS, [system(), True], NO_TAGS),
    Case(TO_BACKUPS, [system("OPENZFS", CopyTagsToBackups=False), True], NO_TAGS),
    Case(TO_BACKUPS, [system("LUSTRE", "SCRATCH_1"), False], NotApplicable),
    Case(TO_BACKUPS, [system("ONTAP"), True], NotApplicable),
    Case(TO_VOLUMES, [system("OPENZFS", CopyTagsToVolumes=True)], None),
    Case(TO_VOLUMES, [system("OPENZFS")], "does not copy its tags to volumes"),
    Case(TO_VOLUMES, [system()], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_what_aws_takes_only_at_the_start_is_not_planned() -> None:
    with pytest.raises(NotApplicable):
        fsx.copy_tags_to_backups.plan(system(), True)


def test_lustre_has_no_backups_when_it_is_scratch_or_linked(aws: Region) -> None:
    read = fsx.can_have_backups.read
    assert read(aws, system())
    assert not read(aws, system("LUSTRE", "SCRATCH_2"))
    assert not read(aws, system("LUSTRE", "PERSISTENT_1", DataRepositoryConfiguration={"ImportPath": "s3://a"}))
    with Stubber(aws.clients.get("fsx", aws.region)) as stub:
        stub.add_response("describe_data_repository_associations", {"Associations": [{"FileSystemId": "fs-12345678"}]})
        assert not read(aws, system("LUSTRE", "PERSISTENT_2"))
        stub.add_response("describe_data_repository_associations", {"Associations": []})
        assert read(aws, system("LUSTRE", "PERSISTENT_2"))


def test_a_plan_of_aws_backup_counts(aws: Region) -> None:
    unsafe(aws.clients.session)
    [one] = fsx.file_systems.stream(aws)
    assert fsx.last_backup_of_a_plan.read(aws, one) is None
    made = [
        {
            "BackupId": "backup-12345678",
            "Lifecycle": "AVAILABLE",
            "Type": "AWS_BACKUP",
            "CreationTime": when,
            "FileSystem": {},
        }
        for when in (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    ]
    with Stubber(aws.clients.get("fsx", aws.region)) as stub:
        stub.add_response("describe_backups", {"Backups": made})
        assert fsx.last_backup_of_a_plan.read(aws, one) == datetime(2026, 3, 1, tzinfo=UTC)


def unsafe(aws: boto3.Session) -> None:
    settings: Any = {"DeploymentType": "SINGLE_AZ_1", "ThroughputCapacity": 64, "AutomaticBackupRetentionDays": 0}
    aws.client("fsx").create_file_system(
        FileSystemType="OPENZFS",
        StorageCapacity=64,
        SubnetIds=["subnet-0123456789abcdef0"],
        OpenZFSConfiguration=settings,
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = dict.fromkeys(
    (BACKUPS.id, TO_BACKUPS.id, TO_VOLUMES.id), unsafe
)
