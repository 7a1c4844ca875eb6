"""Amazon RDS DB instances and clusters, also those of Aurora, Neptune and DocumentDB.

A DB instance of a cluster leaves some settings to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.databases import (
    IN_MULTI_AZ_CLUSTERS,
    MODIFY,
    alone,
    db_clusters,
    db_instances,
    in_days,
    keeps_it_itself,
    modify,
    turn_on,
    wanted,
)
from checks.kit import NotApplicable, Plan, Practice, Risk, Severity, Verdict, check, expect, fix

if TYPE_CHECKING:
    from types_boto3_rds.type_defs import DBClusterTypeDef as DBCluster
    from types_boto3_rds.type_defs import DBInstanceTypeDef as DBInstance

WITHOUT_STANDBY = ("custom-", "sqlserver-ex")
"""Beginnings of engines: RDS Custom has no such setting, SQL Server Express no Multi-AZ.
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_SQLServerMultiAZ.html"""


@check(db_instances, practice=Practice.NETWORK, severity=Severity.HIGH)
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
    return turn_on(modify, db, "PubliclyAccessible", off=True, notes=notes)


@check(db_instances, practice=Practice.ENCRYPTION, severity=Severity.HIGH)
def db_instance_is_encrypted(db: DBInstance) -> Verdict:
    """DB instance is encrypted.

    Encryption covers the storage, its backups, replicas and snapshots; a leaked one cannot be read without the key.

    Fix: Make a snapshot, copy it with encryption, restore the copy and move the application to it.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html
    """
    keeps_it_itself(db, "encryption")
    return expect(db["StorageEncrypted"], "is not encrypted")


@check(db_instances, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def db_instance_has_backups(db: DBInstance, *, days: int = 7) -> Verdict:
    """DB instance keeps automated backups long enough.

    A mistake or an attack is often noticed after days; only an older backup brings the data back.

    Fix: Set the backup retention period to 7 days or more.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html
    """
    keeps_it_itself(db, "backups")
    # .get: AWS sends these of read replicas alone, whose data is backed up at their source.
    if db.get("ReadReplicaSourceDBInstanceIdentifier") or db.get("ReadReplicaSourceDBClusterIdentifier"):
        raise NotApplicable("it is a read replica: its source keeps the backups")
    kept = db["BackupRetentionPeriod"]
    if kept >= days:
        return None
    if wanted(db, "BackupRetentionPeriod") >= days:
        raise NotApplicable("AWS is about to keep them for longer")
    return f"keeps automated backups for {in_days(kept)}, not {days}" if kept else "has no automated backups"


@fix(db_instance_has_backups, MODIFY, risk=Risk.INTERRUPTS)
def keep_backups(db: DBInstance, *, days: int = 7) -> Plan:
    """Keep the DB instance's automated backups for long enough."""
    kept: int = wanted(db, "BackupRetentionPeriod")
    keeps_it_itself(db, "backups")
    if db.get("AwsBackupRecoveryPointArn"):
        raise NotApplicable("AWS Backup manages its backups: change the backup plan")
    if not kept:
        alone(db, "BackupRetentionPeriod")
    days = max(days, kept)  # what is fixed still tells if it drifts
    # Switching backups on or off would wait for the maintenance window; a longer period is applied soon anyway.
    at_once = {} if kept else {"ApplyImmediately": True}
    what = "automated backups"
    notes = ["Backups larger than the database's own storage cost extra."]
    if kept:
        notes += [f"Undo deletes the automated backups older than {in_days(kept)}."]
    else:
        notes += ["The database is down for a short time while backups are turned on, and again if that is undone."]
        notes += ["Undo turns backups off and deletes the automated backups made meanwhile."]
    return Plan(
        do=[modify(db, BackupRetentionPeriod=days, **at_once)],
        undo=[modify(db, BackupRetentionPeriod=kept, **at_once)],
        before={what: in_days(kept) if kept else "off"},
        after={what: in_days(days)},
        notes=notes,
    )


@check(db_instances, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def db_instance_has_deletion_protection(db: DBInstance) -> Verdict:
    """DB instance has deletion protection.

    With it one mistaken command or a stolen key does not delete the database.

    Fix: Turn on deletion protection of the DB instance.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html
    """
    keeps_it_itself(db, "deletion protection")
    return expect(db["DeletionProtection"], "can be deleted: deletion protection is off")


@fix(db_instance_has_deletion_protection, MODIFY, risk=Risk.SAFE)
def protect_from_deletion(db: DBInstance) -> Plan:
    """Turn on deletion protection of the DB instance."""
    keeps_it_itself(db, "deletion protection")
    notes = ["It happens at once, without a restart. Whoever means to delete the instance has to turn it off first."]
    return turn_on(modify, db, "DeletionProtection", notes=notes)


@check(db_instances, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def db_instance_is_in_several_zones(db: DBInstance) -> Verdict:
    """DB instance has a standby in another Availability Zone.

    When its zone or its machine fails, the standby takes over in a minute or two, with all data.

    Fix: Change the DB instance to a Multi-AZ deployment, best when little is written.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html
    """
    keeps_it_itself(db, "where it runs")
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
    alone(db, "MultiAZ")
    notes = [
        "It begins at once and takes a while: no downtime, but slow writes until the standby has caught up.",
        "Where that would hurt, AWS advises to make a Multi-AZ read replica and promote it.",
        "A Multi-AZ deployment costs about twice as much.",
    ]
    return turn_on(modify, db, "MultiAZ", notes=notes, ApplyImmediately=True)


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
    if db["Engine"] in IN_MULTI_AZ_CLUSTERS:
        keeps_it_itself(db, "upgrades")
    return expect(db["AutoMinorVersionUpgrade"], "does not take minor version upgrades by itself")


@fix(db_instance_takes_minor_upgrades, MODIFY, risk=Risk.INTERRUPTS)
def take_minor_upgrades(db: DBInstance) -> Plan:
    """Turn on minor version upgrades of the DB instance.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html
    """
    notes = [
        "Nothing happens at once, unless its maintenance window is open now and a newer minor version waits.",
        "From then on AWS installs minor versions in the maintenance window; the database is down for minutes then.",
    ]
    return turn_on(modify, db, "AutoMinorVersionUpgrade", notes=notes)
