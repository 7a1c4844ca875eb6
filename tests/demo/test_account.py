"""The demo's account: a shop one believes in, with a past, where some is right and much is wrong."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

import checks
from bot.demo.aws import ACCOUNT, REGIONS, Emulated
from bot.recording import connect, select
from bot.scan import Outcome, Status, scan
from bot.settings import load
from tests.conftest import forget_own, point_at


@pytest.fixture
def account(demo_account_url: str) -> Emulated:
    return Emulated(demo_account_url)


@pytest.fixture
def report(account: Emulated) -> dict[str, dict[str, str]]:
    """The credential report by user."""
    iam = account.client("iam")
    iam.generate_credential_report()
    text = iam.get_credential_report()["Content"].decode()
    return {row["user"]: row for row in csv.DictReader(io.StringIO(text))}


@pytest.fixture(scope="module")
def outcomes(demo_account_url: str) -> list[Outcome]:
    """What a scan of all of it says."""
    with pytest.MonkeyPatch.context() as environment:
        forget_own(environment)
        point_at(environment, demo_account_url)
        events = scan(connect(load()), select(load()), REGIONS)
        return [event for event in events if isinstance(event, Outcome)]


def test_people_have_a_past(report: dict[str, dict[str, str]]) -> None:
    now = datetime.now(UTC)

    def days(user: str, column: str) -> int:
        return (now - datetime.fromisoformat(report[user][column])).days

    assert days("ana.ribeiro", "user_creation_time") > 1000
    assert days("chiara.conti", "password_last_changed") > 365
    assert days("deploy-ci", "access_key_1_last_rotated") > 365
    assert report["break-glass"]["password_last_used"] == "no_information"
    assert {row["mfa_active"] for row in report.values()} == {"true", "false"}


def test_the_root_user_is_in_the_report_as_aws_writes_it(report: dict[str, dict[str, str]]) -> None:
    assert next(iter(report)) == "<root_account>"
    root = report["<root_account>"]
    assert root["arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert root["password_enabled"] == "not_supported"
    assert root["mfa_active"] == "false"


def test_nothing_of_the_emulators_own_is_in_it(account: Emulated) -> None:
    for region in REGIONS:
        ec2 = account.client("ec2", region)
        assert len(ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]) <= 2
    names = [bucket["Name"] for bucket in account.client("s3").list_buckets()["Buckets"]]
    assert all(name.startswith("northwind-traders-") for name in names)


def test_what_people_own_carries_their_name(account: Emulated) -> None:
    s3 = account.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket["Name"])["TagSet"]}
        assert "." in tags["owner"]
        assert tags["team"]


def test_every_practice_has_something_to_mend_and_something_right(outcomes: list[Outcome]) -> None:
    practices = {check.practice for check in checks.load()[0].values()}
    for status in (Status.FAIL, Status.PASS):
        assert {outcome.check.practice for outcome in outcomes if outcome.status is status} == practices


def test_it_is_a_list_that_somebody_reads(outcomes: list[Outcome]) -> None:
    assert 150 <= sum(outcome.status is Status.FAIL for outcome in outcomes) <= 260


def test_everything_could_be_read(outcomes: list[Outcome]) -> None:
    assert [outcome.text for outcome in outcomes if outcome.status is Status.UNKNOWN] == []


def test_nothing_is_called_by_an_id_alone_where_it_has_a_name(outcomes: list[Outcome]) -> None:
    buckets = {outcome.name for outcome in outcomes if outcome.check.id.startswith("s3.bucket")}
    assert "northwind-traders-invoices" in buckets
