"""IAM Access Analyzer. The emulator has nothing of it, so AWS's answers are played back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import Status, scan
from checks import access_analyzer
from checks.access_analyzer import analyzers, external_analyzers, open_findings
from checks.kit import NotApplicable
from tests.checks.cases import Case

OPEN = access_analyzer.analyzer_has_no_open_findings
EXTERNAL = access_analyzer.region_has_external_access_analyzer


def analyzer(type: str = "ACCOUNT", status: str = "ACTIVE") -> dict[str, Any]:
    return {"name": "main", "type": type, "status": status}


def finding(resource: str) -> dict[str, Any]:
    return {"id": "1", "resource": resource}


CASES = [
    Case(EXTERNAL, [{"analyzers": [analyzer()]}], None),
    Case(EXTERNAL, [{"analyzers": [analyzer("ACCOUNT_UNUSED_ACCESS"), analyzer("ORGANIZATION")]}], None),
    Case(EXTERNAL, [{"analyzers": []}], "has no analyzer of external access"),
    Case(EXTERNAL, [{"analyzers": [analyzer("ACCOUNT_UNUSED_ACCESS")]}], "has no analyzer of external access"),
    Case(EXTERNAL, [{"analyzers": [analyzer("ACCOUNT_INTERNAL_ACCESS")]}], "has no analyzer of external access"),
    Case(
        EXTERNAL,
        [{"analyzers": [analyzer(status="FAILED")]}],
        "has no active analyzer of external access (main is FAILED)",
    ),
    Case(OPEN, [analyzer(), []], None),
    Case(OPEN, [analyzer(), [finding("arn:aws:s3:::logs")]], "has 1 open findings: logs"),
    Case(
        OPEN,
        [analyzer(), [finding(f"arn:aws:sqs:eu-west-1:1:q{number}") for number in range(101)]],
        "has more than 100 open findings: q0, q1, q2, q3, q4 and more",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def full(name: str) -> dict[str, Any]:
    arn = f"arn:aws:access-analyzer:eu-west-1:123456789012:analyzer/{name}"
    return analyzer() | {"name": name, "arn": arn, "createdAt": datetime(2026, 1, 1, tzinfo=UTC)}


def test_reads_every_page(aws: Region) -> None:
    with Stubber(aws.clients.get("accessanalyzer", aws.region)) as stub:
        stub.add_response("list_analyzers", {"analyzers": [full("one")], "nextToken": "more"}, {})
        stub.add_response("list_analyzers", {"analyzers": [full("two")]}, {"nextToken": "more"})
        (found,) = analyzers.stream(aws)
    assert [one["name"] for one in found["analyzers"]] == ["one", "two"]


def test_denied_is_unknown_and_names_the_action(aws: Region) -> None:
    with Stubber(aws.clients.get("accessanalyzer", aws.region)) as stub:
        stub.add_client_error("list_analyzers", "AccessDeniedException", http_status_code=403)
        outcome, _ = scan(aws, [EXTERNAL], [aws.region])
    assert getattr(outcome, "status", None) is Status.UNKNOWN
    assert "access-analyzer:ListAnalyzers" in getattr(outcome, "text", "")


def test_reads_the_open_findings_on_this_account_of_active_analyzers_only(aws: Region) -> None:
    with Stubber(aws.clients.get("accessanalyzer", aws.region)) as stub:
        unused = full("unused") | {"type": "ACCOUNT_UNUSED_ACCESS"}
        stub.add_response("list_analyzers", {"analyzers": [full("one"), unused]}, {})
        (found,) = external_analyzers.stream(aws)
        assert found["name"] == "one"
        mine = {"status": {"eq": ["ACTIVE"]}, "resourceOwnerAccount": {"eq": [aws.account]}}
        when = datetime(2026, 1, 1, tzinfo=UTC)
        answer = finding("arn:aws:s3:::logs") | {
            "analyzedAt": when,
            "createdAt": when,
            "updatedAt": when,
            "status": "ACTIVE",
            "resourceType": "AWS::S3::Bucket",
            "resourceOwnerAccount": aws.account,
        }
        role = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1"
        findings = [answer | {"resource": role}, answer]
        stub.add_response("list_findings_v2", {"findings": findings}, {"analyzerArn": found["arn"], "filter": mine})
        assert [one["resource"] for one in open_findings.read(aws, found)] == ["arn:aws:s3:::logs"]


@pytest.mark.parametrize(
    "found", [[analyzer(status="FAILED")], [analyzer("ACCOUNT_UNUSED_ACCESS") | {"name": "external-access"}]]
)
def test_no_second_analyzer_is_made_and_none_of_the_same_name(found: list[dict[str, Any]]) -> None:
    with pytest.raises(NotApplicable):
        access_analyzer.create_analyzer.plan({"analyzers": found})


def nothing_analyzed(aws: boto3.Session) -> None:
    """A region's analyzers as AWS keeps them: botocore asks here before it would send."""
    kept: dict[str, dict[str, Any]] = {}

    def answer(model: Any, params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        body = json.loads(params["body"] or "{}")
        if model.name == "CreateAnalyzer":
            kept[body["analyzerName"]] = full(body["analyzerName"]) | {"type": body["type"]}
        if model.name == "DeleteAnalyzer":
            del kept[params["url_path"].rpartition("/")[2]]
        return AWSResponse("", 200, {}, None), {"analyzers": list(kept.values())}  # type: ignore[arg-type]

    for operation in ("ListAnalyzers", "CreateAnalyzer", "DeleteAnalyzer"):
        aws.events.register(f"before-call.accessanalyzer.{operation}", answer)  # type: ignore[arg-type]  # its answer counts


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {EXTERNAL.id: nothing_analyzed}
