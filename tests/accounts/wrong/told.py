"""What the emulator lacks or cannot be told over AWS's APIs: the wrong answer is written down."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.demo.aws import ACCOUNT
from tests.accounts.filling import Filled

HOME, OTHER, THIRD = "eu-west-1", "us-east-1", "eu-central-1"
STRANGER = "210987654321"
LONG_AGO = datetime.now(UTC) - timedelta(days=400)


def fill_told(aws: Filled) -> None:
    _packages(aws)
    _findings(aws)
    _platforms(aws)
    _pipelines(aws)
    _directories(aws)
    _network(aws)
    _others(aws)


def _open(action: str) -> str:
    anyone = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [anyone]})


def _packages(aws: Filled) -> None:
    """A domain and a repository of packages for everyone, which also come from a public one."""
    arn = f"arn:aws:codeartifact:{HOME}:{ACCOUNT}"
    domain = {"name": "shop", "owner": ACCOUNT, "arn": f"{arn}:domain/shop", "status": "Active"}
    repository = {
        "name": "npm",
        "administratorAccount": ACCOUNT,
        "domainName": "shop",
        "domainOwner": ACCOUNT,
        "arn": f"{arn}:repository/shop/npm",
    }
    whole = repository | {"externalConnections": [{"externalConnectionName": "public:npmjs", "packageFormat": "npm"}]}
    policy = {"policy": {"resourceArn": domain["arn"], "document": _open("codeartifact:ReadFromRepository")}}
    packages = [{"format": "npm", "namespace": "northwind", "package": "basket"}]
    for call, says in (
        ("ListDomains", {"domains": [domain]}),
        ("ListRepositories", {"repositories": [repository]}),
        ("DescribeRepository", {"repository": whole}),
        ("GetDomainPermissionsPolicy", policy),
        ("GetRepositoryPermissionsPolicy", policy),
        ("ListPackages", {"packages": packages}),
    ):
        aws.answer(f"codeartifact:{call}", says, HOME)


def _findings(aws: Filled) -> None:
    """What detectors found a year ago, and nobody looked at."""
    analyzer = {
        "arn": f"arn:aws:access-analyzer:{HOME}:{ACCOUNT}:analyzer/outside",
        "name": "outside",
        "type": "ACCOUNT",
        "createdAt": LONG_AGO.isoformat(),
        "status": "ACTIVE",
    }
    outside = {
        "id": "1",
        "resource": "arn:aws:s3:::northwind-traders-exports",
        "resourceType": "AWS::S3::Bucket",
        "resourceOwnerAccount": ACCOUNT,
        "status": "ACTIVE",
        "findingType": "ExternalAccess",
        **dict.fromkeys(("analyzedAt", "createdAt", "updatedAt"), LONG_AGO.isoformat()),
    }
    aws.answer("accessanalyzer:ListAnalyzers", {"analyzers": [analyzer]}, HOME)
    aws.answer("accessanalyzer:ListFindingsV2", {"findings": [outside]}, HOME)
    mining = {"Id": "1", "Type": "CryptoCurrency:EC2/BitcoinTool.B", "Title": "-", "Severity": 8}
    aws.answer("guardduty:ListFindings", {"FindingIds": ["1"]}, HOME)
    aws.answer("guardduty:GetFindings", {"Findings": [mining | {"CreatedAt": LONG_AGO.isoformat()}]}, HOME)
    instance = {"type": "AWS_EC2_INSTANCE", "id": "i-1"}
    arn = f"arn:aws:inspector2:{HOME}:{ACCOUNT}:finding/1"
    hole = {
        "findingArn": arn,
        "awsAccountId": ACCOUNT,
        "type": "PACKAGE_VULNERABILITY",
        "title": "CVE-2021-44228",
        "description": "-",
        "severity": "CRITICAL",
        "status": "ACTIVE",
        "exploitAvailable": "YES",
        "fixAvailable": "YES",
        "remediation": {},
        "resources": [instance],
        **dict.fromkeys(("firstObservedAt", "lastObservedAt", "updatedAt"), LONG_AGO.timestamp()),
    }
    due = {"dateAdded": LONG_AGO.timestamp(), "dateDue": LONG_AGO.timestamp()}
    unseen = {
        "resourceType": "AWS_EC2_INSTANCE",
        "resourceId": "i-1",
        "accountId": ACCOUNT,
        "scanType": "PACKAGE",
        "scanStatus": {"statusCode": "INACTIVE", "reason": "UNMANAGED_EC2_INSTANCE"},
    }
    aws.answer("inspector2:ListFindings", {"findings": [hole]}, HOME)
    details = {"findingDetails": [{"findingArn": arn, "cisaData": due}], "errors": []}
    aws.answer("inspector2:BatchGetFindingDetails", details, HOME)
    aws.answer("inspector2:ListCoverage", {"coveredResources": [unseen]}, HOME)


def _platforms(aws: Filled) -> None:
    """An Elastic Beanstalk environment of which nothing was ever set."""
    environment = {
        "EnvironmentName": "shop-2019",
        "EnvironmentId": "e-1",
        "ApplicationName": "shop",
        "EnvironmentArn": f"arn:aws:elasticbeanstalk:{OTHER}:{ACCOUNT}:environment/shop/shop-2019",
        "PlatformArn": f"arn:aws:elasticbeanstalk:{OTHER}::platform/Python 3.6 running on 64bit Amazon Linux/2.9.0",
        "Status": "Ready",
    }
    password = {
        "Namespace": "aws:elasticbeanstalk:application:environment",
        "OptionName": "DB_PASSWORD",
        "Value": "placeholder-not-a-real-secret",
    }
    settings = {"ConfigurationSettings": [{"OptionSettings": [password]}]}
    platform = {"PlatformDescription": {"PlatformArn": environment["PlatformArn"], "PlatformLifecycleState": "retired"}}
    platform["PlatformDescription"] |= {"PlatformBranchLifecycleState": "retired", "PlatformStatus": "Ready"}
    aws.answer("elasticbeanstalk:DescribeEnvironments", {"Environments": [environment]}, OTHER)
    aws.answer("elasticbeanstalk:DescribeConfigurationSettings", settings, OTHER)
    aws.answer("elasticbeanstalk:DescribePlatformVersion", platform, OTHER)


def _pipelines(aws: Filled) -> None:
    arn = f"arn:aws:codebuild:{OTHER}:{ACCOUNT}"
    loose = {"type": "ACTOR_ACCOUNT_ID", "pattern": "12345"}
    project = {
        "name": "tools",
        "arn": f"{arn}:project/tools",
        "source": {"type": "GITHUB", "location": "https://github.com/somebody/tools"},
        "webhook": {"filterGroups": [[{"type": "EVENT", "pattern": "PULL_REQUEST_CREATED"}, loose]]},
        "environment": {"type": "LINUX_CONTAINER", "image": "-", "computeType": "BUILD_GENERAL1_SMALL"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "projectVisibility": "PRIVATE",
    }
    aws.answer("codebuild:ListProjects", {"projects": ["tools"]}, OTHER)
    aws.answer("codebuild:BatchGetProjects", {"projects": [project]}, OTHER)
    bucket = {"bucket": "northwind-traders-exports", "encryptionDisabled": True}
    group: dict[str, Any] = {"arn": f"{arn}:report-group/tools", "name": "tools", "type": "TEST"}
    group |= {"exportConfig": {"exportConfigType": "S3", "s3Destination": bucket}}
    aws.answer("codebuild:ListReportGroups", {"reportGroups": [group["arn"]]}, OTHER)
    aws.answer("codebuild:BatchGetReportGroups", {"reportGroups": [group]}, OTHER)
    connector = {
        "connectorArn": f"arn:aws:kafkaconnect:{OTHER}:{ACCOUNT}:connector/clicks/1",
        "connectorName": "clicks",
        "connectorState": "RUNNING",
        "kafkaClusterEncryptionInTransit": {"encryptionType": "PLAINTEXT"},
    }
    aws.answer("kafkaconnect:ListConnectors", {"connectors": [connector]}, OTHER)
    transform = {"TransformId": "tfm-1", "Name": "same-customer", "Status": "READY"}
    aws.answer("glue:GetMLTransforms", {"Transforms": [transform]}, OTHER)
    endpoint = {
        "Name": "orders",
        "Arn": f"arn:aws:events:{OTHER}:{ACCOUNT}:endpoint/orders",
        "State": "ACTIVE",
        "ReplicationConfig": {"State": "DISABLED"},
    }
    aws.answer("events:ListEndpoints", {"Endpoints": [endpoint]}, OTHER)
    registry = {"RegistryName": "orders", "RegistryArn": f"arn:aws:schemas:{OTHER}:{ACCOUNT}:registry/orders"}
    aws.answer("schemas:ListRegistries", {"Registries": [registry]}, OTHER)
    stranger = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"}, "Action": "schemas:*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [stranger | {"Resource": "*"}]})
    aws.answer("schemas:GetResourcePolicy", {"Policy": policy, "RevisionId": "1"}, OTHER)


def _directories(aws: Filled) -> None:
    directory = {"DirectoryId": "d-9067000001", "Name": "ad.northwind.example", "Type": "MicrosoftAD"}
    directory |= {"Stage": "Active"}
    aws.answer("ds:DescribeDirectories", {"DirectoryDescriptions": [directory]}, OTHER)
    certificate = {"CertificateId": "c-1", "State": "Registered", "ExpiryDateTime": LONG_AGO.timestamp()}
    aws.answer("ds:ListCertificates", {"CertificatesInfo": [certificate]}, OTHER)
    limits = {"ManualSnapshotsLimit": 5, "ManualSnapshotsCurrentCount": 5, "ManualSnapshotsLimitReached": True}
    aws.answer("ds:GetSnapshotLimits", {"SnapshotLimits": limits})


def _network(aws: Filled) -> None:
    interface = {
        "virtualInterfaceId": "dxvif-1",
        "connectionId": "dxcon-1",
        "directConnectGatewayId": "5f294f92-0000-4000-8000-000000000000",
        "virtualInterfaceState": "available",
    }
    aws.answer("directconnect:DescribeVirtualInterfaces", {"virtualInterfaces": [interface]}, HOME)
    accelerator = {
        "AcceleratorArn": f"arn:aws:globalaccelerator::{ACCOUNT}:accelerator/1",
        "Name": "shop",
        "Enabled": True,
        "Status": "DEPLOYED",
    }
    aws.answer("globalaccelerator:ListAccelerators", {"Accelerators": [accelerator]})
    profile = {
        "profileId": "1",
        "profileArn": f"arn:aws:rolesanywhere:{OTHER}:{ACCOUNT}:profile/1",
        "name": "warehouse",
        "enabled": True,
    }
    aws.answer("rolesanywhere:ListProfiles", {"profiles": [profile]}, OTHER)


def _others(aws: Filled) -> None:
    nobody: dict[str, Any] = {"DelegatedAdministrators": []}
    aws.answer("organizations:ListDelegatedAdministrators", nobody, about="config.amazonaws.com")
    node = {"Ec2InstanceId": "i-1", "PublicIpAddress": "198.51.100.7"}
    aws.answer("emr:ListInstances", {"Instances": [node]}, HOME)
    plans = [{"Name": name, "Status": "DISABLED"} for name in ("AI_PROTECTION", "S3_DATA_EVENTS")]
    agents = {"Name": "EC2_AGENT_MANAGEMENT", "Status": "DISABLED"}
    watched = {"Name": "RUNTIME_MONITORING", "Status": "ENABLED", "AdditionalConfiguration": [agents]}
    detector = {"Status": "ENABLED", "ServiceRole": "-", "Features": [*plans, watched]}
    aws.answer("guardduty:ListDetectors", {"DetectorIds": ["1"]}, THIRD)
    aws.answer("guardduty:GetDetector", detector, THIRD)
    aws.client("ec2", THIRD).run_instances(MinCount=1, MaxCount=1, ImageId="ami-0a1b2c3d4e5f60718")
    aws.answer("iam:ListOrganizationsFeatures", {"OrganizationId": "o-nw1nd7rade", "EnabledFeatures": []})
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/office"
    ended: dict[str, Any] = {"Arn": provider, "ValidUntil": LONG_AGO.isoformat(), "CreateDate": LONG_AGO.isoformat()}
    aws.answer("iam:ListSAMLProviders", {"SAMLProviderList": [ended]})
    engine: dict[str, Any] = {
        "DomainId": "1/old",
        "DomainName": "old",
        "ARN": f"arn:aws:es:{OTHER}:{ACCOUNT}:domain/old",
    }
    engine |= {"EngineVersion": "OpenSearch_1.0", "ClusterConfig": {"InstanceType": "t3.small.search"}}
    update = {"UpdateAvailable": True, "NewVersion": "R20260101", "UpdateStatus": "ELIGIBLE"}
    aws.answer("opensearch:ListDomainNames", {"DomainNames": [{"DomainName": "old"}]}, OTHER)
    aws.answer("opensearch:DescribeDomains", {"DomainStatusList": [engine | {"ServiceSoftwareOptions": update}]}, OTHER)
    aws.answer(
        "cloudtrail:GetTrailStatus", {"IsLogging": True, "LatestDeliveryError": "AccessDenied"}, about="new-trail"
    )
