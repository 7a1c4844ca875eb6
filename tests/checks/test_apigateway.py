"""API Gateway: what the judges say of stages, and what stages are called."""

from __future__ import annotations

import pytest

from bot.aws import Region
from bot.scan import identify
from checks import apigateway
from tests.checks.cases import Case

REST, HTTP = apigateway.rest_stage_logs_requests, apigateway.stage_logs_requests
GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:api"

CASES = [
    Case(REST, [{"accessLogSettings": {"destinationArn": GROUP}}], None),
    Case(REST, [{"accessLogSettings": {}}], "keeps no access log"),
    Case(REST, [{}], "keeps no access log"),
    Case(HTTP, [{"AccessLogSettings": {"DestinationArn": GROUP}}], None),
    Case(HTTP, [{}], "keeps no access log"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_the_stages_of_a_rest_api(aws: Region) -> None:
    client = aws.clients.session.client("apigateway")
    api = client.create_rest_api(name="orders")["id"]
    [root] = client.get_resources(restApiId=api)["items"]
    client.put_method(restApiId=api, resourceId=root["id"], httpMethod="GET", authorizationType="AWS_IAM")
    client.put_integration(restApiId=api, resourceId=root["id"], httpMethod="GET", type="MOCK")
    client.create_deployment(restApiId=api, stageName="live")
    [found] = apigateway.rest_stages.stream(aws)
    arn = f"arn:aws:apigateway:eu-west-1::/restapis/{api}/stages/live"
    assert identify(aws, apigateway.rest_stages, found) == (arn, "orders/live")
    assert REST.judge(found) == "keeps no access log"


def test_reads_the_stages_of_an_http_api(aws: Region) -> None:
    client = aws.clients.session.client("apigatewayv2")
    api = client.create_api(Name="orders", ProtocolType="HTTP")["ApiId"]
    logged = {"DestinationArn": GROUP, "Format": "$context.requestId"}
    client.create_stage(ApiId=api, StageName="live", AccessLogSettings=logged)
    [found] = apigateway.stages.stream(aws)
    arn = f"arn:aws:apigateway:eu-west-1::/apis/{api}/stages/live"
    assert identify(aws, apigateway.stages, found) == (arn, "orders/live")
    assert HTTP.judge(found) is None
