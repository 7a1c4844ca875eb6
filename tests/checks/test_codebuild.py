"""CodeBuild: what the judges say, what is read, and the projects that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import codebuild
from checks.kit import NotApplicable
from tests.checks.cases import Case

ARN = "arn:aws:codebuild:eu-west-1:123456789012:project/shop"
NAME = {"name": "shop", "arn": ARN}
SIGNS_IN, SECRETS = codebuild.project_source_holds_no_password, codebuild.project_keeps_no_secrets_in_variables
PRIVATE, LOGS, S3_LOGS = codebuild.project_is_private, codebuild.project_keeps_logs, codebuild.project_encrypts_s3_logs
PEOPLE, OWNERS = codebuild.project_webhook_anchors_people, codebuild.project_builds_from_known_organizations
REPORTS = codebuild.report_group_export_is_encrypted
OURS = {"organizations": ("northwind",)}


def logs(cloudwatch: str = "DISABLED", s3: str = "DISABLED", **more: Any) -> dict[str, Any]:
    return NAME | {"logsConfig": {"cloudWatchLogs": {"status": cloudwatch}, "s3Logs": {"status": s3} | more}}


def actors(*patterns: str, **more: Any) -> dict[str, Any]:
    event = {"type": "EVENT", "pattern": "PULL_REQUEST_CREATED"}
    groups = [[event, {"type": "ACTOR_ACCOUNT_ID", "pattern": pattern} | more] for pattern in patterns]
    return {"webhook": {"filterGroups": groups}}


def source(location: str, type: str = "GITHUB") -> dict[str, Any]:
    return {"source": {"type": type, "location": location}}


def export(**more: Any) -> dict[str, Any]:
    return {"exportConfig": {"exportConfigType": "S3", "s3Destination": {"bucket": "reports"} | more}}


CASES = [
    Case(SIGNS_IN, [{"signs_in": []}], None),
    Case(SIGNS_IN, [{"signs_in": ["the source"]}], "signs in with a password in the URL of the source"),
    Case(SECRETS, [{"secrets": []}], None),
    Case(SECRETS, [{"secrets": ["TOKEN"]}], "has plain variables that look like secrets: TOKEN"),
    Case(PRIVATE, [NAME], None),
    Case(PRIVATE, [NAME | {"projectVisibility": "PRIVATE"}], None),
    Case(PRIVATE, [NAME | {"projectVisibility": "PUBLIC_READ"}], "shows its logs and artifacts to everyone"),
    Case(LOGS, [NAME], None),  # CloudWatch Logs is on unless told otherwise
    Case(LOGS, [logs()], "keeps no logs"),
    Case(LOGS, [logs("ENABLED")], None),
    Case(LOGS, [logs(s3="ENABLED")], None),
    Case(S3_LOGS, [logs("ENABLED")], NotApplicable),
    Case(S3_LOGS, [logs(s3="ENABLED")], None),
    Case(S3_LOGS, [logs(s3="ENABLED", encryptionDisabled=True)], "does not encrypt its logs in S3"),
    Case(PEOPLE, [NAME], NotApplicable),
    Case(PEOPLE, [actors("^12345$")], None),
    Case(PEOPLE, [actors("^(12345|67890)$")], None),
    Case(PEOPLE, [actors("^12345$|^67890$")], None),
    Case(PEOPLE, [actors("12345")], "builds for whoever has an id with a part that fits 12345"),
    Case(PEOPLE, [actors("^12345|67890$")], "builds for whoever has an id with a part that fits ^12345|67890$"),
    Case(PEOPLE, [actors("12345", excludeMatchedPattern=True)], NotApplicable),
    Case(OWNERS, [source("https://github.com/stranger/shop")], NotApplicable),
    Case(OWNERS, [source("https://github.com/stranger/shop")], "builds from stranger on GitHub", OURS),
    Case(OWNERS, [source("https://github.com/Northwind/shop.git")], None, OURS),
    Case(OWNERS, [source("shop", "CODECOMMIT")], NotApplicable, OURS),
    Case(REPORTS, [{}], NotApplicable),
    Case(REPORTS, [export()], None),
    Case(REPORTS, [export(encryptionDisabled=True)], "does not encrypt what it exports to S3"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


@pytest.mark.parametrize(
    ("location", "signs_in"),
    [
        ("https://ana:s3cr3t-pass@bitbucket.org/northwind/shop", True),
        ("https://x-token-auth:s3cr3t-pass@bitbucket.org/northwind/shop", True),
        ("https://s3cr3t-pass@github.com/northwind/shop", True),
        ("https://ana@bitbucket.org/northwind/shop", False),
        ("https://github.com/northwind/shop", False),
        ("northwind-sources/shop@2.zip", False),
    ],
)
def test_a_password_in_a_url_is_seen_and_not_kept(aws: Region, location: str, signs_in: bool) -> None:
    answer = {"projects": [NAME | {"source": {"type": "BITBUCKET", "location": location}}]}
    with Stubber(aws.clients.get("codebuild", aws.region)) as stub:
        stub.add_response("list_projects", {"projects": ["shop"]}, {})
        stub.add_response("batch_get_projects", answer, {"names": ["shop"]})
        [project] = codebuild.projects.stream(aws)
    assert bool(project["signs_in"]) is signs_in
    assert "s3cr3t-pass" not in repr(project)


def test_values_of_variables_are_not_kept(aws: Region) -> None:
    variables = [
        {"name": "NPM_TOKEN", "value": "hunter2", "type": "PLAINTEXT"},
        {"name": "DB_PASSWORD", "value": "prod/db", "type": "SECRETS_MANAGER"},
    ]
    create(aws.clients.session, environmentVariables=variables)
    [project] = codebuild.projects.stream(aws)
    assert project["secrets"] == ["NPM_TOKEN"]
    assert "hunter2" not in repr(project)


def test_the_secret_of_a_webhook_is_not_kept(aws: Region) -> None:
    project: Any = {"name": "shop", "webhook": {"url": "https://api.github.example", "secret": "hunter2"}}
    with Stubber(aws.clients.get("codebuild", aws.region)) as stub:
        stub.add_response("list_projects", {"projects": ["shop"]}, {})
        stub.add_response("batch_get_projects", {"projects": [project]}, {"names": ["shop"]})
        assert "hunter2" not in repr(list(codebuild.projects.stream(aws)))


def test_report_groups_are_read_by_their_arns(aws: Region) -> None:
    arn = "arn:aws:codebuild:eu-west-1:123456789012:report-group/tests"
    groups = [{"arn": arn, "name": "tests", "status": "ACTIVE"}, {"arn": f"{arn}-old", "status": "DELETING"}]
    with Stubber(aws.clients.get("codebuild", aws.region)) as stub:
        stub.add_response("list_report_groups", {"reportGroups": [arn, f"{arn}-old"]}, {})
        asked = {"reportGroupArns": [arn, f"{arn}-old"]}
        stub.add_response("batch_get_report_groups", {"reportGroups": groups}, asked)
        assert [one["name"] for one in codebuild.report_groups.stream(aws)] == ["tests"]


def test_a_public_project_gets_its_role_back() -> None:
    role = "arn:aws:iam::123456789012:role/public-builds"
    plan = codebuild.make_private.plan(NAME | {"projectVisibility": "PUBLIC_READ", "resourceAccessRole": role})
    assert plan.undo[0].params["resourceAccessRole"] == role


def create(session: boto3.Session, logs: Mapping[str, Any] | None = None, **environment: Any) -> Any:
    client: Any = session.client("codebuild")
    machine = {"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"}
    client.create_project(
        name="shop",
        source={"type": "S3", "location": "northwind-sources/shop.zip"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment=machine | environment,
        serviceRole="arn:aws:iam::123456789012:role/service-role/builds",
        **({"logsConfig": logs} if logs else {}),
    )
    return client


def public(session: boto3.Session) -> None:
    create(session).update_project_visibility(projectArn=ARN, projectVisibility="PUBLIC_READ")


def silent(session: boto3.Session) -> None:
    create(session, {"cloudWatchLogs": {"status": "DISABLED", "groupName": "builds"}, "s3Logs": {"status": "DISABLED"}})


def in_the_clear(session: boto3.Session) -> None:
    s3 = {"status": "ENABLED", "location": "northwind-logs/builds", "encryptionDisabled": True}
    create(session, {"cloudWatchLogs": {"status": "DISABLED"}, "s3Logs": s3})


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    PRIVATE.id: public,
    LOGS.id: silent,
    S3_LOGS.id: in_the_clear,
}
