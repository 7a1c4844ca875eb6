"""Access points, archives and file servers, each kind wrong at least once."""

from __future__ import annotations

import json
from typing import Any

from bot.demo.account_data import BLOCKED, BUCKET
from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import named, tags

TIDY = {
    "ID": "tidy",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
}
PLANS = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION")
"""Plans of GuardDuty that somebody turned on; those that came later nobody looked at."""
LATER_PLANS = ("RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS")
AGENTS = {"Name": "EC2_AGENT_MANAGEMENT", "Status": "DISABLED"}
"""Runtime Monitoring is on, and its agents are on one instance that somebody installed them on."""


def fill_archives(aws: Emulated) -> None:
    _access_points(aws)
    _archives(aws)
    _file_servers(aws)


def _access_points(aws: Emulated) -> None:
    """Analysts read through a closed door; the partner's was made in a hurry, with everything off."""
    s3control = aws.client("s3control")
    for name, bucket, block in (
        ("analysts", "invoices", BLOCKED),
        ("partner-feed", "exports", dict.fromkeys(BLOCKED, False)),
    ):
        s3control.create_access_point(
            AccountId=ACCOUNT, Name=name, Bucket=BUCKET + bucket, PublicAccessBlockConfiguration=block
        )
    for name, block in (("price-lists", BLOCKED), ("catalogue", BLOCKED | {"BlockPublicPolicy": False})):
        details = {"Name": name, "PublicAccessBlock": block, "Regions": [{"Bucket": f"{BUCKET}product-images"}]}
        s3control.create_multi_region_access_point(AccountId=ACCOUNT, ClientToken=name, Details=details)
    anyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    objects = {"Resource": f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/partner-feed/object/*"}
    s3control.put_access_point_policy(AccountId=ACCOUNT, Name="partner-feed", Policy=_policy(anyone | objects))


def _archives(aws: Emulated) -> None:
    """Vaults from before S3 had such storage classes; one was opened for an auditor, and never closed again."""
    glacier = aws.client("glacier")
    for name, team in (("invoices-until-2018", "finance"), ("photos-until-2016", "shop")):
        glacier.create_vault(vaultName=name)
        if team == "finance":
            vault = f"arn:aws:glacier:eu-west-1:{ACCOUNT}:vaults/{name}"
            anyone = {"Effect": "Allow", "Principal": "*", "Action": "glacier:InitiateJob", "Resource": vault}
            glacier.set_vault_access_policy(vaultName=name, policy={"Policy": _policy(anyone)})


def _file_servers(aws: Emulated) -> None:
    """The office's file share has no second zone and no backups; the warehouse's has both."""
    fsx = aws.client("fsx")
    subnets = [one["SubnetId"] for one in aws.client("ec2").describe_subnets()["Subnets"]][:2]
    alone: dict[str, Any] = {"DeploymentType": "SINGLE_AZ_1", "ThroughputCapacity": 64, "CopyTagsToBackups": False}
    alone |= {"CopyTagsToVolumes": False, "AutomaticBackupRetentionDays": 0}
    both: dict[str, Any] = {"DeploymentType": "MULTI_AZ_1", "PreferredSubnetId": subnets[0], "ThroughputCapacity": 160}
    both |= {"CopyTagsToBackups": True, "CopyTagsToVolumes": True, "AutomaticBackupRetentionDays": 14}
    for name, team, settings in (("office-share", "finance", alone), ("warehouse-share", "shop", both)):
        fsx.create_file_system(
            FileSystemType="OPENZFS",
            StorageCapacity=64,
            SubnetIds=subnets,
            OpenZFSConfiguration=settings,
            Tags=named(name, tags(team)),
        )


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
