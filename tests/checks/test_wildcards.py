"""What a pattern with stars matches."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.wildcards import ONE, wildcard

TEXT = st.text("ab?*", max_size=8)


@given(pattern=st.text("ab?*", max_size=6), text=TEXT)
def test_it_matches_what_the_plain_expression_matches(pattern: str, text: str) -> None:
    plain = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ONE)
    assert bool(wildcard(pattern, one=ONE).fullmatch(text)) is bool(re.fullmatch(plain, text, re.DOTALL))


@given(pattern=st.text("ab*", max_size=6), text=st.text("ab", max_size=8))
def test_without_question_marks_it_is_a_shell_s_pattern(pattern: str, text: str) -> None:
    assert bool(wildcard(pattern).fullmatch(text)) is fnmatch.fnmatchcase(text, pattern)


@pytest.mark.parametrize(("pattern", "text"), [("a?", "a?"), ("*", "a\nb"), ("", ""), ("a.c", "a.c")])
def test_everything_else_is_itself(pattern: str, text: str) -> None:
    assert wildcard(pattern).fullmatch(text)
    assert not wildcard(pattern).fullmatch(f"{text}\0") or pattern == "*"


def test_case_may_be_ignored() -> None:
    assert wildcard("s3:get*", ignore_case=True).fullmatch("s3:GetObject")
    assert not wildcard("s3:get*").fullmatch("s3:GetObject")
