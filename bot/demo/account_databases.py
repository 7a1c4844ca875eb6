"""Where Northwind Traders keeps its records: databases, tables, file systems, and what backs them up."""

from __future__ import annotations

import json
from typing import Any

from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import pairs, tags

MASTER = {"MasterUsername": "northwind", "MasterUserPassword": "not-a-real-password"}
MONITORED: dict[str, Any] = {
    "MonitoringInterval": 60,
    "MonitoringRoleArn": f"arn:aws:iam::{ACCOUNT}:role/rds-monitoring-role",
}
CONSULTANT = "210987654321"  # a former consultant's account


def fill_databases(aws: Emulated, keys: dict[str, str]) -> None:
    """What needs the subnets of `account_network`."""
    _groups(aws)
    _instances(aws, keys)
    _snapshots(aws)
    _subscriptions(aws)
    _tables(aws)
    _backups(aws, keys, _file_system(aws))


def _groups(aws: Emulated) -> None:
    """Subnet groups and parameter groups. The old ERP sits in the public subnet; nobody knows any more why."""
    for region, group, subnets in (
        ("eu-west-1", "private", ("shop-private-b",)),
        ("eu-west-1", "erp", ("shop-public-a", "shop-private-b")),
    ):
        ids = [_subnet(aws, region, name) for name in subnets]
        aws.client("rds", region).create_db_subnet_group(
            DBSubnetGroupName=group, DBSubnetGroupDescription=group, SubnetIds=ids
        )
    for region, name, family, parameter, value in (
        ("eu-west-1", "shop-production", "postgres16", "rds.force_ssl", "1"),
        ("eu-west-1", "erp-legacy", "mysql5.7", "require_secure_transport", "0"),
    ):
        rds = aws.client("rds", region)
        rds.create_db_parameter_group(DBParameterGroupName=name, DBParameterGroupFamily=family, Description=name)
        rds.modify_db_parameter_group(DBParameterGroupName=name, Parameters=[_parameter(parameter, value)])


def _parameter(name: str, value: str) -> dict[str, str]:
    return {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}


def _subnet(aws: Emulated, region: str, name: str) -> str:
    called = [{"Name": "tag:Name", "Values": [name]}]
    return str(aws.client("ec2", region).describe_subnets(Filters=called)["Subnets"][0]["SubnetId"])


def _instances(aws: Emulated, keys: dict[str, str]) -> None:
    def create(name: str, region: str, labels: dict[str, str], **more: Any) -> None:
        given: dict[str, Any] = {"CopyTagsToSnapshot": True, "AllocatedStorage": 50} | MASTER | more
        aws.client("rds", region).create_db_instance(
            DBInstanceIdentifier=name, DBInstanceClass="db.t4g.medium", Tags=pairs(labels), **given
        )

    good: dict[str, Any] = {"StorageEncrypted": True, "KmsKeyId": keys["shop-data"], "MultiAZ": True}
    good |= {"DeletionProtection": True, "PubliclyAccessible": False, "AutoMinorVersionUpgrade": True}
    good |= {"BackupRetentionPeriod": 14, "EnableIAMDatabaseAuthentication": True} | MONITORED
    good |= {"EnableCloudwatchLogsExports": ["postgresql"], "Port": 6432}
    good |= {"DBSubnetGroupName": "private", "DBParameterGroupName": "shop-production"}
    create("shop-production", "eu-west-1", tags("shop"), Engine="postgres", EngineVersion="16.3", **good)
    bad: dict[str, Any] = {"StorageEncrypted": False, "MultiAZ": False, "DeletionProtection": False}
    bad |= {"PubliclyAccessible": True, "AutoMinorVersionUpgrade": False, "BackupRetentionPeriod": 0}
    bad |= {"MasterUsername": "admin", "CopyTagsToSnapshot": False}
    bad |= {"DBSubnetGroupName": "erp", "DBParameterGroupName": "erp-legacy"}
    create("erp-legacy", "eu-west-1", tags("finance"), Engine="mysql", EngineVersion="5.7.44", **bad)


def _snapshots(aws: Emulated) -> None:
    """Shared in a hurry with whom the ERP's vendor sent: with everyone."""
    rds = aws.client("rds")
    for database in ("shop-production", "erp-legacy"):
        name, team = f"{database}-before-upgrade", "shop" if database == "shop-production" else "finance"
        rds.create_db_snapshot(DBInstanceIdentifier=database, DBSnapshotIdentifier=name, Tags=pairs(tags(team)))
    rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier="erp-legacy-before-upgrade", AttributeName="restore", ValuesToAdd=["all"]
    )


def _subscriptions(aws: Emulated) -> None:
    """Of instances in eu-west-1; clusters came later and nobody thought of them."""
    aws.client("rds").create_event_subscription(
        SubscriptionName="databases",
        SnsTopicArn=f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms",
        SourceType="db-instance",
        EventCategories=["failure", "maintenance", "configuration change"],
        Enabled=True,
    )


def _tables(aws: Emulated) -> None:
    dynamodb = aws.client("dynamodb")
    on_demand: dict[str, Any] = {"BillingMode": "PAY_PER_REQUEST"}
    fixed: dict[str, Any] = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}
    for table, team, recovers, capacity in (
        ("orders", "shop", True, on_demand),
        ("carts", "shop", True, on_demand),
        ("price-history", "data", False, fixed),
    ):
        arn = dynamodb.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            DeletionProtectionEnabled=recovers,
            Tags=pairs(tags(team)),
            **capacity,
        )["TableDescription"]["TableArn"]
        if recovers:
            dynamodb.update_continuous_backups(
                TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )
        if table == "price-history":
            who = {"AWS": f"arn:aws:iam::{CONSULTANT}:root"}
            reads = {"Effect": "Allow", "Principal": who, "Action": "dynamodb:GetItem", "Resource": arn}
            dynamodb.put_resource_policy(ResourceArn=arn, Policy=_policy(reads))


def _file_system(aws: Emulated) -> str:
    """What customers upload with their complaints, as it should be. Returns its ARN."""
    efs, name, labels = aws.client("efs"), "shop-uploads", tags("shop")
    made = efs.create_file_system(CreationToken=name, Encrypted=True, Tags=pairs({"Name": name} | labels))
    which = made["FileSystemId"]
    efs.create_mount_target(FileSystemId=which, SubnetId=_subnet(aws, "eu-west-1", "shop-private-b"))
    efs.create_access_point(
        ClientToken=name,
        FileSystemId=which,
        PosixUser={"Uid": 1000, "Gid": 1000},
        RootDirectory={"Path": f"/{name}"},
        Tags=pairs({"Name": f"{name}-app"} | labels),
    )
    return str(made["FileSystemArn"])


def _backups(aws: Emulated, keys: dict[str, str], uploads: str) -> None:
    """One plan in eu-west-1 for what was there when it was made; the vault can be emptied by anyone who may delete."""
    backup = aws.client("backup")
    backup.create_backup_vault(
        BackupVaultName="nightly", EncryptionKeyArn=keys["shop-data"], BackupVaultTags=tags("platform")
    )
    backup.create_backup_vault(
        BackupVaultName="kept-for-audits", EncryptionKeyArn=keys["audit-logs"], BackupVaultTags=tags("platform")
    )
    backup.put_backup_vault_lock_configuration(BackupVaultName="kept-for-audits", MinRetentionDays=365)
    rule = {
        "RuleName": "nightly",
        "TargetBackupVaultName": "nightly",
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "Lifecycle": {"DeleteAfterDays": 14},
    }
    plan = backup.create_backup_plan(
        BackupPlan={"BackupPlanName": "nightly", "Rules": [rule]}, BackupPlanTags=tags("platform")
    )["BackupPlanId"]
    rds, dynamodb = f"arn:aws:rds:eu-west-1:{ACCOUNT}", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}"
    what = [f"{rds}:db:shop-production", f"{rds}:db:erp-legacy"]
    what += [f"{dynamodb}:table/{name}" for name in ("orders", "carts", "coupons")]
    what += [uploads]
    chosen = {"SelectionName": "databases", "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/backup", "Resources": what}
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection=chosen)


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
