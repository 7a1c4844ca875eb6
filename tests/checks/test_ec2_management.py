"""Whether Systems Manager looks after EC2 instances."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.aws import Region
from checks import ec2_management
from checks.kit import NotApplicable
from checks.ssm import nodes
from tests.checks.cases import NOW, Case

MANAGED = ec2_management.instance_is_managed
IS_MANAGED = True
AUTO_MODE = {"Operator": {"Managed": True, "Principal": "eks.amazonaws.com"}}  # lets nobody in by Systems Manager


def instance(state: str = "running", minutes: int = 600) -> dict[str, Any]:
    return {"InstanceId": "i-1", "State": {"Name": state}, "LaunchTime": NOW - timedelta(minutes=minutes)}


CASES = [
    Case(MANAGED, [instance(), IS_MANAGED, NOW], None),
    Case(MANAGED, [instance(), not IS_MANAGED, NOW], "is not managed by Systems Manager"),
    Case(MANAGED, [instance(minutes=20), not IS_MANAGED, NOW], NotApplicable),
    Case(MANAGED, [instance("stopped"), not IS_MANAGED, NOW], NotApplicable),
    Case(MANAGED, [instance() | AUTO_MODE, not IS_MANAGED, NOW], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_which_machines_are_managed(aws: Region) -> None:
    node: Any = {
        "id": "i-1",
        "arn": "arn:aws:ec2:eu-west-1:123456789012:instance/i-1",
        "patch": None,
        "association": None,
    }
    aws.reads.once(nodes, aws.region, lambda: iter([node]))
    one: Any = instance()
    assert ec2_management.is_managed.read(aws, one)
    assert not ec2_management.is_managed.read(aws, one | {"InstanceId": "i-2"})
