"""Keys, buckets, databases, file systems, and what backs them up."""

from __future__ import annotations

import json
from typing import Any

from bot.demo.account_buckets import TIDY
from bot.demo.account_data import BLOCKED
from bot.demo.aws import ACCOUNT, REGIONS
from tests.accounts.filling import Filled

BUCKETS = ("access-logs", "trail", "config", "invoices")
HOME = REGIONS[0]


def fill_keys(aws: Filled) -> str:
    """Returns the ARN of the key that everything is encrypted with."""
    kms = aws.client("kms")
    key = kms.create_key(Description="everything")["KeyMetadata"]
    kms.create_alias(AliasName="alias/everything", TargetKeyId=key["KeyId"])
    kms.enable_key_rotation(KeyId=key["KeyId"])
    return str(key["Arn"])


def fill_buckets(aws: Filled, key: str) -> None:
    aws.client("s3control").put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=BLOCKED)
    for name in BUCKETS:
        _bucket(aws, f"hardened-{name}", key)


def _bucket(aws: Filled, bucket: str, key: str) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": HOME}, ObjectLockEnabledForBucket=True
    )
    kms = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    kind = {"SSEAlgorithm": "AES256"} if bucket.endswith("access-logs") else kms
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": kind, "BucketKeyEnabled": True}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    owned = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=owned)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=BLOCKED)
    aws.answer("s3:GetBucketVersioning", {"Status": "Enabled", "MFADelete": "Enabled"}, about=f"/{bucket}")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    kept = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 7}}
    s3.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": kept}
    )
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [TIDY]})
    _policy(aws, bucket)
    log = {"TargetBucket": "hardened-access-logs", "TargetPrefix": f"{bucket}/"}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": log})


def _policy(aws: Filled, bucket: str) -> None:
    services = {"access-logs": "logging.s3", "trail": "cloudtrail", "config": "config"}
    arn, service = f"arn:aws:s3:::{bucket}", services.get(bucket.removeprefix("hardened-"))
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"], "Condition": insecure}
    ours = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    common = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Condition": ours}
    allow = [
        common | {"Action": "s3:GetBucketAcl", "Resource": arn},
        common | {"Action": "s3:PutObject", "Resource": f"{arn}/*"},
    ]
    document = {"Version": "2012-10-17", "Statement": [*(allow if service else []), deny]}
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))


def fill_databases(aws: Filled, key: str, subnets: list[str], group: str) -> None:
    rds = aws.client("rds")
    rds.create_db_subnet_group(DBSubnetGroupName="private", DBSubnetGroupDescription="private", SubnetIds=subnets)
    force = [{"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "pending-reboot"}]
    rds.create_db_parameter_group(DBParameterGroupName="shop", DBParameterGroupFamily="postgres16", Description="shop")
    rds.modify_db_parameter_group(DBParameterGroupName="shop", Parameters=force)
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="orders", DBParameterGroupFamily="aurora-postgresql16", Description="orders"
    )
    rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName="orders", Parameters=force)
    common: dict[str, Any] = {
        "MasterUsername": "northwind",
        "MasterUserPassword": "not-a-real-password",
        "StorageEncrypted": True,
        "KmsKeyId": key,
        "DeletionProtection": True,
        "BackupRetentionPeriod": 14,
        "CopyTagsToSnapshot": True,
        "EnableIAMDatabaseAuthentication": True,
        "EnableCloudwatchLogsExports": ["postgresql"],
        "DBSubnetGroupName": "private",
        "VpcSecurityGroupIds": [group],
    }
    instance: dict[str, Any] = {
        "PubliclyAccessible": False,
        "AutoMinorVersionUpgrade": True,
        "MonitoringInterval": 60,
        "MonitoringRoleArn": f"arn:aws:iam::{ACCOUNT}:role/rds-monitoring",
    }
    rds.create_db_instance(
        DBInstanceIdentifier="shop",
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        EngineVersion="16.3",
        AllocatedStorage=50,
        MultiAZ=True,
        Port=6432,
        DBParameterGroupName="shop",
        **common,
        **instance,
    )
    rds.create_db_cluster(
        DBClusterIdentifier="orders",
        Engine="aurora-postgresql",
        EngineVersion="16.3",
        Port=6433,
        DBClusterParameterGroupName="orders",
        AvailabilityZones=[f"{HOME}a", f"{HOME}b"],
        **common,
    )
    for number in (1, 2):
        rds.create_db_instance(
            DBInstanceIdentifier=f"orders-{number}",
            DBInstanceClass="db.r6g.large",
            DBClusterIdentifier="orders",
            DBSubnetGroupName="private",
            VpcSecurityGroupIds=[group],
            Engine="aurora-postgresql",
            EngineVersion="16.3",
            AvailabilityZone=f"{HOME}{'ab'[number - 1]}",
            **instance,
        )


def fill_shares(aws: Filled, key: str, subnets: list[str]) -> str:
    """Returns the ARN of the file system."""
    efs = aws.client("efs")
    made = efs.create_file_system(CreationToken="uploads", Encrypted=True, KmsKeyId=key, Backup=True)
    which = made["FileSystemId"]
    for subnet in subnets:
        efs.create_mount_target(FileSystemId=which, SubnetId=subnet)
    efs.create_access_point(
        ClientToken="uploads",
        FileSystemId=which,
        PosixUser={"Uid": 1000, "Gid": 1000},
        RootDirectory={"Path": "/uploads"},
    )
    return str(made["FileSystemArn"])


def fill_backups(aws: Filled, key: str, share: str) -> None:
    backup = aws.client("backup")
    backup.create_backup_vault(BackupVaultName="nightly", EncryptionKeyArn=key)
    backup.put_backup_vault_lock_configuration(BackupVaultName="nightly", MinRetentionDays=7)
    rule = {
        "RuleName": "nightly",
        "TargetBackupVaultName": "nightly",
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "Lifecycle": {"DeleteAfterDays": 35},
    }
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "nightly", "Rules": [rule]})["BackupPlanId"]
    everything = [f"arn:aws:rds:{HOME}:{ACCOUNT}:db:shop", f"arn:aws:rds:{HOME}:{ACCOUNT}:cluster:orders", share]
    selection = {
        "SelectionName": "everything",
        "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/backups",
        "Resources": everything,
    }
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)
    backup.create_report_plan(
        ReportPlanName="jobs",
        ReportDeliveryChannel={"S3BucketName": "hardened-access-logs"},
        ReportSetting={"ReportTemplate": "BACKUP_JOB_REPORT"},
    )
