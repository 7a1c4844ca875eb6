"""`aws-sec checks`, `explain` and `permissions`: what is looked for, why, and what it takes."""

from __future__ import annotations

import json

import jsonschema
import pytest

import checks
from bot.permissions import action
from checks.kit import Practice
from tests.cli.conftest import AwsSec

KNOWN, FIXES = checks.load()
TEXT = {"type": "string", "minLength": 1}
OBJECT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "title", "why", "practice", "severity", "calls", "fix", "frameworks", "how", "guide", "page"],
    "properties": {
        "id": {"type": "string", "pattern": r"^[a-z0-9_]+\.[a-z0-9_]+$"},
        "title": TEXT,
        "why": TEXT,
        "practice": {"enum": [practice.key for practice in Practice]},
        "severity": {"enum": ["low", "medium", "high", "critical"]},
        "calls": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^[a-z0-9-]+:[A-Za-z0-9]+$"}},
        "fix": {"type": ["string", "null"]},
        "frameworks": {"type": "object", "additionalProperties": {"type": "array", "minItems": 1, "items": TEXT}},
        "how": TEXT,
        "guide": {
            "type": "object",
            "additionalProperties": False,
            "required": ["console", "cli", "cloudformation", "terraform", "only", "steps", "link"],
            "properties": {
                **{
                    way: {"type": "string"} for way in ("console", "cli", "cloudformation", "terraform", "only", "link")
                },
                "steps": {"type": "array", "items": TEXT},
            },
        },
        "page": {"type": "string", "pattern": "^https://"},
    },
}


def test_json_has_every_check_once(aws_sec: AwsSec) -> None:
    ran = aws_sec("checks", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    printed = json.loads(ran.out)
    jsonschema.validate(printed, {"type": "array", "items": OBJECT})
    assert sorted(one["id"] for one in printed) == list(KNOWN)
    assert {one["id"] for one in printed if one["fix"]} == set(FIXES)


def test_the_table_groups_them_by_practice(aws_sec: AwsSec) -> None:
    ran = aws_sec("checks")
    assert (ran.code, ran.err) == (0, "")
    for check in KNOWN.values():
        assert check.id in ran.out
        assert f"({check.practice.key})" in ran.out
    assert ran.out.endswith("Next: aws-sec explain CHECK\n")


@pytest.mark.parametrize("practice", [practice.key for practice in Practice])
def test_one_practice_alone(practice: str, aws_sec: AwsSec) -> None:
    printed = json.loads(aws_sec("checks", "--practice", practice, "--format", "json").out)
    assert {one["practice"] for one in printed} == {practice}


@pytest.mark.parametrize("id", KNOWN)
def test_every_check_is_explained_with_why_how_and_where_to_read_more(id: str, aws_sec: AwsSec) -> None:
    ran = aws_sec("explain", id)
    printed = " ".join(ran.out.split())
    assert (ran.code, ran.err) == (0, "")
    check = KNOWN[id]
    for part in (id, check.title, check.severity.word, check.practice.value):
        assert part in printed
    squeezed = printed.replace(" ", "")
    for part in (check.why, check.how, check.page, *check.calls):
        assert part.replace(" ", "") in squeezed
    assert ("By aws-sec" in printed) is (id in FIXES)


def test_a_check_is_explained_without_any_database(aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SEC_DATABASE", "/nowhere/at.all")
    assert aws_sec("explain", "s3.bucket_blocks_public_access").code == 0


@pytest.mark.parametrize("whose", ["scan", "fix"])
def test_permissions_are_policies_ready_to_be_attached(whose: str, aws_sec: AwsSec) -> None:
    ran = aws_sec("permissions", whose)
    assert (ran.code, ran.err) == (0, "")
    policies = json.loads(ran.out)
    statements = [one for policy in policies for one in policy["Statement"] if one["Effect"] == "Allow"]
    allowed = {one for statement in statements for one in statement["Action"]}
    calls = {call for check in KNOWN.values() for call in check.calls}
    writes = {call for fix in FIXES.values() for call in fix.calls}
    assert allowed >= {action(call) for call in (calls if whose == "scan" else writes)}
    assert not any("*" in one for one in allowed)
    if whose == "scan":
        assert allowed.isdisjoint({action(call) for call in writes} - {action(call) for call in calls})
    assert [
        json.loads(aws_sec("permissions", whose, "--part", str(n)).out) for n, _ in enumerate(policies, 1)
    ] == policies


def test_a_part_that_is_not_there_is_said_so(aws_sec: AwsSec) -> None:
    ran = aws_sec("permissions", "scan", "--part", "9")
    assert (ran.code, ran.out) == (1, "")
    assert "the last part is" in ran.err


def test_permissions_of_the_host_follow_the_settings(aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "the host needs what scans need" in aws_sec("permissions", "host").sentence
    scan, fix = (f"arn:aws-cn:iam::123456789012:role/aws-sec-{name}" for name in ("scan", "fix"))
    given = {
        "ROLE_ARN": scan, "FIX_ROLE_ARN": fix, "AUDIT_BUCKET": "northwind-audit/aws-sec",
        "AUDIT_LOG_STREAM": "aws-sec:audit",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(f"AWS_SEC_{name}", value)
    found = json.loads(aws_sec("permissions", "host").out)["Statement"]
    assert [(one["Action"], one["Resource"]) for one in found] == [
        (["sts:AssumeRole"], [scan, fix]),
        (["sts:SetSourceIdentity"], [fix]),
        (["s3:PutObject"], ["arn:aws-cn:s3:::northwind-audit/aws-sec/*"]),
        (
            ["logs:GetLogEvents", "logs:PutLogEvents"],
            ["arn:aws-cn:logs:*:*:log-group:aws-sec:log-stream:audit"],
        ),
    ]


def test_permissions_are_a_template_with_both_roles(aws_sec: AwsSec) -> None:
    ran = aws_sec("permissions", "cloudformation")
    assert (ran.code, ran.err) == (0, "")
    assert {"Scan", "Fix"} < json.loads(ran.out)["Resources"].keys()
