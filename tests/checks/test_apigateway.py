"""API Gateway: what the judges say of REST APIs, domain names and stages, and the stages that fixes are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import apigateway
from checks.kit import NotApplicable
from tests.checks.cases import Case
from tests.checks.test_wafv2 import web_acl

REST, HTTP = apigateway.rest_stage_logs_requests, apigateway.stage_logs_requests
ASKS, ERRORS, SOCKET = (
    apigateway.rest_api_asks_who_calls,
    apigateway.rest_stage_logs_execution,
    apigateway.stage_logs_execution,
)
TRACED, CACHE = apigateway.rest_stage_is_traced, apigateway.rest_stage_cache_is_encrypted
CERTIFICATE, WAF = apigateway.rest_stage_has_client_certificate, apigateway.rest_stage_has_web_acl
DOMAIN = apigateway.domain_name_refuses_old_tls
GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:api"


def method(verb: str, path: str, asks: str = "NONE", integration: str = "AWS_PROXY", **more: str) -> dict[str, Any]:
    backend = {"type": integration} | more
    return {"httpMethod": verb, "path": path, "authorizationType": asks, "methodIntegration": backend}


def policy(**statement: Any) -> str:
    """A resource policy as API Gateway sends it."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"} | statement
    return json.dumps(json.dumps({"Version": "2012-10-17", "Statement": [allow]}))[1:-1]


def cached(*, encrypted: bool, on: bool = True, cluster: bool = True) -> list[dict[str, Any]]:
    settings = {"*/*": {"cachingEnabled": on, "cacheDataEncrypted": encrypted}}
    return [{"cacheClusterEnabled": cluster, "methodSettings": settings}]


def levels(**paths: str) -> list[dict[str, Any]]:
    return [{"methodSettings": {path.replace("_", "*"): {"loggingLevel": level} for path, level in paths.items()}}]


STAR, OPEN = levels(**{"_/_": "ERROR"}), method("GET", "/orders")
PRIVATE = {"endpointConfiguration": {"types": ["PRIVATE"]}}
VPC = {"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}
MANY = [method("GET", f"/{number}") for number in range(7)]

CASES = [
    Case(REST, [{"accessLogSettings": {"destinationArn": GROUP}}], None),
    Case(REST, [{"accessLogSettings": {}}], "keeps no access log"),
    Case(REST, [{}], "keeps no access log"),
    Case(HTTP, [{"AccessLogSettings": {"DestinationArn": GROUP}}], None),
    Case(HTTP, [{}], "keeps no access log"),
    Case(ASKS, [{}, [method("GET", "/orders", "AWS_IAM"), method("OPTIONS", "/orders")]], None),
    Case(ASKS, [{}, [OPEN, method("POST", "/orders", "CUSTOM")]], "lets everyone call GET /orders"),
    Case(ASKS, [{}, MANY], "lets everyone call GET /0, GET /1, GET /2, GET /3, GET /4 and 2 more"),
    Case(ASKS, [{"policy": policy()}, [OPEN]], "lets everyone call GET /orders"),
    Case(ASKS, [{"policy": policy(**VPC)}, [OPEN]], None),
    Case(ASKS, [PRIVATE, [OPEN]], NotApplicable),
    Case(ASKS, [{}, [method("GET", "/health", integration="MOCK")]], NotApplicable),
    Case(ASKS, [{}, []], NotApplicable),
    Case(ERRORS, STAR, None),
    Case(ERRORS, levels(**{"_/_": "INFO", "orders/GET": "ERROR"}), None),
    Case(ERRORS, [{"methodSettings": {}}], "logs no execution"),
    Case(ERRORS, [{"methodSettings": {"*/*": {}}}], "logs no execution"),
    Case(ERRORS, levels(**{"_/_": "OFF"}), "logs no execution"),
    Case(ERRORS, levels(**{"orders/GET": "INFO"}), "logs no execution"),
    Case(ERRORS, levels(**{"_/_": "ERROR", "orders/GET": "OFF"}), "logs no execution of orders/GET"),
    Case(SOCKET, [{"protocol": "WEBSOCKET", "DefaultRouteSettings": {"LoggingLevel": "ERROR"}}], None),
    Case(SOCKET, [{"protocol": "WEBSOCKET"}], "logs no execution"),
    Case(SOCKET, [{"protocol": "HTTP"}], NotApplicable),
    Case(TRACED, [{"tracingEnabled": True}], None),
    Case(TRACED, [{"tracingEnabled": False}], "is not traced"),
    Case(TRACED, [{}], "is not traced"),
    Case(CACHE, cached(encrypted=True), None),
    Case(CACHE, cached(encrypted=False), "caches in plain text what */* answers"),
    Case(CACHE, cached(encrypted=False, cluster=False), NotApplicable),
    Case(CACHE, cached(encrypted=False, on=False), NotApplicable),
    Case(CERTIFICATE, [{"clientCertificateId": "a1"}, [method("GET", "/", integration="HTTP")]], None),
    Case(CERTIFICATE, [{}, [method("GET", "/", integration="HTTP_PROXY")]], "shows its backends no client certificate"),
    Case(CERTIFICATE, [{}, [method("GET", "/", integration="HTTP", connectionType="VPC_LINK")]], NotApplicable),
    Case(CERTIFICATE, [{}, [OPEN]], NotApplicable),
    Case(WAF, [{"private": False, "webAclArn": "arn"}], None),
    Case(WAF, [{"private": False}], "has no web ACL before it"),
    Case(WAF, [{"private": True}], NotApplicable),
    Case(DOMAIN, [{"securityPolicy": "TLS_1_2"}], None),
    Case(DOMAIN, [{"securityPolicy": "SecurityPolicy_TLS13_1_3_2025_09"}], None),
    Case(DOMAIN, [{"securityPolicy": "TLS_1_0"}], "lets clients use TLS 1.0 or 1.1"),
    Case(DOMAIN, [{}], "lets clients use TLS 1.0 or 1.1"),
    Case(DOMAIN, [{"securityPolicy": "SecurityPolicy_TLS13_1_2_PQ_2025_09"}], None, {"post_quantum": True}),
    Case(
        DOMAIN,
        [{"securityPolicy": "TLS_1_2"}],
        "uses a policy without post-quantum key exchange (TLS_1_2)",
        {"post_quantum": True},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def make(aws: boto3.Session) -> str:
    """A REST API with a stage; its id."""
    client = aws.client("apigateway")
    api = client.create_rest_api(name="orders")["id"]
    [root] = client.get_resources(restApiId=api)["items"]
    client.put_method(restApiId=api, resourceId=root["id"], httpMethod="GET", authorizationType="NONE")
    backend: Any = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "https://orders.northwind.example"}
    client.put_integration(restApiId=api, resourceId=root["id"], httpMethod="GET", **backend)
    client.create_deployment(restApiId=api, stageName="live", variables={"token": "hunter2"})
    return api


def patch(aws: boto3.Session, api: str, **changes: str) -> None:
    ops: Any = [{"op": "replace", "path": path.replace("_", "*"), "value": value} for path, value in changes.items()]
    aws.client("apigateway").update_stage(restApiId=api, stageName="live", patchOperations=ops)


def test_reads_a_rest_api_its_methods_and_its_stages(aws: Region) -> None:
    id = make(aws.clients.session)
    [api] = apigateway.rest_apis.stream(aws)
    [stage] = apigateway.rest_stages.stream(aws)
    arn = f"arn:aws:apigateway:eu-west-1::/restapis/{id}"
    assert identify(aws, apigateway.rest_apis, api) == (arn, "orders")
    assert identify(aws, apigateway.rest_stages, stage) == (f"{arn}/stages/live", "orders/live")
    assert "hunter2" not in str(stage)
    assert REST.judge(stage) == "keeps no access log"
    assert ASKS.judge(api, apigateway.methods.read(aws, api)) == "lets everyone call GET /"
    assert CERTIFICATE.judge(stage, apigateway.methods.read(aws, stage)) == "shows its backends no client certificate"
    assert WAF.judge(stage) == "has no web ACL before it"
    assert apigateway.methods.read(aws, {"id": "of an API made since"}) == []


def test_reads_the_stages_of_an_http_api(aws: Region) -> None:
    client = aws.clients.session.client("apigatewayv2")
    api = client.create_api(Name="orders", ProtocolType="HTTP")["ApiId"]
    logged: Any = {"DestinationArn": GROUP, "Format": "$context.requestId"}
    client.create_stage(ApiId=api, StageName="live", AccessLogSettings=logged, StageVariables={"token": "hunter2"})
    [found] = apigateway.stages.stream(aws)
    arn = f"arn:aws:apigateway:eu-west-1::/apis/{api}/stages/live"
    assert identify(aws, apigateway.stages, found) == (arn, "orders/live")
    assert HTTP.judge(found) is None
    assert found["protocol"] == "HTTP"
    assert "hunter2" not in str(found)


def test_without_a_role_for_logs_there_is_no_plan() -> None:
    with pytest.raises(NotApplicable, match="no role"):
        apigateway.log_execution.plan(*levels(**{"_/_": "OFF"}), "")


def test_every_method_that_logs_nothing_is_in_the_plan() -> None:
    stage = {"api_id": "a1", "stageName": "live"} | levels(**{"orders/GET": "OFF", "orders/PUT": "INFO"})[0]
    plan = apigateway.log_execution.plan(stage, "arn:aws:iam::123456789012:role/logs")
    assert plan.before == {"*/*": "off", "orders/GET": "off"}


def silent(aws: boto3.Session) -> None:
    api = make(aws)
    patch(aws, api, **{"/_/_/logging/loglevel": "OFF"})
    ops: Any = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/logs"}]
    aws.client("apigateway").update_account(patchOperations=ops)


def untraced(aws: boto3.Session) -> None:
    make(aws)


def caching(aws: boto3.Session) -> None:
    patch(
        aws,
        make(aws),
        **{
            "/cacheClusterEnabled": "true",
            "/_/_/caching/enabled": "true",
            "/_/_/caching/dataEncrypted": "false",
        },
    )


def old_domain_name(aws: boto3.Session) -> None:
    aws.client("apigateway").create_domain_name(domainName="api.northwind.example", securityPolicy="TLS_1_0")


def unprotected(aws: boto3.Session) -> None:
    make(aws)
    web_acl(aws)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    ERRORS.id: silent,
    TRACED.id: untraced,
    CACHE.id: caching,
    DOMAIN.id: old_domain_name,
    WAF.id: unprotected,
}
