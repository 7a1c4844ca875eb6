"""Subnets and their routes: which are public, and whether what starts in them gets a public address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from checks.ec2_names import with_name
from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Unknown,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
    fix,
)
from checks.network import is_everyone
from checks.reachability import Route
from checks.vpc import VPC_ARN, unused_vpcs, vpcs

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import RouteTableTypeDef as RouteTable
    from types_boto3_ec2.type_defs import RouteTypeDef
    from types_boto3_ec2.type_defs import SubnetTypeDef as Subnet

SUBNET_ARN = "arn:{partition}:ec2:{region}:{account}:subnet/{SubnetId}"

every_subnet: Collector[Subnet] = collect("ec2:DescribeSubnets", "Subnets", arn=SUBNET_ARN)


@collector(
    "ec2:DescribeRouteTables",
    "ec2:GetManagedPrefixListEntries",
    arn="arn:{partition}:ec2:{region}:{account}:route-table/{RouteTableId}",
)
def route_tables(aws: Aws) -> Iterator[RouteTable]:
    """Every table; a route by a prefix list to an internet gateway stands there once for each of the list's ranges."""
    for table in aws.items("ec2:DescribeRouteTables", "RouteTables"):
        routes = [one for route in table["Routes"] for one in _spelled_out(aws, route)]
        yield cast("RouteTable", {**table, "Routes": routes})


def _spelled_out(aws: Aws, route: RouteTypeDef) -> Iterator[RouteTypeDef]:
    if "DestinationPrefixListId" in route and _to_the_internet(route):
        listed = aws.items("ec2:GetManagedPrefixListEntries", "Entries", PrefixListId=route["DestinationPrefixListId"])
        for entry in listed:
            key = "DestinationIpv6CidrBlock" if ":" in entry["Cidr"] else "DestinationCidrBlock"
            yield cast("RouteTypeDef", {**route, key: entry["Cidr"]})
    else:
        yield route


@collector(arn=SUBNET_ARN, name="{known_as}", needs=(every_subnet,))
def subnets(aws: Aws) -> Iterator[Subnet]:
    """The account's own: those that others share with it are theirs to change."""
    own = (subnet for subnet in aws.read(every_subnet) if subnet["OwnerId"] == aws.account)
    return (with_name(subnet, subnet["SubnetId"]) for subnet in own)


@collector(arn=VPC_ARN, name="{known_as}", needs=(vpcs, every_subnet, route_tables))
def vpcs_with_subnets(aws: Aws) -> Iterator[Mapping[str, Any]]:
    """Each of the account's VPCs with the `zones` of its subnets, and its `public` and `private` ones by id."""
    of: dict[str, list[Subnet]] = defaultdict(list)
    for subnet in aws.read(every_subnet):
        of[subnet["VpcId"]].append(subnet)
    tables = aws.read(route_tables)
    for vpc in aws.read(vpcs):
        here = of[vpc["VpcId"]]
        public = [one["SubnetId"] for one in here if leads_to_the_internet(routes_of(one, tables))]
        private = [one["SubnetId"] for one in here if one["SubnetId"] not in public]
        yield {**vpc, "zones": {one["AvailabilityZone"] for one in here}, "public": public, "private": private}


@extra(needs=(unused_vpcs,))
def is_used(aws: Aws, subnet: Any) -> bool:
    """Of a subnet or a VPC."""
    return all(vpc["VpcId"] != subnet["VpcId"] for vpc in aws.read(unused_vpcs))


def routes_of(subnet: Subnet, tables: Sequence[RouteTable]) -> list[Route]:
    """The routes of the subnet's own table, or else of its VPC's main one. Raises Unknown when neither was read.

    Routes by prefix lists to other things than an internet gateway are left out: they lead to services of AWS.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
    """
    of_vpc = [table for table in tables if table["VpcId"] == subnet["VpcId"]]
    own = [t for t in of_vpc if any(a.get("SubnetId") == subnet["SubnetId"] for a in t["Associations"])]
    main = [table for table in of_vpc if any(a["Main"] for a in table["Associations"])]
    for table in [*own, *main]:
        return [found for route in table["Routes"] for found in _route(route)]
    raise Unknown(f"the route table of {subnet['SubnetId']} was not among those that can be read")


def leads_to_the_internet(routes: Sequence[Route]) -> bool:
    """Whether it makes a subnet a public one: much of the internet is reached through an internet gateway."""
    return any(route.internet and is_everyone(route.to) for route in routes)


def _route(route: RouteTypeDef) -> Iterator[Route]:
    to = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock")
    if to:  # .get: a gateway is one of a dozen targets, of which AWS sends one; one that is gone drops the packets
        yield Route(to, _to_the_internet(route))


def _to_the_internet(route: RouteTypeDef) -> bool:
    return route.get("GatewayId", "").startswith("igw-") and route["State"] == "active"


@check(subnets, is_used, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def subnet_gives_no_public_addresses(subnet: Subnet, is_used: bool) -> Verdict:
    """Subnet gives no public IPv4 address on its own.

    Whatever is started in the subnet is on the internet by default, also when nobody meant it to be.

    Fix: Turn off auto-assign public IPv4 address, and ask for an address at the launch of the few that need one.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-15
    """
    if not is_used:
        raise NotApplicable("it is that of a default VPC with nothing in it")
    return expect(not subnet["MapPublicIpOnLaunch"], "gives each new interface a public IPv4 address")


@fix(subnet_gives_no_public_addresses, "ec2:ModifySubnetAttribute", risk=Risk.CUTS_ACCESS)
def stop_giving_addresses(subnet: Subnet, is_used: bool) -> Plan:
    """Stop giving public IPv4 addresses in the subnet."""
    if not subnet["MapPublicIpOnLaunch"]:
        raise NotApplicable("it gives none")
    which = {"SubnetId": subnet["SubnetId"]}
    return Plan(
        do=[Call("ec2:ModifySubnetAttribute", which | {"MapPublicIpOnLaunch": {"Value": False}})],
        undo=[Call("ec2:ModifySubnetAttribute", which | {"MapPublicIpOnLaunch": {"Value": True}})],
        before={"public IPv4 address on launch": "on"},
        after={"public IPv4 address on launch": "off"},
        notes=[
            "What runs keeps its address; an instance that is stopped and started gets one as its launch asked for.",
            "New instances here, those of Auto Scaling groups too, get none unless they ask: they may lack a way out.",
        ],
    )


@check(vpcs_with_subnets, is_used, practice=Practice.NETWORK, severity=Severity.LOW)
def vpc_has_private_subnets(vpc: Mapping[str, Any], is_used: bool) -> Verdict:
    """VPC with public subnets has private ones too.

    Where every subnet is public, databases and workers stand beside the web servers, one wrong rule from the internet.

    Fix: Add private subnets with a NAT gateway for the way out, and move there what the internet need not reach.
    See: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-example-private-subnets-nat.html
    """
    if not is_used:
        raise NotApplicable("it is a default VPC with nothing in it")
    if not vpc["public"]:
        raise NotApplicable("it has no public subnet")
    return expect(vpc["private"], "has public subnets only")


@check(vpcs_with_subnets, is_used, practice=Practice.BACKUP, severity=Severity.LOW)
def vpc_spans_zones(vpc: Mapping[str, Any], is_used: bool) -> Verdict:
    """VPC has subnets in more than one Availability Zone.

    What can run in one zone only is down when that zone is.

    Fix: Add subnets in a second zone, and spread load balancers, databases and Auto Scaling groups over both.
    See: https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html
    """
    if not is_used:
        raise NotApplicable("it is a default VPC with nothing in it")
    if not vpc["zones"]:
        raise NotApplicable("it has no subnet")
    return expect(len(vpc["zones"]) > 1, f"has subnets in {', '.join(vpc['zones'])} only")
