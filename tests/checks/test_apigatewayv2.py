"""HTTP and WebSocket APIs: what the judges say of routes and integrations, and what is read."""

from __future__ import annotations

from typing import Any

import pytest

from bot.aws import Region
from bot.scan import identify
from checks import apigatewayv2
from checks.kit import NotApplicable
from tests.checks.cases import Case

ASKS, HTTPS = apigatewayv2.api_asks_who_calls, apigatewayv2.private_integration_uses_https
HTTP, SOCKET = {"ProtocolType": "HTTP"}, {"ProtocolType": "WEBSOCKET"}


def route(key: str, asks: str = "NONE") -> dict[str, Any]:
    return {"RouteKey": key, "AuthorizationType": asks}


MANY = [route(f"GET /{number}") for number in range(6)]
LINK = {"ConnectionType": "VPC_LINK", "ConnectionId": "v1"}

CASES = [
    Case(ASKS, [HTTP, [route("GET /orders", "JWT"), route("OPTIONS /orders")]], None),
    Case(ASKS, [HTTP, [route("POST /orders"), route("$default")]], "lets everyone call $default, POST /orders"),
    Case(ASKS, [HTTP, [{"RouteKey": "GET /"}]], "lets everyone call GET /"),
    Case(ASKS, [HTTP, MANY], "lets everyone call GET /0, GET /1, GET /2, GET /3, GET /4 and 1 more"),
    Case(ASKS, [HTTP, [route("OPTIONS /orders")]], NotApplicable),
    Case(ASKS, [HTTP, []], NotApplicable),
    Case(ASKS, [SOCKET, [route("$connect", "CUSTOM"), route("sendMessage")]], None),
    Case(ASKS, [SOCKET, [route("$connect")]], "lets everyone call $connect"),
    Case(ASKS, [SOCKET, [route("$default")]], "lets everyone connect: without a route $connect it asks nobody"),
    Case(ASKS, [SOCKET, []], NotApplicable),
    Case(HTTPS, [LINK | {"TlsConfig": {"ServerNameToVerify": "orders.northwind.example"}}], None),
    Case(HTTPS, [LINK | {"IntegrationUri": "https://orders.northwind.example"}], None),
    Case(HTTPS, [LINK], "sends requests through its VPC link in plain text"),
    Case(HTTPS, [{"ConnectionType": "INTERNET"}], NotApplicable),
    Case(HTTPS, [{}], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_the_routes_and_integrations_of_an_api(aws: Region) -> None:
    client = aws.clients.session.client("apigatewayv2")
    api = client.create_api(Name="orders", ProtocolType="HTTP")["ApiId"]
    made = client.create_integration(
        ApiId=api, IntegrationType="HTTP_PROXY", ConnectionType="VPC_LINK", ConnectionId="v1", IntegrationMethod="GET"
    )["IntegrationId"]
    client.create_route(ApiId=api, RouteKey="GET /orders", Target=f"integrations/{made}")
    [found] = apigatewayv2.apis.stream(aws)
    assert identify(aws, apigatewayv2.apis, found) == (f"arn:aws:apigateway:eu-west-1::/apis/{api}", "orders")
    assert ASKS.judge(found, apigatewayv2.routes.read(aws, found)) == "lets everyone call GET /orders"
    [integration] = apigatewayv2.integrations.stream(aws)
    assert identify(aws, apigatewayv2.integrations, integration)[1] == f"orders/{made}"
    assert HTTPS.judge(integration) == "sends requests through its VPC link in plain text"
