"""Slack's own charts and tables where they are taken, and what is sent where they are not."""

from __future__ import annotations

import pytest

from bot.blocks.native import Drawn, Table
from bot.blocks.parts import Message, section, sentence
from bot.natives import ASKED_AGAIN, Natives
from bot.post import Post, PostError
from tests.slack.fake import BOT_TOKEN, Slack, refused

pytestmark = pytest.mark.asyncio

PLAIN = sentence("in words")
DRAWN = Drawn("in words", [section("drawn"), Table("caption", ["a"], [["b"]], 10)], PLAIN)
TABLE = "data_table"


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def post(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> Post:
    monkeypatch.setattr("bot.post.POST_SECONDS", 0.0)
    return Post(BOT_TOKEN, f"{slack.url}/api/")


async def test_what_slack_takes_is_drawn(slack: Slack, post: Post) -> None:
    await post.post("C1", DRAWN)
    assert slack.shown("C1") == ["drawn"]
    assert post.natives.best(DRAWN) is DRAWN


async def test_what_slack_refuses_is_sent_plain_and_not_tried_again_that_day(slack: Slack, post: Post) -> None:
    slack.unknown.add(TABLE)
    ts = await post.post("C1", DRAWN)
    await post.post("C1", DRAWN)
    await post.update("C1", ts, DRAWN)
    await post.whisper("C1", "U1", DRAWN)
    assert slack.shown("C1") == ["in words", "in words"]
    assert [len(slack.called(method)) for method in ("chat.postMessage", "chat.update", "chat.postEphemeral")] == [
        3,
        1,
        1,
    ]


@pytest.mark.parametrize("method", ["chat.update", "chat.postEphemeral"])
async def test_the_same_for_a_message_that_changes_or_that_one_person_sees(
    slack: Slack, post: Post, method: str
) -> None:
    ts = await post.post("C1", PLAIN)
    slack.unknown.add(TABLE)
    for _ in range(2):
        await (post.update("C1", ts, DRAWN) if method == "chat.update" else post.whisper("C1", "U1", DRAWN))
    assert [call.said for call in slack.called(method)] == ["drawn", "in words", "in words"]


async def test_a_day_later_it_is_tried_again(slack: Slack, post: Post) -> None:
    clock = Clock()
    post.natives = Natives(clock)
    slack.unknown.add(TABLE)
    await post.post("C1", DRAWN)
    slack.unknown.clear()
    clock.now = ASKED_AGAIN - 1
    await post.post("C1", DRAWN)
    clock.now = ASKED_AGAIN
    await post.post("C1", DRAWN)
    assert slack.shown("C1") == ["in words", "in words", "drawn"]


async def test_one_kind_that_is_refused_says_nothing_of_another(slack: Slack, post: Post) -> None:
    slack.unknown.add(TABLE)
    await post.post("C1", DRAWN)
    other = Drawn("other", [section("other")], PLAIN)
    assert post.natives.best(other) is other


async def test_a_message_whose_plain_form_is_refused_too_teaches_nothing(slack: Slack, post: Post) -> None:
    slack.unknown |= {TABLE, "section"}
    with pytest.raises(PostError, match="invalid_blocks"):
        await post.post("C1", DRAWN)
    assert post.natives.best(DRAWN) is DRAWN


async def test_other_refusals_are_not_answered_with_words(slack: Slack, post: Post) -> None:
    slack.trouble("chat.postMessage", refused("not_in_channel"))
    with pytest.raises(PostError, match="not_in_channel"):
        await post.post("C1", DRAWN)
    slack.unknown.add("section")
    with pytest.raises(PostError, match="invalid_blocks"):
        await post.post("C1", Message("hello", [section("hello")]))
    assert len(slack.called("chat.postMessage")) == 2
