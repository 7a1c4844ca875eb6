"""Amazon CloudWatch alarms: that somebody hears of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from checks.kit import Aws, Call, NotApplicable, Plan, Practice, Risk, Severity, Verdict, check, collector, expect, fix

NAMED = re.compile(r"""\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]+)"|([^")\s]+))\s*\)""", re.IGNORECASE)
"""An alarm in the rule of a composite one, by its name or ARN.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"""


class Alarm(TypedDict):
    """An alarm, and the composite alarm that speaks for it ("" if none does)."""

    arn: str
    name: str
    alarm: Mapping[str, Any]
    part_of: str


@collector("cloudwatch:DescribeAlarms", arn="{arn}", name="{name}")
def alarms(aws: Aws) -> Iterator[Alarm]:
    kinds = ["CompositeAlarm", "MetricAlarm"]
    composite = list(aws.items("cloudwatch:DescribeAlarms", "CompositeAlarms", AlarmTypes=kinds[:1]))
    speaks_for = {
        (one[0] or one[1]).rpartition(":alarm:")[2]: alarm["AlarmName"]
        for alarm in composite
        for one in NAMED.findall(alarm["AlarmRule"])
    }
    for alarm in [*composite, *aws.items("cloudwatch:DescribeAlarms", "MetricAlarms", AlarmTypes=kinds[1:])]:
        name = alarm["AlarmName"]
        yield {"arn": alarm["AlarmArn"], "name": name, "alarm": alarm, "part_of": speaks_for.get(name, "")}


@check(alarms, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def alarm_has_an_action(alarm: Alarm) -> Verdict:
    """Alarm does something when it goes off.

    An alarm without an action turns red on a page that nobody has open.

    Fix: Give the alarm an action for the state ALARM, an SNS topic that people read for instance, or delete it.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-15
    """
    if alarm["part_of"]:
        raise NotApplicable(f"composite alarm {alarm['part_of']} speaks for it")
    return expect(alarm["alarm"].get("AlarmActions"), "has no action when it goes off")


@check(alarms, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def alarm_actions_are_on(alarm: Alarm) -> Verdict:
    """Alarm's actions are turned on.

    Actions that somebody turned off for a maintenance, and forgot, tell nobody of anything.

    Fix: Turn the alarm's actions on again.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-17
    """
    if not any(alarm["alarm"].get(kind) for kind in ("AlarmActions", "OKActions", "InsufficientDataActions")):
        raise NotApplicable("it has no actions")
    return expect(alarm["alarm"]["ActionsEnabled"], "has its actions turned off")


@fix(alarm_actions_are_on, "cloudwatch:EnableAlarmActions", "cloudwatch:DisableAlarmActions", risk=Risk.SAFE)
def turn_actions_on(alarm: Alarm) -> Plan:
    """Turn the alarm's actions on."""
    which = {"AlarmNames": [alarm["name"]]}
    actions = [action for action in alarm["alarm"].get("AlarmActions", []) if ":sns:" not in action]
    others = f"It does more than tell people: {', '.join(actions)}." if actions else ""
    return Plan(
        do=[Call("cloudwatch:EnableAlarmActions", which)],
        undo=[Call("cloudwatch:DisableAlarmActions", which)],
        before={"actions": "on" if alarm["alarm"]["ActionsEnabled"] else "off"},
        after={"actions": "on"},
        notes=[others] if others else [],
    )
