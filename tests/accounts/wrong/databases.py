"""Database clusters, caches and transfers, each kind wrong at least once."""

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


def fill_databases(aws: Emulated) -> None:
    """After the demo's own."""
    _groups(aws)
    _clusters(aws)
    _snapshots(aws)
    _cache(aws)
    _staging(aws)
    _share(aws)
    _transfer(aws)


def _groups(aws: Emulated) -> None:
    rds = aws.client("rds")
    for name, family, given in (
        ("loyalty", "aurora-postgresql16", {"rds.force_ssl": "1"}),
        ("catalog", "aurora-mysql8.0", {"require_secure_transport": "OFF", "server_audit_logging": "0"}),
        ("recommendations", "neptune1.3", {"neptune_enable_audit_log": "1"}),
    ):
        rds.create_db_cluster_parameter_group(
            DBClusterParameterGroupName=name, DBParameterGroupFamily=family, Description=name
        )
        parameters = [_parameter(*one) for one in given.items()]
        rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName=name, Parameters=parameters)


def _parameter(name: str, value: str) -> dict[str, str]:
    return {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}


def _clusters(aws: Emulated) -> None:
    rds = aws.client("rds")

    def create(name: str, team: str, **more: Any) -> None:
        given: dict[str, Any] = {"DBClusterParameterGroupName": name, "DBSubnetGroupName": "private"} | MASTER
        given |= {"StorageEncrypted": True} | more
        rds.create_db_cluster(DBClusterIdentifier=name, Tags=pairs(tags(team)), **given)
        for number in ("1", "2") if name == "recommendations" else ("1",):
            rds.create_db_instance(
                DBInstanceIdentifier=f"{name}-{number}",
                DBInstanceClass="db.r6g.large",
                DBClusterIdentifier=name,
                DBSubnetGroupName="private",
                Engine=more["Engine"],
                PubliclyAccessible=False,
                AutoMinorVersionUpgrade=True,
                Tags=pairs(tags(team)),
                **MONITORED,
            )

    create("loyalty", "shop", Engine="aurora-postgresql", EnableCloudwatchLogsExports=["postgresql"])
    good: dict[str, Any] = {"DeletionProtection": True, "CopyTagsToSnapshot": True, "BackupRetentionPeriod": 14}
    create(
        "catalog",
        "shop",
        Engine="aurora-mysql",
        EnableIAMDatabaseAuthentication=True,
        Port=3310,
        **good,
    )
    graph = good | {"StorageEncrypted": False, "EnableCloudwatchLogsExports": ["audit"]}
    create("recommendations", "data", Engine="neptune", **graph)


def _cache(aws: Emulated) -> None:
    """In front of the carts, made before anybody asked for encryption."""
    aws.client("dax").create_cluster(
        ClusterName="carts",
        NodeType="dax.t3.small",
        ReplicationFactor=1,
        IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/carts-cache",
        Tags=pairs(tags("shop")),
    )
    aws.client("dax").create_cluster(
        ClusterName="prices",
        NodeType="dax.t3.small",
        ReplicationFactor=3,
        IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/prices-cache",
        SSESpecification={"Enabled": True},
        ClusterEndpointEncryptionType="TLS",
        Tags=pairs(tags("data")),
    )
    while any(one["Status"] == "creating" for one in aws.client("dax").describe_clusters()["Clusters"]):
        continue  # the emulator is done after a few looks


def _transfer(aws: Emulated) -> None:
    """Copies the exports to the consultant's bucket every night, and tells nobody how that went."""
    datasync = aws.client("datasync")
    role = {"BucketAccessRoleArn": f"arn:aws:iam::{ACCOUNT}:role/datasync"}
    ends = [
        datasync.create_location_s3(S3BucketArn=f"arn:aws:s3:::{bucket}", S3Config=role)["LocationArn"]
        for bucket in ("northwind-traders-exports", "brightside-consulting-inbox")
    ]
    datasync.create_task(
        SourceLocationArn=ends[0], DestinationLocationArn=ends[1], Name="exports", Tags=pairs(tags("data"))
    )


def _snapshots(aws: Emulated) -> None:
    rds = aws.client("rds")
    for cluster, team in (("loyalty", "shop"), ("recommendations", "data")):
        name = f"{cluster}-before-upgrade"
        rds.create_db_cluster_snapshot(
            DBClusterIdentifier=cluster, DBClusterSnapshotIdentifier=name, Tags=pairs(tags(team))
        )
    rds.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier="recommendations-before-upgrade", AttributeName="restore", ValuesToAdd=["all"]
    )


def _staging(aws: Emulated) -> None:
    """In public subnets of us-east-1, with nothing that its production has."""
    rds = aws.client("rds", "us-east-1")
    found = aws.client("ec2", "us-east-1").describe_subnets(
        Filters=[{"Name": "tag:Name", "Values": ["staging-public"]}]
    )
    ids = [found["Subnets"][0]["SubnetId"]]
    rds.create_db_subnet_group(DBSubnetGroupName="staging", DBSubnetGroupDescription="staging", SubnetIds=ids)
    rds.create_db_parameter_group(
        DBParameterGroupName="staging", DBParameterGroupFamily="postgres16", Description="staging"
    )
    rds.create_db_instance(
        DBInstanceIdentifier="staging",
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        EngineVersion="16.3",
        AllocatedStorage=50,
        StorageEncrypted=True,
        PubliclyAccessible=False,
        BackupRetentionPeriod=1,
        DBSubnetGroupName="staging",
        DBParameterGroupName="staging",
        Tags=pairs(tags("shop", "staging")),
        **MASTER,
        **MONITORED,
    )


def _share(aws: Emulated) -> None:
    """The old ERP's: in one zone, in plain text, for whoever can reach it."""
    efs, name = aws.client("efs"), "erp-share"
    labels = pairs({"Name": name} | tags("finance"))
    made = efs.create_file_system(CreationToken=name, Encrypted=False, Tags=labels, AvailabilityZoneName="eu-west-1a")
    arn, which = made["FileSystemArn"], made["FileSystemId"]
    found = aws.client("ec2").describe_subnets(Filters=[{"Name": "tag:Name", "Values": ["shop-public-a"]}])["Subnets"]
    efs.create_mount_target(FileSystemId=which, SubnetId=found[0]["SubnetId"])
    efs.create_access_point(ClientToken=name, FileSystemId=which, Tags=labels)
    anyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:Client*", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [anyone]})
    efs.put_file_system_policy(FileSystemId=which, Policy=policy)
