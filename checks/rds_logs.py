"""Amazon RDS, Aurora, Neptune and DocumentDB: the logs that databases write, and where these go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from checks.database_parameters import Values, cluster_parameters
from checks.databases import (
    MODIFY,
    MODIFY_CLUSTER,
    db_clusters,
    db_instances,
    export_logs,
    keeps_it_itself,
    modify,
    modify_cluster,
)
from checks.kit import NotApplicable, Plan, Practice, Risk, Severity, Verdict, check, expect, fix

if TYPE_CHECKING:
    from types_boto3_rds.type_defs import DBClusterTypeDef as DBCluster
    from types_boto3_rds.type_defs import DBInstanceTypeDef as DBInstance

SAYS_WHO = {
    "aurora-mysql": ("audit",),
    "aurora-postgresql": ("postgresql",),
    "db2": ("diag.log",),
    "docdb": ("audit",),
    "mariadb": ("error",),
    "mysql": ("error",),
    "neptune": ("audit",),
    "oracle": ("alert", "audit"),
    "postgres": ("postgresql",),
    "sqlserver": ("error",),
}
"""Beginning of an engine's name -> the logs that tell of sign-ins, refusals and failures. Others are for tuning.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html"""

AUDITS = {"aurora-mysql": "server_audit_logging", "docdb": "audit_logs", "neptune": "neptune_enable_audit_log"}
"""Engine -> the cluster parameter without which it writes no audit log.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Auditing.html
https://docs.aws.amazon.com/documentdb/latest/developerguide/event-auditing.html
https://docs.aws.amazon.com/neptune/latest/userguide/auditing.html"""

NO_AUDIT = (None, "0", "off", "disabled", "none")
"""Values that leave the audit log empty; each of the engines has it off unless told otherwise."""

NOTES = [
    "It begins at once, without a restart. CloudWatch Logs charges for what it takes in and keeps.",
    "Logs stay until their log group's retention ends: set one. Undo ends the export and leaves what was written.",
]


@check(db_instances, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def db_instance_exports_logs(db: DBInstance) -> Verdict:
    """DB instance sends its logs to CloudWatch Logs.

    The instance keeps its logs for days only, and they go with it; in CloudWatch Logs they can be searched and watched.

    Fix: Choose the error, audit or postgresql log for export to CloudWatch Logs, and set its log group's retention.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html
    """
    keeps_it_itself(db, "its logs")
    return _left_out(_missing(db["Engine"], db.get("EnabledCloudwatchLogsExports", [])))


@fix(db_instance_exports_logs, MODIFY, risk=Risk.SAFE)
def send_logs(db: DBInstance) -> Plan:
    """Send the DB instance's logs to CloudWatch Logs."""
    return export_logs(modify, db, _missing(db["Engine"], db.get("EnabledCloudwatchLogsExports", [])), NOTES)


@check(db_clusters, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def db_cluster_exports_logs(cluster: DBCluster) -> Verdict:
    """DB cluster sends its logs to CloudWatch Logs.

    The cluster keeps its logs for days only, and they go with it; in CloudWatch Logs they can be searched and watched.

    Fix: Choose the audit or postgresql log for export to CloudWatch Logs, and set its log group's retention.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html
    """
    if cluster.get("EngineMode", "provisioned") == "serverless":
        raise NotApplicable("Aurora Serverless v1 sends its logs by itself")
    return _left_out(_missing(cluster["Engine"], cluster.get("EnabledCloudwatchLogsExports", [])))


@fix(db_cluster_exports_logs, *MODIFY_CLUSTER, risk=Risk.SAFE)
def send_cluster_logs(cluster: DBCluster) -> Plan:
    """Send the DB cluster's logs to CloudWatch Logs."""
    missing = _missing(cluster["Engine"], cluster.get("EnabledCloudwatchLogsExports", []))
    empty = AUDITS.get(cluster["Engine"])
    more = [f"The audit log stays empty while the cluster parameter {empty} is off."] if empty else []
    return export_logs(modify_cluster, cluster, missing, [*NOTES, *more])


@check(db_clusters, cluster_parameters, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def db_cluster_writes_audit_log(cluster: DBCluster, parameters: Values) -> Verdict:
    """DB cluster writes an audit log.

    Without it nobody can say afterwards who signed in and what they asked for.

    Fix: Set server_audit_logging (Aurora MySQL), audit_logs (DocumentDB) or neptune_enable_audit_log (Neptune) in a
    cluster parameter group of yours, and export the audit log to CloudWatch Logs.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Auditing.html
    """
    name = AUDITS.get(cluster["Engine"])
    if name is None:
        raise NotApplicable("its engine is not told so by a parameter")
    value = parameters.get(name)
    said = str(value).lower() if value is not None else None
    return expect(said not in NO_AUDIT, f"writes no audit log: {name} is off")


@check(db_instances, practice=Practice.MONITORING, severity=Severity.LOW)
def db_instance_has_enhanced_monitoring(db: DBInstance) -> Verdict:
    """DB instance reports what its operating system does.

    Processes and memory of the machine itself show what the database's own numbers hide, from a leak to a miner.

    Fix: Turn on Enhanced Monitoring, every 60 seconds, with a role that RDS may use for it.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html
    """
    if db["Engine"] in ("docdb", "neptune") or db["Engine"].startswith("custom-"):
        raise NotApplicable("AWS does not offer Enhanced Monitoring for its engine")
    return expect(db.get("MonitoringInterval"), "has no Enhanced Monitoring")  # .get: left out where it was never set


def _missing(engine: str, exported: Sequence[str]) -> list[str]:
    wanted = next((logs for start, logs in SAYS_WHO.items() if engine.startswith(start)), None)
    if wanted is None:
        raise NotApplicable("AWS exports no logs of its engine")
    return [log for log in wanted if log not in exported]


def _left_out(missing: Sequence[str]) -> Verdict:
    return f"does not send its {' and '.join(missing)} log to CloudWatch Logs" if missing else None
