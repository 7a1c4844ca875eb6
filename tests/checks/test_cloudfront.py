"""CloudFront: what the judges say of what viewers meet, and where each kind of logging is read from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.aws import Region
from bot.scan import identify
from checks import cloudfront, log_deliveries
from checks.kit import NotApplicable
from tests.checks.cases import Case

LOGS, ROOT = cloudfront.distribution_logs_requests, cloudfront.distribution_has_default_root_object
PLAIN, WAF = cloudfront.distribution_refuses_plain_http, cloudfront.distribution_has_web_acl
OWN, POLICY = cloudfront.distribution_has_its_own_certificate, cloudfront.distribution_uses_secure_tls_policy
SNI, SIGNED = cloudfront.distribution_uses_sni, cloudfront.distribution_trusts_key_groups
ARN = "arn:aws:cloudfront::123456789012:distribution/E1"
BUCKET = {"Id": "web", "DomainName": "web.s3.eu-west-1.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
API = {"Id": "api", "DomainName": "api.northwind.example", "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"}}
SHOP: Any = {
    "ARN": ARN,
    "Enabled": True,
    "Origins": {"Items": [BUCKET, API]},
    "OriginGroups": {"Quantity": 0},
    "DefaultCacheBehavior": {"ViewerProtocolPolicy": "redirect-to-https"},
    "CacheBehaviors": {"Quantity": 0},
    "WebACLId": "",
    "ViewerCertificate": {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1"},
}
OFF = SHOP | {"Enabled": False}


def config(*, legacy: bool = False, **behavior: str) -> dict[str, Any]:
    return {"Logging": {"Enabled": legacy}, "DefaultCacheBehavior": behavior}


def root(target: str, name: str = "", **behavior: Any) -> dict[str, Any]:
    return {"DefaultRootObject": name, "DefaultCacheBehavior": {"TargetOriginId": target} | behavior}


def behaving(default: dict[str, Any], **paths: dict[str, Any]) -> Any:
    items = [{"PathPattern": f"/{path}/*"} | one for path, one in paths.items()]
    return SHOP | {"DefaultCacheBehavior": default, "CacheBehaviors": {"Quantity": len(items), "Items": items}}


def certified(policy: str = "TLSv1.2_2021", method: str = "sni-only") -> Any:
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    own = {"ACMCertificateArn": certificate, "MinimumProtocolVersion": policy, "SSLSupportMethod": method}
    return SHOP | {"ViewerCertificate": own}


GROUP = {"Items": [{"Id": "both", "Members": {"Items": [{"OriginId": "web"}, {"OriginId": "spare"}]}}]}
NO_LOG, FUNCTION = "keeps no log of requests", {"Quantity": 1, "Items": [{"EventType": "viewer-request"}]}
ONLY, ALL = {"ViewerProtocolPolicy": "https-only"}, {"ViewerProtocolPolicy": "allow-all"}
SIGNERS, KEYS = ONLY | {"TrustedSigners": {"Enabled": True}}, ONLY | {"TrustedKeyGroups": {"Enabled": True}}

CASES = [
    Case(LOGS, [SHOP, config(), []], NO_LOG),
    Case(LOGS, [SHOP, config(), [ARN + "2"]], NO_LOG),
    Case(LOGS, [SHOP, config(), [ARN]], None),
    Case(LOGS, [SHOP, config(legacy=True), []], None),
    Case(
        LOGS, [SHOP, config(RealtimeLogConfigArn="arn:aws:cloudfront::123456789012:realtime-log-config/all"), []], None
    ),
    Case(LOGS, [OFF, config(), []], NotApplicable),
    Case(ROOT, [SHOP, root("web", "index.html")], None),
    Case(ROOT, [SHOP, root("web")], "has no default root object"),
    Case(ROOT, [SHOP | {"OriginGroups": GROUP}, root("both")], "has no default root object"),
    Case(ROOT, [SHOP, root("api")], NotApplicable),
    Case(ROOT, [SHOP, root("web", FunctionAssociations=FUNCTION)], NotApplicable),
    Case(ROOT, [OFF, root("web")], NotApplicable),
    Case(PLAIN, [behaving(ONLY)], None),
    Case(PLAIN, [behaving(ALL)], "serves plain HTTP for *"),
    Case(PLAIN, [behaving(ONLY, img=ALL, api=ONLY)], "serves plain HTTP for /img/*"),
    Case(WAF, [SHOP | {"WebACLId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/site/1"}], None),
    Case(WAF, [SHOP], "has no web ACL before it"),
    Case(WAF, [OFF], NotApplicable),
    Case(OWN, [certified()], None),
    Case(OWN, [SHOP], "uses CloudFront's default certificate"),
    *(Case(POLICY, [certified(policy)], None) for policy in ("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025")),
    *(
        Case(POLICY, [certified(policy)], f"lets viewers use old protocols or ciphers ({policy})")
        for policy in ("SSLv3", "TLSv1", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2_2019")
    ),
    Case(POLICY, [SHOP], NotApplicable),
    Case(SNI, [certified()], None),
    Case(SNI, [certified(method="vip")], "serves HTTPS from dedicated addresses (vip)"),
    Case(SNI, [SHOP], NotApplicable),
    Case(SIGNED, [behaving(KEYS)], None),
    Case(SIGNED, [behaving(ONLY, members=SIGNERS)], "trusts accounts' key pairs to sign for /members/*"),
    Case(SIGNED, [behaving(ONLY)], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_distributions_and_what_cloudwatch_logs_delivers(aws: Region) -> None:
    assert list(cloudfront.distributions.stream(aws)) == []
    secret = {"HeaderName": "X-Origin-Verify", "HeaderValue": "hunter2"}
    settings: Any = {
        "CallerReference": "shop",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [BUCKET | {"CustomHeaders": {"Quantity": 1, "Items": [secret]}}]},
        "DefaultCacheBehavior": {"TargetOriginId": "web", "ViewerProtocolPolicy": "redirect-to-https"},
    }
    client = aws.clients.session.client("cloudfront")
    made = client.create_distribution(DistributionConfig=settings)["Distribution"]
    [found] = cloudfront.distributions.stream(aws)
    assert identify(aws, cloudfront.distributions, found) == (made["ARN"], f"{made['DomainName']} ({made['Id']})")
    read = cloudfront.config.read(aws, found)
    assert "hunter2" not in str((found, read))
    assert LOGS.judge(found, read, cloudfront.delivered.read(aws, found)) == NO_LOG
    assert ROOT.judge(found, read) == "has no default root object"
    assert PLAIN.judge(found) is None
    assert WAF.judge(found) == "has no web ACL before it"
    assert OWN.judge(found) == "uses CloudFront's default certificate"


def test_what_is_delivered_is_read_where_cloudfront_keeps_it_and_china_has_none(aws: Region) -> None:
    aws.reads.once(log_deliveries.delivering, "us-east-1", lambda: iter([ARN]))
    assert cloudfront.delivered.read(aws, SHOP) == [ARN]
    assert cloudfront.delivered.read(replace(aws, partition="aws-cn"), SHOP) == []
