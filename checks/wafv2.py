"""AWS WAF: web ACLs of a region and, in us-east-1, those of CloudFront; which resources each of them protects."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypedDict

from checks.inputs import must_be_in
from checks.kit import (
    ACCOUNT_ARN,
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
    collector,
    expect,
    extra,
    fix,
)

CLOUDFRONT_IN = "us-east-1"
"""Where web ACLs of CloudFront are listed. https://docs.aws.amazon.com/waf/latest/APIReference/API_ListWebACLs.html"""

REGIONAL, CLOUDFRONT = "REGIONAL", "CLOUDFRONT"
SECRET_HEADERS = ("authorization", "cookie")
MANAGED = "ManagedRuleGroupStatement"

Rules = Mapping[str, Any]
"""What is used of AWS's WebACL."""


class WebACL(TypedDict):
    """What is used of AWS's WebACLSummary, with a key of ours."""

    Name: str
    Id: str
    ARN: str
    scope: str


@collector("wafv2:ListWebACLs", arn="{ARN}", name="{Name}")
def web_acls(aws: Aws) -> Iterator[WebACL]:
    for scope in _scopes(aws):
        for acl in _every(aws, "wafv2:ListWebACLs", "WebACLs", scope):
            yield acl | {"scope": scope}


@collector("wafv2:ListLoggingConfigurations", arn=ACCOUNT_ARN)
def logged(aws: Aws) -> Iterator[str]:
    """The ARNs of the web ACLs that log requests: one list in place of a call for each."""
    for scope in _scopes(aws):
        for one in _every(aws, "wafv2:ListLoggingConfigurations", "LoggingConfigurations", scope):
            yield one["ResourceArn"]


def protected(kind: str) -> Collector[str]:
    """The ARNs of the resources of a kind that a web ACL is in front of.

    One list for each web ACL, for accounts have few, in place of a call for each resource.
    https://docs.aws.amazon.com/waf/latest/APIReference/API_ListResourcesForWebACL.html
    """
    call = "wafv2:ListResourcesForWebACL"

    def stream(aws: Aws) -> Iterator[str]:
        acls = [acl["ARN"] for acl in aws.read(web_acls) if acl["scope"] == REGIONAL]
        for arns in aws.each(lambda acl: aws.call(call, WebACLArn=acl, ResourceType=kind)["ResourceArns"], acls):
            yield from arns

    return Collector((call,), stream, ACCOUNT_ARN, needs=(web_acls,))


protected_load_balancers = protected("APPLICATION_LOAD_BALANCER")
protected_user_pools = protected("COGNITO_USER_POOL")


@extra("wafv2:GetWebACL")
def rules(aws: Aws, acl: WebACL) -> Rules:
    got = aws.call("wafv2:GetWebACL", Name=acl["Name"], Id=acl["Id"], Scope=acl["scope"])
    return dict(got["WebACL"])


@extra(needs=(logged,))
def logs(aws: Aws, acl: WebACL) -> Collection[str]:
    return aws.read(logged)


@check(web_acls, rules, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def web_acl_has_rules(acl: WebACL, rules: Rules) -> Verdict:
    """Web ACL has rules.

    Without a rule it lets every request through, or none, and only looks like protection.

    Fix: Add rules or rule groups to the web ACL, AWS's managed ones to begin with; or delete it.
    See: https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-processing.html
    """
    return expect(rules["Rules"] or _of_firewall_manager(rules), "has no rules")


@check(web_acls, rules, practice=Practice.NETWORK, severity=Severity.LOW)
def web_acl_uses_managed_rules(acl: WebACL, rules: Rules) -> Verdict:
    """Web ACL uses managed rule groups.

    Managed rules are kept up to date against new attacks by those who see them first.

    Fix: Add the core rule set and the known bad inputs of AWS Managed Rules, first in count mode.
    See: https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
    """
    if "Block" in rules["DefaultAction"]:
        raise NotApplicable("it blocks what no rule of it allows")
    if not rules["Rules"] and not _of_firewall_manager(rules):
        raise NotApplicable("it has no rules at all")
    groups = [*(rule["Statement"] for rule in rules["Rules"]), *_of_firewall_manager(rules)]
    return expect(any(map(_managed, groups)), "has rules of its own only, no managed rule group")


@check(web_acls, logs, practice=Practice.MONITORING, severity=Severity.LOW)
def web_acl_logs_requests(acl: WebACL, logged: Collection[str]) -> Verdict:
    """Web ACL logs the requests it looks at.

    The log tells which rule let a request through or blocked it: without it nobody can tune rules or follow an attack.

    Fix: Turn on logging of the web ACL, to CloudWatch Logs, S3 or Firehose; leave out headers that carry secrets.
    See: https://docs.aws.amazon.com/waf/latest/developerguide/logging.html
    """
    return expect(acl["ARN"] in logged, "keeps no log of requests")


@fix(
    web_acl_logs_requests,
    "wafv2:PutLoggingConfiguration",
    "wafv2:DeleteLoggingConfiguration",
    risk=Risk.SAFE,
)
def log_requests(acl: WebACL, logged: Collection[str], *, waf_log_group: str) -> Plan:
    """Log what the web ACL looks at to the log group of the settings.

    Source: https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
    """
    if acl["ARN"] in logged:
        raise NotApplicable("it keeps a log")
    must_be_in(acl["ARN"].split(":")[3], waf_log_group)
    left_out = [{"SingleHeader": {"Name": name}} for name in SECRET_HEADERS]
    wanted = {"ResourceArn": acl["ARN"], "LogDestinationConfigs": [waf_log_group], "RedactedFields": left_out}
    return Plan(
        do=[Call("wafv2:PutLoggingConfiguration", {"LoggingConfiguration": wanted})],
        undo=[Call("wafv2:DeleteLoggingConfiguration", {"ResourceArn": acl["ARN"]})],
        before={"log": "off"},
        after={"log": waf_log_group},
        notes=[
            "CloudWatch Logs charges for every request that is logged: busy sites write gigabytes a day.",
            f"The headers {' and '.join(SECRET_HEADERS)} are left out. Undone, what was written stays.",
        ],
    )


@check(web_acls, rules, practice=Practice.MONITORING, severity=Severity.LOW)
def web_acl_rules_have_metrics(acl: WebACL, rules: Rules) -> Verdict:
    """Every rule of the web ACL has CloudWatch metrics.

    A rule without metrics blocks, or fails to block, and no alarm can tell.

    Fix: Turn on CloudWatch metrics in the visibility configuration of each rule.
    See: https://docs.aws.amazon.com/waf/latest/developerguide/monitoring-cloudwatch.html
    """
    if not rules["Rules"]:
        raise NotApplicable("it has no rules of its own")
    silent = [rule["Name"] for rule in rules["Rules"] if not rule["VisibilityConfig"]["CloudWatchMetricsEnabled"]]
    return expect(not silent, f"has rules without metrics: {', '.join(silent)}")


def _of_firewall_manager(rules: Rules) -> list[Mapping[str, Any]]:
    """The statements of the rule groups that AWS Firewall Manager puts before and after the web ACL's own rules."""
    keys = ("PreProcessFirewallManagerRuleGroups", "PostProcessFirewallManagerRuleGroups")
    return [group["FirewallManagerStatement"] for key in keys for group in rules.get(key, [])]


def _managed(statement: Mapping[str, Any]) -> bool:
    return MANAGED in statement


def _scopes(aws: Aws) -> tuple[str, ...]:
    return (REGIONAL, CLOUDFRONT) if aws.region == CLOUDFRONT_IN else (REGIONAL,)


def _every(aws: Aws, call: str, key: str, scope: str) -> Iterator[Any]:
    """Every item of a list that botocore has no pages of."""
    marker: Mapping[str, str] = {}
    while True:
        got = aws.call(call, Scope=scope, **marker)
        yield from got[key]
        if not (got[key] and got.get("NextMarker")):  # AWS WAF may hand out a marker after the last page as well
            return
        marker = {"NextMarker": got["NextMarker"]}
