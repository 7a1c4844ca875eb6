"""Elastic Load Balancing: settings of Application, Network and Gateway Load Balancers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

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
from checks.log_deliveries import delivering
from checks.wafv2 import protected_load_balancers

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import LoadBalancerTypeDef as LoadBalancer

APPLICATION = "application"
MODIFY = "elbv2:ModifyLoadBalancerAttributes"
LOGS_TO_S3 = "access_logs.s3.enabled"
LOG_BUCKET, LOG_PREFIX = "access_logs.s3.bucket", "access_logs.s3.prefix"
LOG_NOTES = (
    "Elastic Load Balancing charges nothing for it; storing the log costs as any object in S3 does.",
    "AWS refuses, and changes nothing, if the bucket is in another region or its policy does not let it write there.",
    "Who may read the bucket sees the addresses of clients and what they ask for. Undone, what was written stays.",
)
DROP_INVALID = "routing.http.drop_invalid_header_fields.enabled"
PROTECTION = "deletion_protection.enabled"
DESYNC = "routing.http.desync_mitigation_mode"
SAFE_MODES = ("defensive", "strictest")

Attributes: TypeAlias = Mapping[str, str]
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html"""

load_balancers: Collector[LoadBalancer] = collect(
    "elbv2:DescribeLoadBalancers", "LoadBalancers", arn="{LoadBalancerArn}", name="{LoadBalancerName}"
)


@extra("elbv2:DescribeLoadBalancerAttributes")
def attributes(aws: Aws, balancer: LoadBalancer) -> Attributes:
    arn = balancer["LoadBalancerArn"]
    found = aws.items("elbv2:DescribeLoadBalancerAttributes", "Attributes", LoadBalancerArn=arn)
    return {one["Key"]: one["Value"] for one in found}


@extra(needs=(delivering,))
def delivered(aws: Aws, balancer: LoadBalancer) -> Collection[str]:
    """The ARNs of what CloudWatch Logs delivers access logs of."""
    return aws.read(delivering)


@extra(needs=(protected_load_balancers,))
def protected(aws: Aws, balancer: LoadBalancer) -> Collection[str]:
    """The ARNs of the load balancers with a web ACL."""
    return aws.read(protected_load_balancers)


@check(load_balancers, attributes, delivered, practice=Practice.MONITORING, severity=Severity.LOW)
def load_balancer_logs_requests(balancer: LoadBalancer, attributes: Attributes, delivered: Collection[str]) -> Verdict:
    """Application Load Balancer keeps an access log.

    Its log shows who asked for what: the first thing to read after an attack on what is behind it.

    Fix: Turn on access logs of the load balancer, to a bucket that lets Elastic Load Balancing write.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
    """
    _is_application(balancer)
    logs = attributes.get(LOGS_TO_S3) == "true" or balancer["LoadBalancerArn"] in delivered
    return expect(logs, "keeps no access log")


@fix(load_balancer_logs_requests, MODIFY, risk=Risk.SAFE)
def log_requests(
    balancer: LoadBalancer, attributes: Attributes, delivered: Collection[str], *, load_balancer_log_bucket: str
) -> Plan:
    """Keep the access log in the bucket of the settings."""
    if attributes.get(LOGS_TO_S3) == "true" or balancer["LoadBalancerArn"] in delivered:
        kept = {"access log": "/".join(attributes.get(key, "") for key in (LOG_BUCKET, LOG_PREFIX))}
        raise NotApplicable("it keeps an access log", kept)
    which = {"LoadBalancerArn": balancer["LoadBalancerArn"]}
    had = {key: attributes[key] for key in (LOG_BUCKET, LOG_PREFIX) if attributes.get(key)}

    def set_to(values: Mapping[str, str]) -> Call:
        return Call(MODIFY, which | {"Attributes": [{"Key": key, "Value": value} for key, value in values.items()]})

    return Plan(
        do=[set_to({LOGS_TO_S3: "true", LOG_BUCKET: load_balancer_log_bucket})],
        undo=[set_to({LOGS_TO_S3: "false"} | had)],
        before={"access log": "off"},
        after={"access log": "/".join([load_balancer_log_bucket, *filter(None, [had.get(LOG_PREFIX)])])},
        notes=LOG_NOTES,
    )


@check(load_balancers, attributes, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def load_balancer_drops_invalid_headers(balancer: LoadBalancer, attributes: Attributes) -> Verdict:
    """Application Load Balancer drops invalid headers.

    Headers that the load balancer and a server read differently are how one request is smuggled inside another.

    Fix: Turn on dropping of invalid header fields.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
    """
    _is_application(balancer)
    return expect(attributes.get(DROP_INVALID) == "true", "passes invalid headers on")


@fix(load_balancer_drops_invalid_headers, MODIFY, risk=Risk.CUTS_ACCESS)
def drop_invalid_headers(balancer: LoadBalancer, attributes: Attributes) -> Plan:
    """Drop invalid header fields at the load balancer."""
    _is_application(balancer)
    notes = [
        "Headers with characters other than letters, digits and hyphens (an underscore, say) no longer reach targets.",
        "It happens at once, without an interruption.",
    ]
    return _change(balancer, attributes, DROP_INVALID, "true", usual="false", notes=notes)


@check(load_balancers, attributes, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def load_balancer_mitigates_desync(balancer: LoadBalancer, attributes: Attributes) -> Verdict:
    """Application Load Balancer guards against request desync.

    In monitor mode it lets through ambiguous requests, with which one client can poison the answers to others.

    Fix: Set the desync mitigation mode to defensive, as it is by default, or to strictest.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
    """
    _is_application(balancer)
    mode = attributes.get(DESYNC, "defensive")
    return expect(mode in SAFE_MODES, f"only monitors ambiguous requests (mode {mode})")


@fix(load_balancer_mitigates_desync, MODIFY, risk=Risk.CUTS_ACCESS)
def mitigate_desync(balancer: LoadBalancer, attributes: Attributes) -> Plan:
    """Set the load balancer's desync mitigation mode to defensive."""
    _is_application(balancer)
    notes = [
        "Requests that are ambiguous or break RFC 7230 badly are refused or lose their connection; others go on.",
        "It happens at once, without an interruption.",
    ]
    return _change(balancer, attributes, DESYNC, "defensive", usual="defensive", notes=notes)


@check(load_balancers, attributes, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def load_balancer_has_deletion_protection(balancer: LoadBalancer, attributes: Attributes) -> Verdict:
    """Load balancer has deletion protection.

    With it one mistaken command does not take away the address that clients and DNS records point to.

    Fix: Turn on deletion protection of the load balancer.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
    """
    return expect(attributes.get(PROTECTION) == "true", "can be deleted: deletion protection is off")


@fix(load_balancer_has_deletion_protection, MODIFY, risk=Risk.SAFE)
def protect_from_deletion(balancer: LoadBalancer, attributes: Attributes) -> Plan:
    """Turn on deletion protection of the load balancer."""
    notes = ["Whoever means to delete the load balancer (a stack that is removed, say) has to turn it off first."]
    return _change(balancer, attributes, PROTECTION, "true", usual="false", notes=notes)


@check(load_balancers, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def load_balancer_is_in_several_zones(balancer: LoadBalancer, *, zones: int = 2) -> Verdict:
    """Load balancer is in several Availability Zones.

    When the only zone of a load balancer fails, so does everything behind it.

    Fix: Add subnets in other Availability Zones to the load balancer, with targets in them.
    See: https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html
    """
    found = balancer["AvailabilityZones"]
    if any(zone.get("OutpostId") for zone in found):  # .get: only of an Outpost, which is one place by nature
        raise NotApplicable("it is on an Outpost")
    return expect(len(found) >= zones, f"is in {_count(len(found))}, not {zones}")


@check(load_balancers, protected, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def load_balancer_has_web_acl(balancer: LoadBalancer, protected: Collection[str]) -> Verdict:
    """Application Load Balancer on the internet has a web ACL.

    AWS WAF in front of it stops known attacks and floods of requests before the application sees them.

    Fix: Associate a web ACL of AWS WAF with the load balancer; try its rules in count mode first.
    See: https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html
    """
    _is_application(balancer)
    if balancer["Scheme"] == "internal":
        raise NotApplicable("it is not reached from the internet")
    return expect(balancer["LoadBalancerArn"] in protected, "has no web ACL before it")


def _is_application(balancer: LoadBalancer) -> None:
    if balancer["Type"] != APPLICATION:
        raise NotApplicable("it is no Application Load Balancer")


def _count(zones: int) -> str:
    return "1 zone" if zones == 1 else f"{zones} zones"


def _change(
    balancer: LoadBalancer, attributes: Attributes, key: str, to: str, *, usual: str, notes: Sequence[str]
) -> Plan:
    """Change one attribute; AWS keeps every other one that is not sent."""
    was = attributes.get(key, usual)

    def call(value: str) -> Call:
        changed = [{"Key": key, "Value": value}]
        return Call(MODIFY, {"LoadBalancerArn": balancer["LoadBalancerArn"], "Attributes": changed})

    return Plan(do=[call(to)], undo=[call(was)], before={key: was}, after={key: to}, notes=notes)
