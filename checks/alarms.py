"""Amazon CloudWatch alarms: that somebody hears of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    extra,
    fix,
)

NAMED = re.compile(r"""\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]+)"|([^")\s]+))\s*\)""", re.IGNORECASE)
"""An alarm in the rule of a composite one, by its name or ARN.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"""


CHANGE = "CloudWatch Alarm State Change"


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


@collector("events:ListRules", arn=ACCOUNT_ARN)
def rules_on_alarms(aws: Aws) -> Iterator[str]:
    """The names of the default bus's rules that are on and act on every alarm that goes off.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    for rule in aws.items("events:ListRules", "Rules"):
        if rule["State"].startswith("ENABLED") and _is_of_all_alarms(json.loads(rule.get("EventPattern") or "{}")):
            yield rule["Name"]


def _is_of_all_alarms(pattern: Mapping[str, Any]) -> bool:
    """Whether an event pattern picks every alarm that goes off: more than the state narrows it to some."""
    if pattern.get("source") != ["aws.cloudwatch"] or not set(pattern) <= {"source", "detail-type", "detail"}:
        return False
    detail = pattern.get("detail", {})
    state = detail.get("state", {"value": ["ALARM"]})
    return (
        CHANGE in pattern.get("detail-type", [CHANGE])
        and set(detail) <= {"state"}
        and (set(state) == {"value"} and "ALARM" in state["value"])
    )


@extra(needs=(rules_on_alarms,))
def acted_on_by(aws: Aws, alarm: Alarm) -> str:
    """The rule of EventBridge that acts on alarms, asked for where an alarm has no action; empty when none does."""
    return "" if alarm["alarm"].get("AlarmActions") else next(iter(aws.read(rules_on_alarms)), "")


@check(alarms, acted_on_by, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def alarm_has_an_action(alarm: Alarm, acted_on_by: str) -> Verdict:
    """Alarm does something when it goes off.

    An alarm without an action turns red on a page that nobody has open.

    Fix: Give the alarm an action for the state ALARM, an SNS topic that people read for instance, or delete it.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-15
    """
    if alarm["part_of"]:
        raise NotApplicable(f"composite alarm {alarm['part_of']} speaks for it")
    if acted_on_by:
        raise NotApplicable(f"rule {acted_on_by} of EventBridge acts on every alarm")
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
