"""Whom AWS can call about the account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Scope,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    fix,
)

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


@fix(
    account_has_security_contact,
    "account:PutAlternateContact",
    "account:DeleteAlternateContact",
    risk=Risk.SAFE,
    patience=60,
)
def name_security_contact(
    contact: Contact,
    *,
    security_contact_email: str,
    security_contact_name: str,
    security_contact_phone: str,
    security_contact_title: str,
) -> Plan:
    """Tell AWS whom to write to and to call about security."""
    if contact.get("EmailAddress"):
        known = (contact.get("Name"), contact.get("Title"), contact["EmailAddress"], contact.get("PhoneNumber"))
        raise NotApplicable("there is a security contact", {"security contact": ", ".join(map(str, known))})
    which = {"AlternateContactType": "SECURITY"}
    who = {
        "Name": security_contact_name,
        "Title": security_contact_title,
        "EmailAddress": security_contact_email,
        "PhoneNumber": security_contact_phone,
    }
    return Plan(
        do=[Call("account:PutAlternateContact", which | who)],
        undo=[Call("account:DeleteAlternateContact", which)],
        before={"security contact": "none"},
        after={"security contact": ", ".join(who.values())},
        notes=["AWS sends security notices of the account there, besides to the root user's address. It is free."],
    )


OTHERS = ("BILLING", "OPERATIONS")


@collector("account:GetAlternateContact", arn=ACCOUNT_ARN, name="account {account}", scope=Scope.ACCOUNT)
def other_contacts(aws: Aws) -> Iterator[Mapping[str, str]]:
    """The addresses for billing and operations, empty where there is none."""
    absent = "ResourceNotFoundException"
    found = {kind: aws.call("account:GetAlternateContact", AlternateContactType=kind, absent=absent) for kind in OTHERS}
    yield {kind.lower(): got.get("AlternateContact", {}).get("EmailAddress", "") for kind, got in found.items()}


@check(other_contacts, practice=Practice.AWARENESS, severity=Severity.LOW)
def account_has_other_contacts(contacts: Mapping[str, str]) -> Verdict:
    """Account has contacts for billing and operations.

    A bill that jumps or a notice that something will be retired is often the first sign of trouble.

    Fix: Add alternate contacts for billing and operations, with addresses that the teams concerned read.
    See: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-contact-alternate.html
    """
    missing = [kind for kind, address in contacts.items() if not address]
    return expect(not missing, f"has no contact for {' and '.join(missing)}")
