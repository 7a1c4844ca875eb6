"""AWS DataSync tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypedDict, cast

from checks.kit import Aws, Practice, Severity, Verdict, check, collector, expect, extra


class Task(TypedDict):
    """What is used of AWS's TaskListEntry."""

    TaskArn: str
    known_as: str


class Description(TypedDict, total=False):
    """What is used of AWS's description of a task; both are left out where they were never chosen."""

    CloudWatchLogGroupArn: str
    Options: Mapping[str, str]


@collector("datasync:ListTasks", arn="{TaskArn}", name="{known_as}")
def tasks(aws: Aws) -> Iterator[Task]:
    for task in aws.items("datasync:ListTasks", "Tasks"):
        id = task["TaskArn"].rpartition("/")[2]
        yield {"TaskArn": task["TaskArn"], "known_as": f"{task['Name']} ({id})" if task.get("Name") else id}


@extra("datasync:DescribeTask")
def description(aws: Aws, task: Task) -> Description:
    return cast("Description", aws.call("datasync:DescribeTask", TaskArn=task["TaskArn"]))


@check(tasks, description, practice=Practice.MONITORING, severity=Severity.LOW)
def task_writes_logs(task: Task, description: Description) -> Verdict:
    """DataSync task writes logs.

    Files that were not copied, or not as they were, are named in the log and nowhere else.

    Fix: Give the task a log group and a level of BASIC or TRANSFER, and let DataSync write to the group.
    See: https://docs.aws.amazon.com/datasync/latest/userguide/configure-logging.html
    """
    level = description.get("Options", {}).get("LogLevel", "OFF")
    return expect(description.get("CloudWatchLogGroupArn") and level != "OFF", "writes no logs")
