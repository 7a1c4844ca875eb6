"""Lambda: what the judges say, what is read, and how a statement is taken out and put back."""

from __future__ import annotations

import importlib.resources
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import Status, scan
from checks import lambda_functions
from checks.kit import NotApplicable, Unknown
from checks.lambda_policies import add
from checks.lambda_runtimes import DEPRECATED
from tests.checks.cases import NOW, Case

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
NAME = {"FunctionName": "orders", "FunctionArn": ARN}
PUBLIC, OWNED = (
    lambda_functions.function_policy_is_not_public,
    (lambda_functions.function_policy_says_whose_services_may_invoke),
)
URL, SITES = lambda_functions.function_url_is_not_public, lambda_functions.function_url_names_its_sites
RUNTIME, ZONES = lambda_functions.function_has_supported_runtime, lambda_functions.function_in_vpc_spans_zones
FAILED, SECRETS = lambda_functions.function_keeps_failed_events, lambda_functions.function_keeps_no_secrets_in_variables
OWN_KEY = lambda_functions.function_variables_have_own_key
ASKED = {"customer_managed_key": True}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": list(statements)})


def allow(principal: Any = "*", action: Any = "lambda:InvokeFunction", **condition: Any) -> dict[str, Any]:
    more = {"Condition": condition} if condition else {}
    return {"Sid": "one", "Effect": "Allow", "Principal": principal, "Action": action, "Resource": ARN} | more


def by_service(name: Any = "s3", **condition: Any) -> str:
    return policy(allow({"Service": f"{name}.amazonaws.com"}, **condition))


OURS = {"StringEquals": {"AWS:SourceAccount": "123456789012"}}
BUCKET = {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::northwind-uploads"}}
NO_AUTH = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
SIGNED = {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}
AT_URL = policy(
    allow(action="lambda:InvokeFunctionUrl", **NO_AUTH), allow(Bool={"lambda:InvokedViaFunctionUrl": "true"})
)
SIGNED_AT_URL = policy(allow(action="lambda:InvokeFunctionUrl", **SIGNED))


def url(auth: str = "NONE", alias: str = "", **cors: Any) -> dict[str, Any]:
    more = {"Cors": cors} if cors else {}
    return {"FunctionArn": f"{ARN}:{alias}" if alias else ARN, "AuthType": auth} | more


CASES = [
    Case(PUBLIC, [NAME, {}], None),
    Case(PUBLIC, [NAME, {"": policy(allow())}], "lets everyone do lambda:InvokeFunction"),
    Case(PUBLIC, [NAME, {"": policy(allow({"AWS": "*"}))}], "lets everyone do lambda:InvokeFunction"),
    Case(PUBLIC, [NAME, {"live": policy(allow())}], "lets everyone do lambda:InvokeFunction through alias live"),
    Case(PUBLIC, [NAME, {"": policy(allow(StringEquals={"aws:PrincipalOrgID": "o-a1b2c3d4e5"}))}], None),
    Case(PUBLIC, [NAME, {"": policy(allow({"AWS": "arn:aws:iam::210987654321:root"}))}], None),
    Case(PUBLIC, [NAME, {"": by_service(**OURS)}], None),
    Case(PUBLIC, [NAME, {"": AT_URL}], None),  # a question of its own: the URL may be gone, or ask for signatures
    Case(OWNED, [NAME, {}], NotApplicable),
    Case(OWNED, [NAME, {"": by_service()}], "lets s3.amazonaws.com invoke it on anybody's behalf"),
    Case(OWNED, [NAME, {"": by_service(**OURS)}], None),
    Case(OWNED, [NAME, {"": by_service(**BUCKET)}], None),
    Case(OWNED, [NAME, {"": by_service("sns", ArnLike={"AWS:SourceArn": "arn:aws:sns:*:*:orders"})}],
         "lets sns.amazonaws.com invoke it on anybody's behalf"),
    Case(OWNED, [NAME, {"": by_service("alexa", StringEquals={"lambda:EventSourceToken": "skill-id"})}], None),
    Case(OWNED, [NAME, {"": policy(allow({"Service": "replicator.lambda.amazonaws.com"}, "lambda:GetFunction"))}], None),
    Case(URL, [NAME, [], {"": AT_URL}], NotApplicable),
    Case(URL, [NAME, [url()], {"": AT_URL}], "answers everyone at its URL"),
    Case(URL, [NAME, [url(alias="live")], {"live": AT_URL}], "answers everyone at its URL through alias live"),
    Case(URL, [NAME, [url(alias="live")], {"": AT_URL}], None),
    Case(URL, [NAME, [url()], {}], None),  # AWS answers 403 as long as no policy lets everyone in
    Case(URL, [NAME, [url("AWS_IAM")], {"": AT_URL}], None),
    Case(URL, [NAME, [url("AWS_IAM")], {"": SIGNED_AT_URL}], "answers everyone who has an AWS account at its URL"),
    Case(URL, [NAME, [url()], {"": SIGNED_AT_URL}], None),
    Case(URL, [NAME, [url()], {"": policy(allow(action="lambda:*"))}], "answers everyone at its URL"),
    Case(SITES, [NAME, [url()]], NotApplicable),
    Case(SITES, [NAME, [url(AllowOrigins=["https://shop.example"])]], None),
    Case(SITES, [NAME, [url(AllowOrigins=["*"])]], "lets pages of every site call it"),
    Case(RUNTIME, [{"Runtime": "python3.14"}, NOW], None),
    Case(RUNTIME, [{"Runtime": "python3.8"}, NOW], "runs on python3.8, which AWS deprecated on 2024-10-14"),
    Case(RUNTIME, [{"Runtime": "nodejs20.x"}, NOW], None),
    Case(RUNTIME, [{"Runtime": "nodejs20.x"}, NOW], "runs on nodejs20.x, which AWS deprecates on 2026-04-30", {"days": 90}),
    Case(RUNTIME, [{"PackageType": "Image"}, NOW], NotApplicable),
    Case(ZONES, [NAME, frozenset()], NotApplicable),
    Case(ZONES, [NAME, frozenset({"eu-west-1a"})], "runs in eu-west-1a alone"),
    Case(ZONES, [NAME, frozenset({"eu-west-1a", "eu-west-1b"})], None),
    Case(FAILED, [NAME, {}, False], NotApplicable),
    Case(FAILED, [NAME, {"": by_service("apigateway")}, False], NotApplicable),  # it waits for the answer
    Case(FAILED, [NAME, {"": by_service()}, False], "drops events of s3.amazonaws.com that it fails on"),
    Case(FAILED, [NAME, {"": by_service()}, True], None),
    Case(FAILED, [{"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:failed"}},
                  {"": by_service("sns")}, False], None),
    Case(SECRETS, [{"secrets": []}], None),
    Case(SECRETS, [{"secrets": ["DB_PASSWORD"]}], "has variables that look like secrets: DB_PASSWORD"),
    Case(OWN_KEY, [{"has_variables": True}], NotApplicable),
    Case(OWN_KEY, [{"has_variables": False}], NotApplicable, ASKED),
    Case(OWN_KEY, [{"has_variables": True}], "encrypts its environment variables with AWS's key", ASKED),
    Case(OWN_KEY, [{"has_variables": True, "KMSKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/a"}], None, ASKED),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_runtime_that_came_later_is_no_pass() -> None:
    with pytest.raises(Unknown, match=r"python3\.99"):
        RUNTIME.judge({"Runtime": "python3.99"}, NOW)


def test_the_days_of_the_runtimes_are_those_that_cfn_lint_read_from_the_same_page() -> None:
    data = importlib.resources.files("cfnlint.data.AdditionalSpecs").joinpath("LmbdRuntimeLifecycle.json")
    read = {runtime: one["deprecated"] for runtime, one in json.loads(data.read_text()).items()}
    del read["dotnet9"]  # for container images alone
    assert dict(DEPRECATED) == read
    assert all(datetime.fromisoformat(day).replace(tzinfo=UTC) for day in DEPRECATED.values())


def test_what_is_read_of_a_function(aws: Region) -> None:
    client = create(aws.clients.session, Environment={"Variables": {"DB_PASSWORD": "hunter2", "STAGE": "live"}})
    client.publish_version(FunctionName="orders")
    [function] = lambda_functions.functions.stream(aws)
    assert function["secrets"] == ["DB_PASSWORD"]
    assert "hunter2" not in repr(function)
    assert lambda_functions.policies.read(aws, function) == {}
    assert lambda_functions.urls.read(aws, function) == []
    assert lambda_functions.zones.read(aws, function) == frozenset()
    assert lambda_functions.kept_on_failure.read(aws, function) is False
    client.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:123456789012:q"}}
    )
    assert lambda_functions.kept_on_failure.read(aws, function) is True
    client.create_function_url_config(FunctionName="orders", AuthType="NONE")
    [found] = lambda_functions.urls.read(aws, function)
    assert (found["AuthType"], lambda_functions.alias_of(found)) == ("NONE", "")


def test_policies_of_aliases_are_read_too(aws: Region) -> None:
    with Stubber(aws.clients.get("lambda", aws.region)) as stub:
        stub.add_response("list_aliases", {"Aliases": [{"Name": "live"}]}, {"FunctionName": "orders"})
        stub.add_client_error("get_policy", "ResourceNotFoundException", expected_params={"FunctionName": "orders"})
        stub.add_response("get_policy", {"Policy": AT_URL}, {"FunctionName": "orders", "Qualifier": "live"})
        assert lambda_functions.policies.read(aws, NAME) == {"live": AT_URL}
        stub.assert_no_pending_responses()


def test_replicas_of_the_edge_and_what_control_tower_makes_are_left_out(aws: Region) -> None:
    edge = "arn:aws:lambda:us-east-1:123456789012:function:headers"
    of_towers = "aws-controltower-NotificationForwarder"
    listed = [
        NAME,
        {"FunctionName": "us-east-1.headers", "FunctionArn": ARN.replace("orders", "us-east-1.headers"), "MasterArn": edge},
        {"FunctionName": of_towers, "FunctionArn": ARN.replace("orders", of_towers)},
    ]  # fmt: skip
    with Stubber(aws.clients.get("lambda", aws.region)) as stub:
        stub.add_response("list_functions", {"Functions": listed}, {})
        assert [one["FunctionName"] for one in lambda_functions.functions.stream(aws)] == ["orders"]


def test_zones_are_those_of_its_subnets_and_unknown_where_one_is_missing(aws: Region) -> None:
    ec2 = aws.clients.session.client("ec2")
    subnets = {one["AvailabilityZone"]: one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]}
    two = {"VpcConfig": {"SubnetIds": [subnets["eu-west-1a"], subnets["eu-west-1b"]]}}
    assert lambda_functions.zones.read(aws, two) == {"eu-west-1a", "eu-west-1b"}
    with pytest.raises(Unknown, match="subnet-gone"):
        lambda_functions.zones.read(aws, {"VpcConfig": {"SubnetIds": ["subnet-gone"]}})


def test_a_statement_is_put_back_with_all_its_conditions() -> None:
    every = {
        "StringEquals": {"AWS:SourceAccount": "123456789012", "lambda:EventSourceToken": "skill"},
        "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::*"},
        "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
    }
    back = add("orders", "live", allow(**every)).params
    assert back == {
        "FunctionName": "orders",
        "StatementId": "one",
        "Qualifier": "live",
        "Action": "lambda:InvokeFunction",
        "Principal": "*",
        "SourceAccount": "123456789012",
        "EventSourceToken": "skill",
        "SourceArn": "arn:aws:s3:::*",
        "InvokedViaFunctionUrl": True,
    }


@pytest.mark.parametrize(
    "statement",
    [
        allow(StringLike={"aws:Referer": "*"}),
        allow() | {"Action": ["lambda:InvokeFunction", "lambda:GetFunction"]},
        allow({"AWS": ["*", "arn:aws:iam::210987654321:root"]}),
    ],
)
def test_what_cannot_be_put_back_is_not_taken_out(statement: dict[str, Any]) -> None:
    with pytest.raises(NotApplicable):
        lambda_functions.shut_out_everyone.plan(NAME, {"": policy(statement)})


def test_signed_requests_of_strangers_are_shut_out_as_well() -> None:
    plan = lambda_functions.ask_who_calls.plan(NAME, [url("AWS_IAM")], {"": SIGNED_AT_URL})
    assert [call.call for call in plan.do] == ["lambda:RemovePermission"]
    assert plan.undo[0].params["FunctionUrlAuthType"] == "AWS_IAM"


def test_the_new_statement_is_there_before_the_old_one_goes() -> None:
    loose = allow({"Service": "sns.amazonaws.com"}, ArnLike={"AWS:SourceArn": "arn:aws:sns:*:*:orders"})
    plan = lambda_functions.limit_services_to_the_account.plan(NAME, {"live": policy(loose)})
    assert [call.call for call in plan.do] == ["lambda:AddPermission", "lambda:RemovePermission"]
    added = plan.do[0].params
    assert added["SourceAccount"] == "123456789012"
    assert added["SourceArn"] == "arn:aws:sns:*:*:orders"
    assert (added["StatementId"], added["Qualifier"]) == ("one-own-account", "live")


def test_denied_is_unknown_and_names_the_action(aws: Region) -> None:
    with Stubber(aws.clients.get("lambda", aws.region)) as stub:
        stub.add_client_error("list_functions", "AccessDeniedException", http_status_code=403)
        outcome, _ = scan(aws, [SECRETS], [aws.region])
    assert getattr(outcome, "status", None) is Status.UNKNOWN
    assert "lambda:ListFunctions" in getattr(outcome, "text", "")


def create(session: boto3.Session, **more: Any) -> Any:
    role = session.client("iam").create_role(RoleName="orders", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("index.py", "def handler(event, context): ...")
    client = session.client("lambda")
    how: dict[str, Any] = {"Runtime": "python3.13", "Role": role, "Handler": "index.handler"}
    client.create_function(FunctionName="orders", Code={"ZipFile": archive.getvalue()}, **how, **more)
    return client


def open_to_everyone(session: boto3.Session) -> None:
    client = create(session)
    ours = {"FunctionName": "orders", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    client.add_permission(**ours, StatementId="uploads", SourceAccount="123456789012")
    client.add_permission(**ours | {"Principal": "*"}, StatementId="anyone")


def for_anybody(session: boto3.Session) -> None:
    ours = {"FunctionName": "orders", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    create(session).add_permission(**ours, StatementId="uploads")


def open_url(session: boto3.Session) -> None:
    client = create(session)
    client.create_function_url_config(FunctionName="orders", AuthType="NONE")
    anyone = {"FunctionName": "orders", "Principal": "*", "StatementId": "FunctionURLAllowPublicAccess"}
    client.add_permission(**anyone, Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    PUBLIC.id: open_to_everyone,
    OWNED.id: for_anybody,
    URL.id: open_url,
}
