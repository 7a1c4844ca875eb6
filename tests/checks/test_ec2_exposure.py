"""Instances that the internet reaches: what the judges say, and what is read around an instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest

from bot.aws import Reads, Region
from checks import ec2_exposure
from checks.ec2_instances import instances
from checks.ec2_security_groups import groups
from checks.kit import NotApplicable, Unknown
from checks.network_acls import every_acl
from checks.reachability import Door
from checks.vpc_subnets import every_subnet, route_tables
from tests.checks.cases import Case

ADMIN, DATA = ec2_exposure.instance_hides_admin_ports, ec2_exposure.instance_hides_data_ports
OFFICE, ROLE = ec2_exposure.instance_hides_office_ports, ec2_exposure.reachable_instance_guards_its_role
EVERYONE = "0.0.0.0/0"
RUNNING: dict[str, Any] = {"InstanceId": "i-1", "State": {"Name": "running"}}
STOPPED = RUNNING | {"State": {"Name": "stopped"}}
WITH_ROLE = RUNNING | {"IamInstanceProfile": {"Arn": "arn:aws:iam::123456789012:instance-profile/web"}}
V1 = {"MetadataOptions": {"HttpTokens": "optional", "HttpEndpoint": "enabled"}}
V2 = {"MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"}}
OFF = {"MetadataOptions": {"HttpTokens": "optional", "HttpEndpoint": "disabled"}}


def door(first: int, last: int = 0, source: str = EVERYONE) -> Door:
    return Door("tcp", first, last or first, source)


CASES = [
    Case(ADMIN, [RUNNING, []], None),
    Case(ADMIN, [RUNNING, [door(443)]], None),
    Case(ADMIN, [RUNNING, [door(22)]], "can be reached from 0.0.0.0/0 on port 22 (SSH)"),
    Case(
        ADMIN,
        [RUNNING, [door(22), door(20, 25, "::/0"), door(443)]],
        "can be reached from 0.0.0.0/0, ::/0 on ports 22 (SSH), 23 (Telnet)",
    ),
    Case(ADMIN, [STOPPED, [door(22)]], NotApplicable),
    Case(ADMIN, [RUNNING, [door(22)]], None, {"ports": [3389]}),
    Case(DATA, [RUNNING, [door(22)]], None),
    Case(DATA, [RUNNING, [door(6379)]], "can be reached from 0.0.0.0/0 on port 6379 (Redis)"),
    Case(DATA, [STOPPED, [door(6379)]], NotApplicable),
    Case(DATA, [RUNNING, [Door("udp", 20000, 30000, EVERYONE)]], None),  # calls: MongoDB speaks no UDP
    Case(
        DATA,
        [RUNNING, [Door("udp", 11211, 11211, EVERYONE)]],
        "can be reached from 0.0.0.0/0 on port 11211 (Memcached)",
    ),
    Case(OFFICE, [RUNNING, [door(443)]], None),
    Case(OFFICE, [RUNNING, [door(445)]], "can be reached from 0.0.0.0/0 on port 445 (CIFS)"),
    Case(ROLE, [WITH_ROLE | V2, [door(443)]], None),
    Case(ROLE, [WITH_ROLE | OFF, [door(443)]], None),
    Case(
        ROLE,
        [WITH_ROLE | V1, [door(443)]],
        "hands out its role over IMDSv1 and is reached by 0.0.0.0/0 on tcp 443",
    ),
    Case(
        ROLE,
        [WITH_ROLE | V1, [door(1000, 9000)]],
        "hands out its role over IMDSv1 and is reached by 0.0.0.0/0 on tcp 1000-9000",
    ),
    Case(ROLE, [WITH_ROLE | V1, []], NotApplicable),
    Case(ROLE, [RUNNING | V1, [door(443)]], NotApplicable),
    Case(ROLE, [STOPPED | V1, [door(443)]], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_every_step_from_the_internet_to_an_instance(aws: Region) -> None:
    """Each step by itself keeps it out of reach: the address, the route, the group, the ACL."""
    ec2 = aws.clients.session.client("ec2")

    def ways() -> list[Door]:
        fresh = replace(aws, reads=Reads())
        [one] = instances.stream(fresh)
        return list(ec2_exposure.ways_in.read(fresh, one))

    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group])
    [made] = instances.stream(aws)
    assert ways() == []

    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, InstanceId=made["InstanceId"])
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[ssh | {"IpRanges": [{"CidrIp": EVERYONE}]}],  # type: ignore[list-item]
    )
    assert ways() == [], "no route"

    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    [main] = ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]  # type: ignore[arg-type]
    ec2.create_route(RouteTableId=main["RouteTableId"], DestinationCidrBlock=EVERYONE, GatewayId=gateway)
    assert ways() == [door(22)]

    own = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=own, SubnetId=subnet)
    assert ways() == [], "its own table has no route; the main one no longer counts"
    ec2.create_route(RouteTableId=own, DestinationCidrBlock=EVERYONE, GatewayId=gateway)

    listed = ec2.create_managed_prefix_list(
        PrefixListName="all", MaxEntries=2, AddressFamily="IPv4", Entries=[{"Cidr": EVERYONE}, {"Cidr": "10.0.0.0/8"}]
    )["PrefixList"]["PrefixListId"]
    rdp = {"IpProtocol": "tcp", "FromPort": 3389, "ToPort": 3389, "PrefixListIds": [{"PrefixListId": listed}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rdp])  # type: ignore[list-item]
    assert ways() == [door(22), door(3389)]

    [acl] = [one for one in ec2.describe_network_acls()["NetworkAcls"] if one["VpcId"] == vpc]
    ec2.create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"],
        RuleNumber=50,
        Protocol="6",
        RuleAction="deny",
        Egress=False,
        CidrBlock=EVERYONE,
        PortRange={"From": 22, "To": 22},
    )
    assert ways() == [door(3389)]


def around(**subnet: Any) -> dict[Any, list[dict[str, Any]]]:
    """What is read in a region with one subnet whose every step is open."""
    every = {"RuleNumber": 100, "RuleAction": "allow", "Protocol": "-1", "Ipv6CidrBlock": "::/0"}
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    route = {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1", "State": "active"}
    return {
        every_subnet: [{"SubnetId": "subnet-1", "VpcId": "vpc-1"} | subnet],
        every_acl: [
            {"Associations": [{"SubnetId": "subnet-1"}], "Entries": [every | {"Egress": e} for e in (True, False)]}
        ],
        groups: [{"GroupId": "sg-1", "IpPermissions": [rule]}],
        route_tables: [{"VpcId": "vpc-1", "Associations": [{"Main": True}], "Routes": [route]}],
    }


class Given:
    """An account whose collectors have been read."""

    def __init__(self, found: dict[Any, list[dict[str, Any]]]) -> None:
        self.found = found

    def read(self, collector: Any) -> list[dict[str, Any]]:
        return self.found[collector]


def interface(**more: Any) -> dict[str, Any]:
    return {"SubnetId": "subnet-1", "Groups": [{"GroupId": "sg-1"}], "Ipv6Addresses": []} | more


IPV6 = {"Ipv6Addresses": [{"Ipv6Address": "2001:db8::1"}]}


def ways(found: dict[Any, list[dict[str, Any]]], **more: Any) -> list[Door]:
    aws: Any = Given(found)
    instance: Any = {"NetworkInterfaces": [interface(**more)]}
    return list(ec2_exposure.ways_in.read(aws, instance))


def test_an_ipv6_address_is_public_unless_it_is_of_a_private_range() -> None:
    assert ways(around(), **IPV6) == [door(22, source="::/0")]
    assert ways(around(), Ipv6Addresses=[{"Ipv6Address": "fd00::1"}]) == []
    assert ways(around(), Association={"PublicIp": "198.51.100.7"}) == [], "IPv4 has no rule, route or entry here"


@pytest.mark.parametrize("mode", ["block-bidirectional", "block-ingress"])
def test_block_public_access_of_the_vpc_closes_a_subnet(mode: str) -> None:
    assert ways(around(BlockPublicAccessStates={"InternetGatewayBlockMode": mode}), **IPV6) == []
    assert ways(around(BlockPublicAccessStates={"InternetGatewayBlockMode": "off"}), **IPV6)


@pytest.mark.parametrize("unread", [every_subnet, every_acl, groups, route_tables])
def test_what_cannot_be_read_is_unknown_and_no_pass(unread: Any) -> None:
    with pytest.raises(Unknown):
        ways({**around(), unread: []}, **IPV6)


def reached_with_a_role(aws: boto3.Session) -> None:
    ec2: Any = aws.client("ec2", region_name="eu-west-1")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    [main] = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_route(RouteTableId=main["RouteTableId"], DestinationCidrBlock=EVERYONE, GatewayId=gateway)
    web = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": EVERYONE}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web])
    iam = aws.client("iam")
    profile = iam.create_instance_profile(InstanceProfileName="web")["InstanceProfile"]["Arn"]
    made = ec2.run_instances(
        ImageId="ami-1", MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group],
        IamInstanceProfile={"Arn": profile}, MetadataOptions={"HttpTokens": "optional"},
    )["Instances"][0]["InstanceId"]  # fmt: skip
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, InstanceId=made)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {ROLE.id: reached_with_a_role}
