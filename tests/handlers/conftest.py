"""A bot at its desk."""

from __future__ import annotations

import pytest_asyncio

from bot.store import Store
from tests.slack.desk import FIXABLE, OTHER, Desk, desk, found
from tests.slack.fake import Slack


@pytest_asyncio.fixture
async def at_desk(slack: Slack, store: Store) -> Desk:
    """A bot that has scanned: one finding with a fix (1) and one without (2)."""
    found(store, (FIXABLE, "northwind-exports", "leaves it open"), (OTHER, "123456789012", "has no trail"))
    return await desk(slack, store)
