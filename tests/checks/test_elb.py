"""Classic Load Balancers: what the judges say, what is read of one, and the broken ones that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import elb
from checks.kit import NotApplicable
from tests.checks.cases import Case

ENCRYPTS, OLD, ACM = (
    elb.classic_load_balancer_encrypts,
    elb.classic_load_balancer_refuses_old_tls,
    elb.classic_load_balancer_uses_acm,
)
LOGS, DRAINS = elb.classic_load_balancer_logs_requests, elb.classic_load_balancer_drains_connections
CROSSES, ZONES = elb.classic_load_balancer_crosses_zones, elb.classic_load_balancer_is_in_several_zones
DESYNC = elb.classic_load_balancer_mitigates_desync
CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/a1"
UPLOADED = "arn:aws:iam::123456789012:server-certificate/shop"


def balancer(*listeners: dict[str, Any], zones: int = 2) -> dict[str, Any]:
    return {
        "ListenerDescriptions": [{"Listener": one, "PolicyNames": ["p"]} for one in listeners],
        "AvailabilityZones": [f"eu-west-1{letter}" for letter in "abc"[:zones]],
    }


def listener(protocol: str, port: int, certificate: str = CERTIFICATE) -> dict[str, Any]:
    return {"Protocol": protocol, "LoadBalancerPort": port, "SSLCertificateId": certificate}


HTTP, HTTPS, SSL, TCP = listener("HTTP", 80), listener("HTTPS", 443), listener("SSL", 465), listener("TCP", 443)
SECURE = {"p": ["TLSv1.2"]}
MODE = {"Key": elb.DESYNC, "Value": "monitor"}
MONITORS = "only monitors ambiguous requests (mode monitor)"

CASES = [
    Case(ENCRYPTS, [balancer(HTTPS, SSL)], None),
    Case(ENCRYPTS, [balancer(HTTPS, TCP)], None),
    Case(ENCRYPTS, [balancer(HTTP, HTTPS)], "serves plain HTTP on port 80"),
    Case(ENCRYPTS, [balancer(listener("http", 8080))], "serves plain HTTP on port 8080"),
    Case(ENCRYPTS, [balancer(TCP)], NotApplicable),
    Case(OLD, [balancer(HTTPS), SECURE], None),
    Case(OLD, [balancer(HTTPS), {"p": ["TLSv1", "TLSv1.1", "TLSv1.2"]}],
         "lets clients use TLSv1, TLSv1.1"),
    Case(OLD, [balancer(SSL), {"a": ["TLSv1.2"], "b": ["SSLv3"]}], "lets clients use SSLv3"),
    Case(OLD, [balancer(HTTPS), {}], "lets clients use TLS 1.0 and 1.1, as AWS's default policy of 2016 does"),
    Case(OLD, [balancer(HTTP, TCP), {}], NotApplicable),
    Case(ACM, [balancer(HTTP, HTTPS)], None),
    Case(ACM, [balancer(HTTPS, listener("SSL", 465, UPLOADED))], "has a certificate that is not from ACM on port 465"),
    Case(ACM, [balancer(HTTP)], NotApplicable),
    Case(LOGS, [{}, {"AccessLog": {"Enabled": True}}], None),
    Case(LOGS, [{}, {"AccessLog": {"Enabled": False}}], "keeps no access log"),
    Case(DRAINS, [{}, {"ConnectionDraining": {"Enabled": True, "Timeout": 60}}], None),
    Case(DRAINS, [{}, {"ConnectionDraining": {"Enabled": False, "Timeout": 60}}],
         "cuts off requests when an instance is taken out"),
    Case(CROSSES, [balancer(HTTP), {"CrossZoneLoadBalancing": {"Enabled": True}}], None),
    Case(CROSSES, [balancer(HTTP), {"CrossZoneLoadBalancing": {"Enabled": False}}],
         "does not spread requests over its zones"),
    Case(CROSSES, [balancer(HTTP, zones=1), {"CrossZoneLoadBalancing": {"Enabled": False}}], NotApplicable),
    Case(ZONES, [balancer(HTTP)], None),
    Case(ZONES, [balancer(HTTP, zones=1)], "is in 1 zone, not 2"),
    Case(ZONES, [balancer(HTTP)], "is in 2 zones, not 3", {"zones": 3}),
    Case(DESYNC, [balancer(HTTP), {}], None),
    Case(DESYNC, [balancer(HTTPS), {"AdditionalAttributes": [MODE | {"Value": "strictest"}]}], None),
    Case(DESYNC, [balancer(HTTP), {"AdditionalAttributes": [MODE]}], MONITORS),
    Case(DESYNC, [balancer(TCP), {"AdditionalAttributes": [MODE]}], NotApplicable),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def make(aws: boto3.Session, zones: str = "ab") -> None:
    listeners: Any = [{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}]
    aws.client("elb").create_load_balancer(
        LoadBalancerName="old-shop", Listeners=listeners, AvailabilityZones=[f"eu-west-1{zone}" for zone in zones]
    )


def test_reads_a_balancer_its_attributes_and_the_policies_of_its_tls_listeners(aws: Region) -> None:
    make(aws.clients.session)
    client = aws.clients.session.client("elb")
    old: Any = [{"AttributeName": "Protocol-TLSv1", "AttributeValue": "true"}]
    client.create_load_balancer_policy(
        LoadBalancerName="old-shop", PolicyName="p", PolicyTypeName="SSLNegotiationPolicyType", PolicyAttributes=old
    )
    [found] = elb.load_balancers.stream(aws)
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/old-shop"
    assert identify(aws, elb.load_balancers, found) == (arn, "old-shop")
    assert not elb.attributes.read(aws, found)["AccessLog"]["Enabled"]
    assert elb.policies.read(aws, found) == {}, "it has no TLS listener, so AWS is not asked"
    with_tls: Any = {"LoadBalancerName": "old-shop"} | balancer(HTTPS)
    assert elb.policies.read(aws, with_tls) == {"p": ["TLSv1"]}


def test_only_listeners_with_old_tls_get_the_new_policy_and_keep_their_others() -> None:
    found: Any = {"LoadBalancerName": "old-shop"} | balancer(HTTPS, listener("SSL", 465))
    found["ListenerDescriptions"][0]["PolicyNames"] = ["p", "sticky"]
    found["ListenerDescriptions"][1]["PolicyNames"] = ["new"]
    plan = elb.refuse_old_tls.plan(found, {"p": ["TLSv1", "TLSv1.2"], "new": ["TLSv1.2"]})
    [_, one] = plan.do
    assert one.params["PolicyNames"] == [elb.NEW_POLICY, "sticky"]
    assert [call.params.get("PolicyNames", "gone") for call in plan.undo] == [["p", "sticky"], "gone"]
    for of in (found | {"Policies": {"OtherPolicies": [elb.NEW_POLICY]}}, balancer() | {"LoadBalancerName": "x"}):
        with pytest.raises(NotApplicable):
            elb.refuse_old_tls.plan(of, {"p": ["TLSv1"]})


def undrained(aws: boto3.Session) -> None:
    make(aws)


def monitoring(aws: boto3.Session) -> None:
    make(aws)
    lax: Any = {"AdditionalAttributes": [MODE]}
    aws.client("elb").modify_load_balancer_attributes(LoadBalancerName="old-shop", LoadBalancerAttributes=lax)


def old_tls(aws: boto3.Session) -> None:
    client = aws.client("elb")
    certificate = aws.client("acm").request_certificate(DomainName="shop.example")["CertificateArn"]
    listeners: Any = [
        {"Protocol": "HTTPS", "LoadBalancerPort": 443, "InstancePort": 80, "SSLCertificateId": certificate}
    ]
    client.create_load_balancer(LoadBalancerName="old-shop", Listeners=listeners, AvailabilityZones=["eu-west-1a"])
    old: Any = [{"AttributeName": "Protocol-TLSv1", "AttributeValue": "true"}]
    which: Any = {"LoadBalancerName": "old-shop"}
    client.create_load_balancer_policy(
        **which, PolicyName="p", PolicyTypeName="SSLNegotiationPolicyType", PolicyAttributes=old
    )
    client.set_load_balancer_policies_of_listener(**which, LoadBalancerPort=443, PolicyNames=["p"])


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    DRAINS.id: undrained,
    CROSSES.id: undrained,
    DESYNC.id: monitoring,
    OLD.id: old_tls,
    LOGS.id: undrained,
}
