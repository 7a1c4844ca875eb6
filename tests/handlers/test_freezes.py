"""`/aws-sec freeze`: declared by an approver, told to everybody, ended by its button."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from slack_bolt.async_app import AsyncBoltRequest

from bot.ids import Action
from tests.slack.desk import ANA, APPROVALS, BEN, CHANNEL, DIGEST, ELSEWHERE, FORM, Desk
from tests.slack.fake import TEAM, buttons

pytestmark = pytest.mark.asyncio


async def test_a_freeze_is_told_to_everybody_and_ended_by_a_button(at_desk: Desk) -> None:
    await at_desk.command("freeze env=prod until tomorrow 09:00 because of the <sale>", user=BEN)
    for channel in (CHANNEL, APPROVALS, DIGEST):
        (told,) = at_desk.slack.shown(channel)
        assert "❄️ No fixes until" in told
        assert "the tag `env=prod`" in told
        assert "<@UBEN>, because of the &lt;sale&gt;" in told
    await at_desk.command("freeze")
    assert "*Freezes*" in at_desk.told
    end = buttons(at_desk.answers[-1].arguments)[Action.UNFREEZE]
    await at_desk.click(Action.UNFREEZE, end, user=ANA)
    assert "Only an approver may freeze or unfreeze" in at_desk.told
    assert at_desk.bot.store.freezes.current(at_desk.bot.now())
    await at_desk.click(Action.UNFREEZE, end, user=BEN)
    assert "ended a freeze" in at_desk.slack.shown(CHANNEL)[-1]
    assert at_desk.told.startswith("No freeze")
    await at_desk.click(Action.UNFREEZE, end, user=BEN)
    assert at_desk.told == "🚫 This freeze is over already."


FREEZE = {
    "command": "/aws-sec", "text": "freeze until tomorrow 09:00 because of the sale", "team_id": TEAM, "user_id": BEN,
    "channel_id": ELSEWHERE, "api_app_id": "A1",
}  # fmt: skip


@pytest.mark.parametrize("triggers", [("one", "one"), ("one", "another")], ids=["delivered again", "said again"])
async def test_a_freeze_that_comes_twice_is_declared_once(at_desk: Desk, triggers: tuple[str, str]) -> None:
    """The second may come after a restart, when nobody remembers what Slack called the first."""
    for trigger in triggers:
        form = FREEZE | {"trigger_id": trigger, "response_url": at_desk.slack.response_url()}
        await at_desk.dispatch(AsyncBoltRequest(body=urlencode(form), mode="socket_mode", headers=FORM))
    assert len(at_desk.bot.store.freezes.current(at_desk.bot.now())) == 1
    assert len(at_desk.slack.shown(CHANNEL)) == 1
    assert at_desk.written == [("freeze.begun", "ok")]


@pytest.mark.parametrize(
    ("text", "user", "words"),
    [
        ("freeze until tomorrow because x", ANA, "Only an approver may freeze"),
        ("freeze until never because x", BEN, "I do not understand “never” as a time"),
        ("freeze please", BEN, "write: freeze until Monday"),
    ],
)
async def test_what_is_not_a_freeze_changes_nothing(at_desk: Desk, text: str, user: str, words: str) -> None:
    await at_desk.command(text, user=user)
    assert words.lower() in at_desk.told.lower()
    assert at_desk.bot.store.freezes.current(at_desk.bot.now()) == []
    assert at_desk.slack.shown(CHANNEL) == []


async def test_the_freezes_of_the_settings_are_listed(at_desk: Desk) -> None:
    await at_desk.command("freeze", channel=ELSEWHERE)
    assert at_desk.told.startswith("No freeze: fixes may be made.")
