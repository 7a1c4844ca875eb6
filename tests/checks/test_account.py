"""Whom AWS can call."""

from __future__ import annotations

import boto3
import pytest

from bot.aws import Region
from checks import account
from checks.account import security_contact
from tests.checks.cases import Case

CONTACT = account.account_has_security_contact

CASES = [
    Case(CONTACT, [{"AlternateContactType": "SECURITY", "EmailAddress": "security@northwind.example"}], None),
    Case(CONTACT, [{}], "has no security contact"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_the_contact_or_that_there_is_none(aws: Region) -> None:
    client = boto3.client("account")
    who = {"Name": "Ana", "Title": "CISO", "EmailAddress": "ana@northwind.example", "PhoneNumber": "+1 555 0100"}
    client.put_alternate_contact(AlternateContactType="BILLING", **who)
    assert list(security_contact.stream(aws)) == [{}]
    client.put_alternate_contact(AlternateContactType="SECURITY", **who)
    (found,) = security_contact.stream(aws)
    assert found["EmailAddress"] == "ana@northwind.example"
