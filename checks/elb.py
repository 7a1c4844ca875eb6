"""Elastic Load Balancing: Classic Load Balancers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from checks.elbv2 import LOG_NOTES
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
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_elb.type_defs import LoadBalancerAttributesOutputTypeDef as Attributes
    from types_boto3_elb.type_defs import LoadBalancerDescriptionTypeDef as LoadBalancer

MODIFY = "elb:ModifyLoadBalancerAttributes"
SET_POLICIES = "elb:SetLoadBalancerPoliciesOfListener"
NEGOTIATION = "SSLNegotiationPolicyType"
TLS_1_2 = "ELBSecurityPolicy-TLS-1-2-2017-01"
NEW_POLICY = "refuse-old-tls"
DESYNC = "elb.http.desyncmitigationmode"
OLD = frozenset({"SSLv2", "SSLv3", "TLSv1", "TLSv1.1"})
"""Protocols before TLS 1.2, as the attributes of a policy name them after `Protocol-`.
https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-security-policy-table.html"""

Policies = Mapping[str, Collection[str]]
"""Policy -> the protocols it allows, of the policies that a load balancer's TLS listeners use."""

load_balancers: Collector[LoadBalancer] = collect(
    "elb:DescribeLoadBalancers",
    "LoadBalancerDescriptions",
    arn="arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{LoadBalancerName}",
    name="{LoadBalancerName}",
)


@extra("elb:DescribeLoadBalancerAttributes")
def attributes(aws: Aws, balancer: LoadBalancer) -> Attributes:
    got = aws.call("elb:DescribeLoadBalancerAttributes", LoadBalancerName=balancer["LoadBalancerName"])
    found: Attributes = got["LoadBalancerAttributes"]
    return found


@extra("elb:DescribeLoadBalancerPolicies")
def policies(aws: Aws, balancer: LoadBalancer) -> Policies:
    used = {name for one in balancer["ListenerDescriptions"] if _tls(one) for name in one.get("PolicyNames", [])}
    if not used:
        return {}
    call = "elb:DescribeLoadBalancerPolicies"
    found = aws.items(
        call, "PolicyDescriptions", LoadBalancerName=balancer["LoadBalancerName"], PolicyNames=sorted(used)
    )
    return {
        policy["PolicyName"]: [
            one["AttributeName"].removeprefix("Protocol-")
            for one in policy["PolicyAttributeDescriptions"]
            if one["AttributeName"].startswith("Protocol-") and one["AttributeValue"] == "true"
        ]
        for policy in found
        if policy["PolicyTypeName"] == NEGOTIATION
    }


@check(load_balancers, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def classic_load_balancer_encrypts(balancer: LoadBalancer) -> Verdict:
    """Classic Load Balancer takes HTTPS or TLS from clients.

    Over plain HTTP, whoever sits between a client and the load balancer reads passwords and changes answers.

    Fix: Replace the HTTP listener with an HTTPS one; only an Application Load Balancer can redirect.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-https-load-balancers.html
    """
    listeners = [one["Listener"] for one in balancer["ListenerDescriptions"]]
    if all(one["Protocol"].upper() == "TCP" for one in listeners):
        raise NotApplicable("it passes TCP through, in which clients and targets may encrypt by themselves")
    plain = [str(one["LoadBalancerPort"]) for one in listeners if one["Protocol"].upper() == "HTTP"]
    return expect(not plain, f"serves plain HTTP on port {', '.join(plain)}")


@check(load_balancers, policies, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def classic_load_balancer_refuses_old_tls(balancer: LoadBalancer, policies: Policies) -> Verdict:
    """Classic Load Balancer refuses TLS versions before 1.2.

    Old versions let who sits between a client and the load balancer break the encryption.

    Fix: Set the security policy of its TLS listeners to ELBSecurityPolicy-TLS-1-2-2017-01.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-security-policy-table.html
    """
    if not any(map(_tls, balancer["ListenerDescriptions"])):
        raise NotApplicable("it has no TLS listener")
    if not policies:
        return "lets clients use TLS 1.0 and 1.1, as AWS's default policy of 2016 does"
    weak = OLD & {one for allowed in policies.values() for one in allowed}
    return expect(not weak, f"lets clients use {', '.join(sorted(weak))}")


@fix(
    classic_load_balancer_refuses_old_tls,
    "elb:CreateLoadBalancerPolicy",
    SET_POLICIES,
    "elb:DeleteLoadBalancerPolicy",
    risk=Risk.CUTS_ACCESS,
)
def refuse_old_tls(balancer: LoadBalancer, policies: Policies) -> Plan:
    """Set the security policy of TLS listeners to one without old TLS.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/ssl-config-update.html
    """
    which = {"LoadBalancerName": balancer["LoadBalancerName"]}
    now = _policies_in_words(
        {
            one["Listener"]["LoadBalancerPort"]: one.get("PolicyNames", [])
            for one in balancer["ListenerDescriptions"]
            if _tls(one)
        }
    )
    if NEW_POLICY in balancer.get("Policies", {}).get("OtherPolicies", []):
        raise NotApplicable(f"it has a policy named {NEW_POLICY} already: set that on the listeners, or remove it", now)
    had = {
        one["Listener"]["LoadBalancerPort"]: list(one.get("PolicyNames", []))
        for one in balancer["ListenerDescriptions"]
        if _tls(one) and _lets_old_in(one, policies)
    }
    if not had:
        raise NotApplicable("no TLS listener of it takes old versions", now)

    def use(port: int, names: Sequence[str]) -> Call:
        return Call(SET_POLICIES, which | {"LoadBalancerPort": port, "PolicyNames": [*names]})

    made = {"PolicyName": NEW_POLICY, "PolicyTypeName": NEGOTIATION}
    like = [{"AttributeName": "Reference-Security-Policy", "AttributeValue": TLS_1_2}]
    later = {port: [NEW_POLICY, *(name for name in names if name not in policies)] for port, names in had.items()}
    return Plan(
        do=[
            Call("elb:CreateLoadBalancerPolicy", which | made | {"PolicyAttributes": like}),
            *(use(port, names) for port, names in later.items()),
        ],
        undo=[
            *(use(port, names) for port, names in had.items()),
            Call("elb:DeleteLoadBalancerPolicy", which | {"PolicyName": NEW_POLICY}),
        ],
        before=_policies_in_words(had),
        after=_policies_in_words(later),
        notes=[
            f"{NEW_POLICY} is {TLS_1_2}. Clients that know only TLS 1.0 or 1.1 can no longer connect.",
            "Connections that are open go on. Other policies of the listeners, for sticky sessions say, stay.",
        ],
    )


def _policies_in_words(used: Mapping[int, Sequence[str]]) -> dict[str, str]:
    return {f"port {port}": ", ".join(names) or "AWS's default policy" for port, names in used.items()}


def _lets_old_in(listener: Any, policies: Policies) -> bool:
    """Whether old versions get in by a listener; without a policy AWS's default lets them in."""
    used = [policies[name] for name in listener.get("PolicyNames", []) if name in policies]
    return not used or any(OLD & {*allowed} for allowed in used)


@check(load_balancers, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def classic_load_balancer_uses_acm(balancer: LoadBalancer) -> Verdict:
    """Classic Load Balancer has its certificates from ACM.

    AWS Certificate Manager renews its certificates by itself; one uploaded to IAM expires when nobody remembers it.

    Fix: Request a certificate in ACM and set it on the load balancer's TLS listeners.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-update-ssl-cert.html
    """
    listeners = [one["Listener"] for one in balancer["ListenerDescriptions"] if _tls(one)]
    if not listeners:
        raise NotApplicable("it has no TLS listener")
    others = [str(one["LoadBalancerPort"]) for one in listeners if ":acm:" not in one["SSLCertificateId"]]
    return expect(not others, f"has a certificate that is not from ACM on port {', '.join(others)}")


@check(load_balancers, attributes, practice=Practice.MONITORING, severity=Severity.LOW)
def classic_load_balancer_logs_requests(balancer: LoadBalancer, attributes: Attributes) -> Verdict:
    """Classic Load Balancer keeps an access log.

    Its log shows who asked for what: the first thing to read after an attack on what is behind it.

    Fix: Turn on access logs of the load balancer, to a bucket that lets Elastic Load Balancing write.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/enable-access-logs.html
    """
    return expect(attributes["AccessLog"]["Enabled"], "keeps no access log")


@fix(classic_load_balancer_logs_requests, MODIFY, risk=Risk.SAFE)
def log_requests(balancer: LoadBalancer, attributes: Attributes, *, load_balancer_log_bucket: str) -> Plan:
    """Keep the access log in the bucket of the settings."""
    was = dict(attributes["AccessLog"])
    later = was | {"Enabled": True, "S3BucketName": load_balancer_log_bucket}
    return _change(balancer, "AccessLog", was, {"EmitInterval": 60} | later, LOG_NOTES)


@check(load_balancers, attributes, practice=Practice.BACKUP, severity=Severity.LOW)
def classic_load_balancer_drains_connections(balancer: LoadBalancer, attributes: Attributes) -> Verdict:
    """Classic Load Balancer drains connections.

    Without draining, requests in flight are cut off whenever an instance is taken out or found unhealthy.

    Fix: Turn on connection draining, with a timeout longer than requests take.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/config-conn-drain.html
    """
    return expect(attributes["ConnectionDraining"]["Enabled"], "cuts off requests when an instance is taken out")


@fix(classic_load_balancer_drains_connections, MODIFY, risk=Risk.SAFE)
def drain_connections(balancer: LoadBalancer, attributes: Attributes) -> Plan:
    """Turn on connection draining of the Classic Load Balancer."""
    was = dict(attributes["ConnectionDraining"])
    notes = ["Instances that are taken out wait for open requests first, for 300 seconds at most unless set otherwise."]
    return _change(balancer, "ConnectionDraining", was, {"Timeout": 300} | was | {"Enabled": True}, notes)


@check(load_balancers, attributes, practice=Practice.BACKUP, severity=Severity.LOW)
def classic_load_balancer_crosses_zones(balancer: LoadBalancer, attributes: Attributes) -> Verdict:
    """Classic Load Balancer spreads requests over all zones.

    Without it each zone gets the same share however many instances it has, and a zone with few is overrun.

    Fix: Turn on cross-zone load balancing.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/enable-disable-crosszone-lb.html
    """
    if len(balancer["AvailabilityZones"]) < 2:
        raise NotApplicable("it is in one zone")
    return expect(attributes["CrossZoneLoadBalancing"]["Enabled"], "does not spread requests over its zones")


@fix(classic_load_balancer_crosses_zones, MODIFY, risk=Risk.SAFE)
def cross_zones(balancer: LoadBalancer, attributes: Attributes) -> Plan:
    """Turn on cross-zone load balancing of the Classic Load Balancer."""
    if len(balancer["AvailabilityZones"]) < 2:
        raise NotApplicable("it is in one zone")
    notes = ["It happens at once. AWS does not charge a Classic Load Balancer for what crosses zones."]
    was = dict(attributes["CrossZoneLoadBalancing"])
    return _change(balancer, "CrossZoneLoadBalancing", was, {"Enabled": True}, notes)


@check(load_balancers, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def classic_load_balancer_is_in_several_zones(balancer: LoadBalancer, *, zones: int = 2) -> Verdict:
    """Classic Load Balancer is in several Availability Zones.

    When the only zone of a load balancer fails, so does everything behind it.

    Fix: Add subnets in other Availability Zones to the load balancer, with instances in them.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/enable-disable-az.html
    """
    found = len(balancer["AvailabilityZones"])
    return expect(found >= zones, f"is in {'1 zone' if found == 1 else f'{found} zones'}, not {zones}")


@check(load_balancers, attributes, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def classic_load_balancer_mitigates_desync(balancer: LoadBalancer, attributes: Attributes) -> Verdict:
    """Classic Load Balancer guards against request desync.

    In monitor mode it lets through ambiguous requests, with which one client can poison the answers to others.

    Fix: Set the desync mitigation mode to defensive, as it is by default, or to strictest.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/config-desync-mitigation-mode.html
    """
    _speaks_http(balancer)
    mode = _mode(attributes)
    return expect(mode in ("defensive", "strictest"), f"only monitors ambiguous requests (mode {mode})")


@fix(classic_load_balancer_mitigates_desync, MODIFY, risk=Risk.CUTS_ACCESS)
def mitigate_desync(balancer: LoadBalancer, attributes: Attributes) -> Plan:
    """Set the Classic Load Balancer's desync mitigation to defensive."""
    _speaks_http(balancer)
    notes = ["Requests that are ambiguous or break RFC 7230 badly are refused or lose their connection; others go on."]

    def value(mode: str) -> list[dict[str, str]]:
        return [{"Key": DESYNC, "Value": mode}]

    return _change(balancer, "AdditionalAttributes", value(_mode(attributes)), value("defensive"), notes)


def _tls(listener: Any) -> bool:
    return str(listener["Listener"]["Protocol"]).upper() in ("HTTPS", "SSL")


def _speaks_http(balancer: LoadBalancer) -> None:
    protocols = {one["Listener"]["Protocol"].upper() for one in balancer["ListenerDescriptions"]}
    if not protocols & {"HTTP", "HTTPS"}:
        raise NotApplicable("it does not read HTTP")


def _mode(attributes: Attributes) -> str:
    found = {one["Key"]: one["Value"] for one in attributes.get("AdditionalAttributes", [])}
    return found.get(DESYNC, "defensive")


def _change(balancer: LoadBalancer, setting: str, was: Any, to: Any, notes: Sequence[str]) -> Plan:
    """Change one group of attributes; AWS keeps those that are not sent."""

    def call(value: Any) -> Call:
        changed = {"LoadBalancerName": balancer["LoadBalancerName"], "LoadBalancerAttributes": {setting: value}}
        return Call(MODIFY, changed)

    return Plan(
        do=[call(to)], undo=[call(was)], before={setting: _in_words(was)}, after={setting: _in_words(to)}, notes=notes
    )


def _in_words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(one["Value"] for one in value)
    return str(value.get("S3BucketName", "on")) if value["Enabled"] else "off"
