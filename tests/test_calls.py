"""What checks declare to read is what they read: the bot's IAM policy is worked out from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

import checks
from bot.aws import Region
from bot.demo.aws import REGIONS
from bot.scan import scan
from checks.kit import AnyCheck
from tests.conftest import forget_own, point_at
from tests.made import Made
from tests.recorded import Recorded

CHECKS = checks.load()[0]

NOT_MADE: Mapping[tuple[str, str], str] = {
    ("backup", "dynamodb:ListTables"): "in the region without a plan, a volume is found first",
    ("backup", "rds:DescribeDBInstances"): "in the region without a plan, a volume is found first",
    ("fsx", "fsx:DescribeDataRepositoryAssociations"): "no file system is of Lustre",
    ("rds_logs", "docdb:DescribeDBClusterParameters"): "the emulator has no DocumentDB",
    ("rds_transport", "docdb:DescribeDBClusterParameters"): "the emulator has no DocumentDB",
}
"""(module, call) -> why the account where all is wrong gives the module's checks no occasion for it."""

POLLED = {"iam:GenerateCredentialReport"}
"""Asked again until AWS says that it is done."""


@pytest.fixture(scope="module")
def recorded(wrong_account_url: str) -> Iterator[Recorded]:
    """The account where all is wrong: what is asked again is answered from memory."""
    with pytest.MonkeyPatch.context() as patch:
        forget_own(patch)
        point_at(patch, wrong_account_url)
        yield Recorded()


@pytest.fixture
def account(recorded: Recorded, wrong_account_url: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Region, Made]:
    """The account, nothing read yet, and what is called in it."""
    point_at(monkeypatch, wrong_account_url)
    home = recorded.home()
    recorded.made.calls.clear()
    return home, recorded.made


@pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))
def test_a_check_makes_the_calls_it_declares_and_no_others(check: AnyCheck, account: tuple[Region, Made]) -> None:
    home, made = account
    list(scan(home, [check], REGIONS))
    assert made.names - set(check.calls) == set(), "made and not declared"
    excused = {call for module, call in NOT_MADE if module == check.id.partition(".")[0]}
    assert set(check.calls) - made.names == excused & set(check.calls), "declared and not made"


def test_a_whole_scan_asks_nothing_twice(account: tuple[Region, Made]) -> None:
    home, made = account
    list(scan(home, CHECKS.values(), REGIONS))
    again = {call: times for call, times in Counter(made.calls).items() if times > 1}
    assert {call for call in again if call[0] not in POLLED} == set()
