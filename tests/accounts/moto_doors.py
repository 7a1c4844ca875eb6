"""What moto lacks of the doors to the internet and of what stands before them, added to its server: `add_doors`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.apigateway.responses import APIGatewayResponse
from moto.core.responses import ActionResult
from moto.logs.responses import LogsResponse
from moto.opensearch.responses import OpenSearchServiceResponse
from moto.s3control.responses import S3ControlResponse
from moto.transfer.responses import TransferResponse
from moto.wafv2.models import WAFV2Backend


def add_doors() -> None:
    """Teaches moto, in this process, what it has no answer to, or forgets."""
    APIGatewayResponse.update_domain_name = _update_domain_name  # type: ignore[attr-defined]
    TransferResponse.update_server = _update_server  # type: ignore[attr-defined]
    S3ControlResponse.create_access_point = _where_it_is_made(  # type: ignore[assignment,method-assign]
        S3ControlResponse.create_access_point
    )
    OpenSearchServiceResponse.update_domain_config = _without_policy(  # type: ignore[assignment,method-assign]
        OpenSearchServiceResponse.update_domain_config
    )
    WAFV2Backend._generate_id = _next_id  # type: ignore[assignment,method-assign]
    LogsResponse.associate_kms_key = _set_key  # type: ignore[attr-defined]
    LogsResponse.disassociate_kms_key = _set_key  # type: ignore[attr-defined]


def _update_domain_name(request: APIGatewayResponse) -> str:
    domain = request.backend.get_domain_name(request.path.split("/")[2])
    [change] = json.loads(request.body)["patchOperations"]
    assert change["path"] == "/securityPolicy"
    domain.security_policy = change["value"]
    return json.dumps(domain.to_json())


def _update_server(request: TransferResponse) -> str:
    asked = json.loads(request.body)
    request.transfer_backend.describe_server(asked["ServerId"]).security_policy_name = asked["SecurityPolicyName"]
    return json.dumps({"ServerId": asked["ServerId"]})


def _where_it_is_made(untold: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    """moto says that every access point is in us-east-1."""

    def create(request: S3ControlResponse) -> ActionResult:
        answer = untold(request)
        account, name = request._get_param("AccountId"), request._get_param("Name")
        point = request.backend.get_access_point(account_id=account, name=name)
        point.arn = point.arn.replace(":us-east-1:", f":{request.region}:")
        return answer

    return create


def _without_policy(untold: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """With an empty policy a domain has none; moto keeps the one it had."""

    def update(request: OpenSearchServiceResponse) -> Any:
        if request._get_param("AccessPolicies") == "":
            domain = request.opensearch_backend.describe_domain(request._get_param("DomainName"))
            domain.access_policies = ""
        return untold(request)

    return update


def _next_id(backend: WAFV2Backend) -> str:
    """Ids that are told beforehand."""
    return f"00000000-0000-0000-0000-{len(backend.wacls) + len(backend.ip_sets) + 1:012d}"


def _set_key(request: LogsResponse) -> str:
    group = request.logs_backend.groups[request._get_param("logGroupName")]
    group.kms_key_id = request._get_param("kmsKeyId")
    return ""
