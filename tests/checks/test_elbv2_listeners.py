"""Listeners and target groups: what the judges say, what is read, and the listeners that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import elbv2_listeners
from checks.kit import NotApplicable
from tests.checks.cases import Case
from tests.checks.test_elbv2 import make

REDIRECTS, POLICY = elbv2_listeners.http_listener_redirects_to_https, elbv2_listeners.listener_uses_secure_tls_policy
TARGETS = elbv2_listeners.target_group_encrypts_traffic
HTTP, HTTPS = {"Protocol": "HTTP", "ListenerArn": "arn"}, {"Protocol": "HTTPS", "ListenerArn": "arn"}
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-web/1"
FORWARD = {"Type": "forward", "TargetGroupArn": GROUP}
REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
MOVED = {"Type": "redirect", "RedirectConfig": {"Host": "www.northwind.example", "StatusCode": "HTTP_301"}}
REFUSE = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


def rule(action: Mapping[str, Any], *, default: bool = False) -> dict[str, Any]:
    return {"Actions": [action], "IsDefault": default}


def policy(name: str) -> list[dict[str, Any]]:
    return [HTTPS | {"SslPolicy": f"ELBSecurityPolicy-{name}"}]


def group(protocol: str = "HTTP", target: str = "instance", balancers: tuple[str, ...] = ("arn",)) -> dict[str, Any]:
    return {"Protocol": protocol, "TargetType": target, "LoadBalancerArns": list(balancers)}


CASES = [
    Case(REDIRECTS, [HTTP, [rule(REDIRECT, default=True)]], None),
    Case(REDIRECTS, [HTTP, [rule(REDIRECT), rule(REFUSE, default=True)]], None),
    Case(REDIRECTS, [HTTP, [rule(FORWARD, default=True)]], "serves plain HTTP"),
    Case(REDIRECTS, [HTTP, [rule(MOVED, default=True)]], "serves plain HTTP"),
    Case(REDIRECTS, [HTTP, [rule(FORWARD), rule(REDIRECT, default=True)]], "serves plain HTTP by 1 of its 2 rules"),
    Case(REDIRECTS, [HTTPS, []], NotApplicable),
    Case(REDIRECTS, [{"Protocol": "TCP"}, []], NotApplicable),
    *(
        Case(POLICY, policy(name), None)
        for name in (
            "TLS13-1-2-2021-06",
            "TLS13-1-2-Res-2021-06",
            "FS-1-2-Res-2020-10",
            "FS-1-2-Res-2019-08",
            "TLS13-1-3-2021-06",
            "TLS13-1-2-FIPS-2023-04",
            "TLS13-1-2-Res-PQ-2025-09",
            "TLS13-1-2-Res-FIPS-PQ-2025-09",
        )
    ),
    *(
        Case(POLICY, policy(name), f"lets clients use TLS 1.0 or 1.1 (ELBSecurityPolicy-{name})")
        for name in ("2016-08", "TLS-1-0-2015-04", "TLS-1-1-2017-01", "FS-2018-06", "TLS13-1-0-2021-06")
    ),
    *(
        Case(POLICY, policy(name), f"allows ciphers that AWS keeps for old clients (ELBSecurityPolicy-{name})")
        for name in ("TLS-1-2-2017-01", "TLS13-1-2-Ext1-2021-06", "FS-1-2-2019-08", "TLS13-1-2-Ext2-FIPS-2023-04")
    ),
    Case(POLICY, policy("TLS13-1-2-FIPS-2023-04"), None, {"fips": True}),
    Case(
        POLICY,
        policy("TLS13-1-2-2021-06"),
        "uses a policy without FIPS-validated cryptography (ELBSecurityPolicy-TLS13-1-2-2021-06)",
        {"fips": True},
    ),
    Case(POLICY, policy("TLS13-1-2-PQ-2025-09"), None, {"post_quantum": True}),
    Case(
        POLICY,
        policy("TLS13-1-2-2021-06"),
        "uses a policy without post-quantum key exchange (ELBSecurityPolicy-TLS13-1-2-2021-06)",
        {"post_quantum": True},
    ),
    Case(POLICY, [HTTP], NotApplicable),
    Case(TARGETS, [group("HTTPS")], None),
    Case(TARGETS, [group("TLS")], None),
    Case(TARGETS, [group()], "sends requests to its targets in plain text"),
    Case(TARGETS, [group("TCP")], NotApplicable),
    Case(TARGETS, [group("GENEVE")], NotApplicable),
    Case(TARGETS, [group(balancers=())], NotApplicable),
    Case(TARGETS, [{"TargetType": "lambda", "LoadBalancerArns": ["arn"]}], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def listen(aws: boto3.Session, *, certificate: bool, name: str = "") -> None:
    """A load balancer that forwards HTTP, and HTTPS with a policy of old when there is a certificate."""
    client, arn = aws.client("elbv2"), make(aws)
    vpc = aws.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    made = client.create_target_group(Name="shop-web", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
    forward: Any = [{"Type": "forward", "TargetGroupArn": made["TargetGroupArn"]}]
    if not name:
        client.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=forward)
    if certificate:
        asked = aws.client("acm").request_certificate(DomainName="shop.northwind.example")["CertificateArn"]
        client.create_listener(
            LoadBalancerArn=arn,
            Protocol="HTTPS",
            Port=443,
            DefaultActions=forward,
            Certificates=[{"CertificateArn": asked}],
            SslPolicy=name or elbv2_listeners.RECOMMENDED,
        )


def test_reads_listeners_their_rules_and_target_groups(aws: Region) -> None:
    listen(aws.clients.session, certificate=True)
    found = {one["Protocol"]: one for one in elbv2_listeners.listeners.stream(aws)}
    arn, name = identify(aws, elbv2_listeners.listeners, found["HTTP"])
    assert (arn, name) == (found["HTTP"]["ListenerArn"], "shop:80")
    [default] = elbv2_listeners.rules.read(aws, found["HTTP"])
    assert REDIRECTS.judge(found["HTTP"], [default]) == "serves plain HTTP"
    assert elbv2_listeners.rules.read(aws, found["HTTPS"]) == []
    [group] = elbv2_listeners.target_groups.stream(aws)
    assert TARGETS.judge(group) == "sends requests to its targets in plain text"


SECURE = HTTPS | {"Port": 8443}
RULES = [rule(FORWARD, default=True)]


def test_it_redirects_to_the_https_listener_there_is() -> None:
    http = HTTP | {"DefaultActions": [FORWARD | {"ForwardConfig": {"TargetGroups": [{"TargetGroupArn": GROUP}]}}]}
    plan = elbv2_listeners.redirect_to_https.plan(http, RULES, [http, SECURE])
    assert plan.before == {"default action": "forward to shop-web"}
    assert plan.after == {"default action": "redirect to HTTPS:8443"}


def test_it_does_not_redirect_without_an_https_listener_or_with_rules_that_go_on_serving() -> None:
    http = HTTP | {"DefaultActions": [FORWARD]}
    with pytest.raises(NotApplicable, match="no HTTPS listener"):
        elbv2_listeners.redirect_to_https.plan(http, RULES, [http])
    with pytest.raises(NotApplicable, match="rules of its own"):
        elbv2_listeners.redirect_to_https.plan(http, [rule(FORWARD), *RULES], [SECURE])


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    REDIRECTS.id: lambda aws: listen(aws, certificate=True),
    POLICY.id: lambda aws: listen(aws, certificate=True, name="ELBSecurityPolicy-2016-08"),
}
