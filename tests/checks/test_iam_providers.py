"""Identity providers."""

from __future__ import annotations

from datetime import timedelta

import boto3
import pytest

from bot.aws import Region
from checks import iam_providers
from checks.iam_providers import saml_providers, sign_in
from checks.kit import NotApplicable
from tests.checks.cases import NOW, Case

PEOPLE = iam_providers.people_come_from_an_identity_provider
VALID = iam_providers.saml_provider_has_not_expired

CASES = [
    Case(PEOPLE, [{"with_password": 0, "providers": 1}], None),
    Case(PEOPLE, [{"with_password": 9, "providers": 1}], None),
    Case(PEOPLE, [{"with_password": 1, "providers": 0}], None),
    Case(PEOPLE, [{"with_password": 2, "providers": 0}], "has 2 users with a password and no provider for people"),
    Case(PEOPLE, [{"with_password": 2, "providers": 0}], None, {"users": 2}),
    Case(PEOPLE, [{"with_password": 0, "providers": 0}], NotApplicable),
    Case(VALID, [{"ValidUntil": NOW + timedelta(days=31)}, NOW], None),
    Case(VALID, [{"ValidUntil": NOW + timedelta(days=30)}, NOW], "expires on 2026-04-01"),
    Case(VALID, [{"ValidUntil": NOW}, NOW], "expired on 2026-03-02"),
    Case(VALID, [{}, NOW], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_counts_users_with_a_password_and_providers(aws: Region) -> None:
    iam = boto3.client("iam")
    for name in ("ana", "ben"):
        iam.create_user(UserName=name)
    iam.create_login_profile(UserName="ana", Password="not-a-real-Passw0rd")
    iam.create_saml_provider(Name="okta", SAMLMetadataDocument="x" * 1000)
    assert list(sign_in.stream(aws)) == [{"with_password": 1, "providers": 1}]
    assert [one["Arn"] for one in saml_providers.stream(aws)] == ["arn:aws:iam::123456789012:saml-provider/okta"]
