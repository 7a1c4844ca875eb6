"""RDS: what the judges say of DB instances, and the ones that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import databases, rds
from checks.kit import NotApplicable
from tests.checks.cases import Case

BASE: dict[str, Any] = {"DBInstanceIdentifier": "shop", "Engine": "postgres", "DBInstanceStatus": "available"}
AURORA = BASE | {"DBClusterIdentifier": "shop-cluster", "Engine": "aurora-postgresql"}

ZONES = rds.db_instance_is_in_several_zones


def backups(days: int, **more: Any) -> dict[str, Any]:
    return BASE | {"BackupRetentionPeriod": days} | more


CASES = [
    Case(rds.db_instance_is_not_public, [BASE | {"PubliclyAccessible": False}], None),
    Case(rds.db_instance_is_not_public, [BASE | {"PubliclyAccessible": True}], "is publicly accessible"),
    Case(rds.db_instance_is_not_public, [AURORA | {"PubliclyAccessible": True}], "is publicly accessible"),
    Case(rds.db_instance_is_encrypted, [BASE | {"StorageEncrypted": True}], None),
    Case(rds.db_instance_is_encrypted, [BASE | {"StorageEncrypted": False}], "is not encrypted"),
    Case(rds.db_instance_is_encrypted, [AURORA | {"StorageEncrypted": False}], NotApplicable),
    Case(rds.db_instance_has_backups, [backups(7)], None),
    Case(rds.db_instance_has_backups, [backups(35)], None),
    Case(rds.db_instance_has_backups, [backups(0)], "has no automated backups"),
    Case(rds.db_instance_has_backups, [backups(1)], "keeps automated backups for 1 day, not 7"),
    Case(rds.db_instance_has_backups, [backups(6)], "keeps automated backups for 6 days, not 7"),
    Case(rds.db_instance_has_backups, [backups(1, PendingModifiedValues={"BackupRetentionPeriod": 7})], NotApplicable),
    Case(
        rds.db_instance_has_backups,
        [backups(1, PendingModifiedValues={"BackupRetentionPeriod": 3})],
        "keeps automated backups for 1 day, not 7",
    ),
    Case(
        rds.db_instance_has_backups,
        [backups(0, PendingModifiedValues={"MultiAZ": True})],
        "has no automated backups",
    ),
    Case(rds.db_instance_has_backups, [AURORA | {"BackupRetentionPeriod": 1}], NotApplicable),
    Case(rds.db_instance_has_backups, [backups(0, ReadReplicaSourceDBInstanceIdentifier="main")], NotApplicable),
    Case(rds.db_instance_has_backups, [backups(0, ReadReplicaSourceDBClusterIdentifier="main")], NotApplicable),
    Case(rds.db_instance_has_deletion_protection, [BASE | {"DeletionProtection": True}], None),
    Case(
        rds.db_instance_has_deletion_protection,
        [BASE | {"DeletionProtection": False}],
        "can be deleted: deletion protection is off",
    ),
    Case(rds.db_instance_has_deletion_protection, [AURORA | {"DeletionProtection": False}], NotApplicable),
    Case(ZONES, [BASE | {"MultiAZ": True}], None),
    Case(ZONES, [BASE | {"MultiAZ": False, "PendingModifiedValues": {}}], "runs in one Availability Zone"),
    Case(ZONES, [BASE | {"MultiAZ": False, "PendingModifiedValues": {"MultiAZ": True}}], NotApplicable),
    Case(ZONES, [BASE | {"MultiAZ": True, "PendingModifiedValues": {"MultiAZ": False}}], None),
    Case(
        ZONES,
        [BASE | {"MultiAZ": False, "ReadReplicaSourceDBInstanceIdentifier": "main"}],
        "runs in one Availability Zone",
    ),
    Case(ZONES, [AURORA | {"MultiAZ": False}], NotApplicable),
    Case(ZONES, [BASE | {"MultiAZ": False, "Engine": "custom-oracle-ee"}], NotApplicable),
    Case(ZONES, [BASE | {"MultiAZ": False, "Engine": "sqlserver-ex"}], NotApplicable),
    Case(ZONES, [BASE | {"MultiAZ": False, "Engine": "sqlserver-web"}], "runs in one Availability Zone"),
    Case(rds.db_cluster_is_in_several_zones, [{"DBClusterMembers": [{}, {}], "MultiAZ": True}], None),
    Case(
        rds.db_cluster_is_in_several_zones,
        [{"DBClusterMembers": [{}], "MultiAZ": False}],
        "has its instances in one Availability Zone",
    ),
    Case(rds.db_cluster_is_in_several_zones, [{"DBClusterMembers": [], "MultiAZ": False}], NotApplicable),
    Case(rds.db_instance_takes_minor_upgrades, [BASE | {"AutoMinorVersionUpgrade": True}], None),
    Case(rds.db_instance_takes_minor_upgrades, [AURORA | {"AutoMinorVersionUpgrade": True}], None),
    Case(
        rds.db_instance_takes_minor_upgrades,
        [BASE | {"AutoMinorVersionUpgrade": False}],
        "does not take minor version upgrades by itself",
    ),
    Case(
        rds.db_instance_takes_minor_upgrades,
        [{"Engine": "custom-oracle-ee", "AutoMinorVersionUpgrade": False}],
        NotApplicable,
    ),
    Case(
        rds.db_instance_takes_minor_upgrades,
        [BASE | {"DBClusterIdentifier": "shop-cluster", "AutoMinorVersionUpgrade": False}],
        NotApplicable,
    ),
    Case(rds.db_instance_takes_minor_upgrades, [{"Engine": "docdb", "AutoMinorVersionUpgrade": False}], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_the_days_can_be_other_ones() -> None:
    assert Case(rds.db_instance_has_backups, [backups(7)], None).outcome(days=14) == (
        "keeps automated backups for 7 days, not 14"
    )


def test_a_longer_period_needs_no_restart_so_nothing_is_forced() -> None:
    plan = rds.keep_backups.plan(backups(1, PendingModifiedValues={"DBInstanceClass": "db.r7g.large"}))
    assert plan.do[0].params == {"DBInstanceIdentifier": "shop", "BackupRetentionPeriod": 7}
    assert plan.undo[0].params == {"DBInstanceIdentifier": "shop", "BackupRetentionPeriod": 1}


def test_a_period_changed_after_the_fix_is_drift_and_is_never_shortened() -> None:
    fixed, longer = rds.keep_backups.plan(backups(7)), rds.keep_backups.plan(backups(35))
    assert fixed.before != longer.before
    assert longer.do[0].params["BackupRetentionPeriod"] == 35


def test_turning_backups_on_is_applied_at_once_and_the_undo_says_what_it_deletes() -> None:
    plan = rds.keep_backups.plan(backups(0))
    assert plan.do[0].params["ApplyImmediately"]
    assert any("deletes the automated backups" in note for note in plan.notes)


@pytest.mark.parametrize(
    "db",
    [
        backups(0, PendingModifiedValues={"DBInstanceClass": "db.r7g.large"}),  # it would be applied too
        backups(1, AwsBackupRecoveryPointArn="arn:aws:backup:eu-west-1:123456789012:recovery-point:continuous:db-1"),
        AURORA | {"BackupRetentionPeriod": 1},
    ],
)
def test_no_plan_where_it_would_be_wrong(db: dict[str, Any]) -> None:
    with pytest.raises(NotApplicable):
        rds.keep_backups.plan(db)


@pytest.mark.parametrize("off", [0, 1])
def test_what_rds_is_about_to_change_counts_as_changed_so_it_can_be_undone(off: int) -> None:
    """RDS shows the old value until the change is made, which takes longer than anybody waits for a fix."""
    plan = rds.keep_backups.plan
    pending = backups(off, PendingModifiedValues={"BackupRetentionPeriod": 7})
    assert plan(pending).before == plan(backups(7)).before == {"automated backups": "7 days"}
    undone = backups(7, PendingModifiedValues={"BackupRetentionPeriod": off})
    assert plan(undone).before == plan(backups(off)).before
    assert plan(backups(35)).do[0].params["BackupRetentionPeriod"] == 35
    one, two = (BASE | {"MultiAZ": standby} for standby in (False, True))
    standby = rds.make_a_standby.plan
    assert standby(one | {"PendingModifiedValues": {"MultiAZ": True}}).before == standby(two).before
    assert standby(two | {"PendingModifiedValues": {"MultiAZ": False}}).before == standby(one).before


def test_the_undo_of_a_longer_period_says_what_it_deletes() -> None:
    assert "Undo deletes the automated backups older than 1 day." in rds.keep_backups.plan(backups(1)).notes


def test_no_plan_for_an_instance_of_a_multi_az_db_cluster() -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/modify-multi-az-db-cluster.html"""
    public = {"PubliclyAccessible": True, "DBClusterIdentifier": "shop-cluster"}
    with pytest.raises(NotApplicable, match="Multi-AZ DB cluster shop-cluster"):
        rds.take_off_the_internet.plan(BASE | public)
    assert rds.take_off_the_internet.plan(AURORA | public)


def test_a_standby_is_made_at_once_unless_other_changes_would_come_with_it() -> None:
    plan = rds.make_a_standby.plan(BASE | {"MultiAZ": False, "PendingModifiedValues": {}})
    assert [call.params for call in (*plan.do, *plan.undo)] == [
        {"DBInstanceIdentifier": "shop", "MultiAZ": on, "ApplyImmediately": True} for on in (True, False)
    ]
    with pytest.raises(NotApplicable):
        rds.make_a_standby.plan(BASE | {"MultiAZ": False, "PendingModifiedValues": {"DBInstanceClass": "db.r7g.large"}})


def test_what_is_stopped_cannot_be_changed() -> None:
    with pytest.raises(NotApplicable, match="stopped"):
        rds.take_off_the_internet.plan(BASE | {"PubliclyAccessible": True, "DBInstanceStatus": "stopped"})
    with pytest.raises(NotApplicable, match="stopped"):
        databases.modify_cluster({"DBClusterIdentifier": "shop", "Engine": "docdb", "Status": "stopping"})


def instance(aws: boto3.Session, **settings: Any) -> None:
    good: dict[str, Any] = {"PubliclyAccessible": False, "BackupRetentionPeriod": 7, "DeletionProtection": True}
    good["DBInstanceIdentifier"] = "shop"
    aws.client("rds", region_name="eu-west-1").create_db_instance(
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="northwind",
        MasterUserPassword="not-a-real-password",
        **good | settings,
    )


def test_what_an_instance_is_called(aws: Region) -> None:
    instance(aws.clients.session)
    [found] = databases.db_instances.stream(aws)
    assert identify(aws, databases.db_instances, found) == ("arn:aws:rds:eu-west-1:123456789012:db:shop", "shop")


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    rds.db_instance_is_not_public.id: lambda aws: instance(aws, PubliclyAccessible=True),
    ZONES.id: lambda aws: instance(aws, MultiAZ=False),
    rds.db_instance_has_backups.id: lambda aws: instance(aws, BackupRetentionPeriod=1),
    rds.db_instance_has_deletion_protection.id: lambda aws: instance(aws, DeletionProtection=False),
    rds.db_instance_takes_minor_upgrades.id: lambda aws: instance(aws, AutoMinorVersionUpgrade=False),
}
