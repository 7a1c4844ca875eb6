"""What checks declare to read is what they read: the bot's IAM policy is worked out from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import boto3
import pytest

import checks
from bot.aws import Clients, Region
from bot.demo.aws import REGIONS
from bot.scan import scan
from checks.kit import AnyCheck
from tests.conftest import ACCOUNT, point_at
from tests.made import Made

CHECKS = checks.load()[0]

NOT_MADE: Mapping[tuple[str, str], str] = {
    ("access_analyzer", "accessanalyzer:ListFindingsV2"): "the emulator has no analyzers",
    ("backup", "dynamodb:ListTables"): "in the region without a plan, a volume is found first",
    ("backup", "rds:DescribeDBInstances"): "in the region without a plan, a volume is found first",
    ("config", "config:DescribeConfigurationAggregators"): "the account is in no organization",
    ("config", "ec2:DescribeRegions"): "the account is in no organization",
    ("config", "organizations:ListDelegatedAdministrators"): "the account is in no organization",
    ("directoryservice", "ds:ListCertificates"): "the directory is a Simple AD, which has none",
    ("events", "schemas:GetResourcePolicy"): "the emulator has no schemas, so no registry is listed",
    ("fsx", "fsx:DescribeDataRepositoryAssociations"): "no file system is of Lustre",
    ("guardduty", "guardduty:GetAdministratorAccount"): "the account is in no organization",
    ("guardduty", "guardduty:GetFindings"): "the emulator finds nothing",
    ("guardduty", "guardduty:ListMembers"): "the account is in no organization",
    ("guardduty", "guardduty:ListOrganizationAdminAccounts"): "the account is in no organization",
    ("iam_root", "iam:ListOrganizationsFeatures"): "the account is in no organization",
    ("inspector2", "inspector2:BatchGetFindingDetails"): "the emulator finds nothing",
    ("macie", "macie2:GetAdministratorAccount"): "Macie is off",
    ("macie", "macie2:GetAutomatedDiscoveryConfiguration"): "Macie is off",
    ("organizations", "organizations:DescribePolicy"): "the account is in no organization",
    ("organizations", "organizations:ListDelegatedAdministrators"): "the account is in no organization",
    ("organizations", "organizations:ListPolicies"): "the account is in no organization",
    ("organizations", "organizations:ListTargetsForPolicy"): "the account is in no organization",
    ("rds_logs", "docdb:DescribeDBClusterParameters"): "the emulator has no DocumentDB",
    ("rds_transport", "docdb:DescribeDBClusterParameters"): "the emulator has no DocumentDB",
    ("securityhub", "securityhub:ListOrganizationAdminAccounts"): "the account is in no organization",
    ("shield", "globalaccelerator:ListAccelerators"): "the account does not subscribe to Shield Advanced",
    ("shield", "shield:ListProtections"): "the account does not subscribe to Shield Advanced",
}
"""(module, call) -> why the demo's account gives the module's checks no occasion for it."""

POLLED = {"iam:GenerateCredentialReport"}
"""Asked again until AWS says that it is done."""


@pytest.fixture
def demo(wrong_account_url: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Region, Made]:
    """The demo's account, freshly connected to, and what is called in it."""
    point_at(monkeypatch, wrong_account_url)
    session = boto3.Session(region_name="us-east-1")
    made = Made(session)
    return Region(Clients(session), ACCOUNT, "us-east-1"), made


@pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))
def test_a_check_makes_the_calls_it_declares_and_no_others(check: AnyCheck, demo: tuple[Region, Made]) -> None:
    home, made = demo
    list(scan(home, [check], REGIONS))
    assert made.names - set(check.calls) == set(), "made and not declared"
    excused = {call for module, call in NOT_MADE if module == check.id.partition(".")[0]}
    assert set(check.calls) - made.names == excused & set(check.calls), "declared and not made"


def test_a_whole_scan_asks_nothing_twice(demo: tuple[Region, Made]) -> None:
    home, made = demo
    list(scan(home, CHECKS.values(), REGIONS))
    again = {call: times for call, times in Counter(made.calls).items() if times > 1}
    assert {call for call in again if call[0] not in POLLED} == set()
