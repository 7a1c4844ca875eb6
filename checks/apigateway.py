"""Amazon API Gateway: REST APIs, custom domain names, and the stages of every kind of API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from checks import documents
from checks.apigatewayv2 import apis, parts
from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_apigateway.type_defs import DomainNameTypeDef as DomainName
    from types_boto3_apigateway.type_defs import RestApiTypeDef as Api

Stage: TypeAlias = Mapping[str, Any]
"""AWS's Stage with keys of ours: `api_id` and `api_name`; of a REST API `private`, whether only VPCs reach it; of
another `protocol`, HTTP or WEBSOCKET."""

Method: TypeAlias = Mapping[str, Any]
"""AWS's Method with a key of ours: `path`, that of its resource."""

UPDATE = "apigateway:UpdateStage"
NO_LOG = "keeps no access log"
LOGGING = ("ERROR", "INFO")
SHOWN = 5
"""Methods named in a finding; of more there is a number."""

rest_apis: Collector[Api] = collect(
    "apigateway:GetRestApis",
    "items",
    arn="arn:{partition}:apigateway:{region}::/restapis/{id}",
    name="{name}",
)

domain_names: Collector[DomainName] = collect(
    "apigateway:GetDomainNames",
    "items",
    arn="arn:{partition}:apigateway:{region}::/domainnames/{domainName}",
    name="{domainName}",
)


@collector(
    "apigateway:GetStages",
    arn="arn:{partition}:apigateway:{region}::/restapis/{api_id}/stages/{stageName}",
    name="{api_name}/{stageName}",
    needs=(rest_apis,),
)
def rest_stages(aws: Aws) -> Iterator[Stage]:
    """Without their variables, which may be secrets."""
    for api in aws.read(rest_apis):
        ours = {"api_id": api["id"], "api_name": api["name"], "private": _private(api)}
        for stage in aws.items("apigateway:GetStages", "item", restApiId=api["id"]):
            stage.pop("variables", None)
            yield stage | ours


@collector("apigateway:GetResources", arn=rest_apis.arn, needs=(rest_apis,))
def rest_methods(aws: Aws) -> Iterator[Mapping[str, Any]]:
    """The methods of every REST API, read once for the API and its stages."""

    def of(id: str) -> list[Method]:
        found = aws.items("apigateway:GetResources", "items", restApiId=id, embed=["methods"])
        return [
            method | {"path": resource["path"], "httpMethod": verb}
            for resource in found
            for verb, method in resource.get("resourceMethods", {}).items()  # .get: a resource may have none
        ]

    ids = [api["id"] for api in aws.read(rest_apis)]
    for id, methods in zip(ids, aws.each(of, ids), strict=True):
        yield {"id": id, "methods": methods}


@collector(
    "apigatewayv2:GetStages",
    arn="arn:{partition}:apigateway:{region}::/apis/{api_id}/stages/{StageName}",
    name="{api_name}/{StageName}",
    needs=(apis,),
)
def stages(aws: Aws) -> Iterator[Stage]:
    """Without their variables, which may be secrets."""
    for stage in parts(aws, "apigatewayv2:GetStages"):
        yield {key: value for key, value in stage.items() if key != "StageVariables"}


@extra(needs=(rest_methods,))
def methods(aws: Aws, resource: Any) -> Sequence[Method]:
    """The methods of a REST API, or of the API that a stage is of."""
    wanted = resource["api_id"] if "api_id" in resource else resource["id"]
    return next((one["methods"] for one in aws.read(rest_methods) if one["id"] == wanted), [])


@extra("apigateway:GetAccount")
def log_role(aws: Aws, stage: Stage) -> str:
    """The role with which API Gateway writes execution logs in the region; "" when there is none."""
    return str(aws.call("apigateway:GetAccount").get("cloudwatchRoleArn") or "")


@check(rest_apis, methods, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def rest_api_asks_who_calls(api: Api, methods: Sequence[Method]) -> Verdict:
    """REST API asks who calls each of its methods.

    A method without authorization runs what is behind it for anybody who finds the address; an API key is no proof.

    Fix: Give the methods an authorizer (IAM, Cognito or Lambda), or limit callers with a resource policy.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html
    """
    if _private(api):
        raise NotApplicable("it is reached from VPCs alone")
    policy = _unescaped(api.get("policy", ""))
    if policy and not documents.opens_to_everyone(policy):
        return None  # it lets in only those it names
    called = [method for method in methods if method["httpMethod"] != "OPTIONS" and not _mock(method)]
    if not called:
        raise NotApplicable("no method of it reaches anything")
    open_to_all = [
        f"{method['httpMethod']} {method['path']}" for method in called if method["authorizationType"] == "NONE"
    ]
    return expect(not open_to_all, f"lets everyone call {_some(open_to_all)}")


@check(rest_stages, practice=Practice.MONITORING, severity=Severity.LOW)
def rest_stage_logs_requests(stage: Stage) -> Verdict:
    """REST API stage keeps an access log.

    It shows who called the API, when and with what result, also where the caller was refused.

    Fix: Turn on access logging of the stage, to a log group or a Firehose stream.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    return expect(stage.get("accessLogSettings", {}).get("destinationArn"), NO_LOG)


@check(rest_stages, practice=Practice.MONITORING, severity=Severity.LOW)
def rest_stage_logs_execution(stage: Stage) -> Verdict:
    """REST API stage logs errors of execution.

    Only this log tells why a request failed or what an authorizer answered.

    Fix: Set the stage's log level to errors only. Leave data tracing off: it writes whole requests to the log.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    silent = _silent(stage)
    if "*/*" in silent:
        return "logs no execution"
    return expect(not silent, f"logs no execution of {', '.join(silent)}")


@fix(rest_stage_logs_execution, UPDATE, risk=Risk.SAFE, reads=(log_role,))
def log_execution(stage: Stage, log_role: str) -> Plan:
    """Log errors of every method of the REST API stage."""
    if not log_role:
        raise NotApplicable("API Gateway has no role here with which it may write logs: set one for the account first")
    paths = _silent(stage)
    if not paths:
        raise NotApplicable("it logs errors of every method")
    return Plan(
        do=[_update(stage, [(f"/{path}/logging/loglevel", "ERROR") for path in paths])],
        undo=[_update(stage, [(f"/{path}/logging/loglevel", "OFF") for path in paths])],
        before=dict.fromkeys(paths, "off"),
        after=dict.fromkeys(paths, "errors"),
        notes=[
            f"CloudWatch Logs charges for API-Gateway-Execution-Logs_{stage['api_id']}/{stage['stageName']}.",
            "Data tracing, which writes whole requests, stays as it is.",
        ],
    )


@check(stages, practice=Practice.MONITORING, severity=Severity.LOW)
def stage_logs_requests(stage: Stage) -> Verdict:
    """HTTP or WebSocket API stage keeps an access log.

    It shows who called the API, when and with what result, also where the caller was refused.

    Fix: Turn on access logging of the stage, to a log group or a Firehose stream.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    """
    return expect(stage.get("AccessLogSettings", {}).get("DestinationArn"), NO_LOG)


@check(stages, practice=Practice.MONITORING, severity=Severity.LOW)
def stage_logs_execution(stage: Stage) -> Verdict:
    """WebSocket API stage logs errors of execution.

    Only this log tells why a message failed or what an authorizer answered.

    Fix: Set the stage's log level to errors only. Leave data tracing off: it writes whole messages to the log.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html
    """
    if stage["protocol"] != "WEBSOCKET":
        raise NotApplicable("an HTTP API has no such log")
    level = stage.get("DefaultRouteSettings", {}).get("LoggingLevel", "OFF")
    return expect(level in LOGGING, "logs no execution")


@check(rest_stages, practice=Practice.MONITORING, severity=Severity.LOW)
def rest_stage_is_traced(stage: Stage) -> Verdict:
    """REST API stage is traced by X-Ray.

    A trace follows one request through everything behind the API: where it was slow, and where it failed.

    Fix: Turn on X-Ray tracing of the stage.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-xray.html
    """
    return expect(stage.get("tracingEnabled"), "is not traced")


@fix(rest_stage_is_traced, UPDATE, risk=Risk.SAFE)
def trace(stage: Stage) -> Plan:
    """Turn on X-Ray tracing of the REST API stage."""
    is_on = bool(stage.get("tracingEnabled"))
    return Plan(
        do=[_update(stage, [("/tracingEnabled", "true")])],
        undo=[_update(stage, [("/tracingEnabled", str(is_on).lower())])],
        before={"X-Ray tracing": "on" if is_on else "off"},
        after={"X-Ray tracing": "on"},
        notes=["X-Ray charges for traces: by default one request a second and five in a hundred of the others."],
    )


@check(rest_stages, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def rest_stage_cache_is_encrypted(stage: Stage) -> Verdict:
    """REST API stage encrypts what it caches.

    The cache holds answers, with whatever data of customers is in them.

    Fix: Turn on encryption of cache data for the stage and each method that has settings of its own.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html
    """
    cached = _cached(stage)
    if not cached:
        raise NotApplicable("it caches nothing")
    plain = [path for path, one in cached.items() if not one["cacheDataEncrypted"]]
    return expect(not plain, f"caches in plain text what {', '.join(plain)} answers")


@fix(rest_stage_cache_is_encrypted, UPDATE, risk=Risk.SAFE)
def encrypt_cache(stage: Stage) -> Plan:
    """Encrypt what the REST API stage caches."""
    plain = sorted(path for path, one in _cached(stage).items() if not one["cacheDataEncrypted"])
    if not plain:
        raise NotApplicable("what it caches is encrypted")
    ops = [f"/{path}/caching/dataEncrypted" for path in plain]
    return Plan(
        do=[_update(stage, [(op, "true") for op in ops])],
        undo=[_update(stage, [(op, "false") for op in ops])],
        before=dict.fromkeys(plain, "in plain text"),
        after=dict.fromkeys(plain, "encrypted"),
        notes=["Flush the stage's cache afterwards to be rid of what was written in plain text."],
    )


@check(rest_stages, methods, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def rest_stage_has_client_certificate(stage: Stage, methods: Sequence[Method]) -> Verdict:
    """REST API stage shows HTTP backends a client certificate.

    A backend on the internet cannot tell API Gateway from a stranger who goes round it, unless it asks for one.

    Fix: Generate a client certificate, set it on the stage, and have the backend refuse requests without it.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-client-side-ssl-authentication.html
    """
    integrations = [method.get("methodIntegration", {}) for method in methods]
    public = [one for one in integrations if one.get("type") in ("HTTP", "HTTP_PROXY")]
    if not any(one.get("connectionType") != "VPC_LINK" for one in public):
        raise NotApplicable("it has no HTTP backend on the internet")
    return expect(stage.get("clientCertificateId"), "shows its backends no client certificate")


@check(rest_stages, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def rest_stage_has_web_acl(stage: Stage) -> Verdict:
    """REST API stage has a web ACL.

    AWS WAF in front of it stops known attacks and floods of requests before anything runs for them.

    Fix: Associate a web ACL of AWS WAF with the stage; try its rules in count mode first.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-aws-waf.html
    """
    if stage["private"]:
        raise NotApplicable("it is reached from VPCs alone")
    return expect(stage.get("webAclArn"), "has no web ACL before it")


@check(domain_names, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def domain_name_refuses_old_tls(domain: DomainName, *, post_quantum: bool = False) -> Verdict:
    """API Gateway domain name refuses TLS before 1.2.

    Old versions let who sits between a client and the API break the encryption.

    Fix: Set the security policy of the domain name to TLS_1_2 or a newer one.
    See: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html
    """
    policy = domain.get("securityPolicy", "TLS_1_0")  # .get: only of domain names made before there was a choice
    if policy == "TLS_1_0":
        return "lets clients use TLS 1.0 or 1.1"
    return expect(not post_quantum or "_PQ_" in policy, f"uses a policy without post-quantum key exchange ({policy})")


@fix(domain_name_refuses_old_tls, "apigateway:UpdateDomainName", risk=Risk.CUTS_ACCESS, patience=300)
def refuse_old_tls(domain: DomainName, *, post_quantum: bool = False) -> Plan:
    """Make the domain name refuse TLS before 1.2."""
    was = domain.get("securityPolicy", "TLS_1_0")
    if was != "TLS_1_0" or post_quantum:
        raise NotApplicable("which policy with post-quantum key exchange its clients know is yours to say")

    def policy(name: str) -> Call:
        patch = [{"op": "replace", "path": "/securityPolicy", "value": name}]
        return Call("apigateway:UpdateDomainName", {"domainName": domain["domainName"], "patchOperations": patch})

    return Plan(
        do=[policy("TLS_1_2")],
        undo=[policy(was)],
        before={"security policy": was},
        after={"security policy": "TLS_1_2"},
        notes=[
            "Clients that know only TLS 1.0 or 1.1 can no longer connect: the access log can show $context.tlsVersion.",
            "The domain name answers while API Gateway changes it, which takes some minutes.",
        ],
    )


def _private(api: Api) -> bool:
    return api.get("endpointConfiguration", {}).get("types") == ["PRIVATE"]


def _mock(method: Method) -> bool:
    return bool(method.get("methodIntegration", {}).get("type", "MOCK") == "MOCK")


def _silent(stage: Stage) -> list[str]:
    """The methods whose errors are not logged; `*/*` stands for every one without settings of its own."""
    settings = {"*/*": {}} | stage["methodSettings"]
    return sorted(path for path, one in settings.items() if one.get("loggingLevel", "OFF") not in LOGGING)


def _cached(stage: Stage) -> dict[str, Mapping[str, Any]]:
    """The settings of what is cached, by resource and method; nothing is without a cache cluster."""
    if not stage.get("cacheClusterEnabled"):
        return {}
    return {path: one for path, one in stage["methodSettings"].items() if one["cachingEnabled"]}


def _unescaped(policy: str) -> str:
    """API Gateway sends a policy as the inside of a JSON string. Source:
    https://docs.aws.amazon.com/apigateway/latest/api/API_RestApi.html"""
    return policy if not policy.startswith("{\\") else str(json.loads(f'"{policy}"'))


def _some(found: Sequence[str]) -> str:
    rest = len(found) - SHOWN
    return ", ".join(found[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _update(stage: Stage, changes: Sequence[tuple[str, str]]) -> Call:
    """Replace single settings of a stage; every other one stays."""
    patch = [{"op": "replace", "path": path, "value": value} for path, value in changes]
    return Call(UPDATE, {"restApiId": stage["api_id"], "stageName": stage["stageName"], "patchOperations": patch})
