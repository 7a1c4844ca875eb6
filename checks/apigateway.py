"""Amazon API Gateway: stages of REST APIs, and of the HTTP and WebSocket APIs that its second API lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from checks.kit import Aws, Practice, Severity, Verdict, check, collector, expect

Stage: TypeAlias = Mapping[str, Any]
"""AWS's Stage with two keys of ours: `api_id` and `api_name`."""

NO_LOG = "keeps no access log"


@collector(
    "apigateway:GetRestApis",
    "apigateway:GetStages",
    arn="arn:{partition}:apigateway:{region}::/restapis/{api_id}/stages/{stageName}",
    name="{api_name}/{stageName}",
)
def rest_stages(aws: Aws) -> Iterator[Stage]:
    for api in aws.items("apigateway:GetRestApis", "items"):
        for stage in aws.items("apigateway:GetStages", "item", restApiId=api["id"]):
            yield stage | {"api_id": api["id"], "api_name": api["name"]}


@collector(
    "apigatewayv2:GetApis",
    "apigatewayv2:GetStages",
    arn="arn:{partition}:apigateway:{region}::/apis/{api_id}/stages/{StageName}",
    name="{api_name}/{StageName}",
)
def stages(aws: Aws) -> Iterator[Stage]:
    for api in aws.items("apigatewayv2:GetApis", "Items"):
        for stage in aws.items("apigatewayv2:GetStages", "Items", ApiId=api["ApiId"]):
            yield stage | {"api_id": api["ApiId"], "api_name": api["Name"]}


@check(rest_stages, practice=Practice.MONITORING, severity=Severity.LOW)
def rest_stage_logs_requests(stage: Stage) -> Verdict:
    """REST API stage keeps an access log.

    It shows who called the API, when and with what result, also where the caller was refused.

    Fix: Turn on access logging of the stage, to a log group or a Firehose stream.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    return expect(stage.get("accessLogSettings", {}).get("destinationArn"), NO_LOG)


@check(stages, practice=Practice.MONITORING, severity=Severity.LOW)
def stage_logs_requests(stage: Stage) -> Verdict:
    """HTTP or WebSocket API stage keeps an access log.

    It shows who called the API, when and with what result, also where the caller was refused.

    Fix: Turn on access logging of the stage, to a log group or a Firehose stream.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    """
    return expect(stage.get("AccessLogSettings", {}).get("DestinationArn"), NO_LOG)
