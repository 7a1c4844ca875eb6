"""Whether the internet reaches a network interface, as AWS works it out: address, route, security group, network ACL.

Routes: https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
Network ACLs: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html, tried in the order of their numbers;
the first that fits decides, and answers need a rule of their own, for ACLs are stateless.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from checks.network import PRIVATE, TCP_ALONE, Rule, is_everyone, open_ports, protocol, without

Entry: TypeAlias = Mapping[str, Any]
"""AWS's NetworkAclEntry."""

ANSWERS = range(1024, 65536)
"""Where answers go: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html."""


@dataclass(frozen=True)
class Route:
    """A range of addresses and whether what is sent there leaves by an internet gateway."""

    to: str
    internet: bool


@dataclass(frozen=True)
class Door:
    """Ports of one protocol that much of the internet reaches."""

    protocol: str
    first: int
    last: int
    source: str


@dataclass(frozen=True)
class Surroundings:
    """What decides over an interface: routes of its subnet, entries of its ACL, and (rule, range let in) of groups."""

    routes: Sequence[Route]
    entries: Sequence[Entry]
    rules: Sequence[tuple[Rule, str]]


def doors(around: Surroundings, *, version: int) -> Iterator[Door]:
    """The ports that the internet reaches on a public address of this IP version, span by span."""
    for rule, source in around.rules:
        if not is_everyone(source) or _network(source).version != version:
            continue
        there_and_back = [piece for piece in routed(source, around.routes) if is_everyone(piece)]
        for kind in ("tcp", "udp"):
            if protocol(rule) in ("-1", kind):
                for span in _spans(open_ports(rule), around.entries, kind, egress=False):
                    if any(_comes_and_goes(piece, kind, span[0], around.entries) for piece in there_and_back):
                        yield Door(kind, span[0], span[-1], source)


def reached(found: Sequence[Door], ports: Collection[int]) -> list[int]:
    """Those of the ports that are behind a door of a protocol that is spoken there, in order."""
    return sorted(port for port in set(ports) if any(_opens(door, port) for door in found))


def routed(source: str, routes: Sequence[Route]) -> list[str]:
    """The parts of a range whose answers leave by an internet gateway: the most specific route decides."""
    found = []
    for route in routes:
        shared = common(source, route.to) if route.internet else None
        if shared:
            narrower = [r.to for r in routes if not r.internet and _length(r.to) > _length(route.to)]
            found += without(shared, narrower)
    return found


def let_through(cidr: str, entries: Sequence[Entry], kind: str, port: int, *, egress: bool) -> list[str]:
    """The parts of a range that an ACL lets through on a port, in one direction."""
    left, allowed = [cidr], list[str]()
    asked = (entry for entry in entries if entry["Egress"] is egress and speaks_of(entry, kind, port))
    for entry in sorted(asked, key=lambda one: int(one["RuleNumber"])):
        if entry["RuleAction"] == "allow":
            allowed += filter(None, (common(piece, source_of(entry)) for piece in left))
        left = [rest for piece in left for rest in without(piece, [source_of(entry)])]
    return allowed


def common(one: str, other: str) -> str | None:
    """What two ranges of addresses share: the narrower of them, or nothing."""
    a, b = _network(one), _network(other)
    if a.version != b.version or not a.overlaps(b):
        return None
    return str(a if a.prefixlen >= b.prefixlen else b)


def is_public(address: str) -> bool:
    """Whether an IPv6 address of an interface is one that the internet can route to."""
    return not any(ipaddress.IPv6Address(address) in private for private in PRIVATE)


def speaks_of(entry: Entry, kind: str, port: int) -> bool:
    """Whether an entry of an ACL decides over a port of "tcp" or "udp"."""
    rule = as_rule(entry)
    return protocol(rule) in ("-1", kind) and port in open_ports(rule)


def source_of(entry: Entry) -> str:
    """The range an entry of an ACL is about."""
    return str(entry.get("CidrBlock") or entry["Ipv6CidrBlock"])


def as_rule(entry: Entry) -> Rule:
    """With the keys of a security group's rule. AWS names the ports of TCP and UDP, and of these alone."""
    rule = {"IpProtocol": entry["Protocol"]}
    if protocol(rule) not in ("tcp", "udp"):
        return rule
    span = entry["PortRange"]
    return rule | {"FromPort": span["From"], "ToPort": span["To"]}


def _opens(door: Door, port: int) -> bool:
    return door.first <= port <= door.last and not (door.protocol == "udp" and port in TCP_ALONE)


def _comes_and_goes(cidr: str, kind: str, port: int, entries: Sequence[Entry]) -> bool:
    """Whether much of a range gets in on the port and is answered on some of the ports that answers go to."""
    for piece in filter(is_everyone, let_through(cidr, entries, kind, port, egress=False)):
        for span in _spans(ANSWERS, entries, kind, egress=True):
            if any(map(is_everyone, let_through(piece, entries, kind, span[0], egress=True))):
                return True
    return False


def _spans(ports: range, entries: Sequence[Entry], kind: str, *, egress: bool) -> Iterator[range]:
    """Ports in spans over which the ACL does not change its mind."""
    if not ports:
        return
    reaches = [open_ports(as_rule(e)) for e in entries if e["Egress"] is egress and protocol(as_rule(e)) == kind]
    edges = {edge for reach in reaches if reach for edge in (reach[0], reach[-1] + 1) if ports[0] < edge <= ports[-1]}
    starts = sorted({ports[0], *edges})
    for start, end in zip(starts, [*starts[1:], ports[-1] + 1], strict=True):
        yield range(start, end)


def _length(cidr: str) -> int:
    return _network(cidr).prefixlen


def _network(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(cidr, strict=False)
