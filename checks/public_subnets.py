"""Whether databases and file systems are in public subnets."""

from __future__ import annotations

from collections.abc import Collection

from checks.kit import Aws, Unknown
from checks.vpc_subnets import every_subnet, leads_to_the_internet, route_tables, routes_of

NEEDS = (every_subnet, route_tables)
"""What an extra that calls `public_among` has to need."""


def public_among(aws: Aws, ids: Collection[str]) -> list[str]:
    """Those of the subnets that lead to the internet, sorted. Raises Unknown where one or its routes were not read."""
    tables = aws.read(route_tables)
    asked = [subnet for subnet in aws.read(every_subnet) if subnet["SubnetId"] in ids]
    public = sorted(subnet["SubnetId"] for subnet in asked if leads_to_the_internet(routes_of(subnet, tables)))
    unread = sorted(set(ids) - {subnet["SubnetId"] for subnet in asked})
    if unread and not public:
        raise Unknown(f"subnet {unread[0]} was not among those that can be read")
    return public
