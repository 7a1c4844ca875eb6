"""Subnets: what the judges say, and which of them lead to the internet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Reads, Region
from checks import vpc_subnets
from checks.kit import NotApplicable, Unknown
from checks.reachability import Route
from tests.checks.cases import Case

GIVES, PRIVATE, ZONES = (
    vpc_subnets.subnet_gives_no_public_addresses,
    vpc_subnets.vpc_has_private_subnets,
    vpc_subnets.vpc_spans_zones,
)
USED = True


def vpc(public: list[str], private: list[str], zones: set[str] | None = None) -> dict[str, Any]:
    return {"VpcId": "vpc-1", "public": public, "private": private, "zones": zones or set()}


CASES = [
    Case(GIVES, [{"MapPublicIpOnLaunch": False}, USED], None),
    Case(GIVES, [{"MapPublicIpOnLaunch": True}, USED], "gives each new interface a public IPv4 address"),
    Case(GIVES, [{"MapPublicIpOnLaunch": True}, not USED], NotApplicable),
    Case(PRIVATE, [vpc(["subnet-1"], ["subnet-2"]), USED], None),
    Case(PRIVATE, [vpc(["subnet-1"], []), USED], "has public subnets only"),
    Case(PRIVATE, [vpc([], ["subnet-2"]), USED], NotApplicable),
    Case(PRIVATE, [vpc(["subnet-1"], []), not USED], NotApplicable),
    Case(ZONES, [vpc([], [], {"eu-west-1a", "eu-west-1b"}), USED], None),
    Case(ZONES, [vpc([], [], {"eu-west-1a"}), USED], "has subnets in eu-west-1a only"),
    Case(ZONES, [vpc([], []), USED], NotApplicable),
    Case(ZONES, [vpc([], [], {"eu-west-1a"}), not USED], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def table(vpc: str, *routes: dict[str, str], subnet: str = "") -> Any:
    association = {"Main": not subnet} | ({"SubnetId": subnet} if subnet else {})
    return {"VpcId": vpc, "Associations": [association], "Routes": list(routes)}


def way(gateway: str, to: str = "0.0.0.0/0", state: str = "active") -> dict[str, str]:
    return {"DestinationCidrBlock": to, "GatewayId": gateway, "State": state}


SUBNET: Any = {"SubnetId": "subnet-1", "VpcId": "vpc-1"}
OUT = Route("0.0.0.0/0", internet=True)


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ([table("vpc-1", way("igw-1"))], [OUT]),
        ([table("vpc-2", way("local")), table("vpc-1", way("igw-1"))], [OUT]),
        ([table("vpc-1", way("igw-1")), table("vpc-1", subnet="subnet-1")], []),
        ([table("vpc-1", subnet="subnet-2"), table("vpc-1", way("igw-1"))], [OUT]),
        ([table("vpc-1", way("vgw-1"))], [Route("0.0.0.0/0", internet=False)]),
        ([table("vpc-1", way("igw-1", state="blackhole"))], [Route("0.0.0.0/0", internet=False)]),
        ([table("vpc-1", {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"})],
         [Route("0.0.0.0/0", internet=False)]),
        ([table("vpc-1", {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "State": "active"})], []),
    ],
)  # fmt: skip
def test_the_routes_of_a_subnet(tables: Any, expected: list[Route]) -> None:
    assert vpc_subnets.routes_of(SUBNET, tables) == expected
    assert vpc_subnets.leads_to_the_internet(expected) == (expected == [OUT])


def test_a_subnet_whose_table_cannot_be_read_is_unknown() -> None:
    with pytest.raises(Unknown, match="subnet-1"):
        vpc_subnets.routes_of(SUBNET, [table("vpc-2", way("igw-1"))])


def test_a_prefix_list_that_leads_to_the_internet_is_spelled_out(aws: Region) -> None:
    route = {"DestinationPrefixListId": "pl-0123456789abcdef0", "GatewayId": "igw-1", "State": "active"}
    entries = [{"Cidr": "0.0.0.0/0"}, {"Cidr": "::/0"}]
    with Stubber(aws.clients.get("ec2", "eu-west-1")) as stub:
        stub.add_response("describe_route_tables", {"RouteTables": [table("vpc-1", route)]})
        stub.add_response("get_managed_prefix_list_entries", {"Entries": entries})
        tables = list(vpc_subnets.route_tables.stream(aws))
    assert vpc_subnets.routes_of(SUBNET, tables) == [OUT, Route("::/0", internet=True)]


def test_the_subnets_and_zones_of_a_vpc(aws: Region) -> None:
    ec2 = aws.clients.session.client("ec2")
    made = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=made, CidrBlock=f"10.1.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"]
        for n, zone in enumerate("ab")
    ]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=made)
    routes = ec2.create_route_table(VpcId=made)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=routes, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=routes, SubnetId=subnets[0]["SubnetId"])
    [found] = [one for one in vpc_subnets.vpcs_with_subnets.stream(aws) if one["VpcId"] == made]
    assert found["public"] == [subnets[0]["SubnetId"]]
    assert found["private"] == [subnets[1]["SubnetId"]]
    assert found["zones"] == {"eu-west-1a", "eu-west-1b"}


def test_subnets_of_a_default_vpc_with_nothing_in_it_are_not_in_use(aws: Region) -> None:
    [first, *_] = vpc_subnets.subnets.stream(aws)
    assert not vpc_subnets.is_used.read(aws, first)
    aws.clients.session.client("ec2").run_instances(ImageId="ami-1", MinCount=1, MaxCount=1)
    assert vpc_subnets.is_used.read(replace(aws, reads=Reads()), first)


def public_subnet(aws: boto3.Session) -> None:
    ec2 = aws.client("ec2", region_name="eu-west-1")
    made = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=made, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {GIVES.id: public_subnet}
