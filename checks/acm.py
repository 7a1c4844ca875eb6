"""AWS Certificate Manager: certificates it issued, and those that were imported."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from checks.kit import (
    Aws,
    Collector,
    NotApplicable,
    Practice,
    Severity,
    Verdict,
    check,
    collect,
    expect,
    extra,
    now,
)

if TYPE_CHECKING:
    from types_boto3_acm.type_defs import CertificateSummaryTypeDef as Certificate

KEYS = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]
"""Of none but the first two does ACM list certificates unless it is told to.
https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html"""

WEAK = ("RSA_1024",)

certificates: Collector[Certificate] = collect(
    "acm:ListCertificates",
    "CertificateSummaryList",
    arn="{CertificateArn}",
    name="{DomainName}",
    Includes={"keyTypes": KEYS},
)


@extra("acm:DescribeCertificate")
def transparency(aws: Aws, certificate: Certificate) -> str:
    """ENABLED or DISABLED; "" of a certificate that is not AWS's own public kind, which alone has the option."""
    if certificate["Type"] != "AMAZON_ISSUED":
        return ""
    found = aws.call("acm:DescribeCertificate", CertificateArn=certificate["CertificateArn"])["Certificate"]
    return str(found.get("Options", {}).get("CertificateTransparencyLoggingPreference", ""))


@check(certificates, now, practice=Practice.ENCRYPTION, severity=Severity.HIGH)
def certificate_is_not_about_to_expire(certificate: Certificate, now: datetime, *, days: int = 30) -> Verdict:
    """Certificate in use is not about to expire.

    Once it expires, every browser and client refuses what it is used for.

    Fix: Import a new one if it was imported; otherwise look at its renewal status and restore the DNS record or answer
    the mail that proves the domain is yours. AWS renews by itself what it issued, as a rule 60 days ahead.
    See: https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
    """
    if not certificate["InUse"]:
        raise NotApplicable("nothing uses it")
    if certificate["Status"] not in ("ISSUED", "EXPIRED"):
        raise NotApplicable(f"it is {certificate['Status'].lower().replace('_', ' ')}")
    ends = certificate["NotAfter"]
    if ends <= now:
        return f"expired on {ends:%Y-%m-%d}"
    if ends - now > timedelta(days=days):
        return None
    if certificate["Type"] == "IMPORTED":
        return f"expires on {ends:%Y-%m-%d}; it was imported, so AWS does not renew it"
    if certificate.get("RenewalEligibility") == "INELIGIBLE":
        return f"expires on {ends:%Y-%m-%d}, and AWS may not renew it"
    return f"expires on {ends:%Y-%m-%d}, and AWS has not been able to renew it"


@check(certificates, practice=Practice.ENCRYPTION, severity=Severity.HIGH)
def certificate_has_a_strong_key(certificate: Certificate) -> Verdict:
    """Certificate in use has a key that cannot be broken.

    A key of 1,024 bits can be worked out by who invests in it; that one then passes for you.

    Fix: Import or request a certificate with RSA of 2,048 bits or more, or an elliptic curve.
    See: https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
    """
    if not certificate["InUse"]:
        raise NotApplicable("nothing uses it")
    key = certificate["KeyAlgorithm"].replace("-", "_")  # AWS has been seen to write RSA-1024 as well
    return expect(key not in WEAK, f"has a key of {key}")


@check(certificates, transparency, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def certificate_is_in_transparency_logs(certificate: Certificate, transparency: str) -> Verdict:
    """Public certificate of ACM is in transparency logs.

    Browsers warn of certificates that are in no log, and the logs show when somebody else gets one for your domain.

    Fix: Turn on certificate transparency logging of the certificate; it takes effect when it is renewed.
    See: https://docs.aws.amazon.com/acm/latest/userguide/acm-concepts.html
    """
    if certificate["Type"] != "AMAZON_ISSUED":
        raise NotApplicable("whoever issued it decides whether it is logged")
    if certificate["Status"] != "ISSUED":
        raise NotApplicable("it is not issued")
    return expect(transparency == "ENABLED", "is kept out of transparency logs")
