"""Fills the emulated account: Northwind Traders, a small shop that sells food online.

Some of it is right and much is wrong, in each of the twelve practices. What each module creates:
`account_iam` people, keys, roles, policies · `account_network` VPCs, security groups, instances ·
`account_data` buckets, disks, databases, keys, backups · `account_front` a distribution, a load balancer, APIs ·
`account_watch` trails, Config, detectors, contacts.
"""

from __future__ import annotations

from bot.demo.account_data import fill_data
from bot.demo.account_front import fill_front
from bot.demo.account_iam import fill_iam
from bot.demo.account_network import fill_network
from bot.demo.account_watch import fill_watch
from bot.demo.aws import Emulated


def fill(url: str) -> None:
    """Fills a fresh emulated account over its API. Raises botocore's ClientError when the emulator refuses."""
    aws = Emulated(url)
    fill_iam(aws)
    keys = fill_data(aws)
    fill_network(aws, keys)
    fill_front(aws)
    fill_watch(aws, keys)
