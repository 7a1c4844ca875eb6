"""SES: what the judges say of identities and configuration sets, and what the fixes are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import ses
from checks.kit import Call, NotApplicable
from tests.checks.cases import Case

CLOSED, SIGNS, TLS = ses.identity_is_not_public, ses.identity_signs_mail, ses.configuration_set_requires_tls
DOMAIN = {"IdentityName": "northwind.example", "IdentityType": "DOMAIN"}
ADDRESS = {"IdentityName": "shop@northwind.example", "IdentityType": "EMAIL_ADDRESS"}


def policy(principal: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "ses:SendEmail", "Resource": "*"}
    return {"Policies": {"senders": json.dumps({"Statement": [statement]})}}


def dkim(*, on: bool, status: str, verified: bool = True) -> dict[str, Any]:
    return {
        "VerificationStatus": "SUCCESS" if verified else "PENDING",
        "DkimAttributes": {"SigningEnabled": on, "Status": status},
    }


CASES = [
    Case(CLOSED, [DOMAIN, {"Policies": {}}], None),
    Case(CLOSED, [DOMAIN, policy({"AWS": "210987654321"})], None),
    Case(CLOSED, [DOMAIN, policy("*")], "lets everyone do ses:SendEmail by policy senders"),
    Case(SIGNS, [DOMAIN, dkim(on=True, status="SUCCESS")], None),
    Case(SIGNS, [DOMAIN, dkim(on=False, status="SUCCESS")], "does not sign its mail with DKIM"),
    Case(SIGNS, [DOMAIN, dkim(on=False, status="NOT_STARTED")], "does not sign its mail with DKIM"),
    Case(
        SIGNS,
        [DOMAIN, dkim(on=True, status="FAILED")],
        "does not sign its mail: SES finds no valid key in DNS (FAILED)",
    ),
    Case(SIGNS, [DOMAIN, dkim(on=False, status="PENDING", verified=False)], NotApplicable),
    Case(SIGNS, [ADDRESS, dkim(on=False, status="NOT_STARTED")], NotApplicable),
    Case(TLS, [{"name": "receipts"}, {"DeliveryOptions": {"TlsPolicy": "REQUIRE"}}], None),
    Case(
        TLS,
        [{"name": "receipts"}, {"DeliveryOptions": {"TlsPolicy": "OPTIONAL"}}],
        "sends mail without TLS where a server offers none",
    ),
    Case(TLS, [{"name": "receipts"}, {}], "sends mail without TLS where a server offers none"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_identities_and_their_policies(aws: Region) -> None:
    client = aws.clients.session.client("sesv2")
    client.create_email_identity(EmailIdentity="northwind.example")
    text = policy("*")["Policies"]["senders"]
    client.create_email_identity_policy(EmailIdentity="northwind.example", PolicyName="senders", Policy=text)
    [found] = ses.identities.stream(aws)
    assert CLOSED.judge(found, ses.settings.read(aws, found)) == "lets everyone do ses:SendEmail by policy senders"


def test_what_else_delivery_is_told_stays() -> None:
    plan = ses.require_tls.plan({"name": "receipts"}, {"DeliveryOptions": {"SendingPoolName": "own"}})
    wanted = {"ConfigurationSetName": "receipts", "TlsPolicy": "REQUIRE", "SendingPoolName": "own"}
    assert plan.do == [Call("sesv2:PutConfigurationSetDeliveryOptions", wanted)]


def test_there_is_no_plan_without_a_key_in_dns_or_where_tls_is_required() -> None:
    with pytest.raises(NotApplicable):
        ses.sign_mail.plan(DOMAIN, dkim(on=False, status="NOT_STARTED"))
    with pytest.raises(NotApplicable):
        ses.require_tls.plan({"name": "receipts"}, {"DeliveryOptions": {"TlsPolicy": "REQUIRE"}})


def plain(aws: boto3.Session) -> None:
    client = aws.client("sesv2", region_name="eu-west-1")
    client.create_configuration_set(ConfigurationSetName="receipts", DeliveryOptions={"TlsPolicy": "OPTIONAL"})


def public(aws: boto3.Session) -> None:
    client = aws.client("sesv2", region_name="eu-west-1")
    client.create_email_identity(EmailIdentity="northwind.example")
    text = policy("*")["Policies"]["senders"]
    client.create_email_identity_policy(EmailIdentity="northwind.example", PolicyName="senders", Policy=text)


def unsigned(aws: boto3.Session) -> None:
    """A domain whose key is in DNS and that somebody told to stop signing."""
    client = aws.client("sesv2", region_name="eu-west-1")
    client.create_email_identity(
        EmailIdentity="northwind.example",
        DkimSigningAttributes={"DomainSigningSelector": "own", "DomainSigningPrivateKey": "a2V5"},
    )
    client.put_email_identity_dkim_attributes(EmailIdentity="northwind.example", SigningEnabled=False)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {TLS.id: plain, SIGNS.id: unsigned, CLOSED.id: public}
