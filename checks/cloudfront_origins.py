"""Amazon CloudFront: the origins that distributions fetch from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from checks import s3_names
from checks.cloudfront import behaviors, distributions, in_use, is_bucket
from checks.kit import Aws, NotApplicable, Practice, Severity, Verdict, check, expect, extra

if TYPE_CHECKING:
    from types_boto3_cloudfront.type_defs import DistributionSummaryTypeDef as Distribution

FUNCTION_URL = re.compile(r"[a-z0-9]+\.lambda-url\.[a-z0-9-]+\.on\.aws")
WEBSITE = re.compile(r".+\.s3-website[.-][a-z0-9-]+\.amazonaws\.com(\.cn)?")


@extra(*s3_names.CALLS, needs=s3_names.NEEDS)
def gone(aws: Aws, distribution: Distribution) -> Sequence[str]:
    """The buckets it fetches from that are nobody's."""
    names = (s3_names.bucket_of(origin["DomainName"]) for origin in _origins(distribution))
    return s3_names.gone(aws, filter(None, names))


@check(distributions, gone, practice=Practice.NETWORK, severity=Severity.CRITICAL)
def distribution_fetches_from_buckets_that_exist(distribution: Distribution, gone: Sequence[str]) -> Verdict:
    """CloudFront distribution fetches from buckets that exist.

    Whoever makes a bucket of the missing name decides what the distribution serves, under your domain.

    Fix: Take the origin out of the distribution, or make the bucket again before somebody else does.
    See: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistS3AndCustomOrigins.html
    """
    in_use(distribution)
    if not any(s3_names.bucket_of(origin["DomainName"]) for origin in _origins(distribution)):
        raise NotApplicable("it fetches from no bucket")
    return expect(not gone, f"fetches from a bucket that does not exist: {', '.join(gone)}")


@check(distributions, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def distribution_uses_origin_access_control(distribution: Distribution) -> Verdict:
    """CloudFront distribution signs its requests to origins.

    Only with origin access control can a bucket or a function URL refuse everybody but this distribution.

    Fix: Make an origin access control, set it on the origin, and allow only this distribution in the bucket's policy.
    See: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
    """
    in_use(distribution)
    able = [one for one in _origins(distribution) if is_bucket(one) or FUNCTION_URL.fullmatch(one["DomainName"])]
    if not able:
        raise NotApplicable("it fetches from no bucket and no function URL")
    unsigned = [one for one in able if not one.get("OriginAccessControlId")]
    identity = [one["DomainName"] for one in unsigned if one.get("S3OriginConfig", {}).get("OriginAccessIdentity")]
    nothing = [one["DomainName"] for one in unsigned if one["DomainName"] not in identity]
    if nothing:
        return f"fetches from {', '.join(nothing)} like anybody, without origin access control"
    return expect(not identity, f"fetches from {', '.join(identity)} with a legacy origin access identity")


@check(distributions, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def distribution_encrypts_to_origins(distribution: Distribution) -> Verdict:
    """CloudFront distribution fetches from origins over HTTPS.

    Between CloudFront and the origin lies the internet: over plain HTTP others read and change what passes.

    Fix: Set the origin's protocol policy to HTTPS only. Of an S3 website endpoint, use the bucket itself instead.
    See: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https-cloudfront-to-custom-origin.html
    """
    in_use(distribution)
    plain = {path for path, one in behaviors(distribution) if one["ViewerProtocolPolicy"] == "allow-all"}
    policies = {one["DomainName"]: one["CustomOriginConfig"]["OriginProtocolPolicy"] for one in _custom(distribution)}
    bad = [
        f"{domain} (an S3 website endpoint speaks only HTTP)" if WEBSITE.fullmatch(domain) else domain
        for domain, policy in policies.items()
        if policy == "http-only" or (policy == "match-viewer" and plain)
    ]
    return expect(not bad, f"fetches over plain HTTP from {', '.join(bad)}")


@check(distributions, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def distribution_refuses_old_tls_to_origins(
    distribution: Distribution, *, refused: tuple[str, ...] = ("SSLv3", "TLSv1", "TLSv1.1")
) -> Verdict:
    """CloudFront distribution refuses old TLS to origins.

    Old protocols let who sits between CloudFront and the origin break the encryption.

    Fix: Leave only TLS 1.2 in the origin's list of SSL protocols, once the origin speaks it.
    See: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html
    """
    in_use(distribution)
    origins = [one for one in _custom(distribution) if one["CustomOriginConfig"]["OriginProtocolPolicy"] != "http-only"]
    if not origins:
        raise NotApplicable("it fetches from no origin for which one chooses TLS versions")
    old = {
        one["DomainName"]: sorted(set(one["CustomOriginConfig"]["OriginSslProtocols"]["Items"]) & set(refused))
        for one in origins
    }
    allowed = [f"{', '.join(found)} to {domain}" for domain, found in old.items() if found]
    return expect(not allowed, f"may use {'; '.join(allowed)}")


def _origins(distribution: Distribution) -> Sequence[Mapping[str, Any]]:
    return distribution["Origins"]["Items"]


def _custom(distribution: Distribution) -> Sequence[Mapping[str, Any]]:
    """The origins that are neither buckets nor in a VPC. Raises NotApplicable when there are none."""
    found = [one for one in _origins(distribution) if "CustomOriginConfig" in one]
    if not found:
        raise NotApplicable("it has no custom origin")
    return found
