"""RDS: the logs of databases: what the judges say, and the ones that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from checks import rds_logs
from checks.kit import NotApplicable
from tests.checks.cases import Case
from tests.checks.test_databases import cluster
from tests.checks.test_rds import instance

DB: Any = {"DBInstanceIdentifier": "shop", "Engine": "postgres", "DBInstanceStatus": "available"}
CLUSTER: Any = {"DBClusterIdentifier": "shop", "Engine": "aurora-mysql", "Status": "available"}
EXPORTS, CLUSTER_EXPORTS = rds_logs.db_instance_exports_logs, rds_logs.db_cluster_exports_logs
AUDIT, MONITORS = rds_logs.db_cluster_writes_audit_log, rds_logs.db_instance_has_enhanced_monitoring


def sends(*logs: str, engine: str = "postgres") -> Any:
    return DB | {"Engine": engine, "EnabledCloudwatchLogsExports": [*logs]}


CASES = [
    Case(EXPORTS, [sends("postgresql")], None),
    Case(EXPORTS, [sends("postgresql", "upgrade")], None),
    Case(EXPORTS, [sends("upgrade")], "does not send its postgresql log to CloudWatch Logs"),
    Case(EXPORTS, [DB], "does not send its postgresql log to CloudWatch Logs"),
    Case(EXPORTS, [sends("slowquery", engine="mysql")], "does not send its error log to CloudWatch Logs"),
    Case(EXPORTS, [sends(engine="oracle-se2")], "does not send its alert and audit log to CloudWatch Logs"),
    Case(EXPORTS, [sends("alert", "audit", engine="oracle-se2")], None),
    Case(EXPORTS, [sends(engine="custom-oracle-ee")], NotApplicable),
    Case(EXPORTS, [DB | {"DBClusterIdentifier": "shop"}], NotApplicable),
    Case(CLUSTER_EXPORTS, [CLUSTER | {"EnabledCloudwatchLogsExports": ["audit", "error"]}], None),
    Case(CLUSTER_EXPORTS, [CLUSTER], "does not send its audit log to CloudWatch Logs"),
    Case(CLUSTER_EXPORTS, [CLUSTER | {"Engine": "docdb"}], "does not send its audit log to CloudWatch Logs"),
    Case(CLUSTER_EXPORTS, [CLUSTER | {"Engine": "neptune", "EnabledCloudwatchLogsExports": ["audit"]}], None),
    Case(CLUSTER_EXPORTS, [CLUSTER | {"EngineMode": "serverless"}], NotApplicable),
    Case(AUDIT, [CLUSTER, {"server_audit_logging": "1"}], None),
    Case(AUDIT, [CLUSTER, {"server_audit_logging": "0"}], "writes no audit log: server_audit_logging is off"),
    Case(AUDIT, [CLUSTER, {"server_audit_logging": None}], "writes no audit log: server_audit_logging is off"),
    Case(AUDIT, [CLUSTER | {"Engine": "docdb"}, {"audit_logs": "ddl"}], None),
    Case(AUDIT, [CLUSTER | {"Engine": "docdb"}, {"audit_logs": "disabled"}], "writes no audit log: audit_logs is off"),
    Case(AUDIT, [CLUSTER | {"Engine": "neptune"}, {"neptune_enable_audit_log": "1"}], None),
    Case(AUDIT, [CLUSTER | {"Engine": "aurora-postgresql"}, {}], NotApplicable),
    Case(MONITORS, [DB | {"MonitoringInterval": 60}], None),
    Case(MONITORS, [DB | {"MonitoringInterval": 0}], "has no Enhanced Monitoring"),
    Case(MONITORS, [DB], "has no Enhanced Monitoring"),
    Case(MONITORS, [DB | {"Engine": "docdb"}], NotApplicable),
    Case(MONITORS, [DB | {"Engine": "custom-sqlserver-se"}], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_plan_says_what_else_an_audit_log_needs() -> None:
    assert any("server_audit_logging" in note for note in rds_logs.send_cluster_logs.plan(CLUSTER).notes)
    postgres = CLUSTER | {"Engine": "aurora-postgresql"}
    assert not any("stays empty" in note for note in rds_logs.send_cluster_logs.plan(postgres).notes)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    EXPORTS.id: lambda aws: instance(aws, EnableCloudwatchLogsExports=["upgrade"]),
    CLUSTER_EXPORTS.id: lambda aws: cluster(aws, Engine="aurora-mysql", EnableCloudwatchLogsExports=["error"]),
}
