"""Whether databases and file systems are in public subnets."""

from __future__ import annotations

from collections.abc import Collection

from checks.kit import Aws
from checks.vpc_subnets import every_subnet, leads_to_the_internet, route_tables, routes_of

NEEDS = (every_subnet, route_tables)
"""What an extra that calls `public_among` has to need."""


def public_among(aws: Aws, ids: Collection[str]) -> list[str]:
    """Those of the subnets that lead to the internet, sorted. Raises Unknown where the routes of one were not read."""
    tables = aws.read(route_tables)
    asked = (subnet for subnet in aws.read(every_subnet) if subnet["SubnetId"] in ids)
    return sorted(subnet["SubnetId"] for subnet in asked if leads_to_the_internet(routes_of(subnet, tables)))
