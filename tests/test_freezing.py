"""What people type to freeze changes, and what it means."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.freezing import NotUnderstood, Wanted, wanted

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)  # a Wednesday
ACCOUNT = "123456789012"


def local(year: int, month: int, day: int, hour: int, minute: int) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LONDON)


def asked(text: str) -> Wanted:
    return wanted(text, NOW, LONDON, ACCOUNT, "prod")


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("Monday 09:00", local(2026, 3, 9, 9, 0)),
        ("mon 9am", local(2026, 3, 9, 9, 0)),
        ("Wednesday 09:00", local(2026, 3, 11, 9, 0)),
        ("wednesday 18:00", local(2026, 3, 4, 18, 0)),
        ("tomorrow", local(2026, 3, 5, 0, 0)),
        ("tomorrow 9am", local(2026, 3, 5, 9, 0)),
        ("today 18:00", local(2026, 3, 4, 18, 0)),
        ("18:00", local(2026, 3, 4, 18, 0)),
        ("2026-04-01 09:00", local(2026, 4, 1, 9, 0)),
        ("1 December", local(2026, 12, 1, 0, 0)),
    ],
)
def test_a_time_to_come_is_understood_in_the_zone_of_the_settings(when: str, expected: datetime) -> None:
    assert asked(f"until {when} because of the sale").until == expected


def test_a_zone_that_is_not_known_is_no_guess() -> None:
    with pytest.raises(NotUnderstood, match="do not know the time zone EST"):
        asked("until tomorrow 09:00 EST because x")
    assert asked("until tomorrow 09:00 GMT because x").until == local(2026, 3, 5, 9, 0)  # ours in winter


def test_a_freeze_ends_within_a_year() -> None:
    with pytest.raises(NotUnderstood, match="a year at most"):
        asked("until 9999-12-31 23:59 -12:00 because x")


def test_a_time_with_a_zone_keeps_it() -> None:
    assert asked("until 2026-04-01T09:00+02:00 because x").until.astimezone(UTC) == datetime(
        2026, 4, 1, 7, 0, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("until 18:00 because x", ""),
        ("prod until 18:00 because x", ""),
        ("PROD until 18:00 because x", ""),
        ("all until 18:00 because x", ""),
        (f"{ACCOUNT} until 18:00 because x", ""),
        ("env=prod until 18:00 because x", "env=prod"),
        ("keep until 18:00 because x", "keep"),
    ],
)
def test_what_is_frozen(text: str, tag: str) -> None:
    assert asked(text).tag == tag


def test_the_reason_is_kept_as_it_was_typed() -> None:
    assert asked("until 18:00 because the sale runs until Monday because of *rain*").reason == (
        "the sale runs until Monday because of *rain*"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("until Monday", "write: freeze until Monday 09:00 because"),
        ("because of the sale", "write: freeze"),
        ("until 18:00 because", "write: freeze"),
        ("until later because x", "I do not understand “later” as a time"),
        ("until 99:99 because x", "I do not understand “99:99” as a time"),
        ("until 09:00 because x", "2026-03-04 09:00 GMT is over already"),
        ("until 2020-01-01 because x", "2020-01-01 00:00 GMT is over already"),
        ("the whole shop until 18:00 because x", "“the whole shop” is neither a tag nor this account"),
        ("999999999999 until 18:00 because x", f"I look after account {ACCOUNT}, not 999999999999"),
    ],
)
def test_what_is_not_understood_is_said(text: str, words: str) -> None:
    with pytest.raises(NotUnderstood, match=words):
        asked(text)
