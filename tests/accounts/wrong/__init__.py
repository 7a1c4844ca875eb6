"""An account in which everything is wrong: the demo's, and of every other kind what fails each check.

`python -m tests.accounts.server` emulates what it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import checks
from bot.demo import account
from tests.accounts.filling import Filled
from tests.accounts.wrong.apis import fill_apis
from tests.accounts.wrong.archives import fill_archives
from tests.accounts.wrong.compute import fill_compute
from tests.accounts.wrong.databases import fill_databases
from tests.accounts.wrong.front import fill_front
from tests.accounts.wrong.hosts import fill_hosts
from tests.accounts.wrong.messages import fill_messages
from tests.accounts.wrong.network import fill_network
from tests.accounts.wrong.stores import fill_stores
from tests.accounts.wrong.told import fill_told
from tests.accounts.wrong.undone import fill_undone

WISHES: Mapping[str, Any] = {
    "customer_managed_key": True,
    "every_bucket": True,
    "closed": True,
    "uses_ai": True,
    "organizations": ("northwind",),
    "expected_accounts": ("111111111111",),
}
"""Settings under which checks ask for what they do not ask of everyone, by the name of the parameter."""


def strict() -> dict[str, dict[str, Any]]:
    """Thresholds of all checks that have such settings."""
    registered = checks.load()[0].items()
    return {id: {name: WISHES[name] for name in check.thresholds if name in WISHES} for id, check in registered}


def fill(url: str) -> None:
    """Fills a fresh emulated account over its API. Raises botocore's ClientError when the emulator refuses."""
    aws = Filled(url)
    keys = account.fill(url)
    fill_network(aws)
    fill_hosts(aws)
    fill_databases(aws)
    fill_stores(aws, keys)
    fill_compute(aws)
    fill_front(aws)
    fill_apis(aws)
    fill_messages(aws, keys["shop-data"])
    fill_archives(aws)
    fill_undone(aws)
    fill_told(aws)
