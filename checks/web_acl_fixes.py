"""Putting the web ACL that the settings name before what has none."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from checks.apigateway import Stage, rest_stage_has_web_acl, rest_stages
from checks.cognito import user_pool_has_web_acl
from checks.elbv2 import load_balancer_has_web_acl
from checks.inputs import must_be_in
from checks.kit import Aws, Call, NotApplicable, Plan, Risk, extra, fix

if TYPE_CHECKING:
    from types_boto3_cognito_idp.type_defs import UserPoolTypeTypeDef as UserPool
    from types_boto3_elbv2.type_defs import LoadBalancerTypeDef as LoadBalancer

CALLS = ("wafv2:AssociateWebACL", "wafv2:DisassociateWebACL")
NOTES = (
    "Requests that its rules block are refused from now on: try new rules in count mode, and look at its metrics.",
    "AWS WAF charges for each request it looks at; the web ACL itself is paid for already.",
)


@extra()
def stage_arn(aws: Aws, stage: Stage) -> str:
    return rest_stages.arn.format(partition=aws.partition, region=aws.region, **stage)


@fix(load_balancer_has_web_acl, *CALLS, risk=Risk.CUTS_ACCESS, patience=120)
def protect_load_balancer(balancer: LoadBalancer, protected: Collection[str], *, web_acl: str) -> Plan:
    """Put the web ACL of the settings before the load balancer."""
    return _before(balancer["LoadBalancerArn"], web_acl, has=balancer["LoadBalancerArn"] in protected)


@fix(rest_stage_has_web_acl, *CALLS, risk=Risk.CUTS_ACCESS, reads=(stage_arn,), patience=120)
def protect_stage(stage: Stage, arn: str, *, web_acl: str) -> Plan:
    """Put the web ACL of the settings before the API's stage."""
    return _before(arn, web_acl, has=bool(stage.get("webAclArn")))


@fix(user_pool_has_web_acl, *CALLS, risk=Risk.CUTS_ACCESS, patience=120)
def protect_user_pool(pool: UserPool, protected: Collection[str], *, web_acl: str) -> Plan:
    """Put the web ACL of the settings before the user pool.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-waf.html
    """
    return _before(pool["Arn"], web_acl, has=pool["Arn"] in protected)


def _before(resource: str, web_acl: str, *, has: bool) -> Plan:
    if has:
        raise NotApplicable("it has a web ACL")
    must_be_in(resource.split(":")[3], web_acl)
    return Plan(
        do=[Call("wafv2:AssociateWebACL", {"WebACLArn": web_acl, "ResourceArn": resource})],
        undo=[Call("wafv2:DisassociateWebACL", {"ResourceArn": resource})],
        before={"web ACL": "none"},
        after={"web ACL": web_acl},
        notes=NOTES,
    )
