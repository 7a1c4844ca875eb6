"""What buttons and modals carry: it comes back as it went, and whatever else comes is stale."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ids import LARGEST, OfFinding, OfList, OfRequest, Stale, Value, unpack
from tests.slack.limits import STRING_LIMITS

numbers = st.integers(1, LARGEST)
channels, hashes, words = st.text(max_size=40), st.text("0123456789abcdef", max_size=64), st.text(max_size=100)
values = st.one_of(
    st.builds(OfFinding, finding=numbers, origin=channels, plan=hashes),
    st.builds(OfRequest, request=numbers, origin=channels, plan=hashes),
    st.builds(
        OfList, practice=channels, check=words, severity=st.integers(0, 4), muted=st.booleans(), text=words,
        page=st.integers(0, 10_000),
    ),
)  # fmt: skip


@given(values)
def test_a_value_comes_back_as_it_went_and_fits_a_button(value: Value) -> None:
    packed = value.pack()
    assert unpack(type(value), packed) == value
    assert len(packed) <= STRING_LIMITS["button.value"][1]


@given(
    st.one_of(st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps))
)
def test_what_is_no_value_is_stale(forged: str) -> None:
    for kind in (OfFinding, OfRequest):
        with pytest.raises(Stale):
            unpack(kind, forged)


@pytest.mark.parametrize(
    ("kind", "forged"),
    [
        (OfFinding, {"finding": 0}),
        (OfFinding, {"finding": -1}),
        (OfFinding, {"finding": 2**63}),
        (OfFinding, {"finding": "1; DROP TABLE findings"}),
        (OfFinding, {"finding": 1, "approver": "UEVE"}),
        (OfFinding, {"finding": 1, "plan": "a" * 65}),
        (OfRequest, {"finding": 1}),
        (OfRequest, {"request": 1, "origin": "C" * 41}),
        (OfList, {"page": -1}),
        (OfList, {"severity": 5}),
        (OfList, {"text": "x" * 101}),
        (OfList, {"practice": None}),
    ],
)
def test_a_forged_value_is_stale(kind: type[Value], forged: dict[str, object]) -> None:
    with pytest.raises(Stale):
        unpack(kind, json.dumps(forged))


@pytest.mark.parametrize("nothing", [None, "", " ", "{"])
def test_an_empty_value_is_stale(nothing: str | None) -> None:
    with pytest.raises(Stale):
        unpack(OfRequest, nothing)
