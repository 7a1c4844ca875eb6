"""What roles give to other accounts and to services, and roles that nobody uses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from checks import iam_trust
from checks.kit import NotApplicable
from tests.checks.cases import NOW, Case
from tests.checks.test_iam_roles import EC2, INLINE, MANAGEMENT, OTHER, OWN, VENDOR, allow, bounded, role

DEPUTY = iam_trust.service_acts_for_its_own_account
NARROW = iam_trust.role_for_another_account_is_narrow
UNUSED = iam_trust.unused_role_is_removed

FLOW_LOGS = {"Service": "vpc-flow-logs.amazonaws.com"}
OWN_ONLY = {"StringEquals": {"aws:SourceAccount": OWN}}
READER, VIEWER = (f"arn:aws:iam::aws:policy/{name}" for name in ("ReadOnlyAccess", "job-function/ViewOnlyAccess"))
ADMIN, MINE = "arn:aws:iam::aws:policy/AdministratorAccess", f"arn:aws:iam::{OWN}:policy/everything"
GRAPH = {"Service": ["states.eu-west-1.amazonaws.com", "ec2.amazonaws.com"]}


def used(days: int | None, made: int = 500, name: str = "job", path: str = "/") -> dict[str, Any]:
    last = {"RoleLastUsed": {"LastUsedDate": NOW - timedelta(days=days), "Region": "eu-west-1"}} if days else {}
    return role(allow(EC2), path=path) | {"RoleName": name, "CreateDate": NOW - timedelta(days=made)} | last


CASES = [
    Case(DEPUTY, [role(allow(FLOW_LOGS, OWN_ONLY))], None),
    Case(DEPUTY, [role(allow(FLOW_LOGS, {"ArnLike": {"aws:SourceArn": f"arn:aws:ec2:*:{OWN}:vpc-flow-log/*"}}))], None),
    Case(
        DEPUTY, [role(allow(FLOW_LOGS)) | {"RoleName": "job"}], "lets vpc-flow-logs.amazonaws.com act for any account"
    ),
    Case(
        DEPUTY,
        [role(allow(FLOW_LOGS, {"ArnLike": {"aws:SourceArn": "arn:aws:ec2:*:*:vpc-flow-log/*"}}))],
        "lets vpc-flow-logs.amazonaws.com act for any account",
    ),
    Case(DEPUTY, [role(allow(GRAPH))], "lets states.eu-west-1.amazonaws.com act for any account"),
    Case(DEPUTY, [role(allow(EC2))], NotApplicable),
    Case(DEPUTY, [role(allow(VENDOR))], NotApplicable),
    Case(DEPUTY, [role(allow(FLOW_LOGS), path="/aws-service-role/x.amazonaws.com/")], NotApplicable),
    Case(NARROW, [role(allow(VENDOR), attached=(VIEWER,)), MANAGEMENT, set()], None),
    Case(NARROW, [role(allow(VENDOR), attached=(READER,)), "", set()], f"gives account {OTHER} ReadOnlyAccess"),
    Case(
        NARROW,
        [role(allow(VENDOR), attached=(ADMIN, MINE)) | {"RolePolicyList": [INLINE]}, "", {MINE}],
        f"gives account {OTHER} AdministratorAccess and everything and an inline policy that allows everything",
    ),
    Case(NARROW, [role(allow(VENDOR), attached=(ADMIN,)) | bounded(VIEWER), "", set()], None),
    Case(
        NARROW,
        [role(allow(VENDOR), attached=(ADMIN,)) | bounded(READER), "", set()],
        f"gives account {OTHER} AdministratorAccess",
    ),
    Case(
        NARROW,
        [
            role(allow(VENDOR), attached=(ADMIN,)) | {"RoleName": "aws-controltower-AdministratorExecutionRole"},
            MANAGEMENT,
            set(),
        ],
        NotApplicable,
    ),
    Case(
        NARROW,
        [role(allow("*", {"StringEquals": {"aws:PrincipalAccount": OTHER}}), attached=(READER,)), "", set()],
        f"gives account {OTHER} ReadOnlyAccess",
    ),
    Case(NARROW, [role(allow({"AWS": OWN}), attached=(ADMIN,)), "", set()], NotApplicable),
    Case(NARROW, [role(allow({"AWS": MANAGEMENT}), attached=(ADMIN,)), MANAGEMENT, set()], NotApplicable),
    Case(NARROW, [role(allow(VENDOR), attached=(ADMIN,)), "", set()], NotApplicable, {"own_accounts": (OTHER,)}),
    Case(UNUSED, [used(89), NOW], None),
    Case(UNUSED, [used(90), NOW], "was last used on 2025-12-02"),
    Case(UNUSED, [used(None, made=89), NOW], None),
    Case(UNUSED, [used(None, made=90), NOW], "was not used in the time AWS remembers, made 2025-12-02"),
    Case(UNUSED, [used(None, path="/aws-service-role/x.amazonaws.com/"), NOW], NotApplicable),
    Case(UNUSED, [used(None, name="AWSControlTowerExecution"), NOW], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def planned(*statements: dict[str, Any]) -> list[Any]:
    plan = iam_trust.ask_for_whom.plan(role(*statements) | {"RoleName": "job"})
    found: list[Any] = json.loads(plan.do[0].params["PolicyDocument"])["Statement"]
    return found


def test_only_the_statement_that_lacks_it_is_changed() -> None:
    with_id = {"StringEquals": {"sts:ExternalId": "x"}}
    assert planned(allow(VENDOR, with_id), allow(FLOW_LOGS)) == [allow(VENDOR, with_id), allow(FLOW_LOGS, OWN_ONLY)]
    both = {"StringEquals": {"sts:ExternalId": "x", "aws:SourceAccount": OWN}}
    assert planned(allow(FLOW_LOGS, with_id)) == [allow(FLOW_LOGS, both)]


@pytest.mark.parametrize(
    "of", [role(allow(GRAPH)), role(allow({**FLOW_LOGS, "AWS": OWN})), role(allow(FLOW_LOGS, OWN_ONLY))]
)
def test_what_others_share_or_has_it_is_left_alone(of: dict[str, Any]) -> None:
    with pytest.raises(NotApplicable):
        iam_trust.ask_for_whom.plan(of | {"RoleName": "job"})


def flow_logs_role(aws: boto3.Session) -> None:
    trust = {"Version": "2012-10-17", "Statement": [allow(FLOW_LOGS)]}
    aws.client("iam").create_role(RoleName="flow-logs", AssumeRolePolicyDocument=json.dumps(trust))


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {DEPUTY.id: flow_logs_role}
