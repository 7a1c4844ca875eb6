"""An account in which everything is wrong: the demo's, and of every other kind what fails each check.

`python -m tests.accounts.server` emulates what it needs.
"""

from __future__ import annotations

from bot.demo import account
from bot.demo.aws import Emulated
from tests.accounts.wrong.apis import fill_apis
from tests.accounts.wrong.archives import fill_archives
from tests.accounts.wrong.compute import fill_compute
from tests.accounts.wrong.databases import fill_databases
from tests.accounts.wrong.front import fill_front
from tests.accounts.wrong.hosts import fill_hosts
from tests.accounts.wrong.messages import fill_messages
from tests.accounts.wrong.network import fill_network
from tests.accounts.wrong.stores import fill_stores


def fill(url: str) -> None:
    """Fills a fresh emulated account over its API. Raises botocore's ClientError when the emulator refuses."""
    aws = Emulated(url)
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
