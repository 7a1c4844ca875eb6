"""TLS certificates uploaded to IAM."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from checks.kit import (
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Scope,
    Severity,
    Verdict,
    check,
    collect,
    expect,
    fix,
    now,
)

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ServerCertificateMetadataTypeDef as Certificate

certificates: Collector[Certificate] = collect(
    "iam:ListServerCertificates",
    "ServerCertificateMetadataList",
    arn="{Arn}",
    name="{ServerCertificateName}",
    scope=Scope.ACCOUNT,
)


@check(certificates, now, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def server_certificate_has_not_expired(certificate: Certificate, now: datetime) -> Verdict:
    """Server certificate in IAM has not expired.

    Put on a load balancer by mistake, it makes every visitor's browser refuse the site.

    Fix: Delete the certificate from IAM; keep new ones in AWS Certificate Manager, which renews them.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs.html
    """
    ends = certificate["Expiration"]
    return expect(ends > now, f"expired on {ends:%Y-%m-%d}")


@fix(server_certificate_has_not_expired, "iam:DeleteServerCertificate", risk=Risk.INTERRUPTS)
def delete_expired(certificate: Certificate, now: datetime) -> Plan:
    """Delete the expired certificate from IAM."""
    if certificate["Expiration"] > now:
        raise NotApplicable("the certificate is valid")
    name = certificate["ServerCertificateName"]
    return Plan(
        do=[Call("iam:DeleteServerCertificate", {"ServerCertificateName": name})],
        undo=[],
        before={name: f"expired on {certificate['Expiration']:%Y-%m-%d}"},
        after={name: "deleted"},
        notes=[
            "There is no undo: IAM hands out no private keys.",
            "A load balancer or distribution that still uses it may stop taking connections at all.",
        ],
    )
