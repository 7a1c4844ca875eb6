"""IAM Access Analyzer. The emulator has nothing of it, so AWS's answers are played back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import Status, scan
from checks import access_analyzer
from checks.access_analyzer import analyzers
from tests.checks.cases import Case

EXTERNAL = access_analyzer.region_has_external_access_analyzer


def analyzer(type: str = "ACCOUNT", status: str = "ACTIVE") -> dict[str, Any]:
    return {"name": "main", "type": type, "status": status}


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
