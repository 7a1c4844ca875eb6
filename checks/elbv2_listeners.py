"""Elastic Load Balancing: listeners and target groups of Application and Network Load Balancers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from checks.elbv2 import load_balancers
from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import TargetGroupTypeDef as TargetGroup

MODIFY = "elbv2:ModifyListener"
RECOMMENDED = "ELBSecurityPolicy-TLS13-1-2-2021-06"
SECURE = re.compile(r"ELBSecurityPolicy-(TLS13-1-[23](-Res)?(-FIPS)?(-PQ)?-\d{4}-\d{2}|FS-1-2-Res-20(19-08|20-10))")
"""TLS 1.2 and up, without the ciphers of the Ext policies, which AWS keeps for old clients. FS-1-2-Res lacks TLS
1.3, and has no ciphers of TLS 1.2 but theirs.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"""
OLD = re.compile(
    r"ELBSecurityPolicy-(2015-05|2016-08|TLS-1-[01]-.*|FS-2018-06|FS-1-1-.*|TLS13-1-[01](-FIPS)?(-PQ)?-\d{4}-\d{2})"
)
"""Those with TLS 1.0 or 1.1. Source: the same page."""
PLAIN = ("forward", "jwt-validation")  # what serves a request over HTTP rather than turning it away

Listener: TypeAlias = Mapping[str, Any]
"""AWS's Listener with a key of ours: `balancer`, the name of its load balancer."""


@collector(
    "elbv2:DescribeListeners",
    arn="{ListenerArn}",
    name="{balancer}:{Port}",
    needs=(load_balancers,),
    within="{LoadBalancerArn}",
)
def listeners(aws: Aws) -> Iterator[Listener]:
    """Those of Application and Network Load Balancers: one of a Gateway Load Balancer has no protocol and no port."""
    balancers = [one for one in aws.read(load_balancers) if one["Type"] != "gateway"]

    def of(balancer: Any) -> list[Listener]:
        found = aws.items("elbv2:DescribeListeners", "Listeners", LoadBalancerArn=balancer["LoadBalancerArn"])
        return [listener | {"balancer": balancer["LoadBalancerName"]} for listener in found]

    for found in aws.each(of, balancers):
        yield from found


target_groups: Collector[TargetGroup] = collect(
    "elbv2:DescribeTargetGroups", "TargetGroups", arn="{TargetGroupArn}", name="{TargetGroupName}"
)


@extra("elbv2:DescribeRules")
def rules(aws: Aws, listener: Listener) -> Sequence[Mapping[str, Any]]:
    """The rules of an HTTP listener, its default action among them."""
    if listener["Protocol"] != "HTTP":
        return []
    return list(aws.items("elbv2:DescribeRules", "Rules", ListenerArn=listener["ListenerArn"]))


@extra("elbv2:DescribeListeners")
def siblings(aws: Aws, listener: Listener) -> Sequence[Listener]:
    """All listeners of its load balancer."""
    return list(aws.items("elbv2:DescribeListeners", "Listeners", LoadBalancerArn=listener["LoadBalancerArn"]))


@check(listeners, rules, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def http_listener_redirects_to_https(listener: Listener, rules: Sequence[Mapping[str, Any]]) -> Verdict:
    """HTTP listener of a load balancer redirects to HTTPS.

    Over plain HTTP, whoever sits between a client and the load balancer reads passwords and changes answers.

    Fix: Add an HTTPS listener and make every rule of the HTTP listener a redirect to it.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/create-http-listener.html
    """
    if listener["Protocol"] != "HTTP":
        raise NotApplicable("it does not speak HTTP")
    serving = [rule for rule in rules if any(map(_serves, rule["Actions"]))]
    if not serving:
        return None
    if all(rule["IsDefault"] for rule in serving):
        return "serves plain HTTP"
    return f"serves plain HTTP by {len(serving)} of its {len(rules)} rules"


@fix(http_listener_redirects_to_https, MODIFY, risk=Risk.CUTS_ACCESS, reads=(siblings,))
def redirect_to_https(listener: Listener, rules: Sequence[Mapping[str, Any]], siblings: Sequence[Listener]) -> Plan:
    """Make the HTTP listener redirect to HTTPS."""
    https = sorted(one["Port"] for one in siblings if one["Protocol"] == "HTTPS")
    if not https:
        raise NotApplicable("its load balancer has no HTTPS listener to redirect to")
    if any(not rule["IsDefault"] and any(map(_serves, rule["Actions"])) for rule in rules):
        raise NotApplicable("it has rules of its own, which keep serving: each has to be looked at")
    port = str(443 if 443 in https else https[0])
    redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": port, "StatusCode": "HTTP_302"}}
    was = [dict(action) for action in listener["DefaultActions"]]

    def call(actions: Sequence[Mapping[str, Any]]) -> Call:
        return Call(MODIFY, {"ListenerArn": listener["ListenerArn"], "DefaultActions": actions})

    return Plan(
        do=[call([redirect])],
        undo=[call(was)],
        before={"default action": ", ".join(map(_in_words, was))},
        after={"default action": _in_words(redirect)},
        notes=[
            "Clients that do not follow redirects, or send POST over HTTP, stop working; browsers do not notice.",
            "A CDN or proxy that reaches the load balancer over HTTP would be redirected forever: look there first.",
            "The redirect is a temporary one (302), which no browser remembers if it is undone.",
        ],
    )


@check(listeners, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def listener_uses_secure_tls_policy(listener: Listener, *, fips: bool = False, post_quantum: bool = False) -> Verdict:
    """TLS listener uses a security policy AWS recommends.

    Old policies let a client, or who sits between, fall back to TLS 1.0 or to ciphers that can be broken.

    Fix: Set the security policy to ELBSecurityPolicy-TLS13-1-2-2021-06 or a stricter one.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
    """
    if listener["Protocol"] not in ("HTTPS", "TLS"):
        raise NotApplicable("it does not speak TLS")
    policy = listener["SslPolicy"]
    if OLD.fullmatch(policy):
        return f"lets clients use TLS 1.0 or 1.1 ({policy})"
    if not SECURE.fullmatch(policy):
        return f"allows ciphers that AWS keeps for old clients ({policy})"
    if fips and "-FIPS" not in policy:
        return f"uses a policy without FIPS-validated cryptography ({policy})"
    return expect(not post_quantum or "-PQ" in policy, f"uses a policy without post-quantum key exchange ({policy})")


@fix(listener_uses_secure_tls_policy, MODIFY, risk=Risk.CUTS_ACCESS)
def use_secure_tls_policy(listener: Listener, *, fips: bool = False, post_quantum: bool = False) -> Plan:
    """Set the listener's security policy to the one AWS recommends."""
    if listener["Protocol"] not in ("HTTPS", "TLS"):
        raise NotApplicable("it does not speak TLS")
    if fips or post_quantum:
        raise NotApplicable("which policy of those that are asked for suits the clients is for a person to say")
    if listener["SslPolicy"] == RECOMMENDED:
        raise NotApplicable("it uses the one AWS recommends")

    def call(policy: str) -> Call:
        return Call(MODIFY, {"ListenerArn": listener["ListenerArn"], "SslPolicy": policy})

    return Plan(
        do=[call(RECOMMENDED)],
        undo=[call(listener["SslPolicy"])],
        before={"security policy": listener["SslPolicy"]},
        after={"security policy": RECOMMENDED},
        notes=[
            "Clients that know neither TLS 1.2 nor 1.3 can no longer connect; the access log tells who they are.",
            "New connections use it within a minute or so; those that are open go on.",
        ],
    )


@check(target_groups, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def target_group_encrypts_traffic(group: TargetGroup) -> Verdict:
    """Load balancer encrypts the traffic to its targets.

    What goes to the targets in plain text can be read and changed by whoever gets into the network between.

    Fix: Give the targets a certificate (a self-signed one will do) and make a target group with HTTPS or TLS.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
    """
    if not group["LoadBalancerArns"]:
        raise NotApplicable("no load balancer uses it")
    if group["TargetType"] in ("lambda", "alb"):
        raise NotApplicable("what it targets is reached inside AWS or encrypts by itself")
    if group["Protocol"] not in ("HTTP", "HTTPS", "TLS"):
        raise NotApplicable(f"over {group['Protocol']} the targets may encrypt by themselves")
    return expect(group["Protocol"] != "HTTP", "sends requests to its targets in plain text")


def _serves(action: Mapping[str, Any]) -> bool:
    if action["Type"] == "redirect":
        return bool(action["RedirectConfig"].get("Protocol", "#{protocol}") != "HTTPS")
    return action["Type"] in PLAIN


def _in_words(action: Mapping[str, Any]) -> str:
    """An action as a person reads it: "forward to shop-web", "redirect to HTTPS:443"."""
    if action["Type"] == "redirect":
        to = action["RedirectConfig"]
        return f"redirect to {to.get('Protocol', 'the same protocol')}:{to.get('Port', 'the same port')}"
    groups = action.get("ForwardConfig", {}).get("TargetGroups", []) or [action]
    names = [one["TargetGroupArn"].split("/")[-2] for one in groups if "TargetGroupArn" in one]
    return f"{action['Type']} to {', '.join(names)}" if names else str(action["Type"])
