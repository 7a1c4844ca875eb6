"""Where Northwind Traders' machines run: VPCs, security groups, flow logs and instances, in two regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.demo.aws import ACCOUNT, REGIONS, Emulated
from bot.demo.tags import PROTECTED, named, tags

OFFICE = "203.0.113.8/29"
EVERYONE = "0.0.0.0/0"
EVERYONE_6 = "::/0"
ALL_TRAFFIC = -1
SETTINGS = {
    "/ssm/documents/console/public-sharing-permission": "Disable",
    "/ssm/automation/customer-script-log-destination": "CloudWatch",
}
SCRIPT = "#!/bin/bash\nexport SEARCH_PASSWORD=placeholder-not-a-real-secret\n/opt/search/run\n"


@dataclass(frozen=True)
class Rule:
    """Who may reach which ports over TCP (`ALL_TRAFFIC` for everything)."""

    first: int
    source: str
    last: int = 0
    why: str = ""

    def permission(self) -> dict[str, Any]:
        ranges: dict[str, Any]
        if self.source.startswith("sg-"):
            ranges = {"UserIdGroupPairs": [{"GroupId": self.source, "Description": self.why}]}
        elif ":" in self.source:
            ranges = {"Ipv6Ranges": [{"CidrIpv6": self.source, "Description": self.why}]}
        else:
            ranges = {"IpRanges": [{"CidrIp": self.source, "Description": self.why}]}
        if self.first == ALL_TRAFFIC:
            return {"IpProtocol": "-1"} | ranges
        return {"IpProtocol": "tcp", "FromPort": self.first, "ToPort": self.last or self.first} | ranges


def fill_network(aws: Emulated, keys: Mapping[str, str]) -> None:
    for region in REGIONS:
        _default_groups_as_aws_makes_them(aws.client("ec2", region))
    # What is made anew in us-east-1 starts as it should: somebody read about it, and looked no further.
    ec2 = aws.client("ec2", "us-east-1")
    ec2.modify_instance_metadata_defaults(HttpTokens="required")
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    ec2.enable_snapshot_block_public_access(State="block-new-sharing")
    for setting, value in SETTINGS.items():
        aws.client("ssm", "us-east-1").update_service_setting(SettingId=setting, SettingValue=value)
    _production(aws, keys)
    _staging(aws)


def _default_groups_as_aws_makes_them(ec2: Any) -> None:
    """The default VPC's default group lets its members talk to each other; the emulator leaves the rule out."""
    for group in ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])[
        "SecurityGroups"
    ]:
        itself = Rule(ALL_TRAFFIC, group["GroupId"]).permission()
        ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[itself])


def _production(aws: Emulated, keys: Mapping[str, str]) -> None:
    ec2 = aws.client("ec2", "eu-west-1")
    vpc = _vpc(ec2, "shop-production", "10.20.0.0/16", tags("platform", managed_by="terraform"))
    _default_groups_in(ec2, vpc)
    public = _subnet(ec2, vpc, "shop-public-a", "10.20.0.0/24", "eu-west-1a", public=True)
    private = _subnet(ec2, vpc, "shop-private-b", "10.20.11.0/24", "eu-west-1b")
    _flow_log(aws, vpc)
    _acl(ec2, vpc, "shop-public", public, (443, EVERYONE), (22, OFFICE), (3389, EVERYONE))
    _acl(ec2, vpc, "shop-private", private, (443, EVERYONE), (22, "10.20.0.0/16"))

    web = make_group(
        ec2, vpc, "shop-web", "The shop, behind HTTPS", tags("shop"), Rule(443, EVERYONE), Rule(443, EVERYONE_6)
    )
    bastion = make_group(
        ec2,
        vpc,
        "bastion",
        "SSH for administrators",
        tags("platform"),
        Rule(22, OFFICE, why="office"),
        Rule(22, EVERYONE, why="from home, temporary"),
    )
    database = make_group(
        ec2,
        vpc,
        "shop-database",
        "PostgreSQL",
        tags("shop", managed_by="terraform"),
        Rule(5432, web, why="the shop"),
        Rule(5432, EVERYONE, why="reporting tool"),
    )
    legacy = make_group(
        ec2,
        vpc,
        "erp-legacy",
        "Old ERP",
        tags("finance"),
        Rule(1000, EVERYONE, last=9000, why="vendor asked"),
        Rule(445, OFFICE, why="file share"),
    )
    make_group(
        ec2,
        vpc,
        "partner-sftp",
        "Partner uploads",
        tags("data") | PROTECTED,
        Rule(22, EVERYONE, why="agreed with partner"),
    )
    make_group(ec2, vpc, "test-2021", "Not used any more", tags("shop", "test"), Rule(ALL_TRAFFIC, EVERYONE))

    for number in ("1", "2"):
        profile = {"IamInstanceProfile": {"Name": "shop-web"}}
        start_instance(
            ec2, f"shop-web-{number}", private, web, tags("shop"), required=True, key=keys["shop-data"], **profile
        )
    start_instance(ec2, "bastion", public, bastion, tags("platform"), required=False, key=keys["shop-data"])
    start_instance(ec2, "erp-legacy", public, legacy, tags("finance"), required=False)
    start_instance(ec2, "report-worker", private, database, tags("data"), required=True, key=keys["shop-data"])
    found = ec2.describe_instances(
        Filters=[{"Name": "tag:Name", "Values": ["shop-web-*", "report-worker", "bastion"]}]
    )["Reservations"]
    ec2.monitor_instances(InstanceIds=[one["Instances"][0]["InstanceId"] for one in found])


def _staging(aws: Emulated) -> None:
    ec2 = aws.client("ec2", "us-east-1")
    vpc = _vpc(ec2, "staging", "10.40.0.0/16", tags("platform", "staging"))
    for group in _default_groups_in(ec2, vpc):  # somebody did it right here: a default group without rules
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[Rule(ALL_TRAFFIC, group).permission()])
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[Rule(ALL_TRAFFIC, EVERYONE).permission()])
    public = _subnet(ec2, vpc, "staging-public", "10.40.0.0/24", "us-east-1a", public=True)
    cache = make_group(ec2, vpc, "staging-cache", "Redis", tags("shop", "staging"), Rule(6379, "10.40.0.0/16"))
    trial = make_group(
        ec2,
        vpc,
        "launch-wizard-1",
        "launch-wizard-1 created 2024-11-05",
        tags("data"),
        Rule(9200, EVERYONE),
        Rule(8443, EVERYONE),
    )
    more: Any = {"IamInstanceProfile": {"Name": "shop-web"}, "UserData": SCRIPT}
    start_instance(ec2, "search-trial", public, trial, tags("data", "staging"), required=False, **more)
    start_instance(
        ec2,
        "staging-shop",
        public,
        cache,
        tags("shop", "staging"),
        required=True,
        IamInstanceProfile=more["IamInstanceProfile"],
    )


def _vpc(ec2: Any, name: str, cidr: str, labels: dict[str, str]) -> str:
    vpc = ec2.create_vpc(CidrBlock=cidr, TagSpecifications=_tagged("vpc", name, labels))["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return str(vpc)


def _default_groups_in(ec2: Any, vpc: str) -> list[str]:
    """Gives a new VPC's default group the rule AWS gives it; returns the group."""
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    groups = [group["GroupId"] for group in ec2.describe_security_groups(Filters=filters)["SecurityGroups"]]
    for group in groups:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[Rule(ALL_TRAFFIC, group).permission()])
    return groups


def _subnet(ec2: Any, vpc: str, name: str, cidr: str, zone: str, *, public: bool = False) -> str:
    made = ec2.create_subnet(
        VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone, TagSpecifications=_tagged("subnet", name, {})
    )
    subnet = str(made["Subnet"]["SubnetId"])
    if public:
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        _route_to_the_internet(ec2, vpc, subnet)
    return subnet


def _route_to_the_internet(ec2: Any, vpc: str, subnet: str) -> None:
    of_vpc = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    [gateway] = ec2.describe_internet_gateways(Filters=of_vpc)["InternetGateways"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=EVERYONE, GatewayId=gateway["InternetGatewayId"])
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)


def _flow_log(aws: Emulated, vpc: str) -> None:
    aws.client("logs").create_log_group(logGroupName="/vpc/shop-production", tags=tags("platform"))
    aws.client("ec2").create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="REJECT",
        LogGroupName="/vpc/shop-production",
        DeliverLogsPermissionArn=f"arn:aws:iam::{ACCOUNT}:role/flow-logs",
    )


def _acl(ec2: Any, vpc: str, name: str, subnet: str, *opened: tuple[int, str]) -> None:
    """A network ACL of a subnet: the ports it opens, answers to outgoing connections, and everything outwards."""
    made = ec2.create_network_acl(VpcId=vpc, TagSpecifications=_tagged("network-acl", name, {}))
    acl = made["NetworkAcl"]["NetworkAclId"]
    spans = [(port, port, source) for port, source in opened] + [(32768, 60999, EVERYONE)]
    for number, (first, last, source) in enumerate(spans):
        _acl_rule(ec2, acl, 100 + 10 * number, source, Protocol="6", PortRange={"From": first, "To": last})
    _acl_rule(ec2, acl, 100, EVERYONE, Protocol="-1", Egress=True)
    of_subnet = [{"Name": "association.subnet-id", "Values": [subnet]}]
    [before] = ec2.describe_network_acls(Filters=of_subnet)["NetworkAcls"]
    for one in before["Associations"]:
        if one["SubnetId"] == subnet:
            ec2.replace_network_acl_association(AssociationId=one["NetworkAclAssociationId"], NetworkAclId=acl)


def _acl_rule(ec2: Any, acl: str, number: int, source: str, **what: Any) -> None:
    rule = {"RuleAction": "allow", "Egress": False, "CidrBlock": source} | what
    ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=number, **rule)


def make_group(ec2: Any, vpc: str, name: str, what: str, labels: dict[str, str], *rules: Rule) -> str:
    specification = _tagged("security-group", name, labels)
    made = ec2.create_security_group(GroupName=name, Description=what, VpcId=vpc, TagSpecifications=specification)
    permissions = [rule.permission() for rule in rules]
    ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpPermissions=permissions)
    return str(made["GroupId"])


def start_instance(
    ec2: Any, name: str, subnet: str, group: str, labels: dict[str, str], *, required: bool, key: str = "", **more: Any
) -> None:
    """An instance: `required` is whether the metadata service asks for a token; `key` encrypts its disk."""
    disk = {"VolumeSize": 20, "VolumeType": "gp3", **({"Encrypted": True, "KmsKeyId": key} if key else {})}
    ec2.run_instances(
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        SecurityGroupIds=[group],
        MetadataOptions={"HttpTokens": "required" if required else "optional", "HttpEndpoint": "enabled"},
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": disk}],
        TagSpecifications=_tagged("instance", name, labels) + _tagged("volume", f"{name}-root", labels),
        **({"ImageId": "ami-0a1b2c3d4e5f60718", "InstanceType": "t3.small"} | more),
    )


def _tagged(kind: str, name: str, labels: dict[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": named(name, labels)}]
