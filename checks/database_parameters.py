"""The parameters of databases that checks ask for, each parameter group read once however many databases use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from checks.databases import db_clusters, db_instances
from checks.kit import Aws, collector, extra

if TYPE_CHECKING:
    from types_boto3_rds.type_defs import DBClusterTypeDef as DBCluster
    from types_boto3_rds.type_defs import DBInstanceTypeDef as DBInstance

ASKED = (
    "audit_logs",
    "neptune_enable_audit_log",
    "rds.force_ssl",
    "require_secure_transport",
    "server_audit_logging",
    "tls",
)
"""All that any check asks for."""

ENGINES = ("mariadb", "mysql", "postgres", "sqlserver")
CLUSTER_ENGINES = ("aurora", "docdb", "mysql", "neptune", "postgres")
"""Beginnings of engines whose parameters some check asks for."""

OF_INSTANCES = ("rds:DescribeDBParameters", "DBParameterGroupName")
OF_CLUSTERS = {
    "docdb": ("docdb:DescribeDBClusterParameters", "DBClusterParameterGroupName"),
    "neptune": ("neptune:DescribeDBClusterParameters", "DBClusterParameterGroupName"),
}
OF_OTHER_CLUSTERS = ("rds:DescribeDBClusterParameters", "DBClusterParameterGroupName")

Values = Mapping[str, str | None]
"""Parameter -> value. None: as the engine has it, which AWS does not say. Absent: the engine has no such parameter."""


class Group(TypedDict):
    """A parameter group of instances or of clusters, and what is asked of it."""

    call: str
    group: str
    values: Values


@collector(
    "rds:DescribeDBParameters",
    "rds:DescribeDBClusterParameters",
    "docdb:DescribeDBClusterParameters",
    "neptune:DescribeDBClusterParameters",
    arn="arn:{partition}:rds:{region}:{account}:pg:{group}",
    needs=(db_instances, db_clusters),
)
def groups(aws: Aws) -> Iterator[Group]:
    """The groups that databases use."""
    asked = {(*OF_INSTANCES, group_of(db)) for db in aws.read(db_instances) if has_parameters(db)}
    for cluster in aws.read(db_clusters):
        if cluster["Engine"].startswith(CLUSTER_ENGINES):
            asked.add((*of_cluster(cluster), cluster["DBClusterParameterGroup"]))
    return aws.each(lambda one: _read(aws, *one), sorted(asked))


@extra(needs=(db_instances, groups))
def parameters(aws: Aws, db: DBInstance) -> Values:
    """Of an instance that is in no cluster; none of an engine that no check asks about."""
    return _find(aws, OF_INSTANCES[0], group_of(db)) if has_parameters(db) else {}


@extra(needs=(db_clusters, groups))
def cluster_parameters(aws: Aws, cluster: DBCluster) -> Values:
    """Of a cluster; none of an engine that no check asks about."""
    if not cluster["Engine"].startswith(CLUSTER_ENGINES):
        return {}
    return _find(aws, of_cluster(cluster)[0], cluster["DBClusterParameterGroup"])


def has_parameters(db: DBInstance) -> bool:
    return "DBClusterIdentifier" not in db and db["Engine"].startswith(ENGINES)


def group_of(db: DBInstance) -> str:
    """An instance has one parameter group."""
    return db["DBParameterGroups"][0]["DBParameterGroupName"]


def of_cluster(cluster: DBCluster) -> tuple[str, str]:
    """The call of its engine's API that reads parameters of a cluster, and how it calls the group."""
    return OF_CLUSTERS.get(cluster["Engine"], OF_OTHER_CLUSTERS)


def _read(aws: Aws, call: str, key: str, group: str) -> Group:
    """Filtered where AWS's API can do so: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBParameters.html"""
    only: dict[str, Any] = {"Filters": [{"Name": "parameter-name", "Values": [*ASKED]}]}
    found = aws.items(call, "Parameters", **{key: group}, **(only if call.startswith("rds:") else {}))
    values = {one["ParameterName"]: one.get("ParameterValue") for one in found if one["ParameterName"] in ASKED}
    return {"call": call, "group": group, "values": values}


def _find(aws: Aws, call: str, name: str) -> Values:
    found = (one["values"] for one in aws.read(groups) if (one["call"], one["group"]) == (call, name))
    return next(found, {})
