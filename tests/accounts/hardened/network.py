"""A network that nobody reaches, a machine in it, and what every region does with what is made next."""

from __future__ import annotations

import json
from typing import Any

from bot.demo.account_network import SETTINGS
from bot.demo.aws import ACCOUNT, REGIONS
from tests.accounts.filling import Filled

HOME = REGIONS[0]
INSIDE = "10.20.0.0/16"
ENDPOINTS = ("ec2", "ssm", "ssmmessages", "ec2messages", "ecr.api", "ecr.dkr")


def fill_regions(aws: Filled, key: str) -> None:
    for region in REGIONS:
        ec2 = aws.client("ec2", region)
        ec2.enable_ebs_encryption_by_default()
        ec2.modify_instance_metadata_defaults(HttpTokens="required")
        ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
        ec2.enable_snapshot_block_public_access(State="block-all-sharing")
        ranges = [{"MinRange": 22, "MaxRange": 22}]
        block = {"BlockPublicSecurityGroupRules": True, "PermittedPublicSecurityGroupRuleRanges": ranges}
        aws.client("emr", region).put_block_public_access_configuration(BlockPublicAccessConfiguration=block)
        for setting, value in SETTINGS.items():
            aws.client("ssm", region).update_service_setting(SettingId=setting, SettingValue=value)


def without_default_vpcs(aws: Filled) -> None:
    """Last of all: the emulator takes for the default whichever VPC is made while there is none."""
    for region in REGIONS:
        ec2 = aws.client("ec2", region)
        for vpc in ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]:
            _delete_vpc(ec2, vpc["VpcId"])
    aws.answer("memorydb:DescribeClusters", {"Clusters": []})  # the emulator looks for subnets to put them in


def _delete_vpc(ec2: Any, vpc: str) -> None:
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    for subnet in ec2.describe_subnets(Filters=of_vpc)["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    _close_acl(ec2, vpc)  # the emulator keeps it, AWS deletes it with its VPC
    for gateway in ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])[
        "InternetGateways"
    ]:
        ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
    ec2.delete_vpc(VpcId=vpc)


def fill_network(aws: Filled, key: str) -> tuple[list[str], str]:
    """Returns the subnets, in two Availability Zones, none of them public, and the security group."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock=INSIDE)["Vpc"]["VpcId"]
    _empty_default_group(ec2, vpc)
    subnets = [
        str(ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"{HOME}{zone}")["Subnet"]["SubnetId"])
        for zone, cidr in (("a", "10.20.1.0/24"), ("b", "10.20.2.0/24"))
    ]
    _close_acl(ec2, vpc)
    aws.client("logs").create_log_group(logGroupName="/vpc/shop", kmsKeyId=key)
    aws.client("logs").put_retention_policy(logGroupName="/vpc/shop", retentionInDays=400)
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName="/vpc/shop",
        DeliverLogsPermissionArn=f"arn:aws:iam::{ACCOUNT}:role/flow-logs",
    )
    group = ec2.create_security_group(GroupName="shop", Description="The shop, inside", VpcId=vpc)["GroupId"]
    inside = {"IpRanges": [{"CidrIp": INSIDE, "Description": "from inside"}]}
    open_to_us = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port} | inside for port in (22, 443, 445)]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=open_to_us)
    among_us = ec2.create_security_group(GroupName="among-us", Description="All, among its members", VpcId=vpc)[
        "GroupId"
    ]
    itself = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": among_us, "Description": "each other"}]}
    ec2.authorize_security_group_ingress(GroupId=among_us, IpPermissions=[itself])
    _endpoints(ec2, vpc, subnets, group)
    _instance(aws, subnets[0], [group, among_us], key)
    return subnets, str(group)


def _empty_default_group(ec2: Any, vpc: str) -> None:
    named = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    for group in ec2.describe_security_groups(Filters=named)["SecurityGroups"]:
        if group["IpPermissions"]:
            ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
        ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])


def _close_acl(ec2: Any, vpc: str) -> None:
    """The default one, without its rule that lets everyone in."""
    [acl] = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkAcls"]
    ec2.replace_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"],
        RuleNumber=100,
        RuleAction="allow",
        Protocol="-1",
        Egress=False,
        CidrBlock=INSIDE,
    )


def _endpoints(ec2: Any, vpc: str, subnets: list[str], group: str) -> None:
    ours = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
    everything = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": ours}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    for service in ENDPOINTS:
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            ServiceName=f"com.amazonaws.{HOME}.{service}",
            VpcEndpointType="Interface",
            PolicyDocument=policy,
            SubnetIds=subnets,
            SecurityGroupIds=[group],
        )


def _instance(aws: Filled, subnet: str, groups: list[str], key: str) -> None:
    ec2 = aws.client("ec2")
    made = ec2.run_instances(
        MinCount=1,
        MaxCount=1,
        ImageId="ami-0a1b2c3d4e5f60718",
        InstanceType="t3.small",
        SubnetId=subnet,
        SecurityGroupIds=groups,
        IamInstanceProfile={"Name": "shop-web"},
        Monitoring={"Enabled": True},
        MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1},
        BlockDeviceMappings=[
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "Encrypted": True, "KmsKeyId": key}}
        ],
    )["Instances"][0]["InstanceId"]
    ec2.monitor_instances(InstanceIds=[made])
    for kind in ("Patch", "Association"):
        aws.client("ssm").put_compliance_items(
            ResourceId=made,
            ResourceType="ManagedInstance",
            ComplianceType=kind,
            ExecutionSummary={"ExecutionTime": "2026-03-01T00:00:00Z"},
            Items=[{"Id": "item", "Severity": "CRITICAL", "Status": "COMPLIANT"}],
        )
    inputs = {"cloudWatchLogGroupName": "/ssm/sessions", "cloudWatchEncryptionEnabled": True}
    preferences = {"schemaVersion": "1.0", "description": "-", "sessionType": "Standard_Stream", "inputs": inputs}
    aws.client("ssm").create_document(
        Name="SSM-SessionManagerRunShell", Content=json.dumps(preferences), DocumentType="Session"
    )
