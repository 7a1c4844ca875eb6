"""Amazon MemoryDB clusters. They are always encrypted at rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from checks.elasticache import lets_everyone_in
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
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_memorydb.type_defs import ClusterTypeDef as Cluster
    from types_boto3_memorydb.type_defs import UserTypeDef as User

UPDATE = "memorydb:UpdateCluster"


@collector("memorydb:DescribeClusters", arn="{ARN}", name="{Name}")
def clusters(aws: Aws) -> Iterator[Cluster]:
    """Leaves out those that are being deleted."""
    return (one for one in aws.items("memorydb:DescribeClusters", "Clusters") if one["Status"] != "deleting")


users: Collector[User] = collect("memorydb:DescribeUsers", "Users", arn="{ARN}", name="{Name}")


@extra(needs=(users,))
def open_users(aws: Aws, cluster: Cluster) -> Sequence[str]:
    """The users on its access control list as whom everybody gets in."""
    members = [user for user in aws.read(users) if cluster["ACLName"] in user.get("ACLNames", [])]
    return sorted(user["Name"] for user in members if lets_everyone_in(user))


@check(clusters, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def cluster_is_encrypted_in_transit(cluster: Cluster) -> Verdict:
    """MemoryDB cluster takes connections over TLS only.

    Over a plain connection, whoever gets into the network reads every value on its way; and users need TLS.

    Fix: It is chosen when the cluster is made: restore a snapshot into a new one with TLS and move the clients.
    See: https://docs.aws.amazon.com/memorydb/latest/devguide/in-transit-encryption.html
    """
    return expect(cluster["TLSEnabled"], "takes connections without TLS")


@check(clusters, open_users, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def cluster_asks_who_connects(cluster: Cluster, open_users: Sequence[str]) -> Verdict:
    """MemoryDB cluster asks who connects.

    With the access control list open-access, everyone who reaches its port reads, changes and deletes everything.

    Fix: Make users and an access control list of yours, change the clients, then give the list to the cluster.
    See: https://docs.aws.amazon.com/memorydb/latest/devguide/clusters.acls.html
    """
    if cluster["ACLName"] == "open-access":
        return "lets everyone in who reaches its port"
    names = ", ".join(open_users)
    return expect(not names, f"lets everyone in who reaches its port, without a password as {names}")


@check(clusters, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def cluster_takes_minor_upgrades(cluster: Cluster) -> Verdict:
    """MemoryDB cluster takes minor version upgrades.

    Minor versions bring security fixes; with the setting on they arrive in the maintenance window by themselves.

    Fix: It is chosen when the cluster is made: restore a snapshot into a new one, or upgrade by hand when AWS tells.
    See: https://docs.aws.amazon.com/memorydb/latest/devguide/engine-versions.html
    """
    return expect(cluster["AutoMinorVersionUpgrade"], "does not take minor version upgrades by itself")


@check(clusters, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def cluster_has_snapshots(cluster: Cluster, *, days: int = 1) -> Verdict:
    """MemoryDB cluster makes automatic snapshots.

    MemoryDB is often the only place of its data: what is deleted by mistake comes back from a snapshot alone.

    Fix: Set the snapshot retention limit to one day or more.
    See: https://docs.aws.amazon.com/memorydb/latest/devguide/snapshots-automatic.html
    """
    kept = cluster["SnapshotRetentionLimit"]
    if not kept:
        return "makes no automatic snapshots"
    return expect(kept >= days, f"keeps automatic snapshots for {_days(kept)}, not {days}")


@fix(cluster_has_snapshots, UPDATE, risk=Risk.SAFE, patience=60)
def keep_snapshots(cluster: Cluster, *, days: int = 1) -> Plan:
    """Make automatic snapshots of the cluster, or keep them for longer."""
    kept = cluster["SnapshotRetentionLimit"]
    days = max(days, kept)  # what is fixed still tells if it drifts

    def limit(count: int) -> Call:
        return Call(UPDATE, {"ClusterName": cluster["Name"], "SnapshotRetentionLimit": count})

    return Plan(
        do=[limit(days)],
        undo=[limit(kept)],
        before={"automatic snapshots": _days(kept) if kept else "off"},
        after={"automatic snapshots": _days(days)},
        notes=[
            "Snapshot storage beyond what is free costs extra. Snapshots are made from the transaction log.",
            "Undo deletes the automatic snapshots that are older than what it sets.",
        ],
    )


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
