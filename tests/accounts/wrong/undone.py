"""What the demo has right, undone: nobody is told of anything, no plan is on, root has keys."""

from __future__ import annotations

from typing import Any

from bot.demo.account_iam import document, history
from bot.demo.account_watch import TRAIL_LOGS
from bot.demo.aws import ACCOUNT
from bot.demo.tags import pairs, tags
from tests.accounts.filling import Filled

STRANGER = "210987654321"
OTHER = "us-east-1"


def fill_undone(aws: Filled) -> None:
    _people(aws)
    _trails(aws)
    _detectors(aws)
    _machines(aws)
    _data(aws)
    _front(aws)
    _organization(aws)


def _people(aws: Filled) -> None:
    iam, past = aws.client("iam"), history()
    past["root"] |= {"access_key_1_active": "true", "access_key_1_last_rotated": past["root"]["user_creation_time"]}
    aws.remember(past)
    iam.detach_role_policy(RoleName="auditor", PolicyArn="arn:aws:iam::aws:policy/SecurityAudit")
    iam.attach_group_policy(GroupName="developers", PolicyArn="arn:aws:iam::aws:policy/AWSCloudShellFullAccess")
    role = {"name": "default", "roleARN": f"arn:aws:iam::{ACCOUNT}:role/config-recorder"}
    aws.client("config", OTHER).put_configuration_recorder(ConfigurationRecorder=role)


def _trails(aws: Filled) -> None:
    s3, logs = aws.client("s3"), aws.client("logs")
    s3.put_bucket_logging(Bucket="northwind-traders-backups", BucketLoggingStatus={})
    anyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    policy = document(anyone | {"Resource": "arn:aws:s3:::northwind-traders-backups/*"})
    s3.put_bucket_policy(Bucket="northwind-traders-backups", Policy=policy)
    s3.delete_public_access_block(Bucket="northwind-traders-backups")
    trails = aws.client("cloudtrail")
    management = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
    trails.put_event_selectors(TrailName="management-events", EventSelectors=[management])
    trails.create_trail(Name="new-trail", S3BucketName="northwind-traders-backups", S3KeyPrefix="new")
    for one in logs.describe_metric_filters(logGroupName=TRAIL_LOGS)["metricFilters"]:
        logs.delete_metric_filter(logGroupName=TRAIL_LOGS, filterName=one["filterName"])


def _detectors(aws: Filled) -> None:
    guardduty = aws.client("guardduty")
    [detector] = guardduty.list_detectors()["DetectorIds"]
    plans = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS")
    off: list[dict[str, Any]] = [{"Name": name, "Status": "DISABLED"} for name in (*plans, "RUNTIME_MONITORING")]
    guardduty.update_detector(DetectorId=detector, Enable=True, Features=off)
    aws.client("inspector2").disable(accountIds=[ACCOUNT], resourceTypes=["ECR", "LAMBDA"])
    aws.client("macie2", OTHER).enable_macie()


def _machines(aws: Filled) -> None:
    ec2 = aws.client("ec2")
    [subnet] = ec2.describe_subnets(Filters=[{"Name": "tag:Name", "Values": ["shop-public-a"]}])["Subnets"]
    images = ec2.describe_images(Owners=["self"])["Images"]
    ec2.run_instances(
        MinCount=1, MaxCount=1, ImageId=images[0]["ImageId"], InstanceType="m3.medium", SubnetId=subnet["SubnetId"]
    )
    stopped = ec2.run_instances(MinCount=1, MaxCount=1, ImageId=images[0]["ImageId"], SubnetId=subnet["SubnetId"])
    ec2.stop_instances(InstanceIds=[stopped["Instances"][0]["InstanceId"]])
    past = {
        "ImageId": images[0]["ImageId"],
        "Name": "-",
        "State": "available",
        "DeprecationTime": "2025-01-01T00:00:00Z",
    }
    aws.answer("ec2:DescribeImages", {"Images": [past]}, "eu-west-1", about=images[0]["ImageId"])
    volume = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=8)["VolumeId"]
    ec2.attach_volume(VolumeId=volume, InstanceId=stopped["Instances"][0]["InstanceId"], Device="/dev/sdf")
    aws.client("elbv2").create_load_balancer(
        Name="narrow", Subnets=[subnet["SubnetId"]], Scheme="internet-facing", Tags=pairs(tags("shop"))
    )


def _data(aws: Filled) -> None:
    not_at_all = {"scanOnPush": False}
    aws.client("ecr").put_image_scanning_configuration(repositoryName="shop", imageScanningConfiguration=not_at_all)
    aws.client("ecr").create_repository(
        repositoryName="reports", encryptionConfiguration={"encryptionType": "KMS"}, tags=pairs(tags("finance"))
    )
    rds = aws.client("rds")
    shop = [{"Name": "tag:Name", "Values": ["shop-public-a", "shop-private-b"]}]
    subnets = aws.client("ec2").describe_subnets(Filters=shop)["Subnets"]
    rds.create_db_cluster(
        DBClusterIdentifier="stock",
        Engine="mysql",
        EngineVersion="8.0.36",
        DBClusterInstanceClass="db.m6gd.large",
        AllocatedStorage=100,
        StorageType="io1",
        Iops=1000,
        AutoMinorVersionUpgrade=False,
        MasterUsername="admin",
        MasterUserPassword="not-a-real-password",
        DBSubnetGroupName="private",
        DBClusterParameterGroupName="catalog",
        Tags=pairs(tags("shop")),
    )
    rds.create_db_proxy(
        DBProxyName="stock",
        EngineFamily="MYSQL",
        Auth=[{"AuthScheme": "SECRETS", "SecretArn": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:stock"}],
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/stock",
        VpcSubnetIds=[one["SubnetId"] for one in subnets],
        RequireTLS=False,
    )
    efs = aws.client("efs")
    share = next(one for one in efs.describe_file_systems()["FileSystems"] if one.get("Name") == "erp-share")
    efs.put_backup_policy(FileSystemId=share["FileSystemId"], BackupPolicy={"Status": "DISABLED"})
    aws.client("backup").create_backup_vault(BackupVaultName="trial")
    copies = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"}, "Resource": "*"}
    policy = document(copies | {"Action": "backup:CopyIntoBackupVault"})
    aws.client("backup").put_backup_vault_access_policy(BackupVaultName="nightly", Policy=policy)
    aws.client("redshift").create_cluster(
        ClusterIdentifier="trial",
        NodeType="ra3.large",
        MasterUsername="awsuser",
        MasterUserPassword="Placeholder-4-the-demo",
        ClusterSubnetGroupName="warehouse-trial",
    )


def _front(aws: Filled) -> None:
    pools = aws.client("cognito-idp")
    found = {one["Name"]: one["Id"] for one in pools.list_user_pools(MaxResults=60)["UserPools"]}
    pools.create_user_pool_client(UserPoolId=found["staff"], ClientName="old", EnableTokenRevocation=False)
    nothing = {"Actions": {"EventAction": "NO_ACTION"}}
    pools.set_risk_configuration(UserPoolId=found["staff"], CompromisedCredentialsRiskConfiguration=nothing)
    contact = {"FirstName": "Ben", "LastName": "Okafor", "ContactType": "COMPANY", "CountryCode": "IE"}
    contact |= {"AddressLine1": "1 Harbour Road", "City": "Dublin", "ZipCode": "D01", "PhoneNumber": "+353.15550100"}
    contact |= {"Email": "domains@northwind.example", "OrganizationName": "Northwind Traders"}
    contacts = dict.fromkeys(("AdminContact", "RegistrantContact", "TechContact"), contact)
    aws.client("route53domains", OTHER).register_domain(
        DomainName="northwind-food.com", DurationInYears=2, AutoRenew=False, **contacts
    )
    aws.client("shield", OTHER).create_subscription()


def _organization(aws: Filled) -> None:
    organizations = aws.client("organizations", OTHER)
    organizations.create_organization(FeatureSet="ALL")
    organizations.enable_aws_service_access(ServicePrincipal="config-multiaccountsetup.amazonaws.com")
    nothing = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
    policy = organizations.create_policy(Content=nothing, Description="-", Name="all", Type="SERVICE_CONTROL_POLICY")
    [root] = organizations.list_roots()["Roots"]
    organizations.attach_policy(PolicyId=policy["Policy"]["PolicySummary"]["Id"], TargetId=root["Id"])
    member = organizations.create_account(AccountName="outsider", Email="outsider@northwind.example")
    organizations.register_delegated_administrator(
        AccountId=member["CreateAccountStatus"]["AccountId"], ServicePrincipal="ssm.amazonaws.com"
    )
