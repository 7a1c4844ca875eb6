"""An account as the CIS AWS Foundations Benchmark 5.0 wants it, with something of each kind that it speaks of."""

from __future__ import annotations

from tests.accounts.filling import Filled
from tests.accounts.hardened.data import fill_backups, fill_buckets, fill_databases, fill_keys, fill_shares
from tests.accounts.hardened.network import fill_network, fill_regions, without_default_vpcs
from tests.accounts.hardened.people import fill_people
from tests.accounts.hardened.watch import fill_watch


def fill(url: str) -> None:
    """Fills a fresh emulated account over its API. Raises botocore's ClientError when the emulator refuses."""
    aws = Filled(url)
    fill_people(aws)
    key = fill_keys(aws)
    fill_buckets(aws, key)
    fill_regions(aws, key)
    subnets, group = fill_network(aws, key)
    fill_databases(aws, key, subnets, group)
    fill_backups(aws, key, fill_shares(aws, key, subnets))
    fill_watch(aws, key)
    without_default_vpcs(aws)
