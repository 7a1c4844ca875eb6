"""What all checks of databases share: one list for all engines, and how a setting of each is changed."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import databases
from checks.kit import NotApplicable


def cluster(aws: boto3.Session, name: str = "shop", **settings: Any) -> None:
    """A cluster as it should be, but for `settings`."""
    good: dict[str, Any] = {"StorageEncrypted": True, "DeletionProtection": True, "CopyTagsToSnapshot": True}
    good |= {"BackupRetentionPeriod": 7, "Engine": "aurora-postgresql"}
    aws.client("rds", region_name="eu-west-1").create_db_cluster(
        DBClusterIdentifier=name,
        MasterUsername="northwind",
        MasterUserPassword="not-a-real-password",
        **good | settings,
    )


def test_one_list_of_clusters_has_those_of_neptune_too(aws: Region) -> None:
    cluster(aws.clients.session)
    cluster(aws.clients.session, "graph", Engine="neptune")
    found = {identify(aws, databases.db_clusters, one): one["Engine"] for one in databases.db_clusters.stream(aws)}
    assert found == {
        ("arn:aws:rds:eu-west-1:123456789012:cluster:graph", "graph"): "neptune",
        ("arn:aws:rds:eu-west-1:123456789012:cluster:shop", "shop"): "aurora-postgresql",
    }


@pytest.mark.parametrize(
    ("engine", "call"),
    [
        ("aurora-mysql", "rds:ModifyDBCluster"),
        ("postgres", "rds:ModifyDBCluster"),
        ("docdb", "docdb:ModifyDBCluster"),
        ("neptune", "neptune:ModifyDBCluster"),
    ],
)
def test_a_cluster_is_changed_by_its_engines_own_api(engine: str, call: str) -> None:
    changed = databases.modify_cluster(
        {"DBClusterIdentifier": "shop", "Engine": engine, "Status": "available"}, DeletionProtection=True
    )
    assert changed.call == call
    assert call in databases.MODIFY_CLUSTER
    assert changed.params == {"DBClusterIdentifier": "shop", "DeletionProtection": True}


def test_what_waits_counts_as_set_and_keeps_others_from_being_applied() -> None:
    shop = {"MultiAZ": False, "PendingModifiedValues": {"MultiAZ": True}}
    assert databases.wanted(shop, "MultiAZ") is True
    databases.alone(shop, "MultiAZ")
    with pytest.raises(NotApplicable):
        databases.alone(shop, "IAMDatabaseAuthenticationEnabled")


def test_exporting_one_more_log_leaves_the_others() -> None:
    database: Any = {"DBInstanceIdentifier": "shop", "EnabledCloudwatchLogsExports": ["error"]}
    database |= {"DBInstanceStatus": "available"}
    plan = databases.export_logs(databases.modify, database, ["audit"], [])
    assert plan.before == {"logs in CloudWatch Logs": "error"}
    assert plan.after == {"logs in CloudWatch Logs": "error, audit"}
    assert plan.undo[0].params["CloudwatchLogsExportConfiguration"] == {"DisableLogTypes": ["audit"]}
