"""Whom AWS can call about the account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.kit import ACCOUNT_ARN, Aws, Practice, Scope, Severity, Verdict, check, collector, expect

if TYPE_CHECKING:
    from types_boto3_account.type_defs import AlternateContactTypeDef as Contact


@collector("account:GetAlternateContact", arn=ACCOUNT_ARN, name="account {account}", scope=Scope.ACCOUNT)
def security_contact(aws: Aws) -> Iterator[Contact]:
    """The contact; empty when there is none."""
    got = aws.call("account:GetAlternateContact", AlternateContactType="SECURITY", absent="ResourceNotFoundException")
    yield got.get("AlternateContact", {})


@check(security_contact, practice=Practice.AWARENESS, severity=Severity.MEDIUM)
def account_has_security_contact(contact: Contact) -> Verdict:
    """Account has a security contact.

    AWS writes there about leaked keys, abuse and urgent notices; without one only root's mailbox hears of them.

    Fix: Add an alternate contact for security with an address that the whole security team reads.
    See: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-contact-alternate.html
    """
    return expect(contact.get("EmailAddress"), "has no security contact")
