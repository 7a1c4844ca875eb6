"""What customers met first before there was a checkout: classic load balancers."""

from __future__ import annotations

from bot.demo.account_front import _listener
from bot.demo.aws import ACCOUNT, Emulated
from bot.demo.tags import pairs, tags

SEEN = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True}
OLD_POLICY, NEW_POLICY = "ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS13-1-2-2021-06"
S3_WEBSITE = {"HostedZoneId": "Z1BKCTXD74EZPE", "DNSName": "s3-website-eu-west-1.amazonaws.com."}


def fill_front(aws: Emulated, certificate: str) -> None:
    _classic_load_balancers(aws, certificate)


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
