"""What all checks of databases share: one list of instances and one of clusters, and how a setting is changed.

RDS lists those of Aurora, Neptune and DocumentDB too: `Engine` tells them apart.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusters.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from checks.kit import Aws, Call, NotApplicable, Plan, collector

if TYPE_CHECKING:
    from types_boto3_rds.type_defs import DBClusterTypeDef as DBCluster
    from types_boto3_rds.type_defs import DBInstanceTypeDef as DBInstance

MODIFY = "rds:ModifyDBInstance"
MODIFY_CLUSTER = ("rds:ModifyDBCluster", "docdb:ModifyDBCluster", "neptune:ModifyDBCluster")
"""Each engine's own API, as its documentation has it."""

IN_MULTI_AZ_CLUSTERS = ("mysql", "postgres")
"""Engines of Multi-AZ DB clusters: others have clusters of their own kind, and may change an instance of it.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/modify-multi-az-db-cluster.html"""

COMES_OR_GOES = ("creating", "deleting")
"""States in which there is nothing to judge yet, or no more."""


@collector("rds:DescribeDBInstances", arn="{DBInstanceArn}", name="{DBInstanceIdentifier}")
def db_instances(aws: Aws) -> Iterator[DBInstance]:
    """Leaves out those being made or deleted."""
    found: Iterator[DBInstance] = aws.items("rds:DescribeDBInstances", "DBInstances")
    return (db for db in found if db["DBInstanceStatus"] not in COMES_OR_GOES)


@collector("rds:DescribeDBClusters", arn="{DBClusterArn}", name="{DBClusterIdentifier}")
def db_clusters(aws: Aws) -> Iterator[DBCluster]:
    """Leaves out those being made or deleted."""
    found: Iterator[DBCluster] = aws.items("rds:DescribeDBClusters", "DBClusters")
    return (cluster for cluster in found if cluster["Status"] not in COMES_OR_GOES)


def keeps_it_itself(db: DBInstance, what: str) -> None:
    """Raises NotApplicable for an instance of a cluster, which leaves some settings to it."""
    if "DBClusterIdentifier" in db:
        raise NotApplicable(f"its cluster {db['DBClusterIdentifier']} decides on {what}")


def is_multi_az_cluster(cluster: DBCluster) -> bool:
    """Whether it is a Multi-AZ DB cluster of RDS, and neither Aurora, Neptune nor DocumentDB."""
    return cluster["Engine"] in IN_MULTI_AZ_CLUSTERS


def wanted(database: Mapping[str, object], setting: str) -> Any:
    """What a setting is, or is about to be: a change that RDS has not made yet counts as made."""
    return _pending(database).get(setting, database[setting])


def others_wait(database: Mapping[str, object], setting: str) -> bool:
    """Whether changes of other settings wait to be made."""
    return bool(set(_pending(database)) - {setting})


def _pending(database: Mapping[str, object]) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", database.get("PendingModifiedValues") or {})


def alone(database: Mapping[str, object], setting: str) -> None:
    """Raises NotApplicable where applying one change at once would apply others that wait."""
    if others_wait(database, setting):
        raise NotApplicable("other changes wait for its maintenance window and would be applied with this one")


def in_days(count: int) -> str:
    """ "1 day", "7 days"."""
    return "1 day" if count == 1 else f"{count} days"


STOPPED = ("stopped", "stopping")


def must_run(status: str) -> None:
    """Raises NotApplicable for what is stopped: AWS changes it only while it runs.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html
    """
    if status in STOPPED:
        raise NotApplicable("it is stopped: AWS changes it only while it runs")


def modify(db: DBInstance, **changes: Any) -> Call:
    """The call that changes an instance. Raises NotApplicable for one that is stopped."""
    must_run(db["DBInstanceStatus"])
    return Call(MODIFY, {"DBInstanceIdentifier": db["DBInstanceIdentifier"]} | changes)


def modify_cluster(cluster: DBCluster, **changes: Any) -> Call:
    """The call of its engine's API that changes a cluster. Raises NotApplicable for one that is stopped."""
    must_run(cluster["Status"])
    api = cluster["Engine"] if cluster["Engine"] in ("docdb", "neptune") else "rds"
    return Call(f"{api}:ModifyDBCluster", {"DBClusterIdentifier": cluster["DBClusterIdentifier"]} | changes)


def turn_on(
    change: Callable[..., Call],
    database: Any,
    setting: str,
    *,
    notes: Sequence[str],
    off: bool = False,
    parameter: str = "",
    **how: bool,
) -> Plan:
    """Turn a setting on (or `off`) that RDS applies at once, by itself or because `how` says so.

    `parameter`: what the API calls the setting, where the answer calls it otherwise.
    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html
    """
    is_on: bool = wanted(database, setting)
    words = {True: "on", False: "off"}
    return Plan(
        do=[change(database, **{parameter or setting: not off}, **how)],
        undo=[change(database, **{parameter or setting: is_on}, **how)],
        before={setting: words[is_on]},
        after={setting: words[not off]},
        notes=notes,
    )


def export_logs(change: Callable[..., Call], database: Any, missing: Sequence[str], notes: Sequence[str]) -> Plan:
    """Send more kinds of logs to CloudWatch Logs; AWS begins with that at once.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
    """
    have = database.get("EnabledCloudwatchLogsExports", [])
    what = "logs in CloudWatch Logs"
    return Plan(
        do=[change(database, CloudwatchLogsExportConfiguration={"EnableLogTypes": [*missing]})],
        undo=[change(database, CloudwatchLogsExportConfiguration={"DisableLogTypes": [*missing]})],
        before={what: ", ".join(have) or "none"},
        after={what: ", ".join([*have, *missing])},
        notes=notes,
    )
