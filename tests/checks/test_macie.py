"""Macie: on, paused, off, and a missing permission, which AWS calls by the same code as off."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import macie
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case

HAS, DISCOVERS = macie.region_has_macie, macie.region_discovers_sensitive_data
ON, PAUSED, OFF = {"status": "ENABLED"}, {"status": "PAUSED"}, {"status": ""}
CASES = [
    Case(HAS, [ON, True], None),
    Case(HAS, [OFF, True], "has Macie off"),
    Case(HAS, [PAUSED, True], "has Macie paused"),
    Case(HAS, [OFF, False], NotApplicable),
    Case(DISCOVERS, [ON, "ENABLED"], None),
    Case(DISCOVERS, [ON, "DISABLED"], "has automated sensitive data discovery off"),
    Case(DISCOVERS, [ON, ""], NotApplicable),
    Case(DISCOVERS, [PAUSED, ""], NotApplicable),
    Case(DISCOVERS, [OFF, ""], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_off_is_told_from_denied_by_its_words(aws: Region) -> None:
    with Stubber(aws.clients.get("macie2", aws.region)) as stub:
        stub.add_client_error("get_macie_session", "AccessDeniedException", "Macie is not enabled.", 403)
        assert list(macie.sessions.stream(aws)) == [OFF]
        stub.add_client_error("get_macie_session", "AccessDeniedException", "User is not authorized to perform", 403)
        with pytest.raises(Unknown, match="grant macie2:GetMacieSession"):
            list(macie.sessions.stream(aws))


def test_reads_it_on_and_off(aws: Region) -> None:
    ours = aws.clients.session.client("macie2")
    ours.disable_macie()  # the emulator starts with it on, AWS does not
    [off] = macie.sessions.stream(aws)
    assert off == OFF
    assert macie.discovery.read(aws, off) == ""
    ours.enable_macie()
    [on] = macie.sessions.stream(aws)
    assert on == ON
    with Stubber(aws.clients.get("macie2", aws.region)) as stub:
        stub.add_response("get_administrator_account", {})
        stub.add_response("get_automated_discovery_configuration", {"status": "DISABLED"})
        assert macie.discovery.read(aws, on) == "DISABLED"
        stub.add_response("get_administrator_account", {"administrator": {"accountId": "210987654321"}})
        assert macie.discovery.read(aws, on) == ""


def test_a_pause_ends_and_comes_back() -> None:
    plan = macie.enable_macie.plan(PAUSED, True)
    assert [call.params for call in [*plan.do, *plan.undo]] == [{"status": "ENABLED"}, {"status": "PAUSED"}]


def buckets_unwatched(aws: boto3.Session) -> None:
    aws.client("s3").create_bucket(Bucket="orders", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws.client("macie2").disable_macie()


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {HAS.id: buckets_unwatched}
