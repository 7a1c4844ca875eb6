"""CloudWatch alarms: which of them reach somebody, and the alarm that the fix is tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import alarms
from checks.kit import NotApplicable
from tests.checks.cases import Case

ACTS, ON = alarms.alarm_has_an_action, alarms.alarm_actions_are_on
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
RESTART = "arn:aws:automate:eu-west-1:ec2:reboot"


def alarm(part_of: str = "", *, on: bool = True, **actions: list[str]) -> dict[str, Any]:
    return {"arn": "arn:...", "name": "errors", "alarm": {"ActionsEnabled": on} | actions, "part_of": part_of}


CASES = [
    Case(ACTS, [alarm(AlarmActions=[TOPIC]), ""], None),
    Case(ACTS, [alarm(AlarmActions=[]), ""], "has no action when it goes off"),
    Case(ACTS, [alarm(AlarmActions=[], OKActions=[TOPIC]), ""], "has no action when it goes off"),
    Case(ACTS, [alarm("shop", AlarmActions=[]), ""], NotApplicable),
    Case(ACTS, [alarm(AlarmActions=[]), "alarms-to-chat"], NotApplicable),
    Case(ON, [alarm(AlarmActions=[TOPIC])], None),
    Case(ON, [alarm(AlarmActions=[TOPIC], on=False)], "has its actions turned off"),
    Case(ON, [alarm(OKActions=[TOPIC], on=False)], "has its actions turned off"),
    Case(ON, [alarm(on=False)], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


CHANGES = {"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]}


@pytest.mark.parametrize(
    ("pattern", "state", "acts"),
    [
        (CHANGES, "ENABLED", True),
        ({"source": ["aws.cloudwatch"]}, "ENABLED", True),
        (CHANGES | {"detail": {"state": {"value": ["ALARM", "OK"]}}}, "ENABLED", True),
        (CHANGES | {"detail": {"state": {"value": ["OK"]}}}, "ENABLED", False),
        (CHANGES | {"detail": {"alarmName": [{"prefix": "shop-"}]}}, "ENABLED", False),
        (CHANGES | {"resources": ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:errors"]}, "ENABLED", False),
        ({"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm Configuration Change"]}, "ENABLED", False),
        ({"source": ["aws.ec2"]}, "ENABLED", False),
        (CHANGES, "DISABLED", False),
    ],
)
def test_a_rule_may_act_on_every_alarm(aws: Region, pattern: dict[str, Any], state: Any, *, acts: bool) -> None:
    events = aws.clients.session.client("events", region_name="eu-west-1")
    events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    events.put_rule(Name="alarms-to-chat", EventPattern=json.dumps(pattern), State=state)
    silent: Any = alarm(AlarmActions=[])
    told: Any = alarm(AlarmActions=[TOPIC])
    assert alarms.acted_on_by.read(aws, silent) == ("alarms-to-chat" if acts else "")
    assert alarms.acted_on_by.read(aws, told) == ""


def full(name: str) -> dict[str, Any]:
    return {"AlarmName": name, "AlarmArn": f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}"}


def test_a_composite_alarm_speaks_for_those_in_its_rule(aws: Region) -> None:
    """The emulator makes no composite alarms, so AWS's answers are played back."""
    rule = f'(ALARM(errors) AND NOT OK("slow answers")) OR INSUFFICIENT_DATA("{full("disk")["AlarmArn"]}")'
    names = ["errors", "slow answers", "disk", "own"]
    with Stubber(aws.clients.get("cloudwatch", aws.region)) as stub:
        both = {"CompositeAlarms": [full("shop") | {"AlarmRule": rule}], "MetricAlarms": []}
        stub.add_response("describe_alarms", both, {"AlarmTypes": ["CompositeAlarm"]})
        stub.add_response(
            "describe_alarms", {"MetricAlarms": [full(n) for n in names]}, {"AlarmTypes": ["MetricAlarm"]}
        )
        found = {one["name"]: one["part_of"] for one in alarms.alarms.stream(aws)}
    assert found == {"shop": "", "errors": "shop", "slow answers": "shop", "disk": "shop", "own": ""}


def test_what_an_alarm_does_besides_telling_people_is_said() -> None:
    assert "reboot" in alarms.turn_actions_on.plan(alarm(AlarmActions=[TOPIC, RESTART], on=False)).notes[0]
    assert alarms.turn_actions_on.plan(alarm(AlarmActions=[TOPIC], on=False)).notes == []


def turned_off(aws: boto3.Session) -> None:
    aws.client("cloudwatch", region_name="eu-west-1").put_metric_alarm(
        AlarmName="errors",
        MetricName="Errors",
        Namespace="Shop",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[TOPIC],
        ActionsEnabled=False,
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {ON.id: turned_off}
