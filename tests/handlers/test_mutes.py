"""Mutes that hide more than one finding: asked for in the modal, listed, ended by a button."""

from __future__ import annotations

from datetime import timedelta

import boto3
import pytest

from bot.blocks.mutes import SHOWN
from bot.ids import Action, OfFinding, OfMute, OfTag, View
from bot.scan import Outcome, Status, UnitDone
from bot.store import Store
from bot.store.findings import Filter
from tests.conftest import ACCOUNT
from tests.slack.desk import ANA, DAN, FIXABLE, OTHER, Desk, desk, found
from tests.slack.fake import Slack, buttons

pytestmark = pytest.mark.asyncio

FINDING = OfFinding(finding=1).pack()
CHECK = f"`{FIXABLE.id}`"


def hidden(at_desk: Desk) -> list[int]:
    return [f.id for f in at_desk.bot.store.findings.search(Filter(muted=True), at_desk.bot.now())]


async def test_a_whole_check_is_muted_listed_and_shown_again(at_desk: Desk) -> None:
    await at_desk.submit(View.MUTE, FINDING, "public <websites>", until="30", scope="check")
    assert at_desk.told == (
        f"All of {CHECK} is hidden for 30 days: 1 finding now, and what is found later. Mute 1; `/aws-sec mutes` ends it."
    )
    assert hidden(at_desk) == [1]
    found(
        at_desk.bot.store, (FIXABLE, "northwind-exports", "leaves it open"), (FIXABLE, "another", "leaves it open"),
        (OTHER, "123456789012", "has no trail"),
    )  # fmt: skip
    assert hidden(at_desk) == [1, 3]
    await at_desk.command("findings muted")
    assert f"Muted by <@{ANA}> until" in at_desk.told
    assert "(mute 1): public &lt;websites&gt;" in at_desk.told
    await at_desk.click(Action.MUTES, buttons(at_desk.answers[-1].arguments)[Action.MUTES])
    assert f"All of {CHECK}" in at_desk.told
    assert "hides 2 findings until" in at_desk.told
    end = buttons(at_desk.answers[-1].arguments)[Action.END_MUTE]
    await at_desk.click(Action.END_MUTE, end)
    assert at_desk.told.startswith("No mute hides more than one finding")
    assert hidden(at_desk) == []
    await at_desk.click(Action.END_MUTE, end)
    assert at_desk.told == "🚫 This mute is over already."
    assert at_desk.written == [("mute.begun", "ok"), ("mute.ended", "ok"), ("button.refused", "refused")]


async def test_an_owner_s_part_of_a_check_is_muted(slack: Slack, store: Store) -> None:
    found(store, (FIXABLE, "a", "leaves it open"), (FIXABLE, "b", "leaves it open"))
    store.findings.set_owners(ACCOUNT, {"arn:aws:x:::a": "*ana*"})
    at_desk = await desk(slack, store)
    await at_desk.command("mute 1")
    assert "All of this check that *ana* owns" in str(at_desk.answers[-1].arguments["view"])
    await at_desk.submit(View.MUTE, FINDING, "hers", scope="owner")
    assert at_desk.told.startswith(f"All of {CHECK} that `*ana*` owns is hidden for 7 days: 1 finding now")
    assert hidden(at_desk) == [1]
    await at_desk.submit(View.MUTE, OfFinding(finding=2).pack(), "nobody's", scope="owner")
    assert "Who owns this resource is not known any more" in at_desk.told
    assert len(store.mutes.current(ACCOUNT, at_desk.bot.now())) == 1


async def test_what_a_mute_hides_is_not_shown_one_by_one_and_not_fixed(at_desk: Desk) -> None:
    await at_desk.submit(View.MUTE, FINDING, "websites", scope="check")
    await at_desk.command("unmute 1")
    assert at_desk.told == "🚫 Mute 1 hides this finding and others: end it in `/aws-sec mutes`."
    await at_desk.command("findings")
    assert "northwind-exports" not in at_desk.told
    await at_desk.command("explain 1")
    assert {Action.FIX, Action.MUTE, Action.UNMUTE}.isdisjoint(buttons(at_desk.answers[-1].arguments))


async def test_the_modal_s_own_default_is_the_finding_alone(at_desk: Desk) -> None:
    await at_desk.submit(View.MUTE, FINDING, "a website", scope="finding")
    assert at_desk.told == "`northwind-exports` is hidden for 7 days, then it comes back."
    await at_desk.command("mutes")
    assert at_desk.told.startswith("No mute hides more than one finding")


@pytest.mark.parametrize("scope", ["everything", "account", "<!channel>"])
async def test_a_scope_that_is_none_hides_nothing(at_desk: Desk, scope: str) -> None:
    await at_desk.submit(View.MUTE, FINDING, "because", scope=scope)
    assert "older version" in at_desk.told
    assert (hidden(at_desk), at_desk.bot.store.mutes.current(ACCOUNT, at_desk.bot.now())) == ([], [])


async def test_only_who_may_mute_begins_and_ends_one(slack: Slack, store: Store) -> None:
    found(store, (FIXABLE, "a", "leaves it open"))
    at_desk = await desk(slack, store, requesters=[ANA])
    await at_desk.submit(View.MUTE, FINDING, "because", user=DAN, scope="check")
    assert "You are not among those who may ask for fixes or mute" in at_desk.told
    await at_desk.submit(View.MUTE, FINDING, "because", scope="check")
    await at_desk.click(Action.END_MUTE, OfMute(mute=1).pack(), user=DAN)
    assert "You are not among those who may ask for fixes or mute" in at_desk.told
    assert hidden(at_desk) == [1]


async def test_what_has_a_tag_is_muted(moto_url: str, slack: Slack, store: Store) -> None:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="sandbox")
    client.put_bucket_tagging(Bucket="sandbox", Tagging={"TagSet": [{"Key": "env", "Value": "sandbox"}]})
    at_desk = await desk(slack, store)
    scan = store.scans.begin(ACCOUNT, at=at_desk.bot.now(), complete_scope=True, requested_by="test")
    failed = Outcome(FIXABLE, ACCOUNT, "us-east-1", "arn:aws:s3:::sandbox", "sandbox", Status.FAIL, "is open")
    done = UnitDone((FIXABLE,), ACCOUNT, "us-east-1", True, 1, 1, "s3")
    store.findings.record(scan, done, [failed], {}, at_desk.bot.now())
    await at_desk.command("mute tag env=sandbox")
    assert "what has the tag `env=sandbox`" in at_desk.told
    await at_desk.submit(View.MUTE_TAG, OfTag(tag="env=sandbox").pack(), "a sandbox", until="30")
    assert at_desk.told == (
        "Everything that has the tag `env=sandbox` is hidden for 30 days: 1 finding now, and what is found later."
        " Mute 1; `/aws-sec mutes` ends it."
    )
    assert hidden(at_desk) == [1]
    await at_desk.submit(View.MUTE_TAG, OfTag(tag="env=test").pack(), "a sandbox")
    assert "Nothing in the account has the tag env=test, so nothing was muted" in at_desk.told
    await at_desk.submit(View.MUTE_TAG, OfTag(tag="env=sandbox").pack(), "mine", user=DAN, team="TOTHER")
    assert "another workspace" in at_desk.told
    assert [one.tag for one in store.mutes.current(ACCOUNT, at_desk.bot.now())] == ["env=sandbox"]


@pytest.mark.parametrize("typed", ["", " ", "=x", "a" * 129, "env=" + "x" * 257])
async def test_a_tag_that_is_none_is_asked_for_again(at_desk: Desk, typed: str) -> None:
    await at_desk.command(f"mute tag {typed}")
    assert at_desk.told == "🚫 Say which tag, as in `/aws-sec mute tag env=sandbox`."


async def test_what_hides_most_is_listed_however_many_mutes_there_are(at_desk: Desk) -> None:
    mutes, now = at_desk.bot.store.mutes, at_desk.bot.now()
    for number in range(SHOWN + 2):
        until = now + timedelta(days=1)
        mutes.begin(ACCOUNT, OTHER.id, f"owner-{number}", until=until, reason="r", by="T1/UDAN", at=now)
    mutes.begin(ACCOUNT, FIXABLE.id, "", until=now + timedelta(days=90), reason="r", by="T1/UDAN", at=now)
    await at_desk.command("mutes")
    assert f"🔕 All of {CHECK}\n" in at_desk.told
    assert "and 3 more, which hide no more" in at_desk.told
