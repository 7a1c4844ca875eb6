"""Amazon ElastiCache: replication groups, and clusters that are in none. Serverless caches are always encrypted.

A cluster of a replication group is one node of it: the group is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

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
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_elasticache.type_defs import CacheClusterTypeDef as Cluster
    from types_boto3_elasticache.type_defs import ReplicationGroupTypeDef as Group
    from types_boto3_elasticache.type_defs import UserTypeDef as User

    class Cache(Group, Cluster, total=False):  # type: ignore[misc]  # the two differ in their log deliveries
        """A replication group or a cluster that is in none, with two keys of ours."""

        known_as: str
        in_group: bool


MODIFY_GROUP, MODIFY_CLUSTER = "elasticache:ModifyReplicationGroup", "elasticache:ModifyCacheCluster"

clusters: Collector[Cluster] = collect(
    "elasticache:DescribeCacheClusters", "CacheClusters", arn="{ARN}", name="{CacheClusterId}"
)

users: Collector[User] = collect("elasticache:DescribeUsers", "Users", arn="{ARN}", name="{UserId}")


@collector("elasticache:DescribeReplicationGroups", arn="{ARN}", name="{known_as}", needs=(clusters,))
def caches(aws: Aws) -> Iterator[Cache]:
    """Leaves out those that are being deleted."""
    for group in aws.items("elasticache:DescribeReplicationGroups", "ReplicationGroups"):
        if group["Status"] != "deleting":
            yield group | {"known_as": group["ReplicationGroupId"], "in_group": True}
    for cluster in aws.read(clusters):
        if "ReplicationGroupId" not in cluster and cluster["CacheClusterStatus"] != "deleting":
            yield cast("Cache", {**cluster, "known_as": cluster["CacheClusterId"], "in_group": False})


@extra(needs=(clusters,))
def nodes(aws: Aws, cache: Cache) -> Sequence[Cluster]:
    """The clusters a replication group is made of, or the one cluster itself: they know version and subnet group."""
    members = cache.get("MemberClusters", []) if cache["in_group"] else [cache["CacheClusterId"]]
    return [cluster for cluster in aws.read(clusters) if cluster["CacheClusterId"] in members]


@extra(needs=(users,))
def open_users(aws: Aws, cache: Cache) -> Sequence[str]:
    """The users of its user groups as whom everybody gets in."""
    groups = set(cache.get("UserGroupIds", []))
    members = [user for user in aws.read(users) if groups & set(user["UserGroupIds"])]
    return sorted(user["UserName"] for user in members if lets_everyone_in(user))


def lets_everyone_in(user: Mapping[str, Any]) -> bool:
    """Whether a user needs no password, is on, and may do something: so is the user `default` that AWS makes.

    Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html
    """
    rules = user["AccessString"].split()
    may = any(rule.startswith("+") or rule == "allcommands" for rule in rules)
    return bool(user["Authentication"]["Type"] == "no-password" and "on" in rules and may)


@check(caches, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def cache_is_encrypted_in_transit(cache: Cache) -> Verdict:
    """ElastiCache cache takes connections over TLS only.

    Over a plain connection, whoever gets into the network reads the password and every value on its way.

    Fix: Set the transit encryption mode to preferred, change the clients to TLS, then set the mode to required.
    See: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/in-transit-encryption.html
    """
    if not cache.get("TransitEncryptionEnabled"):
        return "takes connections without TLS"
    # .get: AWS sends a mode only where it can be chosen; Memcached has none
    return expect(cache.get("TransitEncryptionMode") != "preferred", "takes connections without TLS as well")


@check(caches, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def cache_is_encrypted(cache: Cache) -> Verdict:
    """ElastiCache cache is encrypted at rest.

    What the cache writes to disk when it syncs, swaps or makes a backup cannot be read without the key.

    Fix: It is chosen when the cache is made: restore a backup into a new one with encryption and move the clients.
    See: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html
    """
    _not_memcached(cache, "encryption at rest")
    return expect(cache.get("AtRestEncryptionEnabled"), "is not encrypted at rest")


@check(caches, open_users, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def cache_asks_who_connects(cache: Cache, open_users: Sequence[str]) -> Verdict:
    """ElastiCache cache asks who connects.

    Without a password or users, everyone who reaches its port reads, changes and deletes all that is in it.

    Fix: Turn on TLS, then give the cache a user group (Valkey, Redis OSS 6 and later) or an AUTH token. Replace the
    user default of the group by one that is off or has a password.
    See: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html
    """
    _not_memcached(cache, "users")
    if open_users:
        return f"lets everyone in who reaches its port, without a password as {', '.join(open_users)}"
    return expect(cache.get("AuthTokenEnabled") or cache.get("UserGroupIds"), "lets everyone in who reaches its port")


@check(caches, nodes, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def cache_takes_minor_upgrades(cache: Cache, nodes: Sequence[Cluster]) -> Verdict:
    """ElastiCache cache takes minor version upgrades.

    Minor versions bring security fixes; with the setting on they arrive in the maintenance window by themselves.

    Fix: Turn on auto minor version upgrade of the cache.
    See: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/VersionManagement.html
    """
    _not_memcached(cache, "such upgrades")
    if any(int(node["EngineVersion"].split(".")[0]) < 6 for node in nodes if "EngineVersion" in node):
        raise NotApplicable("AWS does so from Redis OSS 6 on: upgrade the engine")
    return expect(cache["AutoMinorVersionUpgrade"], "does not take minor version upgrades by itself")


@fix(cache_takes_minor_upgrades, MODIFY_GROUP, MODIFY_CLUSTER, risk=Risk.SAFE)
def take_minor_upgrades(cache: Cache, nodes: Sequence[Cluster]) -> Plan:
    """Let the cache take minor version upgrades in its maintenance window."""
    is_on, words = cache["AutoMinorVersionUpgrade"], {True: "on", False: "off"}
    return Plan(
        do=[_modify(cache, AutoMinorVersionUpgrade=True)],
        undo=[_modify(cache, AutoMinorVersionUpgrade=is_on)],
        before={"minor version upgrades": words[is_on]},
        after={"minor version upgrades": "on"},
        notes=["AWS upgrades node by node in the maintenance window; a node that stands alone is away for a while."],
    )


@check(caches, practice=Practice.BACKUP, severity=Severity.LOW)
def cache_has_backups(cache: Cache, *, days: int = 1) -> Verdict:
    """ElastiCache cache has automatic backups.

    A cache that is lost or emptied can be filled again from a backup, rather than by a rush on the database.

    Fix: Turn on automatic backups, with a retention period of one day or more.
    See: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-automatic.html
    """
    _not_memcached(cache, "backups")
    kept = cache.get("SnapshotRetentionLimit", 0)  # AWS leaves it out of clusters that cannot have any
    if not kept:
        return "has no automatic backups"
    return expect(kept >= days, f"keeps automatic backups for {_days(kept)}, not {days}")


@fix(cache_has_backups, MODIFY_GROUP, MODIFY_CLUSTER, risk=Risk.SAFE)
def keep_backups(cache: Cache, *, days: int = 1) -> Plan:
    """Turn on the cache's automatic backups, or keep them for longer."""
    kept = cache.get("SnapshotRetentionLimit", 0)
    days = max(days, kept)  # what is fixed still tells if it drifts
    which = _member_that_is_backed_up(cache) if cache["in_group"] and not kept else {}
    return Plan(
        do=[_modify(cache, SnapshotRetentionLimit=days, **which)],
        undo=[_modify(cache, SnapshotRetentionLimit=kept)],
        before={"automatic backups": _days(kept) if kept else "off"},
        after={"automatic backups": _days(days)},
        notes=[
            "Backups beyond one for each cache cost extra. A node needs memory to spare while it makes one.",
            "Undo deletes the automatic backups that are older than what it sets.",
        ],
    )


@check(caches, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def cache_fails_over(cache: Cache) -> Verdict:
    """ElastiCache replication group fails over by itself.

    When the primary node fails, a replica takes over in seconds; without it, somebody has to do so by hand.

    Fix: Add a replica where there is none, then turn on automatic failover.
    See: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html
    """
    _in_group(cache)
    wanted = cache.get("PendingModifiedValues", {}).get("AutomaticFailoverStatus", cache["AutomaticFailover"])
    return expect(wanted in ("enabled", "enabling"), "does not fail over by itself")


@fix(cache_fails_over, MODIFY_GROUP, risk=Risk.SAFE, patience=300)
def fail_over(cache: Cache) -> Plan:
    """Turn on automatic failover of the replication group."""
    _in_group(cache)
    if len(cache["MemberClusters"]) < 2:
        raise NotApplicable("it has one node: add a replica first, which costs as much as the node it has")
    is_on = cache["AutomaticFailover"] in ("enabled", "enabling")
    if waiting := sorted(set(cache.get("PendingModifiedValues", {})) - {"AutomaticFailoverStatus"}):
        raise NotApplicable(f"changes wait for its maintenance window and would be made along: {', '.join(waiting)}")
    return Plan(
        do=[_modify(cache, AutomaticFailoverEnabled=True, ApplyImmediately=True)],
        undo=[_modify(cache, AutomaticFailoverEnabled=is_on, ApplyImmediately=True)],
        before={"automatic failover": "on" if is_on else "off"},
        after={"automatic failover": "on"},
        notes=["Nothing restarts. From then on the primary may change: clients should use the primary endpoint."],
    )


@check(caches, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def cache_is_in_several_zones(cache: Cache) -> Verdict:
    """ElastiCache replication group runs in several zones.

    With Multi-AZ the replicas are in other zones than the primary, so one zone that fails does not take the cache.

    Fix: Place a replica in another Availability Zone, then turn on Multi-AZ.
    See: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html
    """
    _in_group(cache)
    return expect(cache.get("MultiAZ") == "enabled", "does not use Multi-AZ")


@check(caches, nodes, practice=Practice.NETWORK, severity=Severity.LOW)
def cache_has_its_own_subnet_group(cache: Cache, nodes: Sequence[Cluster]) -> Verdict:
    """ElastiCache cache is in a subnet group of its own.

    The default group takes in every subnet of the default VPC, so nobody has chosen where the cache is.

    Fix: The VPC stays for the cache's life: restore a backup into a new cache, in subnets chosen for it.
    See: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/SubnetGroups.html
    """
    if not nodes:
        raise NotApplicable("it has no nodes yet")
    return expect(nodes[0].get("CacheSubnetGroupName") != "default", "is in the default subnet group")


def _not_memcached(cache: Cache, what: str) -> None:
    if cache.get("Engine") == "memcached":
        raise NotApplicable(f"node-based Memcached has no {what}")


def _in_group(cache: Cache) -> None:
    if not cache["in_group"]:
        raise NotApplicable("it is one cluster, in no replication group")


def _member_that_is_backed_up(cache: Cache) -> dict[str, str]:
    """Where cluster mode is disabled AWS has to be told which node makes the backups: a replica spares the primary."""
    if cache.get("ClusterEnabled") or "SnapshottingClusterId" in cache:
        return {}
    return {"SnapshottingClusterId": cache["MemberClusters"][-1]}


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _modify(cache: Cache, **changes: Any) -> Call:
    if cache["in_group"]:
        return Call(MODIFY_GROUP, {"ReplicationGroupId": cache["ReplicationGroupId"]} | changes)
    return Call(MODIFY_CLUSTER, {"CacheClusterId": cache["CacheClusterId"]} | changes)
