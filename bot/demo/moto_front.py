"""What moto lacks of the services that customers meet first: `add_front_operations`."""

from __future__ import annotations

import json

from moto.wafv2.responses import WAFV2Response

KINDS = {"APPLICATION_LOAD_BALANCER": ":loadbalancer/app/", "COGNITO_USER_POOL": ":userpool/"}
"""What the ARNs of a kind of resource have in them."""


def add_front_operations() -> None:
    """Teaches moto, in this process, which resources a web ACL protects."""
    WAFV2Response.list_resources_for_web_acl = _protected  # type: ignore[attr-defined]


def _protected(request: WAFV2Response) -> str:
    asked = json.loads(request.body)
    kind = KINDS[asked.get("ResourceType", "APPLICATION_LOAD_BALANCER")]
    acl = request.wafv2_backend.get_web_acl(asked["WebACLArn"], None, None)
    return json.dumps({"ResourceArns": [arn for arn in acl.associated_resources if kind in arn]})
