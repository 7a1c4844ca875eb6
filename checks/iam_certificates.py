"""TLS certificates uploaded to IAM."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from checks.kit import Collector, Practice, Scope, Severity, Verdict, check, collect, expect, now

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
