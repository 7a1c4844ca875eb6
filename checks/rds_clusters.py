"""Amazon RDS DB clusters: Aurora, Multi-AZ DB clusters, Neptune and DocumentDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.databases import (
    MODIFY_CLUSTER,
    alone,
    db_clusters,
    in_days,
    is_multi_az_cluster,
    modify_cluster,
    turn_on,
    wanted,
)
from checks.kit import NotApplicable, Plan, Practice, Risk, Severity, Verdict, check, expect, fix

if TYPE_CHECKING:
    from types_boto3_rds.type_defs import DBClusterTypeDef as DBCluster


@check(db_clusters, practice=Practice.ENCRYPTION, severity=Severity.HIGH)
def cluster_is_encrypted(cluster: DBCluster) -> Verdict:
    """DB cluster is encrypted.

    Encryption covers the storage, its backups and snapshots; a leaked one cannot be read without the key.

    Fix: Make a snapshot, restore it as an encrypted cluster and move the application to that one.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.Encryption.html
    """
    return expect(cluster["StorageEncrypted"], "is not encrypted")


@check(db_clusters, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def cluster_has_backups(cluster: DBCluster, *, days: int = 7) -> Verdict:
    """DB cluster keeps automated backups long enough.

    A mistake or an attack is often noticed after days; AWS keeps backups for one day unless told otherwise.

    Fix: Set the backup retention period to 7 days or more.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Managing.Backups.html
    """
    kept = cluster["BackupRetentionPeriod"]
    if kept >= days:
        return None
    if wanted(cluster, "BackupRetentionPeriod") >= days:
        raise NotApplicable("AWS is about to keep them for longer")
    return f"keeps automated backups for {in_days(kept)}, not {days}"


@fix(cluster_has_backups, *MODIFY_CLUSTER, risk=Risk.SAFE)
def keep_backups(cluster: DBCluster, *, days: int = 7) -> Plan:
    """Keep the DB cluster's automated backups for long enough.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Modifying.html
    """
    kept: int = wanted(cluster, "BackupRetentionPeriod")
    days = max(days, kept)  # what is fixed still tells if it drifts
    return Plan(
        do=[modify_cluster(cluster, BackupRetentionPeriod=days)],
        undo=[modify_cluster(cluster, BackupRetentionPeriod=kept)],
        before={"automated backups": in_days(kept)},
        after={"automated backups": in_days(days)},
        notes=[
            "It takes effect without a restart. Backups larger than the database's own storage cost extra.",
            f"Undo deletes the automated backups older than {in_days(kept)}.",
        ],
    )


@check(db_clusters, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def cluster_has_deletion_protection(cluster: DBCluster) -> Verdict:
    """DB cluster has deletion protection.

    With it one mistaken command or a stolen key does not delete the database and its automated backups.

    Fix: Turn on deletion protection of the DB cluster.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_DeleteCluster.html
    """
    return expect(cluster["DeletionProtection"], "can be deleted: deletion protection is off")


@fix(cluster_has_deletion_protection, *MODIFY_CLUSTER, risk=Risk.SAFE)
def protect_from_deletion(cluster: DBCluster) -> Plan:
    """Turn on deletion protection of the DB cluster."""
    notes = ["It happens at once, without a restart. Whoever means to delete the cluster has to turn it off first."]
    return turn_on(modify_cluster, cluster, "DeletionProtection", notes=notes)


@check(db_clusters, practice=Practice.BACKUP, severity=Severity.LOW)
def cluster_copies_tags_to_snapshots(cluster: DBCluster) -> Verdict:
    """DB cluster copies its tags to its snapshots.

    Tags say whose a snapshot is and who may use it; a snapshot often outlives the cluster that could tell.

    Fix: Turn on copying tags to snapshots.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Tagging.html
    """
    # .get: DocumentDB and Neptune leave it out where it was never set.
    return expect(cluster.get("CopyTagsToSnapshot"), "does not copy its tags to its snapshots")


@fix(cluster_copies_tags_to_snapshots, *MODIFY_CLUSTER, risk=Risk.SAFE)
def copy_tags_to_snapshots(cluster: DBCluster) -> Plan:
    """Copy the DB cluster's tags to its snapshots."""
    notes = ["It happens at once, without a restart. Snapshots that exist stay as they are."]
    known: DBCluster = {"CopyTagsToSnapshot": False, **cluster}
    return turn_on(modify_cluster, known, "CopyTagsToSnapshot", notes=notes)


@check(db_clusters, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def cluster_takes_minor_upgrades(cluster: DBCluster) -> Verdict:
    """Multi-AZ DB cluster takes minor version upgrades.

    Minor versions bring security fixes; with the setting on they arrive in the maintenance window by themselves.

    Fix: Turn on auto minor version upgrade of the DB cluster.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/modify-multi-az-db-cluster.html
    """
    if not is_multi_az_cluster(cluster):
        raise NotApplicable("its instances decide on upgrades, or AWS does")
    return expect(cluster["AutoMinorVersionUpgrade"], "does not take minor version upgrades by itself")


@fix(cluster_takes_minor_upgrades, "rds:ModifyDBCluster", risk=Risk.INTERRUPTS)
def take_minor_upgrades(cluster: DBCluster) -> Plan:
    """Turn on minor version upgrades of the DB cluster."""
    alone(cluster, "AutoMinorVersionUpgrade")
    notes = [
        "Nothing happens at once, unless its maintenance window is open now and a newer minor version waits.",
        "From then on AWS installs minor versions in the maintenance window, with a short interruption.",
    ]
    return turn_on(modify_cluster, cluster, "AutoMinorVersionUpgrade", notes=notes)


@check(db_clusters, practice=Practice.BACKUP, severity=Severity.LOW)
def cluster_can_backtrack(cluster: DBCluster) -> Verdict:
    """Aurora MySQL cluster can be rewound with backtrack.

    A wrong DELETE is undone within minutes, in place, where restoring a backup makes a new cluster first.

    Fix: It cannot be turned on later: restore a snapshot of the cluster with a backtrack window, and move to that one.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Managing.Backtrack.html
    """
    if cluster["Engine"] != "aurora-mysql" or cluster.get("EngineMode", "provisioned") != "provisioned":
        raise NotApplicable("AWS offers it for provisioned clusters of Aurora MySQL")
    # .get: AWS leaves both out where there is none.
    if cluster.get("GlobalClusterIdentifier") or cluster.get("ReplicationSourceIdentifier"):
        raise NotApplicable("AWS does not offer it for copies in other regions")
    return expect(cluster.get("BacktrackWindow"), "cannot be rewound: it has no backtrack window")
