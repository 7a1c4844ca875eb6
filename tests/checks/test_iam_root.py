"""The root user: keys, MFA and use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Clients, Region
from checks import iam_root
from checks.iam_root import reported_root, root, root_access, virtual_devices
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import NOW, Case
from tests.conftest import ACCOUNT, point_at

KEYS = iam_root.root_has_no_access_keys
MFA = iam_root.root_has_mfa
HARDWARE = iam_root.root_has_hardware_mfa
USE = iam_root.root_is_not_used
CENTRAL = iam_root.organization_manages_root_credentials

SAFE = {"AccountAccessKeysPresent": 0, "AccountMFAEnabled": 1, "AccountPasswordPresent": 1}
BARE = SAFE | {"AccountMFAEnabled": 0}
NO_CREDENTIALS = dict.fromkeys(SAFE, 0)
"""A member account whose organization removed root's credentials."""


def device(name: str, owner: str) -> dict[str, Any]:
    user = {"Path": "/", "UserName": "x", "UserId": "1234567890123456", "CreateDate": NOW}
    user["Arn"] = f"arn:aws:iam::123456789012:{owner}"
    return {"SerialNumber": f"arn:aws:iam::123456789012:mfa/{name}", "User": user}


APP = {"SerialNumber": "arn:aws:iam::123456789012:mfa/root-account-mfa-device"}
PHONE, OF_ANA = device("phone", "root"), device("ana", "user/ana")


def used(password: str = "N/A", first: str = "N/A", second: str = "N/A") -> dict[str, str]:
    return dict(zip(iam_root.USES, (password, first, second), strict=True))


# NOW is 2026-03-02 12:00.
CASES = [
    Case(KEYS, [SAFE], None),
    Case(KEYS, [NO_CREDENTIALS], None),
    Case(KEYS, [SAFE | {"AccountAccessKeysPresent": 1}], "has an access key"),
    Case(MFA, [SAFE], None),
    Case(MFA, [BARE], "has no MFA"),
    Case(MFA, [{"AccountMFAEnabled": 0}], "has no MFA"),
    Case(MFA, [NO_CREDENTIALS], NotApplicable),
    Case(HARDWARE, [SAFE, []], None),
    Case(HARDWARE, [SAFE, [APP]], "may sign in with a virtual MFA device"),
    Case(HARDWARE, [BARE, []], "has no MFA at all"),
    Case(HARDWARE, [NO_CREDENTIALS, []], NotApplicable),
    Case(USE, [SAFE, used(), NOW], None),
    Case(USE, [SAFE, used("no_information"), NOW], None),
    Case(USE, [SAFE, used("2026-01-31T12:00:00+00:00"), NOW], None),
    Case(USE, [SAFE, used("2026-01-31T12:00:01+00:00"), NOW], "was used on 2026-01-31"),
    Case(
        USE,
        [SAFE, used("2025-01-31T12:00:01+00:00", second="2026-03-01T00:00:00Z"), NOW],
        "was used on 2026-03-01",
    ),
    Case(CENTRAL, [{"manages": True, "features": ["RootSessions", "RootCredentialsManagement"]}], None),
    Case(CENTRAL, [{"manages": True, "features": ["RootSessions"]}], "leaves each member account its root user"),
    Case(CENTRAL, [{"manages": False, "features": []}], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_report_without_root_is_unknown() -> None:
    with pytest.raises(Unknown):
        Case(USE, [SAFE, None, NOW], None).outcome()


def test_reads_the_summary_and_the_report(aws: Region) -> None:
    (summary,) = root.stream(aws)
    assert {"AccountMFAEnabled", "AccountAccessKeysPresent"} <= set(summary)
    assert reported_root.read(aws, summary) is None, "the emulator knows no root user"


def test_nobody_signs_in_as_root_in_govcloud(aws: Region) -> None:
    (summary,) = root.stream(replace(aws, partition="aws-us-gov"))
    assert Case(MFA, [summary], None).outcome() is NotApplicable


def test_root_is_found_in_the_demo(demo_account_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    point_at(monkeypatch, demo_account_url)
    aws = Region(Clients(boto3.Session()), ACCOUNT, "us-east-1")
    (summary,) = root.stream(aws)
    row = reported_root.read(aws, summary)
    assert row is not None
    assert row["arn"] == "arn:aws:iam::123456789012:root"


def test_only_roots_virtual_devices_count(aws: Region) -> None:
    """The emulator has no devices of root, so AWS's answer is played back."""
    client = aws.clients.get("iam", aws.region)
    with Stubber(client) as stub:
        answer: dict[str, Any] = {"VirtualMFADevices": [OF_ANA, APP, PHONE], "IsTruncated": False}
        stub.add_response("list_virtual_mfa_devices", answer, {"AssignmentStatus": "Assigned"})
        assert virtual_devices.read(aws, {}) == [APP, PHONE]


def test_an_account_without_an_organization_is_asked_no_more(aws: Region) -> None:
    assert list(root_access.stream(aws)) == [{"manages": False, "features": []}]


def test_the_management_account_is_asked_for_the_features_of_root_access(aws: Region) -> None:
    """The emulator does not know them, so AWS's answers are played back."""
    aws.clients.session.client("organizations").create_organization(FeatureSet="ALL")
    with Stubber(aws.clients.get("iam", aws.region)) as stub:
        enabled: dict[str, Any] = {"OrganizationId": "o-0123456789", "EnabledFeatures": ["RootCredentialsManagement"]}
        stub.add_response("list_organizations_features", enabled)
        stub.add_client_error("list_organizations_features", "ServiceAccessNotEnabledException")
        assert list(root_access.stream(aws)) == [{"manages": True, "features": ["RootCredentialsManagement"]}]
        assert list(root_access.stream(aws)) == [{"manages": True, "features": []}]
