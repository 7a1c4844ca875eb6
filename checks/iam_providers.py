"""Identity providers: where people come from, and whether their sign-in goes on working."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from checks.iam_credentials import on, reported_users
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Collector,
    NotApplicable,
    Practice,
    Scope,
    Severity,
    Verdict,
    check,
    collect,
    collector,
    expect,
    now,
)

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import SAMLProviderListEntryTypeDef as Saml


class SignIn(TypedDict):
    """How people get into the account: users with a password, SAML providers."""

    with_password: int
    providers: int


saml_providers: Collector[Saml] = collect("iam:ListSAMLProviders", "SAMLProviderList", arn="{Arn}", scope=Scope.ACCOUNT)


@collector(arn=ACCOUNT_ARN, name="account {account}", scope=Scope.ACCOUNT, needs=(saml_providers, reported_users))
def sign_in(aws: Aws) -> Iterator[SignIn]:
    """IAM Identity Center makes a SAML provider in each account that it opens; OIDC providers are for programs."""
    users = sum(on(row, "password_enabled") for row in aws.read(reported_users))
    yield {"with_password": users, "providers": len(aws.read(saml_providers))}


@check(sign_in, practice=Practice.ROLES, severity=Severity.LOW)
def people_come_from_an_identity_provider(sign_in: SignIn, *, users: int = 1) -> Verdict:
    """People sign in through an identity provider.

    Who leaves the company then loses AWS along with everything else, and nobody has one more password. One user with a
    password may stay for emergencies.

    Fix: Set up IAM Identity Center, or a SAML provider, and let people take roles through it. Then delete their users.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers.html
    """
    count = sign_in["with_password"]
    if not count and not sign_in["providers"]:
        raise NotApplicable("nobody signs in with a password")
    return expect(
        sign_in["providers"] or count <= users, f"has {count} users with a password and no provider for people"
    )


@check(saml_providers, now, practice=Practice.ROLES, severity=Severity.MEDIUM)
def saml_provider_has_not_expired(provider: Saml, now: datetime, *, days: int = 30) -> Verdict:
    """SAML provider's metadata stays valid.

    On the day it expires nobody gets in through it, and root or a forgotten user is what is left.

    Fix: Take new metadata from the identity provider and update the SAML provider in IAM with it.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html
    """
    ends = provider.get("ValidUntil")
    if ends is None:
        raise NotApplicable("the metadata says no end")
    word = "expired" if ends <= now else "expires"
    return expect(ends - now > timedelta(days=days), f"{word} on {ends:%Y-%m-%d}")
