"""In the account where all is wrong every check fails that can: a check that never fails is found out here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

import checks
from bot.demo.aws import REGIONS
from bot.recording import connect
from bot.scan import Outcome, Status, scan
from bot.settings import load
from checks.kit import AnyCheck
from tests.accounts.wrong import strict
from tests.conftest import forget_own, point_at

CHECKS = checks.load()[0]

NEVER_FAILS: Mapping[str, str] = {
    "cloudtrail.account_has_multi_region_trail": "without such a trail, nobody asks for the metric filters",
    "iam_providers.people_come_from_an_identity_provider": "there is a provider: its metadata has expired",
    "organizations.account_is_in_an_organization": "it manages one: what that lacks fails",
    "s3.bucket_has_its_own_public_access_block": "the account's block is off, so that fails instead",
    "trails.trail_covers_all_regions": "without such a trail, nobody asks for the metric filters",
    "trustedadvisor.account_has_a_support_plan": "with it comes the advice that is not followed",
}
"""Check -> why it does not fail along with the others. This list may only get shorter."""

A_YEAR_LATER = timedelta(days=400)
MORE_REGIONS = (*REGIONS, "eu-central-1")
"""Where a region's one setting is wrong in another way."""


def outcomes(some: Iterable[AnyCheck], regions: Sequence[str], later: timedelta) -> list[Outcome]:
    home = connect(load())
    events = scan(replace(home, now=home.now + later), some, regions, strict())
    return [event for event in events if isinstance(event, Outcome)]


@pytest.fixture(scope="module")
def found(wrong_account_url: str) -> list[Outcome]:
    with pytest.MonkeyPatch.context() as environment:
        forget_own(environment)
        point_at(environment, wrong_account_url)
        return outcomes(CHECKS.values(), REGIONS, timedelta())


def test_every_check_that_can_fail_fails(
    found: list[Outcome], wrong_account_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = {one.check.id for one in found if one.status is Status.FAIL}
    rest = [check for id, check in CHECKS.items() if id not in failed]
    point_at(monkeypatch, wrong_account_url)
    later = outcomes(rest, MORE_REGIONS, A_YEAR_LATER)  # some things are wrong only when they have been so for long
    failed |= {one.check.id for one in later if one.status is Status.FAIL}
    assert set(CHECKS) - failed == set(NEVER_FAILS)


def test_every_check_is_answered(found: list[Outcome]) -> None:
    assert {one.check.id for one in found} == set(CHECKS)
    assert [(one.check.id, one.name, one.text) for one in found if one.status is Status.UNKNOWN] == []


def test_words_of_a_problem_are_short_and_name_no_python(found: list[Outcome]) -> None:
    for one in found:
        assert "None" not in one.text.split(), one
        assert "{" not in one.text, one
