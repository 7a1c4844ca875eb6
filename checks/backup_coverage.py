"""What AWS Backup really has a backup of: when it last backed up each database.

That counts, and not what a plan has assigned: jobs fail, and a service may not be turned on.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListProtectedResources.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from checks.databases import db_clusters, db_instances, is_multi_az_cluster, keeps_it_itself
from checks.dynamodb import description, recover_to_any_point, recovery, tables
from checks.kit import ACCOUNT_ARN, Aws, NotApplicable, Plan, Practice, Severity, Verdict, check, collector, extra, fix

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import PointInTimeRecoveryDescriptionTypeDef as Recovery
    from types_boto3_dynamodb.type_defs import TableDescriptionTypeDef as Description
    from types_boto3_rds.type_defs import DBClusterTypeDef as DBCluster
    from types_boto3_rds.type_defs import DBInstanceTypeDef as DBInstance

    from checks.dynamodb import Table

DAYS = 35
"""A monthly plan backs up at least so often."""

GRACE = timedelta(days=2)
"""How old a resource may be before its first backup is due."""

KINDS = {"docdb": "DocumentDB", "neptune": "Neptune", "mysql": "RDS", "postgres": "RDS"}
"""Engine of a cluster -> what AWS Backup calls its kind; all others are Aurora."""


class Region(TypedDict):
    """ARN of what AWS Backup has backed up -> when it did so last, and the kinds of resources it is turned on for."""

    last: Mapping[str, datetime]
    on: Mapping[str, bool]


class Protection(TypedDict):
    """When AWS Backup last backed up a resource, whether it is turned on for its kind, and what time it is now."""

    last: datetime | None
    on: bool
    now: datetime


@collector("backup:ListProtectedResources", "backup:DescribeRegionSettings", arn=ACCOUNT_ARN, name="{region}")
def protected(aws: Aws) -> Iterator[Region]:
    found = aws.items("backup:ListProtectedResources", "Results")
    last = {one["ResourceArn"]: one["LastBackupTime"] for one in found if "LastBackupTime" in one}
    yield {"last": last, "on": aws.call("backup:DescribeRegionSettings")["ResourceTypeOptInPreference"]}


def protection(aws: Aws, kind: str, *arns: str) -> Protection:
    """Of a resource by any of its ARNs; what calls it needs `protected`."""
    [region] = aws.read(protected)
    times = [region["last"][arn] for arn in arns if arn in region["last"]]
    return {"last": max(times, default=None), "on": region["on"].get(kind, True), "now": aws.now}


@extra(needs=(protected,))
def of_instance(aws: Aws, db: DBInstance) -> Protection:
    """Continuous backups go by the id that stays when an instance is renamed."""
    arn = db["DBInstanceArn"]
    return protection(aws, "RDS", arn, f"{arn.rpartition(':')[0]}:{db['DbiResourceId']}")


@extra(needs=(protected,))
def of_cluster(aws: Aws, cluster: DBCluster) -> Protection:
    arn, kind = cluster["DBClusterArn"], KINDS.get(cluster["Engine"], "Aurora")
    return protection(aws, kind, arn, f"{arn.rpartition(':')[0]}:{cluster['DbClusterResourceId']}")


@extra(needs=(protected,))
def of_table(aws: Aws, table: Table) -> Protection:
    arn = tables.arn.format(partition=aws.partition, region=aws.region, **table)
    return protection(aws, "DynamoDB", arn)


@check(db_instances, of_instance, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def db_instance_is_backed_up(db: DBInstance, protection: Protection, *, days: int = DAYS) -> Verdict:
    """DB instance is backed up by AWS Backup.

    Automated backups are deleted with their instance; those in a vault outlive it, and whoever deletes it.

    Fix: Assign the instance to a backup plan, by a tag say, and look whether its jobs succeed.
    See: https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html
    """
    keeps_it_itself(db, "backups")
    if db["Engine"].startswith("custom-"):
        raise NotApplicable("RDS Custom is backed up in a way of its own")
    # .get: AWS sends these of read replicas alone.
    if db.get("ReadReplicaSourceDBInstanceIdentifier") or db.get("ReadReplicaSourceDBClusterIdentifier"):
        raise NotApplicable("it is a read replica: its source keeps the backups")
    if db.get("AwsBackupRecoveryPointArn"):
        return None  # AWS Backup takes its continuous backups
    own = "; its own automated backups go when it is deleted" if db["BackupRetentionPeriod"] else ""
    return _judge(protection, db["InstanceCreateTime"], days, "RDS", own)


@check(db_clusters, of_cluster, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def db_cluster_is_backed_up(cluster: DBCluster, protection: Protection, *, days: int = DAYS) -> Verdict:
    """DB cluster is backed up by AWS Backup.

    Automated backups are deleted with their cluster; those in a vault outlive it, and whoever deletes it.

    Fix: Turn AWS Backup on for its kind in the region, assign the cluster to a backup plan, and look at its jobs.
    See: https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html
    """
    if cluster.get("ReplicationSourceIdentifier"):
        raise NotApplicable("it is a replica: its source keeps the backups")
    if cluster.get("AwsBackupRecoveryPointArn"):
        return None  # AWS Backup takes its continuous backups
    kind = "RDS" if is_multi_az_cluster(cluster) else KINDS.get(cluster["Engine"], "Aurora")
    own = "; its own automated backups go when it is deleted"
    return _judge(protection, cluster["ClusterCreateTime"], days, kind, own)


@check(tables, recovery, description, of_table, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def table_is_backed_up(
    table: Table, recovery: Recovery, description: Description, protection: Protection, *, days: int = DAYS
) -> Verdict:
    """DynamoDB table has backups that outlive it.

    A table without any cannot be brought back; what point-in-time recovery holds, AWS keeps for 35 days after that.

    Fix: Turn on point-in-time recovery, or assign the table to a plan of AWS Backup.
    See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Backup-and-Restore.html
    """
    if recovery["PointInTimeRecoveryStatus"] == "ENABLED":
        return None
    own = "; it has no point-in-time recovery either"
    return _judge(protection, description["CreationDateTime"], days, "DynamoDB", own)


@fix(table_is_backed_up, *recover_to_any_point.calls, risk=recover_to_any_point.risk)
def recover_table_to_any_point(
    table: Table, recovery: Recovery, description: Description, protection: Protection
) -> Plan:
    """Turn on point-in-time recovery of the DynamoDB table."""
    return recover_to_any_point.plan(table, recovery)


def _judge(protection: Protection, created: datetime, days: int, kind: str, own: str) -> Verdict:
    last, now = protection["last"], protection["now"]
    if last and now - last <= timedelta(days=days):
        return None
    if now - created < GRACE:
        raise NotApplicable("it is not two days old: its first backup may be due yet")
    if last:
        return f"was last backed up by AWS Backup on {last:%Y-%m-%d}{own}"
    off = "" if protection["on"] else f", which is not turned on for {kind} in this region"
    return f"is not backed up by AWS Backup{off}{own}"
