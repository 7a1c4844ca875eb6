"""CloudFront's origins: what the judges say, and how a bucket that is nobody's is told from another's."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import cloudfront_origins, s3_names
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case
from tests.checks.test_cloudfront import ALL, BUCKET, OFF, ONLY, behaving

EXISTS, CONTROL = (
    cloudfront_origins.distribution_fetches_from_buckets_that_exist,
    cloudfront_origins.distribution_uses_origin_access_control,
)
ENCRYPTS, OLD = (
    cloudfront_origins.distribution_encrypts_to_origins,
    cloudfront_origins.distribution_refuses_old_tls_to_origins,
)
WEB, URL = "web.s3.eu-west-1.amazonaws.com", "a1b2.lambda-url.eu-west-1.on.aws"
SITE = "web.s3-website-eu-west-1.amazonaws.com"
CONTROLLED = BUCKET | {"OriginAccessControlId": "E2"}
IDENTITY = BUCKET | {"S3OriginConfig": {"OriginAccessIdentity": "origin-access-identity/cloudfront/E3"}}
VPC = {"DomainName": "alb.internal", "VpcOriginConfig": {"VpcOriginId": "vo_1"}}


def shop(*origins: dict[str, Any], behavior: dict[str, Any] = ONLY) -> Any:
    return behaving(behavior) | {"Origins": {"Items": list(origins)}}


def custom(policy: str = "https-only", *tls: str, domain: str = "api.northwind.example") -> dict[str, Any]:
    settings = {"OriginProtocolPolicy": policy, "OriginSslProtocols": {"Items": list(tls or ("TLSv1.2",))}}
    return {"DomainName": domain, "CustomOriginConfig": settings}


PLAIN = "fetches over plain HTTP from"
LAMBDA = custom(domain=URL)

CASES = [
    Case(EXISTS, [shop(BUCKET), []], None),
    Case(EXISTS, [shop(BUCKET, custom()), ["web"]], "fetches from a bucket that does not exist: web"),
    Case(EXISTS, [shop(custom(domain=SITE)), ["web"]], "fetches from a bucket that does not exist: web"),
    Case(EXISTS, [shop(custom()), []], NotApplicable),
    Case(EXISTS, [OFF, ["web"]], NotApplicable),
    Case(CONTROL, [shop(CONTROLLED, custom())], None),
    Case(CONTROL, [shop(LAMBDA | {"OriginAccessControlId": "E2"})], None),
    Case(CONTROL, [shop(CONTROLLED, BUCKET)], f"fetches from {WEB} like anybody, without origin access control"),
    Case(CONTROL, [shop(LAMBDA)], f"fetches from {URL} like anybody, without origin access control"),
    Case(CONTROL, [shop(IDENTITY)], f"fetches from {WEB} with a legacy origin access identity"),
    Case(CONTROL, [shop(custom(domain=SITE))], NotApplicable),
    Case(CONTROL, [shop(VPC)], NotApplicable),
    Case(ENCRYPTS, [shop(custom(), BUCKET)], None),
    Case(ENCRYPTS, [shop(custom("match-viewer"))], None),
    Case(ENCRYPTS, [shop(custom("match-viewer"), behavior=ALL)], f"{PLAIN} api.northwind.example"),
    Case(ENCRYPTS, [shop(custom("http-only"))], f"{PLAIN} api.northwind.example"),
    Case(
        ENCRYPTS,
        [shop(custom("http-only", domain=SITE))],
        f"{PLAIN} {SITE} (an S3 website endpoint speaks only HTTP)",
    ),
    Case(ENCRYPTS, [shop(BUCKET, VPC)], NotApplicable),
    Case(OLD, [shop(custom())], None),
    Case(OLD, [shop(custom("https-only", "TLSv1", "TLSv1.2"))], "may use TLSv1 to api.northwind.example"),
    Case(OLD, [shop(custom("https-only", "TLSv1.1", "TLSv1.2"))], None, {"refused": ("SSLv3",)}),
    Case(OLD, [shop(custom("http-only", "SSLv3"))], NotApplicable),
    Case(OLD, [shop(BUCKET)], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("web.s3.amazonaws.com", "web"),
        ("www.northwind.example.s3.eu-west-1.amazonaws.com", "www.northwind.example"),
        ("web.s3-eu-west-1.amazonaws.com", "web"),
        ("web.s3.dualstack.eu-west-1.amazonaws.com", "web"),
        ("web.s3-website-eu-west-1.amazonaws.com", "web"),
        ("web.s3-website.eu-central-1.amazonaws.com.", "web"),
        ("web.s3.cn-north-1.amazonaws.com.cn", "web"),
        ("s3-website-eu-west-1.amazonaws.com", ""),
        ("shop-a1-s3alias.s3.eu-west-1.amazonaws.com", ""),
        ("m1.mrap.accesspoint.s3-global.amazonaws.com", ""),
        ("a1.execute-api.eu-west-1.amazonaws.com", ""),
        ("www.northwind.example", ""),
    ],
)
def test_which_bucket_a_host_name_stands_for(host: str, bucket: str) -> None:
    assert s3_names.bucket_of(host) == bucket


def test_a_bucket_is_gone_only_when_s3_says_so(aws: Region) -> None:
    aws.clients.session.client("s3", "us-east-1").create_bucket(Bucket="web")
    other: Any = BUCKET | {"DomainName": "forgotten.s3.amazonaws.com"}
    assert cloudfront_origins.gone.read(aws, shop(BUCKET, other)) == ["forgotten"]


def test_whether_somebody_elses_bucket_exists_cannot_be_told(aws: Region) -> None:
    with Stubber(aws.clients.get("s3", aws.region)) as stub:
        stub.add_response("list_buckets", {"Buckets": []})
        stub.add_client_error("get_bucket_location", "AccessDenied", http_status_code=403)
        with pytest.raises(Unknown, match="web is not this account's"):
            s3_names.gone(aws, ["web"])
