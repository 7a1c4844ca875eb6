"""Snapshots of Amazon RDS, Aurora, Neptune and DocumentDB that people made: who may restore them.

What AWS makes by itself cannot be shared, and is as encrypted as its database.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from checks.databases import MODIFY, db_instances, keeps_it_itself, modify, turn_on
from checks.kit import (
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
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_rds.type_defs import DBClusterSnapshotTypeDef as ClusterSnapshot
    from types_boto3_rds.type_defs import DBInstanceTypeDef as DBInstance
    from types_boto3_rds.type_defs import DBSnapshotTypeDef as Snapshot

snapshots: Collector[Snapshot] = collect(
    "rds:DescribeDBSnapshots",
    "DBSnapshots",
    arn="{DBSnapshotArn}",
    name="{DBSnapshotIdentifier}",
    SnapshotType="manual",
)
cluster_snapshots: Collector[ClusterSnapshot] = collect(
    "rds:DescribeDBClusterSnapshots",
    "DBClusterSnapshots",
    arn="{DBClusterSnapshotArn}",
    name="{DBClusterSnapshotIdentifier}",
    SnapshotType="manual",
)


@extra("rds:DescribeDBSnapshotAttributes")
def restorers(aws: Aws, snapshot: Snapshot) -> Sequence[str]:
    """Accounts that may restore it, or "all". Not asked of an encrypted one, which AWS lets nobody make public.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html
    """
    if snapshot["Encrypted"]:
        return []
    which = snapshot["DBSnapshotIdentifier"]
    path = "DBSnapshotAttributesResult.DBSnapshotAttributes"
    found = aws.items("rds:DescribeDBSnapshotAttributes", path, DBSnapshotIdentifier=which)
    return [value for one in found if one["AttributeName"] == "restore" for value in one["AttributeValues"]]


@extra("rds:DescribeDBClusterSnapshotAttributes")
def cluster_restorers(aws: Aws, snapshot: ClusterSnapshot) -> Sequence[str]:
    """The same of a snapshot of a cluster."""
    if snapshot["StorageEncrypted"]:
        return []
    which = snapshot["DBClusterSnapshotIdentifier"]
    path = "DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes"
    found = aws.items("rds:DescribeDBClusterSnapshotAttributes", path, DBClusterSnapshotIdentifier=which)
    return [value for one in found if one["AttributeName"] == "restore" for value in one["AttributeValues"]]


@check(snapshots, restorers, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def snapshot_is_private(snapshot: Snapshot, restorers: Sequence[str]) -> Verdict:
    """DB snapshot is not shared with everyone.

    Every AWS account can copy a public snapshot, restore it and read the whole database.

    Fix: Take the group "all" out of those who may restore the snapshot. Name accounts where it has to be shared.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html
    """
    return expect("all" not in restorers, "can be restored by every AWS account")


@fix(snapshot_is_private, "rds:ModifyDBSnapshotAttribute", risk=Risk.CUTS_ACCESS)
def make_private(snapshot: Snapshot, restorers: Sequence[str]) -> Plan:
    """Let not everyone restore the DB snapshot any more."""
    return _private(
        "rds:ModifyDBSnapshotAttribute", "DBSnapshotIdentifier", snapshot["DBSnapshotIdentifier"], restorers
    )


@check(cluster_snapshots, cluster_restorers, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def cluster_snapshot_is_private(snapshot: ClusterSnapshot, restorers: Sequence[str]) -> Verdict:
    """DB cluster snapshot is not shared with everyone.

    Every AWS account can copy a public snapshot of Aurora, Neptune or DocumentDB, restore it and read all of it.

    Fix: Take the group "all" out of those who may restore the snapshot. Name accounts where it has to be shared.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-share-snapshot.html
    """
    return expect("all" not in restorers, "can be restored by every AWS account")


@fix(
    cluster_snapshot_is_private,
    "rds:ModifyDBClusterSnapshotAttribute",
    "docdb:ModifyDBClusterSnapshotAttribute",
    "neptune:ModifyDBClusterSnapshotAttribute",
    risk=Risk.CUTS_ACCESS,
)
def make_cluster_snapshot_private(snapshot: ClusterSnapshot, restorers: Sequence[str]) -> Plan:
    """Let not everyone restore the DB cluster snapshot any more."""
    api = snapshot["Engine"] if snapshot["Engine"] in ("docdb", "neptune") else "rds"
    which = snapshot["DBClusterSnapshotIdentifier"]
    return _private(f"{api}:ModifyDBClusterSnapshotAttribute", "DBClusterSnapshotIdentifier", which, restorers)


def _private(call: str, key: str, id: str, restorers: Sequence[str]) -> Plan:
    which = {key: id, "AttributeName": "restore"}
    others = [one for one in restorers if one != "all"]
    return Plan(
        do=[Call(call, which | {"ValuesToRemove": ["all"]})],
        undo=[Call(call, which | {"ValuesToAdd": ["all"]})] if "all" in restorers else [],
        before={"may restore it": ", ".join(restorers) or "this account"},
        after={"may restore it": ", ".join(others) or "this account"},
        notes=["Whoever has copied it already keeps the copy: look at what the database held, and change its secrets."],
    )


@check(snapshots, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def snapshot_is_encrypted(snapshot: Snapshot) -> Verdict:
    """DB snapshot is encrypted.

    An unencrypted snapshot can be shared with everyone, and whoever gets it needs no key to read it.

    Fix: Copy the snapshot with a KMS key and delete the one that is not encrypted. Encrypt its database too.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html
    """
    return expect(snapshot["Encrypted"], "is not encrypted")


@check(cluster_snapshots, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def cluster_snapshot_is_encrypted(snapshot: ClusterSnapshot) -> Verdict:
    """DB cluster snapshot is encrypted.

    An unencrypted snapshot can be shared with everyone, and whoever gets it needs no key to read it.

    Fix: Restore it as an encrypted cluster, make a snapshot of that and delete this one.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.Encryption.html
    """
    return expect(snapshot["StorageEncrypted"], "is not encrypted")


@check(db_instances, practice=Practice.BACKUP, severity=Severity.LOW)
def db_instance_copies_tags_to_snapshots(db: DBInstance) -> Verdict:
    """DB instance copies its tags to its snapshots.

    Tags say whose a snapshot is and who may use it; a snapshot often outlives the instance that could tell.

    Fix: Turn on copying tags to snapshots.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html
    """
    keeps_it_itself(db, "snapshots")
    return expect(db["CopyTagsToSnapshot"], "does not copy its tags to its snapshots")


@fix(db_instance_copies_tags_to_snapshots, MODIFY, risk=Risk.SAFE)
def copy_tags_to_snapshots(db: DBInstance) -> Plan:
    """Copy the DB instance's tags to its snapshots."""
    notes = ["It happens at once, without a restart. Snapshots that exist stay as they are."]
    return turn_on(modify, db, "CopyTagsToSnapshot", notes=notes)
