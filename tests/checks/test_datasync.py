"""DataSync: what the judge says of tasks, and what is read of them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.aws import Region
from bot.scan import identify
from checks import datasync
from tests.checks.cases import Case

LOGS = datasync.task_writes_logs
TASK = {"TaskArn": "arn:aws:datasync:eu-west-1:123456789012:task/task-1", "known_as": "nightly (task-1)"}
GROUP = {"CloudWatchLogGroupArn": "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/datasync"}

CASES = [
    Case(LOGS, [TASK, GROUP | {"Options": {"LogLevel": "BASIC"}}], None),
    Case(LOGS, [TASK, GROUP | {"Options": {"LogLevel": "OFF"}}], "writes no logs"),
    Case(LOGS, [TASK, {"Options": {"LogLevel": "TRANSFER"}}], "writes no logs"),
    Case(LOGS, [TASK, GROUP], "writes no logs"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_task_and_its_description(aws: Region) -> None:
    client = aws.clients.session.client("datasync")
    role: Any = {"BucketAccessRoleArn": "arn:aws:iam::123456789012:role/datasync"}
    ends = [
        client.create_location_s3(S3BucketArn=f"arn:aws:s3:::northwind-{name}", S3Config=role)["LocationArn"]
        for name in ("from", "to")
    ]
    client.create_task(SourceLocationArn=ends[0], DestinationLocationArn=ends[1], Name="nightly")
    [found] = datasync.tasks.stream(aws)
    arn, name = identify(aws, datasync.tasks, found)
    assert name == f"nightly ({arn.rpartition('/')[2]})"
    assert LOGS.judge(found, datasync.description.read(aws, found)) == "writes no logs"
