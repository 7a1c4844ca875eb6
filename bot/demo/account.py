"""Fills the emulated account: Northwind Traders, a small shop that sells food online.

Some of it is right and much is wrong, in each of the twelve practices. What each module creates:
`account_iam` people, keys, roles, policies · `account_network` VPCs, security groups, instances ·
`account_data` buckets, disks, keys, secrets · `account_databases` databases, tables, file systems, backups ·
`account_compute` functions and images · `account_front` distributions, load balancers, domains ·
`account_messages` topics and mail ·
`account_watch` trails, Config, detectors, contacts · `account_buckets` archives and what guards them.
"""

from __future__ import annotations

from bot.demo.account_buckets import fill_buckets
from bot.demo.account_compute import fill_compute
from bot.demo.account_data import fill_data
from bot.demo.account_databases import fill_databases
from bot.demo.account_front import fill_front
from bot.demo.account_iam import fill_iam
from bot.demo.account_messages import fill_messages
from bot.demo.account_network import fill_network
from bot.demo.account_watch import fill_watch
from bot.demo.aws import Emulated


def fill(url: str) -> dict[str, str]:
    """Fills a fresh emulated account over its API, and returns the ARNs of its KMS keys by alias.

    Raises botocore's ClientError when the emulator refuses.
    """
    aws = Emulated(url)
    fill_iam(aws)
    keys = fill_data(aws)
    fill_network(aws, keys)
    fill_databases(aws, keys)
    fill_compute(aws, keys)
    fill_front(aws)
    fill_messages(aws)
    fill_watch(aws, keys)
    fill_buckets(aws)
    return keys
