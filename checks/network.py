"""Reading rules of security groups and network ACLs: which ports they open, and whether to everyone.

Ports and protocols: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Rule: TypeAlias = Mapping[str, Any]
"""A rule with AWS's own keys `IpProtocol`, `FromPort` and `ToPort`."""

ADMIN_PORTS = (22, 3389)
MOST_NAMED = 3
SERVICES = {22: "SSH", 445: "CIFS", 3389: "RDP", 1433: "SQL Server", 1521: "Oracle", 3306: "MySQL"} | {
    5432: "PostgreSQL", 5439: "Redshift", 5984: "CouchDB", 6379: "Redis", 7000: "Cassandra", 8086: "InfluxDB"} | {
    9042: "Cassandra", 9200: "OpenSearch", 11211: "Memcached", 27017: "MongoDB"} | {
    20: "FTP", 21: "FTP", 23: "Telnet", 25: "SMTP", 88: "Kerberos", 110: "POP3", 111: "rpcbind", 135: "RPC"} | {
    137: "NetBIOS", 138: "NetBIOS", 139: "NetBIOS", 143: "IMAP", 389: "LDAP", 464: "Kerberos", 636: "LDAPS"} | {
    749: "Kerberos", 750: "Kerberos", 873: "rsync", 1434: "SQL Server", 2049: "NFS", 2181: "ZooKeeper"} | {
    2375: "Docker", 2376: "Docker", 2483: "Oracle", 2484: "Oracle", 3268: "LDAP", 3269: "LDAPS", 4333: "mSQL"} | {
    5601: "Kibana", 5900: "VNC", 5985: "WinRM", 5986: "WinRM", 6443: "Kubernetes", 7001: "Cassandra"} | {
    7199: "Cassandra", 9092: "Kafka", 9160: "Cassandra", 9300: "OpenSearch", 10250: "kubelet"} | {
    27018: "MongoDB", 27019: "MongoDB"}  # fmt: skip

TCP_ALONE = frozenset(
    {20, 21, 23, 25, 110, 135, 139, 143, 445, 636, 873, 1433, 1521, 2181, 2375, 2376, 2483, 3000, 3268, 3269, 3306}
    | {4333, 5000, 5432, 5439, 5500, 5601, 5900, 5984, 5985, 5986, 6379, 6443, 7000, 7001, 7199, 8080, 8086, 8088}
    | {8888, 9042, 9092, 9160, 9200, 9300, 10250, 27017, 27018, 27019}
)
"""Ports whose services speak TCP alone, so that a range of UDP, for calls or games, opens none of them.
https://docs.aws.amazon.com/config/latest/developerguide/restricted-common-ports.html"""

EVERY_PORT = range(65536)
NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
"""IANA's numbers of the protocols that AWS knows by name."""
PRIVATE = (ipaddress.IPv6Network("fc00::/7"), ipaddress.IPv6Network("fe80::/10"))
"""Unique local and link-local IPv6 addresses: wide ranges, yet nobody on the internet has one (RFC 4193, 4291)."""
PRIVATE_4 = tuple(
    map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
) + tuple(map(ipaddress.IPv4Network, ("169.254.0.0/16", "198.18.0.0/15")))
"""The same of IPv4 (RFC 1918, 6598, 3927, 2544): VPC Lattice and secondary ranges of VPCs are among them."""


def few_addresses(cidr: str) -> bool:
    """Whether a range is not most of the internet: /8 or smaller, for IPv6 /32 or smaller, as S3 has it.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html. What is no
    range of addresses names few of them: False.
    """
    network = _network(cidr)
    return network is not None and network.prefixlen >= (8 if network.version == 4 else 32)


def is_everyone(cidr: str) -> bool:
    """Whether a range holds much of the internet: 0.0.0.0/0 and ::/0, but also their halves and 2000::/3."""
    network = _network(cidr)
    private = isinstance(network, ipaddress.IPv6Network) and any(map(network.subnet_of, PRIVATE))
    return not private and not few_addresses(cidr)


def everyone_among(cidrs: Iterable[str]) -> list[str]:
    """Those of the ranges that hold much of the internet, in their order."""
    return [cidr for cidr in cidrs if is_everyone(cidr)]


def is_public_range(cidr: str) -> bool:
    """Whether a range holds addresses of the internet: not those of private networks alone."""
    network = _network(cidr)
    return network is not None and not any(map(network.subnet_of, _not_public(network.version)))


def _not_public(version: int) -> Sequence[Any]:
    return PRIVATE if version == 6 else PRIVATE_4  # the two versions of IP


def without(cidr: str, taken: Iterable[str]) -> list[str]:
    """What is left of a range of addresses when others are taken out of it, as ranges."""
    left = [ipaddress.ip_network(cidr, strict=False)]
    for other in filter(None, map(_network, taken)):
        left = [rest for piece in left for rest in _rest(piece, other)]
    return [str(piece) for piece in left]


def protocol(rule: Rule) -> str:
    """The protocol's name where AWS has one, otherwise its number; "-1" is all of them."""
    given = str(rule["IpProtocol"])
    return NUMBERS.get(given, given.lower())


def open_ports(rule: Rule) -> range:
    """The TCP or UDP ports a rule opens; none for a rule of another protocol, such as ICMP."""
    name = protocol(rule)
    if name == "-1":  # all ports, whatever range the rule carries
        return EVERY_PORT
    if name not in ("tcp", "udp"):
        return range(0)
    first, last = rule.get("FromPort", -1), rule.get("ToPort", -1)
    return EVERY_PORT if -1 in (first, last) else range(first, last + 1)


def opened(rule: Rule, ports: Collection[int]) -> list[int]:
    """Those of the ports that a rule opens to the service that listens there, in order."""
    reach = open_ports(rule)
    return sorted(port for port in ports if port in reach and not (protocol(rule) == "udp" and port in TCP_ALONE))


def opens_every_port(rule: Rule) -> bool:
    """Whether a rule opens all of them; port 0 is nobody's, so a range may begin at 1."""
    reach = open_ports(rule)
    return 1 in reach and EVERY_PORT[-1] in reach


def ports_in_words(rule: Rule) -> str:
    """What a rule opens, as people write it: "tcp 22", "udp 1000-9000", "all traffic", "icmp"."""
    name, reach = protocol(rule), open_ports(rule)
    if name == "-1":
        return "all traffic"
    if not reach:
        return name if name in NUMBERS.values() else f"protocol {name}"
    return f"{name} {reach[0]}" if len(reach) == 1 else f"{name} {reach[0]}-{reach[-1]}"


def services_in_words(ports: Sequence[int]) -> str:
    """The first of them by name: "port 22 (SSH)", "ports 1433 (SQL Server), 1521 (Oracle), 3306 (MySQL) and 6 more"."""
    first, more = ports[:MOST_NAMED], len(ports[MOST_NAMED:])
    named = ", ".join(f"{port} ({SERVICES[port]})" if port in SERVICES else str(port) for port in first)
    return f"port{'s' if len(ports) > 1 else ''} {named}{f' and {more} more' if more else ''}"


def _rest(piece: Any, other: Any) -> Iterator[Any]:
    if piece.version != other.version or not piece.overlaps(other):
        yield piece
    elif not piece.subnet_of(other):
        yield from piece.address_exclude(other)


def _network(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return None
