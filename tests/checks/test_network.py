"""CIDRs, ports and protocols: whom a rule lets in, and where to."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.network import (
    EVERY_PORT,
    NUMBERS,
    TCP_ALONE,
    everyone_among,
    few_addresses,
    is_everyone,
    open_ports,
    opened,
    opens_every_port,
    ports_in_words,
    services_in_words,
    without,
)

EVERYONE = ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "64.0.0.0/2", "::/0", "2000::/3", "8000::/1", "2600::/12", "::/1"]
NOT_EVERYONE = ["10.0.0.0/8", "172.16.0.0/12", "203.0.113.8/29", "203.0.113.8/32", "fc00::/7", "fd00::/8", "2001:db8::/32", "fe80::/10", "fe80::/64"]  # fmt: skip


@pytest.mark.parametrize("cidr", EVERYONE)
def test_everyone(cidr: str) -> None:
    assert is_everyone(cidr)


@pytest.mark.parametrize("cidr", NOT_EVERYONE)
def test_not_everyone(cidr: str) -> None:
    assert not is_everyone(cidr)


def test_what_is_no_range_is_never_taken_for_a_small_one() -> None:
    assert not few_addresses("pl-1a2b3c4d")
    assert is_everyone("not a range")


def test_the_ranges_that_hold_everyone() -> None:
    assert everyone_among(["10.0.0.0/8", "0.0.0.0/1", "203.0.113.8/29", "128.0.0.0/1"]) == ["0.0.0.0/1", "128.0.0.0/1"]


@pytest.mark.parametrize(
    ("cidr", "taken", "left"),
    [
        ("0.0.0.0/0", [], ["0.0.0.0/0"]),
        ("0.0.0.0/0", ["0.0.0.0/0"], []),
        ("0.0.0.0/0", ["0.0.0.0/1"], ["128.0.0.0/1"]),
        ("0.0.0.0/0", ["0.0.0.0/1", "128.0.0.0/1"], []),
        ("128.0.0.0/1", ["0.0.0.0/0"], []),
        ("10.0.0.0/8", ["192.168.0.0/16", "::/0", "not a range"], ["10.0.0.0/8"]),
        ("::/0", ["::/0", "0.0.0.0/0"], []),
        ("10.0.0.0/30", ["10.0.0.1/32"], ["10.0.0.0/32", "10.0.0.2/31"]),
    ],
)
def test_what_is_left_of_a_range(cidr: str, taken: list[str], left: list[str]) -> None:
    assert sorted(without(cidr, taken)) == left


def test_services_are_named_and_the_many_counted() -> None:
    assert services_in_words([22, 1234]) == "ports 22 (SSH), 1234"
    assert services_in_words([22, 445, 3389, 5432, 6379]) == "ports 22 (SSH), 445 (CIFS), 3389 (RDP) and 2 more"


def rule(protocol: str, first: int | None = None, last: int | None = None) -> dict[str, Any]:
    ports = {} if first is None else {"FromPort": first, "ToPort": first if last is None else last}
    return {"IpProtocol": protocol} | ports


ROWS = [
    (rule("tcp", 22), [22], False, "tcp 22"),
    (rule("6", 20, 25), [22], False, "tcp 20-25"),
    (rule("udp", 3389), [3389], False, "udp 3389"),
    (rule("17", 1, 21), [], False, "udp 1-21"),
    (rule("tcp", 0, 65535), [22, 3389], True, "tcp 0-65535"),
    (rule("tcp", 1, 65535), [22, 3389], True, "tcp 1-65535"),
    (rule("tcp", 2, 65535), [22, 3389], False, "tcp 2-65535"),
    (rule("tcp", 0, 0), [], False, "tcp 0"),
    (rule("tcp"), [22, 3389], True, "tcp 0-65535"),
    (rule("tcp", -1), [22, 3389], True, "tcp 0-65535"),
    ({"IpProtocol": "tcp", "FromPort": 22}, [22, 3389], True, "tcp 0-65535"),  # half a range opens what it may open
    ({"IpProtocol": "udp", "ToPort": 22}, [22, 3389], True, "udp 0-65535"),
    (rule("-1"), [22, 3389], True, "all traffic"),
    (rule("-1", 443), [22, 3389], True, "all traffic"),
    (rule("icmp", -1), [], False, "icmp"),
    (rule("1", 8, -1), [], False, "icmp"),
    (rule("58"), [], False, "icmpv6"),
    (rule("icmpv6", 22), [], False, "icmpv6"),
    (rule("50"), [], False, "protocol 50"),
]


@pytest.mark.parametrize(("given", "ports", "every", "words"), ROWS, ids=[row[3] for row in ROWS])
def test_rules(given: dict[str, Any], ports: list[int], every: bool, words: str) -> None:
    assert opened(given, [3389, 22]) == ports
    assert opens_every_port(given) is every
    assert ports_in_words(given) == words


PORTS = st.integers(0, 65535)
PAIRS = st.tuples(PORTS, PORTS).map(lambda pair: (min(pair), max(pair)))
NETWORKS = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.integers(0, 32)), st.tuples(st.ip_addresses(v=6), st.integers(0, 128))
).map(lambda pair: ipaddress.ip_network(f"{pair[0]}/{pair[1]}", strict=False))


@given(st.sampled_from(["tcp", "udp", "6", "17"]), PAIRS, PORTS)
def test_a_port_is_open_when_it_is_in_the_range(name: str, pair: tuple[int, int], port: int) -> None:
    spoken = name in ("tcp", "6") or port not in TCP_ALONE
    assert (opened(rule(name, *pair), [port]) == [port]) is (pair[0] <= port <= pair[1] and spoken)


@given(st.sampled_from(sorted(NUMBERS)), PAIRS)
def test_a_number_means_the_same_as_the_name(number: str, pair: tuple[int, int]) -> None:
    assert open_ports(rule(number, *pair)) == open_ports(rule(NUMBERS[number], *pair))
    assert ports_in_words(rule(number, *pair)) == ports_in_words(rule(NUMBERS[number], *pair))


@given(PAIRS)
def test_all_protocols_open_every_port_whatever_the_range(pair: tuple[int, int]) -> None:
    assert open_ports(rule("-1", *pair)) == EVERY_PORT


@given(st.integers(0, 255).map(str).filter(lambda number: number not in NUMBERS), PAIRS)
def test_other_protocols_have_no_ports(number: str, pair: tuple[int, int]) -> None:
    assert not open_ports(rule(number, *pair))


@given(NETWORKS)
def test_a_range_around_everyone_is_everyone(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> None:
    if is_everyone(str(network)) and network.prefixlen:
        assert is_everyone(str(network.supernet()))


@given(NETWORKS)
def test_the_way_a_range_is_written_does_not_matter(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> None:
    host = f"{network.broadcast_address}/{network.prefixlen}"
    assert is_everyone(host) is is_everyone(network.with_prefixlen) is is_everyone(str(network).upper())
