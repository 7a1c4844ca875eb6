"""Certificates in ACM: what the judges say, and what is read of one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import identify
from checks import acm
from checks.kit import NotApplicable
from tests.checks.cases import NOW, Case

ENDS, KEY = acm.certificate_is_not_about_to_expire, acm.certificate_has_a_strong_key
LOGGED = acm.certificate_is_in_transparency_logs


def certificate(days: int = 200, *, used: bool = True, type: str = "AMAZON_ISSUED", **more: str) -> dict[str, Any]:
    issued = {"Status": "ISSUED", "Type": type, "InUse": used, "NotAfter": NOW + timedelta(days=days)}
    return issued | {"RenewalEligibility": "ELIGIBLE"} | more


CASES = [
    Case(ENDS, [certificate(), NOW], None),
    Case(ENDS, [certificate(31), NOW], None),
    Case(ENDS, [certificate(30), NOW], "expires on 2026-04-01, and AWS has not been able to renew it"),
    Case(
        ENDS,
        [certificate(10, type="IMPORTED", RenewalEligibility="INELIGIBLE"), NOW],
        "expires on 2026-03-12; it was imported, so AWS does not renew it",
    ),
    Case(
        ENDS,
        [certificate(10, type="PRIVATE", RenewalEligibility="INELIGIBLE"), NOW],
        "expires on 2026-03-12, and AWS may not renew it",
    ),
    Case(ENDS, [certificate(-1, Status="EXPIRED"), NOW], "expired on 2026-03-01"),
    Case(ENDS, [certificate(40), NOW], "expires on 2026-04-11, and AWS has not been able to renew it", {"days": 45}),
    Case(ENDS, [certificate(10, used=False), NOW], NotApplicable),
    Case(ENDS, [{"Status": "PENDING_VALIDATION", "InUse": True}, NOW], NotApplicable),
    *(
        Case(KEY, [certificate(KeyAlgorithm=one)], None)
        for one in ("RSA_2048", "RSA-2048", "RSA_4096", "EC_prime256v1")
    ),
    *(Case(KEY, [certificate(KeyAlgorithm=one)], "has a key of RSA_1024") for one in ("RSA_1024", "RSA-1024")),
    Case(KEY, [certificate(used=False, KeyAlgorithm="RSA_1024")], NotApplicable),
    Case(LOGGED, [certificate(), "ENABLED"], None),
    Case(LOGGED, [certificate(), "DISABLED"], "is kept out of transparency logs"),
    Case(LOGGED, [certificate(type="IMPORTED"), ""], NotApplicable),
    Case(LOGGED, [certificate(Status="PENDING_VALIDATION"), "ENABLED"], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_asks_for_certificates_with_keys_of_every_kind(aws: Region) -> None:
    client: Any = aws.clients.session.client("acm")
    arns = {
        client.request_certificate(DomainName=f"{key}.northwind.example", KeyAlgorithm=algorithm)["CertificateArn"]
        for key, algorithm in {"rsa": "RSA_2048", "curve": "EC_prime256v1"}.items()
    }
    found = list(acm.certificates.stream(aws))
    assert {identify(aws, acm.certificates, one)[0] for one in found} == arns
    assert {acm.transparency.read(aws, one) for one in found} == {"ENABLED"}


def test_only_certificates_of_acm_are_asked_about_transparency(aws: Region) -> None:
    with Stubber(aws.clients.get("acm", aws.region)):
        imported: Any = certificate(type="IMPORTED")
        assert acm.transparency.read(aws, imported) == ""
