"""What AWS Backup has a backup of: what the judges say, and what is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import backup_coverage
from checks.kit import NotApplicable
from tests.checks.cases import NOW, Case
from tests.checks.test_dynamodb import table

INSTANCE, CLUSTER, TABLE = (
    backup_coverage.db_instance_is_backed_up,
    backup_coverage.db_cluster_is_backed_up,
    backup_coverage.table_is_backed_up,
)
OLD = NOW - timedelta(days=400)
DB: Any = {"Engine": "postgres", "InstanceCreateTime": OLD, "BackupRetentionPeriod": 7}
AURORA: Any = {"Engine": "aurora-postgresql", "ClusterCreateTime": OLD}
NONE = "is not backed up by AWS Backup; its own automated backups go when it is deleted"
ORDERS = [{"TableName": "orders"}, {"PointInTimeRecoveryStatus": "DISABLED"}, {"CreationDateTime": OLD}]
POINTS = [ORDERS[0], {"PointInTimeRecoveryStatus": "ENABLED"}, ORDERS[2]]


def backed_up(days: float | None = None, *, on: bool = True) -> dict[str, Any]:
    return {"last": None if days is None else NOW - timedelta(days=days), "on": on, "now": NOW}


CASES = [
    Case(INSTANCE, [DB, backed_up(0.5)], None),
    Case(INSTANCE, [DB, backed_up(35)], None),
    Case(
        INSTANCE,
        [DB, backed_up(36)],
        "was last backed up by AWS Backup on 2026-01-25; its own automated backups go when it is deleted",
    ),
    Case(INSTANCE, [DB, backed_up(36)], None, {"days": 40}),
    Case(INSTANCE, [DB, backed_up()], NONE),
    Case(INSTANCE, [DB | {"BackupRetentionPeriod": 0}, backed_up()], "is not backed up by AWS Backup"),
    Case(
        INSTANCE,
        [DB | {"BackupRetentionPeriod": 0}, backed_up(on=False)],
        "is not backed up by AWS Backup, which is not turned on for RDS in this region",
    ),
    Case(INSTANCE, [DB | {"InstanceCreateTime": NOW - timedelta(days=1)}, backed_up()], NotApplicable),
    Case(INSTANCE, [DB | {"AwsBackupRecoveryPointArn": "arn"}, backed_up()], None),
    Case(INSTANCE, [DB | {"DBClusterIdentifier": "shop"}, backed_up()], NotApplicable),
    Case(INSTANCE, [DB | {"ReadReplicaSourceDBInstanceIdentifier": "shop"}, backed_up()], NotApplicable),
    Case(INSTANCE, [DB | {"Engine": "custom-oracle-ee"}, backed_up()], NotApplicable),
    Case(CLUSTER, [AURORA, backed_up(1)], None),
    Case(CLUSTER, [AURORA, backed_up()], NONE),
    Case(
        CLUSTER,
        [AURORA | {"Engine": "docdb"}, backed_up(on=False)],
        "is not backed up by AWS Backup, which is not turned on for DocumentDB in this region; "
        "its own automated backups go when it is deleted",
    ),
    Case(CLUSTER, [AURORA | {"AwsBackupRecoveryPointArn": "arn"}, backed_up()], None),
    Case(CLUSTER, [AURORA | {"ReplicationSourceIdentifier": "shop"}, backed_up()], NotApplicable),
    Case(TABLE, [*ORDERS, backed_up(1)], None),
    Case(TABLE, [*POINTS, backed_up()], None),
    Case(TABLE, [*ORDERS, backed_up()], "is not backed up by AWS Backup; it has no point-in-time recovery either"),
    Case(TABLE, [*ORDERS[:2], {"CreationDateTime": NOW}, backed_up()], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_the_last_backup_is_found_by_any_arn_of_a_database(aws: Region) -> None:
    rds = "arn:aws:rds:eu-west-1:123456789012"
    one, two = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    known = {f"{rds}:db:shop": one, f"{rds}:db:db-ABC": two, f"{rds}:cluster:cluster-XYZ": one}
    known["arn:aws:dynamodb:eu-west-1:123456789012:table/orders"] = two
    results = [{"ResourceArn": arn, "LastBackupTime": when} for arn, when in known.items()]
    opted = {"RDS": True, "Neptune": False}
    with Stubber(aws.clients.get("backup", aws.region)) as stub:
        stub.add_response("list_protected_resources", {"Results": results[:2], "NextToken": "more"}, {})
        stub.add_response("list_protected_resources", {"Results": results[2:]}, {"NextToken": "more"})
        stub.add_response("describe_region_settings", {"ResourceTypeOptInPreference": opted}, {})
        instance = backup_coverage.of_instance.read(aws, {"DBInstanceArn": f"{rds}:db:shop", "DbiResourceId": "db-ABC"})
        graph: Any = {"DBClusterArn": f"{rds}:cluster:graph", "DbClusterResourceId": "cluster-XYZ", "Engine": "neptune"}
        cluster = backup_coverage.of_cluster.read(aws, graph)
        orders = backup_coverage.of_table.read(aws, {"TableName": "orders", "account": aws.account})
    assert (instance["last"], instance["on"]) == (two, True)
    assert (cluster["last"], cluster["on"]) == (one, False)
    assert (orders["last"], orders["on"]) == (two, True)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {TABLE.id: table}
