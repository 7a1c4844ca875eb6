"""What buttons and modals carry: it comes back as it went, and whatever else comes is stale."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ids import LARGEST, OfFinding, OfList, OfRequest, Spot, Stale, Value, unpack
from tests.slack.limits import STRING_LIMITS

numbers = st.integers(1, LARGEST)
channels, hashes = st.text(max_size=40), st.text("0123456789abcdef", max_size=64)
written = st.characters(exclude_characters=[chr(n) for n in (*range(32), 127)], exclude_categories=["Cs"])
"""What a name may hold: all but control characters."""


def names(length: int) -> st.SearchStrategy[str]:
    return st.text(written, max_size=length)


lists = st.builds(
    OfList, practice=names(40), check=names(120), severity=st.integers(0, 4), muted=st.booleans(), text=names(100),
    account=names(30), region=names(30), service=names(40), owner=names(100), days=st.integers(0, 10_000),
    page=st.integers(0, 10_000),
)  # fmt: skip
values = st.one_of(
    st.builds(OfFinding, finding=numbers, origin=channels, plan=hashes),
    st.builds(OfRequest, request=numbers, origin=channels, plan=hashes),
    lists,
    st.builds(Spot, asked=lists, flat=st.booleans(), checks_page=st.integers(0, 1_000), finding=numbers),
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
        (OfList, {"owner": "a\x00b"}),
        (Spot, {"finding": -1}),
        (Spot, {"asked": []}),
        (Spot, {"asked": {"severity": 5}}),
        (Spot, {"checks_page": 1001}),
        (Spot, {"flat": 1}),
    ],
)
def test_a_forged_value_is_stale(kind: type[Value], forged: dict[str, object]) -> None:
    with pytest.raises(Stale):
        unpack(kind, json.dumps(forged))


@pytest.mark.parametrize("nothing", [None, "", " ", "{"])
def test_an_empty_value_is_stale(nothing: str | None) -> None:
    with pytest.raises(Stale):
        unpack(OfRequest, nothing)


def test_the_way_back_leads_through_the_pages_one_came_by() -> None:
    narrow = OfList(owner="ana", days=7)
    practice = Spot(asked=narrow.model_copy(update={"practice": "network"}), checks_page=2)
    check = practice.moved(check="s3.any", page=0).moved(page=3)
    resource = check.moved(finding=7)
    assert resource.up() == check
    assert check.up() == practice
    assert practice.up() == Spot(asked=narrow)
    listed = Spot(asked=narrow.model_copy(update={"severity": 3, "page": 4}), flat=True)
    assert listed.moved(finding=7).up() == listed
    assert listed.up() == Spot(asked=narrow.model_copy(update={"severity": 3}))
