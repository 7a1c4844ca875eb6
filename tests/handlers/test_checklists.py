"""What only a person can do: steps, sent to a person, and looked at again; nobody else is written to."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import checks
from bot.ids import Action, Input, OfFinding, View
from bot.store import Store
from checks import iam_root
from tests.slack.desk import ANA, BEN, CHIARA, DAN, ELSEWHERE, FIXABLE, Desk, desk, found, scan_program
from tests.slack.fake import BROKEN, Slack, buttons, refused

pytestmark = pytest.mark.asyncio

ROOT = iam_root.root_has_mfa
GUIDE = checks.guides()[ROOT.id]
FINDING = OfFinding(finding=1).pack()
REASON = "<!channel> the *auditor* comes on Friday"


@pytest_asyncio.fixture
async def for_a_person(slack: Slack, store: Store) -> Desk:
    """A bot that found that root has no MFA (1), and a bucket that is open (2)."""
    both = (ROOT, FIXABLE)
    found(store, (ROOT, "123456789012", "has no MFA"), (FIXABLE, "northwind-exports", "leaves it open"), checks=both)
    slack.users = {BEN: {}, DAN: {}}
    return await desk(slack, store)


def rows(desk: Desk) -> list[tuple[str, str, Mapping[str, Any]]]:
    written = [(row["action"], row["result"], row["detail"]) for row in reversed(desk.bot.store.audit.rows(last=100))]
    return [row for row in written if row[0].startswith("checklist.")]


async def test_the_steps_stand_where_a_fix_would(for_a_person: Desk) -> None:
    await for_a_person.command("findings")
    shown = for_a_person.answers[-1].arguments["blocks"]
    first, second, _ = [[one["text"]["text"] for one in b["elements"]] for b in shown if b["type"] == "actions"]
    assert first == ["Steps…", "Explain", "Mute…", "Details"]
    assert second == ["Fix…", "Explain", "Mute…", "Details"]
    await for_a_person.click(Action.STEPS, FINDING)
    said = for_a_person.told
    assert [line for line in said.splitlines() if line.startswith("2. ")] == [
        f"2. {GUIDE.steps[1].replace('>', '&gt;')}"
    ]
    assert f"<{GUIDE.link}|AWS console>" in said
    assert f"<{ROOT.page}|AWS documentation>" in said
    await for_a_person.command("explain 1")
    assert f"1. {GUIDE.steps[0]}" in for_a_person.told


async def test_a_person_gets_the_steps_with_who_asks_and_why(for_a_person: Desk) -> None:
    await for_a_person.submit(View.STEPS, FINDING, REASON, person=DAN)
    assert for_a_person.told == "<@UDAN> has the steps, with your name and your reason."
    (message,) = for_a_person.slack.shown(DAN)
    assert "<@UANA> asks you to do what only a person can, because:" in message
    assert REASON in message, "it is plain text, in which nothing is markup"
    assert f"1. {GUIDE.steps[0]}" in message
    ((_, sent),) = for_a_person.slack.messages.items()
    assert buttons(sent) == {Action.RECHECK: FINDING}
    assert [text["type"] for text in texts_with(sent, REASON)] == ["plain_text"]
    assert rows(for_a_person) == [
        ("checklist.sent", "intent", {"check": ROOT.id, "finding": 1, "to": DAN, "reason": REASON}),
        ("checklist.sent", "ok", {"check": ROOT.id, "finding": 1, "to": DAN}),
    ]


@pytest.mark.parametrize(
    ("user", "what", "why"),
    [
        ("UELSE", {"team_id": "T2"}, "They belong to another workspace"),
        ("USTRANGE", {"is_stranger": True}, "They belong to another workspace"),
        ("UROBOT", {"is_bot": True}, "That is a bot"),
        ("USLACKBOT", {"is_bot": False}, "That is a bot"),
        ("UGONE", {"deleted": True}, "Their account is deactivated"),
        ("UNOBODY", None, "Slack answered user_not_found: choose somebody of this workspace"),
        (ELSEWHERE, None, "Slack answered user_not_found"),
        ("", None, "Slack answered user_not_found"),
    ],
)
async def test_nobody_outside_and_no_bot_is_written_to(
    for_a_person: Desk, user: str, what: Mapping[str, Any] | None, why: str
) -> None:
    if what is not None:
        for_a_person.slack.users[user] = what
    await for_a_person.submit(View.STEPS, FINDING, "because", person=user)
    assert why in for_a_person.told
    assert not for_a_person.slack.messages
    ((action, result, detail),) = rows(for_a_person)
    assert (action, result, detail["to"]) == ("checklist.sent", "refused", user)


async def test_somebody_of_the_same_enterprise_is_inside(for_a_person: Desk) -> None:
    for_a_person.slack.users[CHIARA] = {"team_id": "T9", "enterprise_user": {"teams": ["T1", "T9"]}}
    await for_a_person.submit(View.STEPS, FINDING, "because", person=CHIARA)
    assert for_a_person.slack.shown(CHIARA)


async def test_only_who_may_ask_for_fixes_may_send(slack: Slack, store: Store, for_a_person: Desk) -> None:
    few = await desk(slack, store, requesters=[BEN], viewers=[ANA])
    await few.click(Action.STEPS, FINDING)
    assert GUIDE.steps[0] in few.told, "whoever may look, may look"
    await few.submit(View.STEPS, FINDING, "because", person=BEN)
    assert "You are not among those who may ask for fixes" in few.told
    assert not slack.messages
    await few.submit(View.STEPS, FINDING, "because", user=BEN, person=DAN)
    assert "They are not among those who may use this command" in few.told
    assert not slack.messages
    await few.submit(View.STEPS, FINDING, "because", user=BEN, person=BEN)
    assert slack.shown(BEN)


async def test_what_did_not_arrive_is_not_said_to_have(for_a_person: Desk) -> None:
    for_a_person.slack.trouble("chat.postMessage", BROKEN)
    await for_a_person.submit(View.STEPS, FINDING, "because", person=DAN)
    assert "🚫" in for_a_person.told
    assert for_a_person.written == [("checklist.sent", "intent"), ("checklist.sent", "failed")]


async def test_without_the_scope_nobody_is_written_to(for_a_person: Desk) -> None:
    for_a_person.slack.trouble("users.info", refused("missing_scope"))
    await for_a_person.submit(View.STEPS, FINDING, "because", person=DAN)
    assert "add the scopes of manifest.yml" in for_a_person.told
    assert not for_a_person.slack.messages


@pytest.mark.parametrize(("number", "why"), [(2, "There are no steps for this one"), (99, "There is no finding 99")])
async def test_a_forged_number_sends_and_runs_nothing(for_a_person: Desk, number: int, why: str) -> None:
    forged = OfFinding(finding=number).pack()
    await for_a_person.submit(View.STEPS, forged, "because", person=DAN)
    assert why in for_a_person.told
    for action in (Action.STEPS, Action.RECHECK):
        await for_a_person.click(action, forged)
        assert why in for_a_person.told
    assert not for_a_person.slack.messages
    assert not rows(for_a_person)


async def test_what_is_resolved_is_nobodys_task(for_a_person: Desk, store: Store) -> None:
    found(store, checks=(ROOT,))
    await for_a_person.submit(View.STEPS, FINDING, "because", person=DAN)
    assert "This finding is resolved already" in for_a_person.told
    assert not for_a_person.slack.messages


# --- looking again ---------------------------------------------------------------------

LATER = """
import sys, json
sys.path[:0] = {path!r}
from datetime import UTC, datetime
from bot.store import open_store
from checks import iam_root
from tests.slack.desk import found
store = open_store({database!r})
check = iam_root.root_has_mfa
found(store, *{outcomes}, checks=(check,), unknown={unknown!r})
store.close()
assert sys.argv[-2:] == ["--check", check.id], sys.argv
print(json.dumps({{"result": {{"ok": True, "account": "123456789012", "note": ""}}}}), flush=True)
"""
STILL = '[(check, "123456789012", "has no MFA")]'


@pytest.mark.parametrize(
    ("outcomes", "unknown", "now", "said"),
    [
        ("[]", "", "pass", "✅ *It is as it should be now*: Root user has MFA."),
        (STILL, "", "fail", "❌ *Not yet*: `123456789012` has no MFA."),
        (
            "[]",
            "the summary was denied",
            "unknown",
            "❔ *It cannot be told*: the summary was denied.",
        ),
    ],
)
async def test_a_look_says_what_it_is_now(  # as a person sees it, with what AWS shows
    slack: Slack, store: Store, for_a_person: Desk, outcomes: str, unknown: str, now: str, said: str
) -> None:
    path = [str(Path(__file__).parents[2]), *sys.path]
    text = LATER.format(path=path, database=str(store.db.path), outcomes=outcomes, unknown=unknown)
    ours = await desk(slack, store, scan=scan_program(text))
    await ours.click(Action.RECHECK, FINDING, user=DAN, channel="DDAN")
    assert ours.told == said
    assert rows(ours)[-1] == ("checklist.rechecked", "ok", {"check": ROOT.id, "finding": 1, "now": now})

    await ours.click(Action.STEPS, FINDING)
    view, modal = [*slack.views.items()][-1]
    await ours.click(Action.RECHECK, buttons(modal)[Action.RECHECK], view=view)
    assert ours.told.startswith(("✅", "❌", "❔"))
    assert {Input.PERSON, Input.REASON} <= {block.get("block_id") for block in slack.views[view]["blocks"]}


async def test_a_run_that_did_not_get_there_is_no_pass(for_a_person: Desk) -> None:
    await for_a_person.click(Action.RECHECK, FINDING)  # its process stores nothing
    assert for_a_person.told.startswith("❔ *It cannot be told*")


async def test_a_run_that_failed_is_said_where_one_looks(slack: Slack, store: Store, for_a_person: Desk) -> None:
    broken = await desk(slack, store, scan=scan_program("import sys; sys.exit(3)"))
    await broken.click(Action.STEPS, FINDING)
    view = [*slack.views][-1]
    await broken.click(Action.RECHECK, FINDING, view=view)
    assert (broken.answers[-1].method, broken.told[:2]) == ("views.update", "🚫 ")


def texts_with(payload: Mapping[str, Any], words: str) -> list[Mapping[str, Any]]:
    found = [block["text"] for block in payload["blocks"] if isinstance(block.get("text"), dict)]
    return [text for text in found if words in text["text"]]
