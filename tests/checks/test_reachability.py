"""What the internet reaches: a table of surroundings, and AWS's own steps taken packet by packet as the other opinion."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.network import is_everyone
from checks.reachability import ANSWERS, Route, Surroundings, common, doors, is_public, let_through, reached, routed

ALL_4, ALL_6 = "0.0.0.0/0", "::/0"
INTERNET = [Route("10.0.0.0/16", internet=False), Route(ALL_4, internet=True)]
PORTS = (22, 443, 3389, 5432)


def entry(number: int, action: str, first: int = 0, last: int = 0, **more: Any) -> dict[str, Any]:
    ports = {"PortRange": {"From": first, "To": last or first}} if first else {}
    source = {} if "Ipv6CidrBlock" in more else {"CidrBlock": ALL_4}
    what = {"RuleNumber": number, "RuleAction": action, "Egress": False, "Protocol": "6" if first else "-1"}
    return what | source | ports | more


IN, OUT = entry(100, "allow"), entry(100, "allow", Egress=True)
OPEN = [IN, OUT, entry(32767, "deny"), entry(32767, "deny", Egress=True)]


def tcp(first: int, last: int = 0, source: str = ALL_4, kind: str = "tcp") -> tuple[dict[str, Any], str]:
    return {"IpProtocol": kind, "FromPort": first, "ToPort": last or first}, source


EVERY = ({"IpProtocol": "-1"}, ALL_4)

TABLE = [
    ("open at every step", INTERNET, OPEN, [tcp(22)], [22]),
    ("all traffic", INTERNET, OPEN, [EVERY], [*PORTS]),
    ("no rule", INTERNET, OPEN, [], []),
    ("a rule for the office", INTERNET, OPEN, [tcp(22, source="203.0.113.8/29")], []),
    ("half of the internet", INTERNET, OPEN, [tcp(22, source="0.0.0.0/1")], [22]),
    ("a rule for UDP", INTERNET, OPEN, [tcp(443, kind="udp")], [443]),
    ("a rule for ICMP", INTERNET, OPEN, [({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1}, ALL_4)], []),
    ("no route", INTERNET[:1], OPEN, [tcp(22)], []),
    ("a route to a NAT gateway", [Route(ALL_4, internet=False)], OPEN, [tcp(22)], []),
    ("a route to the office only", [Route("203.0.113.0/24", internet=True)], OPEN, [tcp(22)], []),
    ("half goes to a firewall", [*INTERNET, Route("0.0.0.0/1", internet=False)], OPEN, [tcp(22)], [22]),
    (
        "each half goes to a firewall",
        [*INTERNET, Route("0.0.0.0/1", internet=False), Route("128.0.0.0/1", internet=False)],
        OPEN,
        [tcp(22)],
        [],
    ),
    ("IPv6 only", [Route(ALL_6, internet=True)], OPEN, [tcp(22, source=ALL_6)], []),
    ("ACL that allows nothing", INTERNET, OPEN[2:], [tcp(22)], []),
    ("ACL that denies the port first", INTERNET, [entry(90, "deny", 22), *OPEN], [tcp(22), tcp(443)], [443]),
    ("ACL that denies it too late", INTERNET, [entry(110, "deny", 22), *OPEN], [tcp(22)], [22]),
    ("ACL in any order", INTERNET, [*OPEN, entry(90, "deny", 22)], [tcp(22)], []),
    (
        "ACL that lets in the office alone",
        INTERNET,
        [entry(100, "allow", CidrBlock="203.0.113.0/24"), OUT],
        [tcp(22)],
        [],
    ),
    (
        "ACL that denies a country or two",
        INTERNET,
        [entry(90, "deny", CidrBlock="203.0.113.0/24"), *OPEN],
        [tcp(22)],
        [22],
    ),
    ("ACL that denies UDP", INTERNET, [entry(90, "deny", 22, Protocol="17"), *OPEN], [tcp(22)], [22]),
    ("ACL without a way out", INTERNET, [IN], [tcp(22)], []),
    ("ACL that lets low ports out", INTERNET, [IN, entry(100, "allow", 1, 1023, Egress=True)], [tcp(22)], []),
    ("ACL that lets answers out", INTERNET, [IN, entry(100, "allow", 1024, 65535, Egress=True)], [tcp(22)], [22]),
    ("ACL that lets some answers out", INTERNET, [IN, entry(100, "allow", 32768, 60999, Egress=True)], [tcp(22)], [22]),
    (
        "ACL that answers the office alone",
        INTERNET,
        [IN, entry(100, "allow", CidrBlock="203.0.113.0/24", Egress=True)],
        [tcp(22)],
        [],
    ),
    ("ACL that denies a part of a span", INTERNET, [entry(90, "deny", 443, 4000), *OPEN], [tcp(1, 6000)], [22, 5432]),
]


@pytest.mark.parametrize(
    ("routes", "entries", "rules", "expected"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_what_the_internet_reaches(routes: Any, entries: Any, rules: Any, expected: list[int]) -> None:
    assert reached(list(doors(Surroundings(routes, entries, rules), version=4)), PORTS) == expected


def test_ipv6_has_its_own_routes_rules_and_entries() -> None:
    routes = [Route(ALL_6, internet=True)]
    entries = [
        entry(100, "allow", Ipv6CidrBlock=ALL_6),
        entry(100, "allow", Ipv6CidrBlock=ALL_6, Egress=True),
    ]
    rules = [tcp(22, source=ALL_6), tcp(3389)]
    assert reached(list(doors(Surroundings(routes, entries, rules), version=6)), PORTS) == [22]
    assert not list(doors(Surroundings(routes, OPEN, rules), version=6)), "its entries are of IPv4"


def test_addresses_that_no_router_on_the_internet_knows() -> None:
    assert is_public("2001:db8::1")
    assert not is_public("fd00::1")


def test_what_two_ranges_share() -> None:
    assert common("10.0.0.0/8", "10.1.0.0/16") == "10.1.0.0/16"
    assert common("10.1.0.0/16", ALL_4) == "10.1.0.0/16"
    assert common("10.0.0.0/16", "10.1.0.0/16") is None
    assert common(ALL_4, ALL_6) is None


RANGES = st.sampled_from((ALL_4, "0.0.0.0/1", "128.0.0.0/1", "64.0.0.0/2", "8.0.0.0/5", "203.0.113.0/24", "10.0.0.0/8"))
ADDRESSES = st.sampled_from(("1.1.1.1", "9.9.9.9", "10.0.0.5", "70.1.1.1", "130.1.1.1", "203.0.113.9", "250.1.1.1"))
ENTRIES = st.lists(
    st.builds(
        lambda number, action, port, egress, kind, cidr: entry(
            number, action, port, Egress=egress, CidrBlock=cidr, Protocol=kind if port else "-1"
        ),
        st.integers(1, 20),
        st.sampled_from(("allow", "deny")),
        st.sampled_from((0, 22, 443, 2000)),
        st.booleans(),
        st.sampled_from(("6", "17")),
        RANGES,
    ),
    max_size=6,
    unique_by=lambda one: (one["Egress"], one["RuleNumber"]),
)
ROUTES = st.lists(st.builds(Route, RANGES, st.booleans()), max_size=5, unique_by=lambda route: route.to)


def holds(cidr: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)


def decides(entries: list[dict[str, Any]], address: str, port: int, *, egress: bool) -> bool:
    """The ACL as AWS walks it for one packet over TCP."""
    for one in sorted(entries, key=lambda e: e["RuleNumber"]):
        span = one.get("PortRange", {"From": 0, "To": 65535})
        fits = one["Protocol"] in ("-1", "6") and span["From"] <= port <= span["To"]
        if one["Egress"] is egress and fits and holds(one["CidrBlock"], address):
            return bool(one["RuleAction"] == "allow")
    return False


@given(ENTRIES, ADDRESSES, st.sampled_from((22, 443, 2000, 8080)), st.booleans())
def test_an_acl_lets_through_the_packets_that_aws_would(
    entries: list[dict[str, Any]], address: str, port: int, egress: bool
) -> None:
    found = let_through(ALL_4, entries, "tcp", port, egress=egress)
    assert any(holds(cidr, address) for cidr in found) == decides(entries, address, port, egress=egress)


@given(ROUTES, ADDRESSES)
def test_the_most_specific_route_decides(routes: list[Route], address: str) -> None:
    fitting = [route for route in routes if holds(route.to, address)]
    best = max(fitting, key=lambda route: int(route.to.partition("/")[2]), default=None)
    assert any(holds(cidr, address) for cidr in routed(ALL_4, routes)) == bool(best and best.internet)


@given(ROUTES, ENTRIES, st.lists(st.builds(tcp, st.sampled_from((22, 443)), source=RANGES), max_size=3))
def test_nothing_is_reached_that_no_single_packet_could(
    routes: list[Route], entries: list[dict[str, Any]], rules: list[Any]
) -> None:
    """The other way round need not hold: what only a few addresses reach is not the internet's."""
    around = Surroundings(routes, entries, rules)
    for door in doors(around, version=4):
        assert is_everyone(door.source)
        if door.protocol == "tcp":
            pieces = let_through(door.source, entries, "tcp", door.first, egress=False)
            came = [str(ipaddress.ip_network(piece)[1]) for piece in pieces]
            assert any(decides(entries, a, door.first, egress=False) for a in came)
            answers = (ANSWERS[0], 2000, 2001, ANSWERS[-1])
            outward = [p for port in answers for p in let_through(door.source, entries, "tcp", port, egress=True)]
            assert outward
            assert routed(door.source, routes)
