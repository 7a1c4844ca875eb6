"""Whom AWS can call."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import boto3
import pytest

from bot.aws import Region
from checks import account
from checks.account import other_contacts, security_contact
from tests.checks.cases import Case

OTHERS = account.account_has_other_contacts
CONTACT = account.account_has_security_contact

CASES = [
    Case(CONTACT, [{"AlternateContactType": "SECURITY", "EmailAddress": "security@northwind.example"}], None),
    Case(CONTACT, [{}], "has no security contact"),
    Case(OTHERS, [{"billing": "pay@northwind.example", "operations": "ops@northwind.example"}], None),
    Case(OTHERS, [{"billing": "", "operations": "ops@northwind.example"}], "has no contact for billing"),
    Case(OTHERS, [{"billing": "", "operations": ""}], "has no contact for billing and operations"),
]


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {CONTACT.id: lambda _: None}  # a new account has none


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_the_contact_or_that_there_is_none(aws: Region) -> None:
    client = boto3.client("account")
    who = {"Name": "Ana", "Title": "CISO", "EmailAddress": "ana@northwind.example", "PhoneNumber": "+1 555 0100"}
    client.put_alternate_contact(AlternateContactType="BILLING", **who)
    assert list(security_contact.stream(aws)) == [{}]
    assert list(other_contacts.stream(aws)) == [{"billing": "ana@northwind.example", "operations": ""}]
    client.put_alternate_contact(AlternateContactType="SECURITY", **who)
    (found,) = security_contact.stream(aws)
    assert found["EmailAddress"] == "ana@northwind.example"
