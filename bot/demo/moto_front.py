"""What moto lacks of the services that customers meet first: `add_front_operations`."""

from __future__ import annotations

import json
from typing import Any

from moto.route53domains.responses import Route53DomainsResponse
from moto.wafv2.responses import WAFV2Response

KINDS = {"APPLICATION_LOAD_BALANCER": ":loadbalancer/app/", "COGNITO_USER_POOL": ":userpool/"}
"""What the ARNs of a kind of resource have in them."""


def add_front_operations() -> None:
    """Teaches moto, in this process, which resources a web ACL protects, and locks and renewal of domains."""
    WAFV2Response.list_resources_for_web_acl = _protected  # type: ignore[attr-defined]
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
