"""In the account that is hardened to CIS 5.0 no check fails: one that does asks for what no such account has."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

import checks
from bot.demo.aws import REGIONS
from bot.recording import connect
from bot.scan import Outcome, Status, scan
from bot.settings import load
from tests.conftest import forget_own, point_at

CIS = tomllib.loads((Path(checks.__file__).parent / "frameworks" / "cis_5.0.toml").read_text())["controls"]

NO_OCCASION: Mapping[str, str] = {
    "iam_credentials.user_has_one_active_access_key": "nobody has an active key, which is more than CIS asks",
    "iam_keys.access_key_is_rotated": "nobody has an active key, which is more than CIS asks",
}
"""Checks of CIS 5.0 that say so instead of passing."""


@pytest.fixture(scope="module")
def found(hardened_account_url: str) -> list[Outcome]:
    with pytest.MonkeyPatch.context() as environment:
        forget_own(environment)
        point_at(environment, hardened_account_url)
        events = scan(connect(load()), checks.load()[0].values(), REGIONS)
        return [event for event in events if isinstance(event, Outcome)]


def test_no_check_fails(found: list[Outcome]) -> None:
    assert [(one.check.id, one.name, one.text) for one in found if one.status is Status.FAIL] == []


def test_everything_could_be_read(found: list[Outcome]) -> None:
    assert [(one.check.id, one.name, one.text) for one in found if one.status is Status.UNKNOWN] == []


def test_every_check_of_cis_passes(found: list[Outcome]) -> None:
    passed = {one.check.id for one in found if one.status is Status.PASS}
    wanted = {id for ids in CIS.values() for id in ids}
    assert wanted - passed == set(NO_OCCASION)
    spoken_of = {one.check.id for one in found}
    assert wanted <= spoken_of
