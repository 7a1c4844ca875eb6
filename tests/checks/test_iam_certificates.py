"""TLS certificates uploaded to IAM."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import boto3
import pytest

from bot.aws import Region
from checks import iam_certificates
from checks.iam_certificates import certificates
from checks.kit import NotApplicable
from tests.checks.cases import NOW, Case

EXPIRED = iam_certificates.server_certificate_has_not_expired

CASES = [
    Case(EXPIRED, [{"Expiration": NOW + timedelta(seconds=1)}, NOW], None),
    Case(EXPIRED, [{"ServerCertificateName": "www", "Expiration": NOW}, NOW], "expired on 2026-03-02"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_the_certificates(aws: Region) -> None:
    iam = boto3.client("iam")
    iam.upload_server_certificate(ServerCertificateName="www", CertificateBody="x", PrivateKey="x")
    (found,) = certificates.stream(aws)
    assert (found["ServerCertificateName"], found["Expiration"].year) == ("www", 2012)  # the emulator's only date


def test_a_valid_certificate_is_kept() -> None:
    with pytest.raises(NotApplicable):
        iam_certificates.delete_expired.plan({"Expiration": NOW + timedelta(days=1)}, NOW)


def old_certificate(aws: boto3.Session) -> None:
    aws.client("iam").upload_server_certificate(ServerCertificateName="www", CertificateBody="x", PrivateKey="x")


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {EXPIRED.id: old_certificate}
