"""AWS Direct Connect: whether one broken line cuts the company off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from checks.config import everywhere, regions
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    NotApplicable,
    Practice,
    Scope,
    Severity,
    Unknown,
    Verdict,
    check,
    collector,
    expect,
)

GONE = ("deleting", "deleted", "rejected")
TWO = 2


@collector(
    "directconnect:DescribeConnections",
    arn=ACCOUNT_ARN,
    name="account {account}",
    scope=Scope.ACCOUNT,
    needs=(regions,),
)
def connections(aws: Aws) -> Iterator[Mapping[str, Any]]:
    """One for the account: the `connections` that stand or are being made. A second may be of another region."""
    found, unread = _of_all_regions(aws, "directconnect:DescribeConnections", "connections")
    yield {"connections": [one for one in found if one["connectionState"] not in GONE], "unread": unread}


@collector(
    "directconnect:DescribeVirtualInterfaces",
    arn="arn:{partition}:directconnect::{account}:dx-gateway/{gateway}",
    name="{gateway}",
    scope=Scope.ACCOUNT,
    needs=(regions,),
)
def gateways(aws: Aws) -> Iterator[Mapping[str, Any]]:
    """Each gateway that private or transit virtual interfaces lead to, with the `lines` they run over.

    A Direct Connect gateway belongs to no region; its virtual interfaces may be of several.
    https://docs.aws.amazon.com/directconnect/latest/UserGuide/direct-connect-gateways-intro.html
    """
    lines: dict[str, set[str]] = defaultdict(set)
    interfaces, unread = _of_all_regions(aws, "directconnect:DescribeVirtualInterfaces", "virtualInterfaces")
    for one in interfaces:
        gateway = one.get("directConnectGatewayId") or one.get("virtualGatewayId")
        if gateway and one["virtualInterfaceState"] not in GONE:
            lines[gateway].add(one["connectionId"])
    if unread and not lines:
        raise Unknown(unread)
    yield from ({"gateway": gateway, "lines": sorted(over), "unread": unread} for gateway, over in lines.items())


def _of_all_regions(aws: Aws, call: str, path: str) -> tuple[list[Any], str]:
    """What all regions list, and why one of them could not be read, if any."""

    def read(there: Aws) -> tuple[list[Any], str]:
        try:
            return list(there.items(call, path)), ""
        except Unknown as reason:
            return [], str(reason)

    answers = list(aws.each(read, everywhere(aws)))
    return [one for found, _ in answers for one in found], next((why for _, why in answers if why), "")


@check(connections, practice=Practice.BACKUP, severity=Severity.LOW)
def connections_are_in_two_locations(account: Mapping[str, Any]) -> Verdict:
    """Direct Connect connections end in two locations.

    A fire or a digger at the one location cuts everything that runs over it.

    Fix: Order a second connection at another Direct Connect location, or keep a VPN as a backup.
    See: https://docs.aws.amazon.com/directconnect/latest/UserGuide/resiliency_toolkit.html
    """
    places = sorted({one["location"] for one in account["connections"]})
    if account["unread"] and len(places) < TWO:
        raise Unknown(account["unread"])
    if not places:
        raise NotApplicable("the account has no connection")
    return expect(len(places) >= TWO, f"has Direct Connect connections at {places[0]} only")


@check(gateways, practice=Practice.BACKUP, severity=Severity.LOW)
def gateway_is_reached_over_two_connections(gateway: Mapping[str, Any]) -> Verdict:
    """Gateway is reached over two Direct Connect connections.

    When AWS maintains the device of the one connection, nobody reaches what is behind the gateway.

    Fix: Add a virtual interface to the gateway on a second connection.
    See: https://docs.aws.amazon.com/directconnect/latest/UserGuide/resiliency_toolkit.html
    """
    if gateway["unread"] and len(gateway["lines"]) < TWO:
        raise Unknown(gateway["unread"])
    return expect(len(gateway["lines"]) >= TWO, f"is reached over {gateway['lines'][0]} only")
