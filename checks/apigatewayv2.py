"""Amazon API Gateway: HTTP and WebSocket APIs, which a second API of AWS lists. Their stages: `apigateway`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from checks.kit import (
    Aws,
    Collector,
    NotApplicable,
    Practice,
    Severity,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
)

if TYPE_CHECKING:
    from types_boto3_apigatewayv2.type_defs import ApiTypeDef as Api
    from types_boto3_apigatewayv2.type_defs import RouteTypeDef as Route

Part: TypeAlias = Mapping[str, Any]
"""AWS's Stage or Integration with keys of ours: `api_id`, `api_name` and `protocol`, HTTP or WEBSOCKET."""

SHOWN = 5
"""Routes named in a finding; of more there is a number."""

apis: Collector[Api] = collect(
    "apigatewayv2:GetApis", "Items", arn="arn:{partition}:apigateway:{region}::/apis/{ApiId}", name="{Name}"
)


@collector(
    "apigatewayv2:GetIntegrations",
    arn="arn:{partition}:apigateway:{region}::/apis/{api_id}/integrations/{IntegrationId}",
    name="{api_name}/{IntegrationId}",
    needs=(apis,),
)
def integrations(aws: Aws) -> Iterator[Part]:
    yield from parts(aws, "apigatewayv2:GetIntegrations")


@extra("apigatewayv2:GetRoutes")
def routes(aws: Aws, api: Api) -> Sequence[Route]:
    return list(aws.items("apigatewayv2:GetRoutes", "Items", ApiId=api["ApiId"]))


@check(apis, routes, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def api_asks_who_calls(api: Api, routes: Sequence[Route]) -> Verdict:
    """HTTP or WebSocket API asks who calls its routes.

    A route without an authorizer runs what is behind it for anybody who finds the address.

    Fix: Attach an authorizer (JWT, IAM or Lambda) to the routes; of a WebSocket API to $connect.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control.html
    """
    # Only $connect of a WebSocket API takes an authorizer; browsers send none with the OPTIONS of an HTTP API.
    asked = [one for one in routes if api["ProtocolType"] == "HTTP" or one["RouteKey"] == "$connect"]
    asked = [one for one in asked if not one["RouteKey"].startswith("OPTIONS ")]
    if routes and not asked and api["ProtocolType"] == "WEBSOCKET":
        return "lets everyone connect: without a route $connect it asks nobody"
    if not asked:
        raise NotApplicable("it has no route that takes an authorizer")
    found = sorted(one["RouteKey"] for one in asked if one.get("AuthorizationType", "NONE") == "NONE")
    rest = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return expect(not found, f"lets everyone call {', '.join(found[:SHOWN])}{rest}")


@check(integrations, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def private_integration_uses_https(integration: Part) -> Verdict:
    """API reaches private backends over HTTPS.

    A VPC link keeps strangers away, yet what goes over it in plain text can be read by whoever is in the VPC.

    Fix: Give the load balancer an HTTPS listener and set the integration's TLS configuration.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html
    """
    if integration.get("ConnectionType") != "VPC_LINK":
        raise NotApplicable("it goes through no VPC link")
    encrypted = integration.get("TlsConfig") or integration.get("IntegrationUri", "").startswith("https://")
    return expect(encrypted, "sends requests through its VPC link in plain text")


def parts(aws: Aws, call: str) -> Iterator[Part]:
    """What a call lists of every API: a collector of it needs `apis`."""
    for api in aws.read(apis):
        ours = {"api_id": api["ApiId"], "api_name": api["Name"], "protocol": api["ProtocolType"]}
        for part in aws.items(call, "Items", ApiId=api["ApiId"]):
            yield part | ours
