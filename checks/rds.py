"""Amazon RDS DB instances and clusters, also those of Aurora, Neptune and DocumentDB.

A DB instance of a cluster leaves some settings to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from checks.kit import (
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
    fix,
)

if TYPE_CHECKING:
    from types_boto3_rds.type_defs import DBClusterTypeDef as DBCluster
    from types_boto3_rds.type_defs import DBInstanceTypeDef as DBInstance

MODIFY = "rds:ModifyDBInstance"
WITHOUT_STANDBY = ("custom-", "sqlserver-ex")
"""Beginnings of engines: RDS Custom has no such setting, SQL Server Express no Multi-AZ.
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_SQLServerMultiAZ.html"""

IN_MULTI_AZ_CLUSTERS = ("mysql", "postgres")
"""Engines of Multi-AZ DB clusters: others have clusters of their own kind, and may change an instance of it.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/modify-multi-az-db-cluster.html"""

db_instances: Collector[DBInstance] = collect(
    "rds:DescribeDBInstances", "DBInstances", arn="{DBInstanceArn}", name="{DBInstanceIdentifier}"
)

db_clusters: Collector[DBCluster] = collect(
    "rds:DescribeDBClusters", "DBClusters", arn="{DBClusterArn}", name="{DBClusterIdentifier}"
)


@check(db_instances, practice=Practice.NETWORK, severity=Severity.CRITICAL)
def db_instance_is_not_public(db: DBInstance) -> Verdict:
    """DB instance is not publicly accessible.

    A database with a public address is one open security group away from everyone who guesses passwords.

    Fix: Turn public access off. Reach the database from inside the VPC, or over a VPN or Session Manager.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
    """
    return expect(not db["PubliclyAccessible"], "is publicly accessible")


# The instance is "modifying" for a minute or so before it shows the change.
@fix(db_instance_is_not_public, MODIFY, risk=Risk.CUTS_ACCESS, patience=180)
def take_off_the_internet(db: DBInstance) -> Plan:
    """Turn public access to the DB instance off."""
    if "DBClusterIdentifier" in db and db["Engine"] in IN_MULTI_AZ_CLUSTERS:
        raise NotApplicable(f"RDS changes no instance of the Multi-AZ DB cluster {db['DBClusterIdentifier']} by itself")
    notes = [
        "It happens at once, without a restart. Whoever connects from outside the VPC loses the connection.",
        "Its name then resolves to its private address; inside the VPC nothing changes.",
    ]
    return _switch(db, "PubliclyAccessible", to=False, notes=notes)


@check(db_instances, practice=Practice.ENCRYPTION, severity=Severity.HIGH)
def db_instance_is_encrypted(db: DBInstance) -> Verdict:
    """DB instance is encrypted.

    Encryption covers the storage, its backups, replicas and snapshots; a leaked one cannot be read without the key.

    Fix: Make a snapshot, copy it with encryption, restore the copy and move the application to it.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html
    """
    return expect(db["StorageEncrypted"], "is not encrypted")


@check(db_instances, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def db_instance_has_backups(db: DBInstance, *, days: int = 7) -> Verdict:
    """DB instance keeps automated backups long enough.

    A mistake or an attack is often noticed after days; only an older backup brings the data back.

    Fix: Set the backup retention period to 7 days or more.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html
    """
    _keeps_it_itself(db, "backups")
    # .get: AWS sends these of read replicas alone, whose data is backed up at their source.
    if db.get("ReadReplicaSourceDBInstanceIdentifier") or db.get("ReadReplicaSourceDBClusterIdentifier"):
        raise NotApplicable("it is a read replica: its source keeps the backups")
    kept = db["BackupRetentionPeriod"]
    if kept >= days:
        return None
    if _wanted(db, "BackupRetentionPeriod") >= days:
        raise NotApplicable("AWS is about to keep them for longer")
    return f"keeps automated backups for {_days(kept)}, not {days}" if kept else "has no automated backups"


@fix(db_instance_has_backups, MODIFY, risk=Risk.INTERRUPTS)
def keep_backups(db: DBInstance, *, days: int = 7) -> Plan:
    """Keep the DB instance's automated backups for long enough."""
    kept: int = _wanted(db, "BackupRetentionPeriod")
    _keeps_it_itself(db, "backups")
    if db.get("AwsBackupRecoveryPointArn"):
        raise NotApplicable("AWS Backup manages its backups: change the backup plan")
    if not kept and _others_wait(db, "BackupRetentionPeriod"):
        raise NotApplicable("other changes wait for its maintenance window and would be applied with this one")
    days = max(days, kept)  # what is fixed still tells if it drifts
    # Switching backups on or off would wait for the maintenance window; a longer period is applied soon anyway.
    at_once = {} if kept else {"ApplyImmediately": True}
    what = "automated backups"
    notes = ["Backups larger than the database's own storage cost extra."]
    if kept:
        notes += [f"Undo deletes the automated backups older than {_days(kept)}."]
    else:
        notes += ["The database is down for a short time while backups are turned on, and again if that is undone."]
        notes += ["Undo turns backups off and deletes the automated backups made meanwhile."]
    return Plan(
        do=[_modify(db, BackupRetentionPeriod=days, **at_once)],
        undo=[_modify(db, BackupRetentionPeriod=kept, **at_once)],
        before={what: _days(kept) if kept else "off"},
        after={what: _days(days)},
        notes=notes,
    )


@check(db_instances, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def db_instance_has_deletion_protection(db: DBInstance) -> Verdict:
    """DB instance has deletion protection.

    With it one mistaken command or a stolen key does not delete the database.

    Fix: Turn on deletion protection of the DB instance.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html
    """
    _keeps_it_itself(db, "deletion protection")
    return expect(db["DeletionProtection"], "can be deleted: deletion protection is off")


@fix(db_instance_has_deletion_protection, MODIFY, risk=Risk.SAFE)
def protect_from_deletion(db: DBInstance) -> Plan:
    """Turn on deletion protection of the DB instance."""
    _keeps_it_itself(db, "deletion protection")
    notes = ["It happens at once, without a restart. Whoever means to delete the instance has to turn it off first."]
    return _switch(db, "DeletionProtection", to=True, notes=notes)


@check(db_instances, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def db_instance_is_in_several_zones(db: DBInstance) -> Verdict:
    """DB instance has a standby in another Availability Zone.

    When its zone or its machine fails, the standby takes over in a minute or two, with all data.

    Fix: Change the DB instance to a Multi-AZ deployment, best when little is written.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html
    """
    _keeps_it_itself(db, "where it runs")
    if db["Engine"].startswith(WITHOUT_STANDBY):
        raise NotApplicable("AWS does not offer Multi-AZ for its engine, or not this way")
    if db.get("PendingModifiedValues", {}).get("MultiAZ"):
        raise NotApplicable("AWS is about to make a standby, or is making it")
    return expect(db["MultiAZ"], "runs in one Availability Zone")


@fix(db_instance_is_in_several_zones, MODIFY, risk=Risk.INTERRUPTS)
def make_a_standby(db: DBInstance) -> Plan:
    """Give the DB instance a standby in another zone.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZ.Migrating.html
    """
    if _others_wait(db, "MultiAZ"):
        raise NotApplicable("other changes wait for its maintenance window and would be applied with this one")
    notes = [
        "It begins at once and takes a while: no downtime, but slow writes until the standby has caught up.",
        "Where that would hurt, AWS advises to make a Multi-AZ read replica and promote it.",
        "A Multi-AZ deployment costs about twice as much.",
    ]
    return _switch(db, "MultiAZ", to=True, notes=notes, ApplyImmediately=True)


@check(db_clusters, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def db_cluster_is_in_several_zones(cluster: DBCluster) -> Verdict:
    """DB cluster has instances in several Availability Zones.

    When a zone fails, an instance in another takes over; without one the cluster is down until AWS makes it.

    Fix: Add a reader in another Availability Zone to the cluster.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html
    """
    if not cluster["DBClusterMembers"]:
        raise NotApplicable("it has no instances")
    return expect(cluster["MultiAZ"], "has its instances in one Availability Zone")


@check(db_instances, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def db_instance_takes_minor_upgrades(db: DBInstance) -> Verdict:
    """DB instance takes minor version upgrades.

    Minor versions bring security fixes; with the setting on they arrive in the maintenance window by themselves.

    Fix: Turn on auto minor version upgrade of the DB instance.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html
    """
    if db["Engine"].startswith("custom-"):
        raise NotApplicable("AWS does not upgrade RDS Custom")
    if db["Engine"] == "docdb":
        raise NotApplicable("DocumentDB has no such upgrades")
    return expect(db["AutoMinorVersionUpgrade"], "does not take minor version upgrades by itself")


def _keeps_it_itself(db: DBInstance, what: str) -> None:
    if "DBClusterIdentifier" in db:
        raise NotApplicable(f"its cluster {db['DBClusterIdentifier']} decides on {what}")


def _wanted(db: DBInstance, setting: str) -> Any:
    """What a setting is, or is about to be: a change that RDS has not made yet counts as made."""
    return db.get("PendingModifiedValues", {}).get(setting, db[setting])  # type: ignore[literal-required]


def _others_wait(db: DBInstance, setting: str) -> bool:
    """Whether changes of other settings wait to be made."""
    return bool(set(db.get("PendingModifiedValues", {})) - {setting})


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _modify(db: DBInstance, **changes: Any) -> Call:
    return Call(MODIFY, {"DBInstanceIdentifier": db["DBInstanceIdentifier"]} | changes)


def _switch(db: DBInstance, setting: str, *, to: bool, notes: Sequence[str], **how: bool) -> Plan:
    """Change a setting that RDS applies at once, by itself or because `how` says so.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html
    """
    is_on: bool = _wanted(db, setting)
    words = {True: "on", False: "off"}
    return Plan(
        do=[_modify(db, **{setting: to}, **how)],
        undo=[_modify(db, **{setting: is_on}, **how)],
        before={setting: words[is_on]},
        after={setting: words[to]},
        notes=notes,
    )
