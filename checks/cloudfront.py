"""Amazon CloudFront distributions, as viewers meet them. What is behind them: `cloudfront_origins`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from checks.kit import Aws, NotApplicable, Practice, Scope, Severity, Verdict, check, collector, expect, extra
from checks.log_deliveries import delivering

if TYPE_CHECKING:
    from types_boto3_cloudfront.type_defs import DistributionSummaryTypeDef as Distribution

DELIVERS_FROM = "us-east-1"
"""Where CloudWatch Logs keeps what CloudFront delivers, wherever its readers are.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html"""

SECURE = re.compile(r"TLSv1\.2_20(2[1-9]|[3-9]\d)|TLSv1\.3_\d{4}")
"""Security policies with TLS 1.2 and up and none of the older ciphers.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html"""


@collector("cloudfront:ListDistributions", arn="{ARN}", name="{DomainName} ({Id})", scope=Scope.ACCOUNT)
def distributions(aws: Aws) -> Iterator[Distribution]:
    """Without the headers that origins are sent, by whose secret values these know CloudFront."""
    for distribution in aws.items("cloudfront:ListDistributions", "DistributionList.Items"):
        for origin in distribution["Origins"]["Items"]:
            origin.pop("CustomHeaders", None)
        yield distribution


@extra("cloudfront:GetDistributionConfig")
def config(aws: Aws, distribution: Distribution) -> dict[str, Any]:
    """What the list does not tell."""
    found = aws.call("cloudfront:GetDistributionConfig", Id=distribution["Id"])["DistributionConfig"]
    return {key: found[key] for key in ("Logging", "DefaultCacheBehavior", "DefaultRootObject") if key in found}


@extra(needs=(delivering,))
def delivered(aws: Aws, distribution: Distribution) -> Collection[str]:
    """The ARNs of what standard logging (v2) is on for. China has none: https://docs.amazonaws.cn, same page."""
    return [] if aws.partition == "aws-cn" else aws.at(DELIVERS_FROM).read(delivering)


@check(distributions, config, delivered, practice=Practice.MONITORING, severity=Severity.LOW)
def distribution_logs_requests(
    distribution: Distribution, config: dict[str, Any], delivered: Collection[str]
) -> Verdict:
    """CloudFront distribution logs requests.

    Most requests never reach what is behind it, so only its own log shows who asked for what.

    Fix: Turn on standard logging of the distribution, to S3, CloudWatch Logs or Firehose.
    See: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
    """
    in_use(distribution)
    logs = config["Logging"]["Enabled"] or distribution["ARN"] in delivered
    return expect(logs or config["DefaultCacheBehavior"].get("RealtimeLogConfigArn"), "keeps no log of requests")


@check(distributions, config, practice=Practice.NETWORK, severity=Severity.LOW)
def distribution_has_default_root_object(distribution: Distribution, config: dict[str, Any]) -> Verdict:
    """CloudFront distribution has a default root object.

    Without one, who asks for the root of the site may get the list of all objects in the bucket.

    Fix: Set the default root object, index.html as a rule.
    See: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DefaultRootObject.html
    """
    in_use(distribution)
    default = config["DefaultCacheBehavior"]
    if not _from_bucket(distribution, default["TargetOriginId"]):
        raise NotApplicable("what is behind it answers for its root itself")
    if any(default.get(key, {}).get("Quantity") for key in ("FunctionAssociations", "LambdaFunctionAssociations")):
        raise NotApplicable("a function at the edge may answer for its root")
    return expect(config.get("DefaultRootObject"), "has no default root object")


@check(distributions, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def distribution_refuses_plain_http(distribution: Distribution) -> Verdict:
    """CloudFront distribution serves viewers over HTTPS only.

    Over plain HTTP, whoever sits between a viewer and CloudFront reads and changes what is served.

    Fix: Set the viewer protocol policy of every cache behavior to redirect HTTP to HTTPS, or to HTTPS only.
    See: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https-viewers-to-cloudfront.html
    """
    in_use(distribution)
    plain = [path for path, behavior in behaviors(distribution) if behavior["ViewerProtocolPolicy"] == "allow-all"]
    return expect(not plain, f"serves plain HTTP for {', '.join(plain)}")


@check(distributions, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def distribution_has_web_acl(distribution: Distribution) -> Verdict:
    """CloudFront distribution has a web ACL.

    AWS WAF at the edge stops known attacks and floods of requests before they reach what is behind.

    Fix: Associate a web ACL of AWS WAF (of the scope CLOUDFRONT, in us-east-1); try its rules in count mode first.
    See: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-web-awswaf.html
    """
    in_use(distribution)
    return expect(distribution["WebACLId"], "has no web ACL before it")


@check(distributions, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def distribution_has_its_own_certificate(distribution: Distribution) -> Verdict:
    """CloudFront distribution has a certificate of its own.

    With CloudFront's default certificate viewers may use TLS 1.0 and see a domain that is nobody's they know.

    Fix: Request a certificate for your domain in ACM, in us-east-1, and set it and the domain on the distribution.
    See: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https-alternate-domain-names.html
    """
    in_use(distribution)
    return expect(not _default_certificate(distribution), "uses CloudFront's default certificate")


@check(distributions, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def distribution_uses_secure_tls_policy(distribution: Distribution) -> Verdict:
    """CloudFront distribution uses a recommended TLS policy.

    Old policies let a viewer, or who sits between, fall back to TLS 1.0 or to ciphers that can be broken.

    Fix: Set the security policy to TLSv1.2_2021 or a newer one; old viewers can then no longer connect.
    See: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
    """
    in_use(distribution)
    if _default_certificate(distribution):
        raise NotApplicable("the default certificate leaves no choice of policy")
    policy = distribution["ViewerCertificate"]["MinimumProtocolVersion"]
    return expect(SECURE.fullmatch(policy), f"lets viewers use old protocols or ciphers ({policy})")


@check(distributions, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def distribution_uses_sni(distribution: Distribution) -> Verdict:
    """CloudFront distribution serves HTTPS by SNI.

    Addresses of its own are only for viewers of before 2010 that do not know SNI, and AWS charges a lot for them.

    Fix: Set the distribution to serve HTTPS requests by SNI.
    See: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-https-dedicated-ip-or-sni.html
    """
    in_use(distribution)
    if _default_certificate(distribution):
        raise NotApplicable("the default certificate is served by SNI")
    method = distribution["ViewerCertificate"]["SSLSupportMethod"]
    return expect(method == "sni-only", f"serves HTTPS from dedicated addresses ({method})")


@check(distributions, practice=Practice.ROOT, severity=Severity.MEDIUM)
def distribution_trusts_key_groups(distribution: Distribution) -> Verdict:
    """CloudFront distribution trusts key groups for signed URLs.

    Key pairs of an account can only be made, and replaced when they leak, by signing in as its root user.

    Fix: Make a key group, name it in the cache behavior in place of the trusted signers, and sign with its key.
    See: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html
    """
    in_use(distribution)
    ways = ("TrustedSigners", "TrustedKeyGroups")
    signed = {
        way: [path for path, behavior in behaviors(distribution) if behavior.get(way, {}).get("Enabled")]
        for way in ways
    }
    if not any(signed.values()):
        raise NotApplicable("it asks for no signed URLs or cookies")
    by_account = signed["TrustedSigners"]
    return expect(not by_account, f"trusts accounts' key pairs to sign for {', '.join(by_account)}")


def in_use(distribution: Distribution) -> None:
    """Raises NotApplicable of a distribution that answers nobody."""
    if not distribution["Enabled"]:
        raise NotApplicable("it is disabled")


def behaviors(distribution: Distribution) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every cache behavior with the path it is for."""
    yield "*", distribution["DefaultCacheBehavior"]
    for behavior in distribution["CacheBehaviors"].get("Items", []):  # .get: there is no list when there are none
        yield behavior["PathPattern"], behavior


def is_bucket(origin: Mapping[str, Any]) -> bool:
    """Whether an origin is a bucket: every other is custom (the website that S3 makes of a bucket, too) or in a VPC."""
    return not origin.keys() & {"CustomOriginConfig", "VpcOriginConfig"}


def _default_certificate(distribution: Distribution) -> bool:
    own = ("ACMCertificateArn", "IAMCertificateId")
    return not any(distribution["ViewerCertificate"].get(key) for key in own)


def _from_bucket(distribution: Distribution, target: str) -> bool:
    """Whether the origin, or one in the origin group, is a bucket (and not the website that S3 makes of one)."""
    groups = {group["Id"]: group["Members"]["Items"] for group in distribution["OriginGroups"].get("Items", [])}
    ids = {member["OriginId"] for member in groups.get(target, [])} | {target}
    return any(is_bucket(origin) for origin in distribution["Origins"]["Items"] if origin["Id"] in ids)
