"""Every message and modal, with ordinary, hostile and far too many words: Slack takes it, and nothing becomes markup."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.blocks.requests import card
from bot.ids import Action
from tests.blocks.examples import FIX, ORDINARY, ZONE, Words, all_of, request
from tests.slack.fake import buttons
from tests.slack.limits import problems_of_message, problems_of_view, texts

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "UPDATE_SNAPSHOTS"
"""Set in the environment: the messages as they are now become what is expected."""
EXAMPLES = dict(all_of(ORDINARY))

HOSTILE = [
    "<@UEVIL>", "<!channel>", "<!here|evil>", "<https://evil.example|evil>", "https://evil.example", "&lt;@UEVIL&gt;",
    "*evil*", "_evil_", "~evil~", "`evil`", "```evil```", ":evil:", ":evil", "evil:", "\u202eevil\u202c", "\u200bevil", "\u2067evil\u2069", "רשע evil 443", "شر", "\u3164",
    "evil\nevil", "\n> evil", "\r\n\t", "👩\u200d💻", "e\u0301", "\x00", "& < > \" '", "`", "*", "_", "~", "…",
]  # fmt: skip
OURS = re.compile(
    r"<@U0[0-9A-Z]+>|<!subteam\^S0[0-9A-Z]+>|<#C[0-9A-Z]+>|<https://docs\.aws\.amazon\.com/[^|>\s]+\|AWS documentation>"
    r"|<https://console\.aws\.amazon\.com/[^|<>\s*`]+\|AWS console>"
    r"|<!date\^\d+\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d GMT>"  # what we write ourselves
)
words_of_strangers = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30)), max_size=12).map("".join)
hostile_words = st.builds(
    Words, name=words_of_strangers, text=words_of_strangers, reason=words_of_strangers, much=st.integers(1, 8)
)
MAXIMAL = [
    Words(name=filling * length, text=filling * length, reason=filling * length, much=much)
    for filling in ("<", "`*", "🙂", "a b_ ", "ש&")
    for length, much in ((300, 7), (500, 20))
]


def problems(payload: Mapping[str, Any]) -> list[str]:
    return problems_of_view(payload) if payload.get("type") in ("modal", "home") else problems_of_message(payload)


def outside_code(mrkdwn: str) -> str:
    assert mrkdwn.count("`") % 2 == 0, f"inline code is left open: {mrkdwn}"
    return re.sub(r"`[^`]*`", "", mrkdwn)


def markup_of_strangers(mrkdwn: str) -> list[str]:
    """Mentions, links, emoji and formatting that are not of our own making."""
    foreign = OURS.sub("", mrkdwn)
    bare = outside_code(foreign)
    patterns = (
        r"[<>]",
        r":evil[^:\s]*:",
        r"[*~]evil[*~]",
        r"(?<![^\W_])_evil_(?![^\W_])",
        r"&(?!amp;|lt;|gt;)",
        "\u202e",
        "\x00",
        "\u200b",
        "\u3164",
        "[\u202a-\u202e\u2066\u2067]",
    )
    return [found[0] for pattern in patterns for found in re.finditer(pattern, bare)] + re.findall("[<>]", foreign)


@pytest.mark.parametrize("name", EXAMPLES)
def test_slack_takes_every_message_as_it_is_usually(name: str) -> None:
    assert problems(EXAMPLES[name]) == []


@pytest.mark.parametrize("words", MAXIMAL, ids=lambda words: f"{words.name[:4]}{len(words.name)}")
def test_slack_takes_messages_of_far_too_many_words(words: Words) -> None:
    assert {name: found for name, payload in all_of(words) if (found := problems(payload))} == {}


@settings(max_examples=30, deadline=None)
@given(hostile_words)
def test_nothing_of_aws_or_a_person_becomes_markup_in_any_message(words: Words) -> None:
    for name, payload in all_of(words):
        assert problems(payload) == [], name
        shown = [text["text"] for text in texts(payload) if text["type"] == "mrkdwn"]
        for text in [*shown, payload.get("text", "")]:
            assert markup_of_strangers(text if isinstance(text, str) else "") == [], (name, text)


def test_a_message_cut_to_fit_keeps_names_inside_their_code() -> None:
    words = Words(name="*evil* " * 50, text=":evil: " * 50, reason="evil", much=30)
    for name, payload in all_of(words):
        for text in texts(payload):
            if text["type"] == "mrkdwn":
                assert markup_of_strangers(text["text"]) == [], name


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_notifications_and_labels_say_has_its_time_in_words(name: str) -> None:
    """Slack draws its dates in mrkdwn only."""
    said = [text["text"] for text in texts(EXAMPLES[name]) if text["type"] == "plain_text"]
    assert "<!date" not in "".join([*said, str(EXAMPLES[name].get("text", ""))])


@pytest.mark.parametrize("name", EXAMPLES)
def test_slack_guesses_no_link_and_no_emoji(name: str) -> None:
    for text in texts(EXAMPLES[name]):
        if text["type"] == "mrkdwn":
            assert text["verbatim"] is True
        else:
            assert text["emoji"] is False


def test_what_cannot_be_shown_whole_cannot_be_approved() -> None:
    whole, cut = (card(request(Words(much=much)), FIX, "approval", ZONE).payload() for much in (4, 60))
    assert {*buttons(whole)} == {Action.APPROVE, Action.DENY}
    assert "…" not in "".join(text["text"] for text in texts(whole) if text["type"] == "mrkdwn")
    assert {*buttons(cut)} == {Action.DENY}
    assert any("cannot be approved" in text["text"] for text in texts(cut))


@pytest.mark.parametrize("name", EXAMPLES)
def test_messages_are_as_they_were(name: str) -> None:
    file = SNAPSHOTS / f"{name}.json"
    text = json.dumps(EXAMPLES[name], indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if UPDATE in os.environ:
        file.write_text(text)
    assert file.is_file(), f"see the message first, then keep it with {UPDATE}=1"
    assert text == file.read_text()


def test_no_snapshot_is_left_over() -> None:
    assert {file.stem for file in SNAPSHOTS.iterdir()} == {*EXAMPLES}
