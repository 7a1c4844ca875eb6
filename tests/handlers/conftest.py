"""A bot at its desk."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.store import Store
from tests.slack.desk import FIXABLE, OTHER, Desk, desk, found
from tests.slack.fake import Slack, workspace


@pytest_asyncio.fixture
async def slack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Slack]:
    """A workspace; posting into one channel is not slowed down."""
    monkeypatch.setattr("bot.post.POST_SECONDS", 0.0)
    monkeypatch.setattr("handlers.routes.SHOWN_SECONDS", 0.0)
    async with workspace() as slack:
        yield slack


@pytest_asyncio.fixture
async def at_desk(slack: Slack, store: Store) -> Desk:
    """A bot that has scanned: one finding with a fix (1) and one without (2)."""
    found(store, (FIXABLE, "northwind-exports", "leaves it open"), (OTHER, "123456789012", "has no trail"))
    return await desk(slack, store)
