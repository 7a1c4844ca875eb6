"""A distribution of everything that is old, web ACLs without use, and classic load balancers."""

from __future__ import annotations

from typing import Any

from bot.demo.account_front import SEEN, custom_origin, listed, make_distribution, request_certificate
from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import pairs, tags


def fill_front(aws: Emulated) -> None:
    found = aws.client("acm").list_certificates()["CertificateSummaryList"]
    certificate = next(one["CertificateArn"] for one in found if one["DomainName"] == "*.northwind.example")
    hidden = {"CertificateTransparencyLoggingPreference": "DISABLED"}
    request_certificate(aws, "eu-west-1", name="launch.northwind.example", Options=hidden)
    _media(aws, request_certificate(aws, "us-east-1"))
    _web_acls(aws)
    _classic_load_balancers(aws, certificate)


def _media(aws: Emulated, certificate: str) -> None:
    """A distribution of everything that is old."""
    bucket = {"Id": "campaign", "DomainName": "northwind-campaign-2023.s3.eu-west-1.amazonaws.com"}
    past = bucket | {"S3OriginConfig": {"OriginAccessIdentity": ""}}
    only_http = {"OriginProtocolPolicy": "http-only", "HTTPPort": 80, "HTTPSPort": 443}
    old_tls = only_http | {"OriginProtocolPolicy": "https-only"}
    media = custom_origin("media.northwind.example", only_http | {"OriginSslProtocols": listed("TLSv1.2")})
    images = custom_origin("images.northwind.example", old_tls | {"OriginSslProtocols": listed("TLSv1", "TLSv1.2")})
    plain = {"TargetOriginId": "media.northwind.example", "ViewerProtocolPolicy": "allow-all"}
    signed = plain | {"TrustedSigners": listed("self") | {"Enabled": True}}
    old = {"ACMCertificateArn": certificate, "SSLSupportMethod": "vip", "MinimumProtocolVersion": "TLSv1.1_2016"}
    make_distribution(aws, "media", [media, images, past], signed, ViewerCertificate=old)


def _web_acls(aws: Emulated) -> None:
    """One with a rule nobody can watch, and one that was never given rules."""
    slow = {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}}
    unseen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": False, "MetricName": "slow-down"}
    rule = {"Name": "slow-down", "Priority": 0, "Statement": slow, "VisibilityConfig": unseen}
    for name, rules in (("loyalty", [rule | {"Action": {"Block": {}}}]), ("shop-next", [])):
        aws.client("wafv2").create_web_acl(
            Name=name,
            Scope="REGIONAL",
            DefaultAction={"Allow": {}},
            Tags=pairs(tags("shop")),
            Rules=rules,
            VisibilityConfig=SEEN | {"MetricName": name},
        )


def _classic_load_balancers(aws: Emulated, certificate: str) -> None:
    """Two that were never moved to Application Load Balancers."""
    balancing = aws.client("elb")
    uploaded = f"arn:aws:iam::{ACCOUNT}:server-certificate/old-shop"
    for name, zones, listeners in (
        ("old-shop", ["eu-west-1a"], [_listener("HTTP", 80), _listener("HTTPS", 443, uploaded)]),
        ("warehouse", ["eu-west-1a", "eu-west-1b"], [_listener("HTTPS", 443, certificate)]),
    ):
        request = {"LoadBalancerName": name, "AvailabilityZones": zones, "Tags": pairs(tags("platform"))}
        balancing.create_load_balancer(**request, Listeners=listeners)
    lax = {"AdditionalAttributes": [{"Key": "elb.http.desyncmitigationmode", "Value": "monitor"}]}
    balancing.modify_load_balancer_attributes(LoadBalancerName="old-shop", LoadBalancerAttributes=lax)
    logs = {"Enabled": True, "S3BucketName": "northwind-traders-logs", "EmitInterval": 60}
    good = {"ConnectionDraining": {"Enabled": True, "Timeout": 120}, "AccessLog": logs}
    balancing.modify_load_balancer_attributes(LoadBalancerName="warehouse", LoadBalancerAttributes=good)
    balancing.create_load_balancer_policy(
        LoadBalancerName="warehouse",
        PolicyName="tls-1-2",
        PolicyTypeName="SSLNegotiationPolicyType",
        PolicyAttributes=[{"AttributeName": "Protocol-TLSv1.2", "AttributeValue": "true"}],
    )
    balancing.set_load_balancer_policies_of_listener(
        LoadBalancerName="warehouse", LoadBalancerPort=443, PolicyNames=["tls-1-2"]
    )


def _listener(protocol: str, port: int, certificate: str = "") -> dict[str, Any]:
    inside = {"Protocol": protocol, "LoadBalancerPort": port, "InstanceProtocol": "HTTP", "InstancePort": 80}
    return inside | ({"SSLCertificateId": certificate} if certificate else {})
