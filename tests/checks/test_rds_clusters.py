"""DB clusters of all engines: what the judges say, and the ones that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from checks import rds_clusters
from checks.kit import NotApplicable
from tests.checks.cases import Case
from tests.checks.test_databases import cluster

AURORA: Any = {"DBClusterIdentifier": "shop", "Engine": "aurora-postgresql", "Status": "available"}
MYSQL = AURORA | {"Engine": "aurora-mysql"}
MULTI_AZ = AURORA | {"Engine": "postgres"}
DOCUMENTS = AURORA | {"Engine": "docdb"}

BACKUPS, UPGRADES = rds_clusters.cluster_has_backups, rds_clusters.cluster_takes_minor_upgrades
TAGS, BACKTRACK = rds_clusters.cluster_copies_tags_to_snapshots, rds_clusters.cluster_can_backtrack
NO_UPGRADES = "does not take minor version upgrades by itself"
NO_TAGS = "does not copy its tags to its snapshots"
NO_WINDOW = "cannot be rewound: it has no backtrack window"

CASES = [
    Case(rds_clusters.cluster_is_encrypted, [AURORA | {"StorageEncrypted": True}], None),
    Case(rds_clusters.cluster_is_encrypted, [DOCUMENTS | {"StorageEncrypted": False}], "is not encrypted"),
    Case(BACKUPS, [AURORA | {"BackupRetentionPeriod": 7}], None),
    Case(BACKUPS, [DOCUMENTS | {"BackupRetentionPeriod": 1}], "keeps automated backups for 1 day, not 7"),
    Case(
        BACKUPS,
        [MULTI_AZ | {"BackupRetentionPeriod": 1, "PendingModifiedValues": {"BackupRetentionPeriod": 7}}],
        NotApplicable,
    ),
    Case(rds_clusters.cluster_has_deletion_protection, [AURORA | {"DeletionProtection": True}], None),
    Case(
        rds_clusters.cluster_has_deletion_protection,
        [AURORA | {"DeletionProtection": False}],
        "can be deleted: deletion protection is off",
    ),
    Case(TAGS, [AURORA | {"CopyTagsToSnapshot": True}], None),
    Case(TAGS, [AURORA | {"CopyTagsToSnapshot": False}], NO_TAGS),
    Case(TAGS, [DOCUMENTS], NO_TAGS),
    Case(UPGRADES, [MULTI_AZ | {"AutoMinorVersionUpgrade": True}], None),
    Case(UPGRADES, [MULTI_AZ | {"AutoMinorVersionUpgrade": False}], NO_UPGRADES),
    Case(UPGRADES, [AURORA | {"AutoMinorVersionUpgrade": False}], NotApplicable),
    Case(UPGRADES, [DOCUMENTS], NotApplicable),
    Case(BACKTRACK, [MYSQL | {"EngineMode": "provisioned", "BacktrackWindow": 86400}], None),
    Case(BACKTRACK, [MYSQL | {"EngineMode": "provisioned", "BacktrackWindow": 0}], NO_WINDOW),
    Case(BACKTRACK, [MYSQL], NO_WINDOW),
    Case(BACKTRACK, [MYSQL | {"EngineMode": "serverless"}], NotApplicable),
    Case(BACKTRACK, [MYSQL | {"GlobalClusterIdentifier": "shop-everywhere"}], NotApplicable),
    Case(BACKTRACK, [AURORA], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_the_days_can_be_other_ones() -> None:
    outcome = Case(BACKUPS, [AURORA | {"BackupRetentionPeriod": 7}], None).outcome(days=14)
    assert outcome == "keeps automated backups for 7 days, not 14"


def test_a_period_that_is_longer_is_never_shortened() -> None:
    plan = rds_clusters.keep_backups.plan(AURORA | {"BackupRetentionPeriod": 35})
    assert plan.do[0].params["BackupRetentionPeriod"] == 35
    assert plan.undo == plan.do


def test_upgrades_are_not_turned_on_where_other_changes_would_come_with_it() -> None:
    waits = {"AutoMinorVersionUpgrade": False, "PendingModifiedValues": {"EngineVersion": "16.4"}}
    with pytest.raises(NotApplicable):
        rds_clusters.take_minor_upgrades.plan(MULTI_AZ | waits)


def multi_az_cluster(aws: boto3.Session) -> None:
    cluster(
        aws,
        Engine="postgres",
        AllocatedStorage=100,
        DBClusterInstanceClass="db.m6gd.large",
        Iops=1000,
        StorageType="io1",
        AutoMinorVersionUpgrade=False,
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    BACKUPS.id: lambda aws: cluster(aws, BackupRetentionPeriod=1),
    rds_clusters.cluster_has_deletion_protection.id: lambda aws: cluster(aws, DeletionProtection=False),
    TAGS.id: lambda aws: cluster(aws, CopyTagsToSnapshot=False),
    UPGRADES.id: multi_az_cluster,
}
