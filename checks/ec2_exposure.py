"""EC2 instances that the internet reaches: a public address, a way to it, and both guards letting everyone in.

A security group that is merely open is judged in `ec2_security_groups`; here nothing is left in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from checks.ec2_instances import instances, require_imdsv2
from checks.ec2_security_groups import groups, prefix_lists, ranges_of
from checks.kit import Aws, NotApplicable, Plan, Practice, Severity, Unknown, Verdict, check, extra, fix
from checks.network import Rule, services_in_words
from checks.network_acls import every_acl
from checks.reachability import Door, Surroundings, doors, is_public, reached
from checks.vpc_subnets import every_subnet, route_tables, routes_of

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import InstanceNetworkInterfaceTypeDef as Interface
    from types_boto3_ec2.type_defs import InstanceTypeDef as Instance
    from types_boto3_ec2.type_defs import SecurityGroupTypeDef as Group

PORTS_OF_ADMINISTRATION = (22, 23, 2375, 2376, 3389, 5900, 5985, 5986, 6443, 10250)
PORTS_OF_DATA = (1433, 1434, 1521, 2181, 2483, 2484, 3306, 4333, 5432, 5439, 5601, 5984, 6379, 7000, 7001, 7199,
    8086, 8888, 9042, 9092, 9160, 9200, 9300, 11211, 27017, 27018, 27019)  # fmt: skip
PORTS_OF_OFFICES = (20, 21, 88, 111, 135, 137, 138, 139, 389, 445, 464, 636, 749, 750, 873, 2049, 3268, 3269)

ANSWERS_NOW = ("pending", "running")


@extra(needs=(groups, prefix_lists, every_subnet, route_tables, every_acl))
def ways_in(aws: Aws, instance: Instance) -> Sequence[Door]:
    """The ports on which much of the internet reaches an instance, over all its public addresses."""
    found = list[Door]()
    for interface in instance["NetworkInterfaces"]:
        versions = list(_public_versions(interface))
        around = _surroundings(aws, interface) if versions else None
        found += [door for version in versions if around for door in doors(around, version=version)]
    return found


@check(instances, ways_in, practice=Practice.NETWORK, severity=Severity.HIGH)
def instance_hides_admin_ports(
    instance: Instance, ways_in: Sequence[Door], *, ports: Sequence[int] = PORTS_OF_ADMINISTRATION
) -> Verdict:
    """EC2 instance hides administration ports from the internet.

    Address, route, network ACL and security group all let everyone in: its sign-in is being guessed at right now.

    Fix: Remove the security group rule. Use Session Manager or EC2 Instance Connect Endpoint, which need no open port.
    See: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/connect-with-ec2-instance-connect-endpoint.html
    """
    return _hides(instance, ways_in, ports)


@check(instances, ways_in, practice=Practice.NETWORK, severity=Severity.CRITICAL)
def instance_hides_data_ports(
    instance: Instance, ways_in: Sequence[Door], *, ports: Sequence[int] = PORTS_OF_DATA
) -> Verdict:
    """EC2 instance hides ports of data stores from the internet.

    Databases, caches, queues and search engines often ask nobody's name, and are copied or held to ransom in minutes.

    Fix: Remove the security group rule, or allow the group of the application alone. Move it to a private subnet.
    See: https://docs.aws.amazon.com/vpc/latest/userguide/infrastructure-security.html
    """
    return _hides(instance, ways_in, ports)


@check(instances, ways_in, practice=Practice.NETWORK, severity=Severity.HIGH)
def instance_hides_office_ports(
    instance: Instance, ways_in: Sequence[Door], *, ports: Sequence[int] = PORTS_OF_OFFICES
) -> Verdict:
    """EC2 instance hides ports of files and directories.

    File shares, FTP, LDAP and Kerberos are made for trusted networks; from the internet they leak names and files.

    Fix: Remove the security group rule, and reach the service over a VPN or a private connection.
    See: https://docs.aws.amazon.com/vpc/latest/userguide/infrastructure-security.html
    """
    return _hides(instance, ways_in, ports)


@check(instances, ways_in, practice=Practice.ROLES, severity=Severity.HIGH)
def reachable_instance_guards_its_role(instance: Instance, ways_in: Sequence[Door]) -> Verdict:
    """EC2 instance that the internet reaches guards its role.

    One server-side request forgery in what it serves is enough to read the role's credentials over IMDSv1.

    Fix: Require IMDSv2 on the instance, with a hop limit of 1 where no container needs the role.
    See: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
    """
    _answers(instance)
    if not instance.get("IamInstanceProfile"):
        raise NotApplicable("it has no role")
    if not ways_in:
        raise NotApplicable("the internet does not reach it")
    options = instance["MetadataOptions"]
    if options.get("HttpEndpoint") == "disabled" or options["HttpTokens"] == "required":
        return None
    span = ways_in[0]
    ports = str(span.first) if span.first == span.last else f"{span.first}-{span.last}"
    return f"hands out its role over IMDSv1 and is reached by {span.source} on {span.protocol} {ports}"


@fix(reachable_instance_guards_its_role, *require_imdsv2.calls, risk=require_imdsv2.risk)
def guard_its_role(instance: Instance, ways_in: Sequence[Door]) -> Plan:
    """Require IMDSv2 on the instance."""
    return require_imdsv2.plan(instance)


def _hides(instance: Instance, ways_in: Sequence[Door], ports: Sequence[int]) -> Verdict:
    _answers(instance)
    found = reached(ways_in, ports)
    if not found:
        return None
    sources = dict.fromkeys(door.source for door in ways_in if reached([door], ports))
    return f"can be reached from {', '.join(sources)} on {services_in_words(found)}"


def _answers(instance: Instance) -> None:
    state = instance["State"]["Name"]
    if state not in ANSWERS_NOW:
        raise NotApplicable(f"it is {state}")


def _public_versions(interface: Interface) -> Iterator[int]:
    addresses = interface.get("PrivateIpAddresses", [])
    if any(one.get("Association", {}).get("PublicIp") for one in [interface, *addresses]):
        yield 4
    if any(is_public(one["Ipv6Address"]) for one in interface.get("Ipv6Addresses", [])):
        yield 6


def _surroundings(aws: Aws, interface: Interface) -> Surroundings | None:
    """What decides over an interface; None where the VPC's Block Public Access closes its subnet to the internet.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
    """
    subnet = next((one for one in aws.read(every_subnet) if one["SubnetId"] == interface["SubnetId"]), None)
    if subnet is None:
        raise Unknown(f"its subnet {interface['SubnetId']} was not among those that can be read")
    if subnet.get("BlockPublicAccessStates", {}).get("InternetGatewayBlockMode", "off") != "off":
        return None
    guards = [
        acl for acl in aws.read(every_acl) if any(one["SubnetId"] == subnet["SubnetId"] for one in acl["Associations"])
    ]
    if not guards:
        raise Unknown(f"the network ACL of {subnet['SubnetId']} was not among those that can be read")
    known: Mapping[str, Group] = {group["GroupId"]: group for group in aws.read(groups)}
    rules = list[tuple[Rule, str]]()
    for one in interface["Groups"]:
        if one["GroupId"] not in known:
            raise Unknown(f"security group {one['GroupId']} was not among those that can be read")
        rules += _rules(aws, known[one["GroupId"]])
    return Surroundings(routes_of(subnet, aws.read(route_tables)), guards[0]["Entries"], rules)


def _rules(aws: Aws, group: Group) -> Iterator[tuple[Rule, str]]:
    for permission in group["IpPermissions"]:
        yield from ((permission, one["CidrIp"]) for one in permission.get("IpRanges", []))
        yield from ((permission, one["CidrIpv6"]) for one in permission.get("Ipv6Ranges", []))
        for listed in permission.get("PrefixListIds", []):
            yield from ((permission, cidr) for cidr in ranges_of(aws, listed["PrefixListId"]))
