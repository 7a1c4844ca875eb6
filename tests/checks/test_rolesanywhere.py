"""IAM Roles Anywhere. The emulator has nothing of it, so AWS's answers are played back."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import rolesanywhere
from checks.kit import NotApplicable
from checks.rolesanywhere import profiles
from tests.checks.cases import Case

NARROW = rolesanywhere.profile_narrows_its_sessions


def profile(**more: Any) -> dict[str, Any]:
    return {
        "name": "plant",
        "profileArn": "arn:aws:rolesanywhere:eu-west-1:123456789012:profile/1",
        "enabled": True,
    } | more


CASES = [
    Case(NARROW, [profile(sessionPolicy="{}")], None),
    Case(NARROW, [profile(managedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"])], None),
    Case(NARROW, [profile()], "lets its sessions do all that their roles may"),
    Case(NARROW, [profile(managedPolicyArns=[])], "lets its sessions do all that their roles may"),
    Case(NARROW, [profile(enabled=False)], NotApplicable),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_every_page(aws: Region) -> None:
    with Stubber(aws.clients.get("rolesanywhere", aws.region)) as stub:
        stub.add_response("list_profiles", {"profiles": [profile()], "nextToken": "more"}, {})
        stub.add_response("list_profiles", {"profiles": [profile(name="mill")]}, {"nextToken": "more"})
        assert [one["name"] for one in profiles.stream(aws)] == ["plant", "mill"]
