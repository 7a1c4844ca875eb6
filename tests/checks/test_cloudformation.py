"""CloudFormation: which stacks are judged, what is said of them, and the stack that the fix is tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import cloudformation
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case

PROTECTED, ROLE, TOOLKIT = (
    cloudformation.stack_has_termination_protection,
    cloudformation.stack_has_a_service_role,
    cloudformation.toolkit_is_recent,
)


def stack(name: str = "shop", status: str = "UPDATE_COMPLETE", **more: Any) -> dict[str, Any]:
    return {"StackName": name, "StackStatus": status} | more


def toolkit(version: str) -> dict[str, Any]:
    return stack("CDKToolkit", Outputs=[{"OutputKey": "BootstrapVersion", "OutputValue": version}])


CASES = [
    Case(PROTECTED, [stack(EnableTerminationProtection=True)], None),
    Case(PROTECTED, [stack(EnableTerminationProtection=False)], "can be deleted by one call"),
    Case(ROLE, [stack(RoleARN="arn:aws:iam::123456789012:role/deploy")], None),
    Case(ROLE, [stack()], "is changed with the permissions of whoever updates it"),
    Case(TOOLKIT, [toolkit("30")], None),
    Case(TOOLKIT, [toolkit("14")], "is version 14, older than 21"),
    Case(TOOLKIT, [toolkit("14")], None, {"version": 14}),
    Case(TOOLKIT, [stack()], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_version_that_is_no_number_is_unknown() -> None:
    with pytest.raises(Unknown):
        Case(TOOLKIT, [toolkit("next")], None).outcome()


def test_parts_of_others_and_stacks_on_their_way_are_left_out(aws: Region) -> None:
    made = {"CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}
    found = [
        stack() | made,
        stack("failed-update", "UPDATE_ROLLBACK_COMPLETE") | made,
        stack("nested", ParentId="arn:...") | made,
        stack("StackSet-AWSControlTowerBP-1") | made,
        stack("awseb-e-abcdefghij-stack") | made,
        stack("going", "DELETE_IN_PROGRESS") | made,
        stack("never-made", "ROLLBACK_COMPLETE") | made,
        stack("planned", "REVIEW_IN_PROGRESS") | made,
    ]
    with Stubber(aws.clients.get("cloudformation", aws.region)) as stub:
        stub.add_response("describe_stacks", {"Stacks": found}, {})
        assert [one["StackName"] for one in cloudformation.stacks.stream(aws)] == ["shop", "failed-update"]


def unprotected(aws: boto3.Session) -> None:
    topic = {"Resources": {"Orders": {"Type": "AWS::SNS::Topic"}}}
    aws.client("cloudformation", region_name="eu-west-1").create_stack(StackName="shop", TemplateBody=json.dumps(topic))


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {PROTECTED.id: unprotected}
