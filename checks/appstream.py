"""Amazon AppStream 2.0 (WorkSpaces Applications) fleets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from checks.kit import Collector, Practice, Severity, Verdict, check, collect, expect

Fleet: TypeAlias = Mapping[str, Any]
"""AWS's Fleet."""

fleets: Collector[Fleet] = collect("appstream:DescribeFleets", "Fleets", arn="{Arn}", name="{Name}")


@check(fleets, practice=Practice.NETWORK, severity=Severity.LOW)
def fleet_has_no_default_internet(fleet: Fleet) -> Verdict:
    """AppStream fleet reaches the internet through your VPC.

    With default internet access each streaming instance has a public address, and what leaves it is past your control.

    Fix: Turn default internet access off, in private subnets with a NAT gateway; the fleet has to be stopped for it.
    See: https://docs.aws.amazon.com/appstream2/latest/developerguide/internet-access.html
    """
    # .get: AWS leaves it out of fleets that have none
    return expect(not fleet.get("EnableDefaultInternetAccess"), "has default internet access")
