"""What the doctor says of channels that get digests and of people who are told of theirs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.doctor import Health, Result, _owners_told, _slack
from bot.store import Store
from bot.store.owners_told import OwnersTold
from tests.conftest import ACCOUNT
from tests.slack.desk import ANA, BEN, CHIARA, found, settings_of
from tests.slack.fake import Slack

OWNERS = {"team-a": ANA, "team-b": BEN, "team-c": CHIARA}
DIGESTS = [{"channel": "CTEAMA", "owner": "team-a"}, {"channel": "CWEB", "accounts": [ACCOUNT]}]


def of(results: list[Result], what: str) -> tuple[Health, str]:
    (one,) = (result for result in results if result.what.startswith(what))
    return one.health, one.found


@pytest.mark.asyncio
async def test_each_channel_and_each_person_is_tried(slack: Slack, store: Store) -> None:
    slack.users |= {ANA: {}, BEN: {"deleted": True}}
    config = settings_of(slack, digests=DIGESTS, owners=OWNERS)
    results = await asyncio.to_thread(lambda: [*_slack(config)])
    assert of(results, "digest of team-a in CTEAMA") == (Health.GOOD, "the bot is in it")
    assert of(results, f"digest of {ACCOUNT} in CWEB") == (Health.GOOD, "the bot is in it")
    assert of(results, f"owner team-a, {ANA}") == (Health.GOOD, "a person of the workspace")
    assert of(results, f"owner team-b, {BEN}") == (Health.BAD, "the account is deactivated")
    assert of(results, f"owner team-c, {CHIARA}") == (Health.BAD, "Slack answered user_not_found")


def test_whom_a_message_did_not_reach_and_whom_no_tag_names(store: Store) -> None:
    config = settings_of(Slack("http://127.0.0.1:1"), digests=DIGESTS, owners=OWNERS)
    assert [*_owners_told(store, config)] == [], "nothing was scanned yet"
    found(store)
    store.findings.set_owners(ACCOUNT, {"arn:aws:x:::a": "team-a", "arn:aws:x:::b": "team-b"})
    OwnersTold(store.db).refused(BEN, "user_disabled", datetime(2025, 6, 3, 9, 0, tzinfo=UTC))
    results = [*_owners_told(store, config)]
    assert of(results, f"message to owner {BEN}") == (Health.WEAK, "on 2025-06-03 09:00 UTC: user_disabled")
    assert of(results, "owner team-c") == (Health.WEAK, "no tag of a resource named it at the last scan")
    assert len(results) == 2
