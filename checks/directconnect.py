"""AWS Direct Connect: whether one broken line cuts the company off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from checks.kit import ACCOUNT_ARN, Aws, NotApplicable, Practice, Severity, Verdict, check, collector, expect

GONE = ("deleting", "deleted", "rejected")
TWO = 2


@collector("directconnect:DescribeConnections", arn=ACCOUNT_ARN, name="{region}")
def connections(aws: Aws) -> Iterator[Mapping[str, Any]]:
    """One for the region: the `connections` that stand or are being made."""
    found = aws.items("directconnect:DescribeConnections", "connections")
    yield {"connections": [one for one in found if one["connectionState"] not in GONE]}


@collector(
    "directconnect:DescribeVirtualInterfaces",
    arn="arn:{partition}:directconnect:{region}:{account}:dx-gateway/{gateway}",
    name="{gateway}",
)
def gateways(aws: Aws) -> Iterator[Mapping[str, Any]]:
    """Each gateway that private or transit virtual interfaces lead to, with the `lines` they run over."""
    lines: dict[str, set[str]] = defaultdict(set)
    interfaces = aws.items("directconnect:DescribeVirtualInterfaces", "virtualInterfaces")
    for one in interfaces:
        gateway = one.get("directConnectGatewayId") or one.get("virtualGatewayId")
        if gateway and one["virtualInterfaceState"] not in GONE:
            lines[gateway].add(one["connectionId"])
    yield from ({"gateway": gateway, "lines": sorted(over)} for gateway, over in lines.items())


@check(connections, practice=Practice.BACKUP, severity=Severity.LOW)
def connections_are_in_two_locations(region: Mapping[str, Any]) -> Verdict:
    """Direct Connect connections end in two locations.

    A fire or a digger at the one location cuts everything that runs over it.

    Fix: Order a second connection at another Direct Connect location, or keep a VPN as a backup.
    See: https://docs.aws.amazon.com/directconnect/latest/UserGuide/resiliency_toolkit.html
    """
    places = sorted({one["location"] for one in region["connections"]})
    if not places:
        raise NotApplicable("the account has no connection here")
    return expect(len(places) >= TWO, f"has Direct Connect connections at {places[0]} only")


@check(gateways, practice=Practice.BACKUP, severity=Severity.LOW)
def gateway_is_reached_over_two_connections(gateway: Mapping[str, Any]) -> Verdict:
    """Gateway is reached over two Direct Connect connections.

    When AWS maintains the device of the one connection, nobody reaches what is behind the gateway.

    Fix: Add a virtual interface to the gateway on a second connection.
    See: https://docs.aws.amazon.com/directconnect/latest/UserGuide/resiliency_toolkit.html
    """
    return expect(len(gateway["lines"]) >= TWO, f"is reached over {gateway['lines'][0]} only")
