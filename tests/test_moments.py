"""Dates in AWS's answers: read quickly, and read as botocore reads them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.utils import parse_timestamp

from bot.aws import moment


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-02T12:00:00Z",
        "2026-03-02T12:00:00.123Z",
        "2026-03-02T12:00:00.123456Z",
        "2026-03-02T12:00:00+01:00",
        "2026-03-02T12:00:00",
        "20260302T120000Z",
        "2026-03-02",
        "Tue, 02 Mar 2026 12:00:00 GMT",
        "1772452800",
        1772452800,
        1772452800.123,
    ],
)
def test_a_date_is_what_botocore_makes_of_it(value: Any) -> None:
    read, expected = moment(value), parse_timestamp(value)
    assert (read, read.utcoffset()) == (expected, expected.utcoffset())


def test_what_is_no_date_is_refused_as_botocore_refuses_it() -> None:
    with pytest.raises(ValueError, match="Invalid timestamp"):
        moment("Tomorrow")
