"""What moto lacks of the services that customers meet first: `add_front_operations`."""

from __future__ import annotations

import json
from typing import Any

from moto.cognitoidp.responses import CognitoIdpResponse
from moto.route53domains.responses import Route53DomainsResponse
from moto.wafv2.responses import WAFV2Response

KINDS = {"APPLICATION_LOAD_BALANCER": ":loadbalancer/app/", "COGNITO_USER_POOL": ":userpool/"}
"""What the ARNs of a kind of resource have in them."""


def add_front_operations() -> None:
    """Teaches moto, in this process, what a web ACL protects, how domains are kept, what a user pool does of risks."""
    WAFV2Response.list_resources_for_web_acl = _protected  # type: ignore[attr-defined]
    pools: Any = CognitoIdpResponse
    pools.set_risk_configuration = _set_risks
    pools.describe_risk_configuration = _risks
    domains: Any = Route53DomainsResponse
    domains.list_tags_for_domain = lambda _: json.dumps({"TagList": []})
    domains.list_domains = _domains
    for setting, name in {"locked": "transfer_lock", "auto_renew": "auto_renew"}.items():
        setattr(domains, f"enable_domain_{name}", _switch(setting, to=True))
        setattr(domains, f"disable_domain_{name}", _switch(setting, to=False))


def _protected(request: WAFV2Response) -> str:
    asked = json.loads(request.body)
    kind = KINDS[asked.get("ResourceType", "APPLICATION_LOAD_BALANCER")]
    acl = request.wafv2_backend.get_web_acl(asked["WebACLArn"], None, None)
    return json.dumps({"ResourceArns": [arn for arn in acl.associated_resources if kind in arn]})


def _set_risks(request: CognitoIdpResponse) -> str:
    asked = json.loads(request.body)
    pool: Any = request.backend.describe_user_pool(asked["UserPoolId"])
    pool.risks = asked
    return json.dumps({"RiskConfiguration": asked})


def _risks(request: CognitoIdpResponse) -> str:
    pool = request.backend.describe_user_pool(json.loads(request.body)["UserPoolId"])
    return json.dumps({"RiskConfiguration": getattr(pool, "risks", {})})


def _domains(request: Route53DomainsResponse) -> str:
    found, _ = request.route53domains_backend.list_domains()
    return json.dumps({"Domains": [_summary(domain) for domain in found]})


def _summary(domain: Any) -> dict[str, Any]:
    return {
        "DomainName": domain.domain_name,
        "AutoRenew": domain.auto_renew,
        "TransferLock": getattr(domain, "locked", True),
        "Expiry": domain.expiration_date.timestamp(),
    }


def _switch(setting: str, *, to: bool) -> Any:
    def answer(request: Route53DomainsResponse) -> str:
        domain = request.route53domains_backend.get_domain(json.loads(request.body)["DomainName"])
        setattr(domain, setting, to)
        return json.dumps({"OperationId": domain.domain_name})

    return answer
