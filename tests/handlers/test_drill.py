"""From a status to one resource and back, in place: filters and pages stay, and whatever is stale is said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from bot.blocks.drill import RESOURCES
from bot.blocks.owner_notes import list_of
from bot.ids import Action, OfFinding, OfList, Spot, unpack
from bot.store import Store
from tests.conftest import ACCOUNT
from tests.slack.desk import BEN, CHANNEL, FIXABLE, OTHER, SCAN, Desk, desk, found, scan_program
from tests.slack.fake import Slack, buttons

pytestmark = pytest.mark.asyncio

MANY = 20
PRACTICE, CHECK = FIXABLE.practice.key, FIXABLE.id
UP, MORE, BACK, OPEN = f"{Action.OPEN}.up", f"{Action.OPEN}.more", f"{Action.OPEN}.back", Action.OPEN
SLOW = SCAN.replace("for done", "import time\nfor done", 1).replace("print(", "time.sleep(0.3)\n    print(", 1)


@pytest_asyncio.fixture
async def at(slack: Slack, store: Store) -> Drilling:
    """A bot that found a check to fail in many buckets, of which ana owns the first ten, and another in one."""
    fails = [(FIXABLE, f"bucket-{n:02}", "leaves it open") for n in range(MANY)]
    found(store, *fails, (OTHER, "account", "has no trail"), passed=5)
    store.findings.set_owners(ACCOUNT, {f"arn:aws:x:::bucket-{n:02}": "ana" for n in range(10)})
    return Drilling(await desk(slack, store))


class Drilling:
    """Somebody who clicks about in one message that only they see."""

    def __init__(self, at_desk: Desk) -> None:
        self.desk = at_desk

    @property
    def shown(self) -> Mapping[str, Any]:
        return self.desk.answers[-1].arguments

    @property
    def said(self) -> str:
        return self.desk.told

    async def click(self, action: str) -> str:
        """The first button of this kind in what is shown; what is shown then, in place."""
        await self.desk.click(action, buttons(self.shown)[action], hidden=True)
        assert self.shown["replace_original"] is True
        return self.said

    async def choose(self, action: str, value: str) -> str:
        """From a menu of what is shown."""
        block = next(block["block_id"] for block in self.shown["blocks"] if action in str(block))
        await self.desk.click(action, value, hidden=True, block=block)
        assert self.shown["replace_original"] is True
        return self.said


async def test_down_to_one_resource_and_back_with_the_filter_and_the_page(at: Drilling) -> None:
    await at.desk.command("status owner=ana")
    assert "🔎 *Only* owner like `ana`" in at.said
    assert "*Least privilege*  10 high" in at.said
    practice = await at.choose(Action.PRACTICE, PRACTICE)
    assert "*10* fail" in practice
    assert "pass" not in practice.partition("1 check needs a look")[0], "nobody knows whose they are"
    check = await at.click(OPEN)
    assert "8 of 10 open findings" in check
    second = await at.click(MORE)
    assert "9 to 10 of 10 open findings" in second
    resource = await at.click(OPEN)
    assert "`arn:aws:x:::bucket-09`" in resource
    assert "*Owner*  ana" in resource
    assert "*Where*  us-east-1, account `123456789012`  ·  <https://console.aws.amazon.com/go/view?arn=" in resource
    assert {Action.FIX, Action.EXPLAIN, Action.MUTE} <= {*buttons(at.shown)}
    assert await at.click(UP) == second
    assert await at.click(BACK) == check
    assert await at.click(UP) == practice
    status = await at.click(UP)
    assert "Security status" in status
    assert "🔎 *Only* owner like `ana`" in status
    assert "*Least privilege*  20 high" in await at.click(f"{Action.OPEN}.clear")
    assert at.desk.written == [], "looking leaves no trace, and no refusal"


async def test_a_public_status_is_drilled_in_where_it_stands(at: Drilling) -> None:
    await at.desk.command("status", channel=CHANNEL)
    ((_, ts),) = at.desk.slack.messages
    await at.desk.click(Action.OPEN, Spot(asked=OfList(check=CHECK)).pack(), channel=CHANNEL, ts=ts, user=BEN)
    (shown,) = at.desk.slack.shown(CHANNEL)
    assert f"of {MANY} open findings" in shown


async def test_menus_filter_in_place_and_are_taken_back(at: Drilling) -> None:
    await at.desk.command("status")
    assert Action.FILTER not in str(at.shown)
    await at.click(f"{Action.OPEN}.filter")
    assert "in `us-east-1`" in await at.choose(f"{Action.FILTER}.region", "us-east-1")
    assert "critical, in `us-east-1`" in await at.choose(f"{Action.FILTER}.severity", "4")
    assert "none of these" in at.said, "what is filtered away is not called fine"
    assert "Nothing is open that the filters let through." in at.said
    for name, value in (("severity", "3"), ("owner", "ana"), ("days", "7")):
        await at.choose(f"{Action.FILTER}.{name}", value)
    assert "high and worse, in `us-east-1`, owned by `ana`, new in 7 days" in at.said
    assert "us-east-1`," not in await at.choose(f"{Action.FILTER}.region", "*")
    await at.choose(f"{Action.FILTER}.service", "x")
    assert "of `x`, owned by `ana`" in at.said
    assert Action.FILTER not in str((await at.click(f"{Action.OPEN}.filter"), at.shown)[1])


async def test_an_owner_chosen_is_that_owner_and_one_typed_is_part_of_a_name(at: Drilling) -> None:
    at.desk.bot.store.findings.set_owners(
        ACCOUNT, {"arn:aws:x:::bucket-00": "team-a", "arn:aws:x:::bucket-01": "team-ab"}
    )
    await at.desk.command("findings owner=team-a")
    assert "1 to 2 of 2" in at.said
    assert "owner like `team-a`" in at.said
    await at.click(f"{Action.OPEN}.filter")
    assert "1 to 1 of 1" in await at.choose(f"{Action.FILTER}.owner", "team-a")
    assert "owned by `team-a`" in at.said
    assert "1 to 5 of 21" in await at.choose(f"{Action.FILTER}.owner", "*")
    assert unpack(Spot, buttons(at.shown)[MORE]).asked == OfList(page=1)
    await at.desk.click(Action.PAGE, list_of("team-a").pack(), hidden=True)
    assert "1 to 1 of 1" in at.said
    await at.click(f"{Action.OPEN}.clear")
    assert unpack(Spot, buttons(at.shown)[MORE]).asked == OfList(page=1)


async def test_a_filter_too_long_for_a_menu_is_carried_by_buttons(at: Drilling) -> None:
    store, name = at.desk.bot.store, "y" * 100
    found(store, (FIXABLE, name, "leaves it open"))
    store.findings.set_owners(ACCOUNT, {f"arn:aws:x:::{name}": "o" * 100})
    await at.desk.command(f"status {name} owner={'o' * 30} service=x region=us-east-1 high new=9999d muted")
    assert Action.PRACTICE in str(at.shown)
    wide = OfList(text=name, owner="o" * 100, service="x", region="us-east-1", severity=3, days=9999)
    await at.desk.click(OPEN, Spot(asked=wide).pack(), hidden=True)
    assert Action.PRACTICE not in str(at.shown)
    assert "*Least privilege*  1 high" in at.said
    assert f"with `{name}`" in await at.click(f"{Action.OPEN}.{PRACTICE}")
    assert "*1* fail" in at.said
    await at.click(f"{Action.OPEN}.filter")
    assert "There is no room for menus" in at.said


async def test_an_account_is_named_by_its_id_or_by_what_people_call_it(slack: Slack, store: Store) -> None:
    found(store, (FIXABLE, "bucket", "leaves it open"))
    store.scans.begin("999999999999", at=datetime.now(UTC), complete_scope=True, requested_by="me")
    at = Drilling(await desk(slack, store, account_name="Prod"))
    for name in ("prod", ACCOUNT):
        await at.desk.command(f"findings account={name}")
        assert "1 to 1 of 1" in at.said
    await at.desk.command("status account=999999999999")
    assert "Security status of AWS account 999999999999" in at.said
    assert Action.SCAN not in buttons(at.shown), "the bot scans its own account"
    assert at.desk.bot.scans.running is None
    await at.desk.command("findings account=prdo")
    assert "No account prdo was scanned; did you mean Prod?" in at.said.replace(":", ";")
    await at.desk.command("findings account=elsewhere")
    assert "there is Prod, 123456789012, 999999999999" in at.said


async def test_a_page_that_is_gone_is_the_last_one_there_is(at: Drilling) -> None:
    gone = Spot(asked=OfList(check=CHECK, page=99))
    await at.desk.click(OPEN, gone.pack(), hidden=True)
    assert f"17 to {MANY} of {MANY}" in at.said
    assert unpack(Spot, buttons(at.shown)[BACK]).asked.page == (MANY - 1) // RESOURCES - 1
    await at.desk.click(OPEN, Spot(asked=OfList(practice=PRACTICE), checks_page=99).pack(), hidden=True)
    assert "1 check needs a look" in at.said


async def test_details_of_a_list_lead_back_to_its_page(at: Drilling) -> None:
    await at.desk.command("findings high")
    first = at.said
    second = await at.click(MORE)
    assert "6 to 10 of" in second
    await at.click(OPEN)
    assert "*Since*" in at.said
    assert await at.click(UP) == second
    assert await at.click(BACK) == first


async def test_what_is_resolved_or_muted_meanwhile_is_told_so(at: Drilling) -> None:
    now = datetime.now(UTC)
    store = at.desk.bot.store
    store.findings.mute(1, until=now + timedelta(days=1), reason="a website", actor="T1/UBEN", at=now)
    await at.desk.click(OPEN, Spot(finding=1).pack(), hidden=True)
    assert "Muted by <@UBEN>" in at.said
    assert Action.UNMUTE in buttons(at.shown)
    store.findings.settle(2, holds=True, at=now, note="")
    await at.desk.click(OPEN, Spot(finding=2).pack(), hidden=True)
    assert "✅ *Resolved*" in at.said
    assert not {Action.FIX, Action.MUTE} & {*buttons(at.shown)}


@pytest.mark.parametrize(
    ("action", "value", "block", "told"),
    [
        (OPEN, Spot(finding=999).pack(), "", "There is no finding 999"),
        (OPEN, Spot(asked=OfList(check="s3.no_such_check")).pack(), "", "There is no such check any more"),
        (OPEN, Spot(asked=OfList(practice="piracy")).pack(), "", "older version"),
        (OPEN, json.dumps({"asked": {"account": "1"}}), "", "No account 1 was scanned"),
        (OPEN, "{}{}", "", "older version"),
        (Action.SCAN, Spot(finding=999).pack(), "", "There is no finding 999"),
        (Action.SCAN, "", "", "older version"),
        (Action.PRACTICE, PRACTICE, '{"asked": 1}', "older version"),
        (f"{Action.FILTER}.region", "us-east-1", "b", "older version"),
        (f"{Action.FILTER}.page", "7", "{}", "older version"),
        (f"{Action.FILTER}.severity", "9", "{}", "older version"),
        (f"{Action.FILTER}.severity", "²", "{}", "older version"),
        (f"{Action.FILTER}.severity", "9" * 5000, "{}", "older version"),
        (f"{Action.FILTER}.whole", "*", "{}", "older version"),
        (f"{Action.FILTER}.owner", "a\nb", "{}", "older version"),
        (f"{Action.FILTER}.owner", "x" * 101, "{}", "older version"),
        (Action.FILTER, "*", "{}", "older version"),
    ],
)
async def test_what_is_stale_or_forged_is_said_and_replaces_nothing(
    at: Drilling, action: str, value: str, block: str, told: str
) -> None:
    await at.desk.click(action, value, hidden=True, block=block)
    assert told in at.said
    assert at.shown["replace_original"] is False
    assert at.desk.bot.scans.running is None
    assert at.desk.written == [("button.refused", "refused")]


async def test_a_stranger_drills_nowhere(at: Drilling) -> None:
    for action, value in ((OPEN, "{}"), (Action.PRACTICE, PRACTICE), (f"{Action.FILTER}.region", "us-east-1")):
        await at.desk.click(action, value, team="T2", hidden=True, block="{}")
        assert "You belong to another workspace" in at.said


async def test_a_scan_from_a_check_reads_that_check_and_redraws_the_page(
    at: Drilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    start = at.desk.bot.scans.start

    async def started(*, requested_by: str, checks: list[str]) -> Any:
        asked.append(checks)
        return await start(requested_by=requested_by, checks=checks)

    monkeypatch.setattr(at.desk.bot.scans, "start", started)
    spot = Spot(asked=OfList(check=CHECK, owner="ana", page=1))
    await at.desk.click(Action.SCAN, spot.pack(), hidden=True)
    assert "9 to 10 of 10 open findings" in at.said
    await at.desk.click(Action.SCAN, spot.moved(finding=9).pack(), hidden=True)
    assert "`arn:aws:x:::bucket-08`" in at.said
    assert asked == [[CHECK], [CHECK]]


async def test_who_goes_elsewhere_while_a_scan_runs_stays_there(
    slack: Slack, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.ask.EDIT_SECONDS", 0.0)
    found(store, (FIXABLE, "bucket", "leaves it open"))
    at_desk = await desk(slack, store, scan=scan_program(SLOW))
    await at_desk.command("status", channel=CHANNEL)
    ((_, ts),) = slack.messages
    place: dict[str, Any] = {"channel": CHANNEL, "ts": ts}
    scanning = asyncio.create_task(at_desk.click(Action.SCAN, "{}", **place))
    while "a new scan runs" not in slack.shown(CHANNEL)[0]:  # noqa: ASYNC110  # the fake has no event to wait for
        await asyncio.sleep(0.01)
    await at_desk.click(Action.OPEN, Spot(finding=1).pack(), **place)
    await scanning
    (shown,) = slack.shown(CHANNEL)
    assert "`arn:aws:x:::bucket`" in shown
    assert "⏳" not in shown
    moved = [call.said for call in slack.called("chat.update") if "arn:aws:x:::bucket`" in call.said]
    assert any("⏳ a scan runs: " in said for said in moved), "the page tells how far it is, too"


async def test_a_click_on_explain_leaves_the_place(at: Drilling) -> None:
    await at.desk.click(OPEN, Spot(finding=1).pack(), hidden=True)
    before = at.shown
    await at.desk.click(Action.EXPLAIN, OfFinding(finding=1).pack(), hidden=True)
    assert at.desk.answers[-1].method == "views.open"
    assert at.desk.answers[-2].arguments == before
