"""Posting: paced, tried again only when nothing can come twice, and honest about what is not known."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bot.blocks.parts import Message, actions, button, section, sentence
from bot.ids import Action, OfList
from bot.post import CLOCKS_DIFFER, Post, PostError
from tests.slack.fake import BOT_TOKEN, BROKEN, LOST, RATE_LIMITED, UNREACHED, Slack, Trouble, refused

pytestmark = pytest.mark.asyncio

HELLO = sentence("hello")


@pytest.fixture
def post(slack: Slack) -> Post:
    return Post(BOT_TOKEN, f"{slack.url}/api/")


def times(slack: Slack, channel: str) -> list[float]:
    return [call.at for call in slack.called("chat.postMessage") if call.arguments["channel"] == channel]


async def test_one_channel_gets_a_message_a_second_and_others_do_not_wait(
    slack: Slack, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.post.POST_SECONDS", 0.4)
    await asyncio.gather(*(post.post(channel, HELLO) for channel in ("C1", "C1", "C1", "C2")))
    assert all(later - earlier >= 0.4 for earlier, later in pairwise(times(slack, "C1")))
    assert times(slack, "C2")[0] - times(slack, "C1")[0] < 0.4


async def test_a_failure_counts_for_the_pace_too(slack: Slack, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.post.POST_SECONDS", 0.4)
    slack.trouble("chat.postMessage", refused("not_in_channel"))
    with pytest.raises(PostError):
        await post.post("C1", HELLO)
    await post.post("C1", HELLO)
    first, second = times(slack, "C1")
    assert second - first >= 0.4


async def test_slack_asking_to_slow_down_is_obeyed_and_the_message_comes_once(slack: Slack, post: Post) -> None:
    slack.trouble("chat.postMessage", RATE_LIMITED, RATE_LIMITED)
    await post.post("C1", HELLO)
    assert len(slack.called("chat.postMessage")) == 3
    assert slack.shown("C1") == ["hello"]


@pytest.mark.parametrize(
    ("trouble", "certain", "shown"),
    [
        (LOST, False, ["hello"]),
        (UNREACHED, False, []),
        (BROKEN, False, []),
        (refused("internal_error"), False, []),
        (refused("fatal_error"), False, []),
        (refused("channel_not_found"), True, []),
        (refused("invalid_auth"), True, []),
    ],
)
async def test_a_message_is_never_posted_twice_for_want_of_an_answer(
    slack: Slack, post: Post, trouble: Trouble, certain: bool, shown: list[str]
) -> None:
    slack.trouble("chat.postMessage", trouble)
    with pytest.raises(PostError) as caught:
        await post.post("C1", HELLO)
    assert caught.value.certain is certain
    assert len(slack.called("chat.postMessage")) == 1
    assert slack.shown("C1") == shown


async def test_being_told_to_slow_down_for_too_long_is_certainly_no_message(slack: Slack, post: Post) -> None:
    slack.trouble("chat.postMessage", *[RATE_LIMITED] * 4)
    with pytest.raises(PostError, match="ratelimited") as caught:
        await post.post("C1", HELLO)
    assert caught.value.certain
    assert not caught.value.gone


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (BROKEN, "Slack answered HTTP 500 and no more: look at slack-status.com"),
        (Trouble(503, text="upstream"), "Slack answered HTTP 503"),
        (UNREACHED, r"could not be reached \(ServerDisconnectedError\): check the network"),
        (refused("invalid_blocks"), "Slack answered invalid_blocks$"),
        (refused("not_in_channel"), "Slack answered not_in_channel: invite the bot there"),
    ],
)
async def test_what_went_wrong_is_said_in_words(slack: Slack, post: Post, trouble: Trouble, words: str) -> None:
    slack.trouble("chat.postMessage", trouble)
    with pytest.raises(PostError, match=words):
        await post.post("C1", HELLO)


async def test_nobody_there_is_certainly_no_message() -> None:
    post = Post(BOT_TOKEN, "http://127.0.0.1:9/api/")
    with pytest.raises(PostError, match=r"could not be reached \(ClientConnectorError\): check the network") as caught:
        await post.post("C1", HELLO)
    assert caught.value.certain


@pytest.mark.parametrize("trouble", [LOST, UNREACHED, BROKEN, RATE_LIMITED])
async def test_what_may_be_done_twice_is_tried_again(slack: Slack, post: Post, trouble: Trouble) -> None:
    ts = await post.post("C1", HELLO)
    slack.trouble("chat.update", trouble, trouble)
    await post.update("C1", ts, sentence("goodbye"))
    assert len(slack.called("chat.update")) == 3
    assert slack.shown("C1") == ["goodbye"]


async def test_a_message_that_was_deleted_is_gone(slack: Slack, post: Post) -> None:
    with pytest.raises(PostError, match="message_not_found") as caught:
        await post.update("C1", "1.1", HELLO)
    assert caught.value.gone


async def test_a_modal_whose_opening_lost_its_answer_is_filled_all_the_same(slack: Slack, post: Post) -> None:
    view = {"type": "modal", "callback_id": "say", "title": {"type": "plain_text", "text": "Hi", "emoji": False}}
    first, second = ({**view, "blocks": [section(words).to_dict()]} for words in ("wait", "done"))
    slack.trouble("views.open", LOST)
    await post.update_view(await post.open_view("trigger", first), second)
    (shown,) = slack.views.values()
    assert shown["blocks"] == second["blocks"]


def named(id: str) -> Message:
    return Message("hello", [actions(button("Status", Action.STATUS, OfList()), id=id)])


async def test_a_message_is_found_by_its_block_on_any_page_and_when_clocks_differ(slack: Slack, post: Post) -> None:
    for number in range(5):
        await post.post("C1", named(f"digest:{number}"))
    now = datetime.now(UTC)
    for number, (_, ts) in enumerate(slack.messages):
        assert await post.find_block("C1", f"digest:{number}", now + CLOCKS_DIFFER - timedelta(seconds=9)) == ts
    assert await post.find_block("C1", "digest:5", now) is None
    assert await post.find_block("C2", "digest:1", now) is None


async def test_what_was_posted_long_before_is_not_looked_at(slack: Slack, post: Post) -> None:
    await post.post("C1", named("digest:1"))
    assert await post.find_block("C1", "digest:1", datetime.now(UTC) + timedelta(hours=1)) is None


async def test_a_group_is_read_at_each_call(slack: Slack, post: Post) -> None:
    slack.groups["S1"] = ["U1", "U2"]
    assert await post.group_members("S1") == {"U1", "U2"}
    slack.groups["S1"] = []
    assert await post.group_members("S1") == frozenset()
