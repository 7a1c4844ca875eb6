"""What comes from AWS or a person is shown as it is, whatever characters it is made of."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.parts import choices, header, preformatted, quoted, section
from bot.blocks.text import END, ISOLATE, code, cut, cut_markup, mention, moment, plain, shown
from bot.ids import Input
from tests.blocks.test_messages import words_of_strangers

DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
EMOJI = re.compile(r":[\w+'-]+:")
ITALIC = re.compile(r"(?<![^\W_])_|_(?![^\W_])")


@given(words_of_strangers)
def test_plain_words_have_no_character_left_that_slack_reads_as_markup(text: str) -> None:
    shown = plain(text)
    assert not re.search(r"[<>*~`\n\r\t]|&(?!amp;|lt;|gt;)", shown)
    assert not ITALIC.search(shown)
    assert not EMOJI.search(f"{shown}:"), "not even with a colon of ours behind it"


@given(words_of_strangers)
def test_code_ends_where_it_should(text: str) -> None:
    shown = code(text)
    assert re.fullmatch(r"`[^`<>\n]+`", shown)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("ordinary words, with a comma: and a colon", "ordinary words, with a comma: and a colon"),
        ("snake_case_stays", "snake_case_stays"),
        ("a & b < c", "a &amp; b &lt; c"),
        ("*bold* ~struck~ `code`", "∗bold∗ ∼struck∼ 'code'"),  # noqa: RUF001
        ("_italic_", "＿italic＿"),  # noqa: RUF001
        (":smile:", "∶smile:"),  # noqa: RUF001
        ("two\nlines", "two lines"),
        ("\u202egnp.exe", "�gnp.exe"),
        ("👩\u200d💻 at work ☎\ufe0f", "👩💻 at work ☎"),
        ("north\u200dwind\ufe0f", "north�wind�"),
        ("a\u200bb\u2066c\u2069d\u00ade\u3164f\u2800g", "a�b�c�d�e�f�g"),
        ("a\u0301 " + "o" + "\u0336" * 30, "a\u0301 o\u0336\u0336\u0336�"),
        ("שלום 443", "\u2068שלום 443\u2069"),  # noqa: RUF001
        ("مرحبا: open", "\u2068مرحبا: open\u2069"),  # noqa: RUF001
        ("<!channel> <@U1> <https://a|b>", "&lt;!channel&gt; &lt;@U1&gt; &lt;https∶//a|b&gt;"),  # noqa: RUF001
        ("arn:aws:s3:::bucket", "arn∶aws∶s3::∶bucket"),  # noqa: RUF001
    ],
)
def test_plain_words_look_as_they_were_written(given: str, shown: str) -> None:
    assert plain(given) == shown


@given(words_of_strangers, words_of_strangers)
def test_no_direction_reaches_beyond_its_words(name: str, words: str) -> None:
    for one in (code(name), plain(words)):
        strong = [c for c in one if unicodedata.bidirectional(c) in ("R", "AL", "AN")]
        inside = re.sub(r"^`|`$", "", one)
        assert not strong or (inside[0], inside[-1]) == (ISOLATE, END)
        assert not DIRECTIONS.search(inside[1:-1] if strong else inside)


@pytest.mark.parametrize("invisible", ["\u202e", "\u2066", "\u2067", "\u200b", "\u2060", "\ufeff", "\u00ad", "\u115f"])
def test_what_is_invisible_shows_in_every_kind_of_text(invisible: str) -> None:
    hidden = f"safe{invisible}elif"
    made = (section(code(hidden)), section(plain(hidden)), quoted(hidden), preformatted("To copy", hidden), header(hidden),
            choices(Input.CHOSEN, "Which", {"1": hidden}))  # fmt: skip
    for block in made:
        assert invisible not in str(block.to_dict())
        assert "safe�elif" in str(block.to_dict())


def test_what_a_person_wrote_keeps_its_lines() -> None:
    assert shown("one\n  two\u202e") == "one\n  two�"


def test_a_name_in_code_is_copied_as_it_is() -> None:
    assert code("arn:aws:s3:::my_bucket*") == "`arn:aws:s3:::my_bucket*`"
    assert code("a`b") == "`a'b`"
    assert code("") == "` `"


@given(st.text(), st.integers(1, 50))
def test_what_is_cut_says_so(text: str, length: int) -> None:
    short = cut(text, length)
    assert len(short) <= length
    assert short == text or short.endswith("…")


@given(st.lists(words_of_strangers.map(code), max_size=4).map(" ".join), st.integers(2, 80))
def test_cutting_never_leaves_code_open(text: str, length: int) -> None:
    short = cut_markup(text, length)
    assert len(short) <= length
    assert short.count("`") % 2 == 0


WHOLE = ("<@U01ANA>", "<!date^1772442000^{date_short_pretty} {time}|2026-03-02 09:00 GMT>", "a &lt; b")


@given(st.lists(st.sampled_from(WHOLE), max_size=4).map(" ".join), st.integers(2, 200))
def test_cutting_leaves_a_mention_and_a_moment_whole_or_away(text: str, length: int) -> None:
    short = cut_markup(text, length)
    assert len(short) <= length
    assert not re.search("[<>]", re.sub("|".join(map(re.escape, WHOLE[:2])), "", short))


def test_a_moment_is_each_readers_own_and_else_the_settings() -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    expected = "<!date^1772442000^{date_short_pretty} {time}|2026-03-02 18:00 JST>"
    assert moment(at, ZoneInfo("Asia/Tokyo")) == expected
    assert moment(None, UTC) == "-"


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        ("T1/U01ANA", "<@U01ANA>"),
        ("aws-sec/bot", "aws-sec"),
        ("aws-sec", "aws-sec"),
        ("ana@host", "ana@host"),
        ("T1/<!channel>", "T1/&lt;!channel&gt;"),
        (None, "somebody"),
    ],
)
def test_only_a_slack_user_is_mentioned(person: str | None, shown: str) -> None:
    assert mention(person) == shown
