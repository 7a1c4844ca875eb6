"""Systems Manager: what the judges say, what is read of machines and sessions, and what the fixes are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

import boto3
import pytest

from bot.aws import Region
from checks import ssm
from checks.kit import Call, NotApplicable
from tests.checks.cases import Case

CLOSED, BLOCKED, SCRIPTS, PATCHED, FOLLOWS, SESSIONS = (
    ssm.document_is_not_public,
    ssm.region_blocks_public_documents,
    ssm.region_logs_automation,
    ssm.node_is_patched,
    ssm.node_follows_its_associations,
    ssm.region_logs_sessions,
)
DOCUMENT = {"Name": "restart-shop"}
EVERYONE, PARTNER = {"AccountId": "all", "SharedDocumentVersion": "$DEFAULT"}, {"AccountId": "210987654321"}


def settings(sharing: str = "Disable", logs: str = "CloudWatch") -> dict[str, str]:
    return {"sharing": sharing, "script_logs": logs}


def node(**summaries: Any) -> dict[str, Any]:
    return {"id": "i-1", "arn": "arn:...", "patch": None, "association": None} | summaries


def summary(bad: int, critical: int = 0) -> dict[str, Any]:
    counts = {"NonCompliantCount": bad, "SeveritySummary": {"CriticalCount": critical}}
    return {"Status": "NON_COMPLIANT" if bad else "COMPLIANT", "NonCompliantSummary": counts}


def sessions(*logged_in: str, nodes: bool = True) -> dict[str, Any]:
    return {"nodes": nodes, "logged_in": list(logged_in)}


UNLOGGED = "does not log what is done in sessions"
CASES = [
    Case(CLOSED, [DOCUMENT, []], None),
    Case(CLOSED, [DOCUMENT, [PARTNER]], None),
    Case(CLOSED, [DOCUMENT, [PARTNER, EVERYONE]], "is shared with everyone"),
    Case(CLOSED, [DOCUMENT, [{"AccountId": "All"}]], "is shared with everyone"),
    Case(BLOCKED, [settings()], None),
    Case(BLOCKED, [settings("Enable")], "lets SSM documents be made public"),
    Case(SCRIPTS, [settings()], None),
    Case(SCRIPTS, [settings(logs="")], "does not log the output of automation scripts"),
    Case(PATCHED, [node(patch=summary(0))], None),
    Case(PATCHED, [node(patch=summary(3))], "misses 3 patches"),
    Case(PATCHED, [node(patch=summary(3, 2))], "misses 3 patches, 2 of them critical"),
    Case(PATCHED, [node()], NotApplicable),
    Case(FOLLOWS, [node(association=summary(0))], None),
    Case(FOLLOWS, [node(association=summary(1))], "has 1 associations that fail"),
    Case(FOLLOWS, [node(patch=summary(1))], NotApplicable),
    Case(SESSIONS, [sessions(nodes=False)], NotApplicable),
    Case(SESSIONS, [sessions()], UNLOGGED),
    Case(SESSIONS, [sessions("northwind-sessions")], None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_our_documents_and_with_whom_they_are_shared(aws: Region) -> None:
    public(aws.clients.session)
    [found] = ssm.documents.stream(aws)
    assert found["Name"] == "restart-shop"
    assert CLOSED.judge(found, ssm.shares.read(aws, found)) == "is shared with everyone"


def reported(aws: boto3.Session, kind: str, *statuses: Literal["COMPLIANT", "NON_COMPLIANT"]) -> None:
    """What Systems Manager reported of a machine."""
    aws.client("ssm", region_name="eu-west-1").put_compliance_items(
        ResourceId="i-0123456789abcdef0",
        ResourceType="ManagedInstance",
        ComplianceType=kind,
        ExecutionSummary={"ExecutionTime": "2026-03-01T00:00:00Z"},
        Items=[{"Id": str(n), "Severity": "CRITICAL", "Status": status} for n, status in enumerate(statuses)],
    )


def test_reads_machines_with_what_is_reported_of_them(aws: Region) -> None:
    """Machines, their patches and service settings are what bot.demo.moto_watch adds to the emulator."""
    reported(aws.clients.session, "Patch", "COMPLIANT", "NON_COMPLIANT")
    [found] = ssm.nodes.stream(aws)
    assert found["arn"] == "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0"
    assert PATCHED.judge(found) == "misses 1 patches, 1 of them critical"
    assert found["association"] is None


def test_preferences_of_sessions_are_read_where_there_are_machines(aws: Region) -> None:
    assert next(ssm.sessions.stream(aws)) == {"nodes": False, "logged_in": []}
    fresh = Region(aws.clients, aws.account, aws.region)  # what one scan reads once
    reported(aws.clients.session, "Patch", "COMPLIANT")
    assert next(ssm.sessions.stream(fresh)) == {"nodes": True, "logged_in": []}
    inputs = {"s3BucketName": "sessions", "cloudWatchLogGroupName": ""}
    preferences = {"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": inputs}
    aws.clients.session.client("ssm").create_document(
        Name="SSM-SessionManagerRunShell", Content=json.dumps(preferences), DocumentType="Session"
    )
    assert next(ssm.sessions.stream(fresh))["logged_in"] == ["sessions"]


def test_what_was_not_set_is_reset() -> None:
    assert ssm.log_automation.plan(settings(logs="")).undo[0].call == "ssm:ResetServiceSetting"
    assert ssm.block_public_documents.plan(settings("Enable")).undo[0].call == "ssm:UpdateServiceSetting"


def test_other_accounts_keep_the_document() -> None:
    plan = ssm.make_private.plan(DOCUMENT, [PARTNER, EVERYONE])
    wanted = {"Name": "restart-shop", "PermissionType": "Share", "AccountIdsToRemove": ["all"]}
    assert plan.do == [Call("ssm:ModifyDocumentPermission", wanted)]
    assert plan.after == {"shared with": "210987654321"}
    with pytest.raises(NotApplicable):
        ssm.make_private.plan(DOCUMENT, [PARTNER])


def public(aws: boto3.Session) -> None:
    client = aws.client("ssm", region_name="eu-west-1")
    steps = [{"action": "aws:runShellScript", "name": "restart", "inputs": {"runCommand": ["true"]}}]
    content = {"schemaVersion": "2.2", "description": "Restarts the shop", "mainSteps": steps}
    client.create_document(Name="restart-shop", Content=json.dumps(content), DocumentType="Command")
    client.modify_document_permission(Name="restart-shop", PermissionType="Share", AccountIdsToAdd=["all"])


def nothing(_: boto3.Session) -> None:
    """As AWS has it."""


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    CLOSED.id: public,
    BLOCKED.id: nothing,
    SCRIPTS.id: nothing,
}
