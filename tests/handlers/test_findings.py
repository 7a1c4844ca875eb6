"""What the words after `/aws-sec findings` mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ids import OfList, unpack
from bot.remediate import Refusal
from handlers.filters import PRACTICES, SEVERITIES, asked_for


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", OfList()),
        ("network", OfList(practice="network")),
        ("HIGH", OfList(severity=3)),
        ("critical Network", OfList(practice="network", severity=4)),
        ("muted", OfList(muted=True)),
        ("muted root low", OfList(practice="root", severity=1, muted=True)),
        ("northwind Exports", OfList(text="northwind Exports")),
        ("network backup", OfList(practice="network", text="backup")),
        ("high low", OfList(severity=3, text="low")),
        ("region=eu-west-1 high", OfList(severity=3, region="eu-west-1")),
        ("service=S3 owner=Ana new=7d", OfList(service="s3", owner="ana", days=7)),
        ("new=2w", OfList(days=14)),
        ("colour=blue", OfList(text="colour=blue")),
        ("x" * 300, OfList(text="x" * 100)),
    ],
)
def test_words_are_a_practice_a_severity_or_part_of_a_name(typed: str, meant: OfList) -> None:
    assert asked_for(typed) == meant


@pytest.mark.parametrize("typed", ["new=", "new=soon", "new=-1d", "new=99999d", "new=9999w"])
def test_an_age_that_is_none_is_said(typed: str) -> None:
    with pytest.raises(Refusal, match="say how new"):
        asked_for(typed)


words = st.lists(
    st.one_of(st.sampled_from([*PRACTICES, *SEVERITIES, "muted", "MUTED"]), st.text(max_size=40)), max_size=8
)


@given(words.map(" ".join))
def test_whatever_is_typed_means_a_list_that_a_button_can_carry(typed: str) -> None:
    asked = asked_for(typed)
    assert unpack(OfList, asked.pack()) == asked
    assert asked.practice in {"", *PRACTICES}


@given(st.permutations(["network", "high", "muted", "northwind", "exports"]))
def test_the_order_of_words_matters_only_within_a_name(typed: list[str]) -> None:
    name = " ".join(word for word in typed if word in ("northwind", "exports"))
    assert asked_for(" ".join(typed)) == OfList(practice="network", severity=3, muted=True, text=name)
