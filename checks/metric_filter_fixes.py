"""Making the metric filter and the alarm that are missing, on the log group that holds all events of the account.

Whom an alarm tells is never guessed: a topic that other alarms of the region tell already, or there is no plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from checks.kit import CHECKS, Call, NotApplicable, Plan, Risk, fix
from checks.metric_filters import SUBJECTS, Group, Groups, Subject, watches

CALLS = ("logs:PutMetricFilter", "logs:DeleteMetricFilter", "cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms")
NAMESPACE = "CloudTrailEvents"

PATTERNS = {
    "unauthorized_calls_raise_alarm": '{ $.errorCode = "*UnauthorizedOperation" || $.errorCode = "AccessDenied*" }',
    "sign_in_without_mfa_raises_alarm": (
        '{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed != "Yes" && $.userIdentity.type = "IAMUser"'
        ' && $.responseElements.ConsoleLogin = "Success" }'
    ),
    "root_use_raises_alarm": (
        '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }'
    ),
    "failed_sign_ins_raise_alarm": '{ $.eventName = "ConsoleLogin" && $.errorMessage = "Failed authentication" }',
}
"""What no list of calls says, as AWS and CIS write it.
https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html"""


def pattern(subject: Subject) -> str:
    """A filter pattern that matches all events of a subject and no everyday ones."""
    if subject.id in PATTERNS:
        return PATTERNS[subject.id]
    source = next(iter(subject.events.values()))["eventSource"]
    names = " || ".join(f"$.eventName = {name}" for name in subject.events)
    return f'{{ $.eventSource = "{source}" && ({names}) }}'


def plan(account: Groups, subject: Subject) -> Plan:
    """What is missing of filter and alarm, made on the first log group that can be read."""
    group = next((group for group in account["groups"] if not group["unread"]), None)
    if group is None:
        raise NotApplicable("no trail of all events delivers to a log group of the account")
    topic = _topic(group)
    there = next(
        (one for one in group["filters"] if subject.told_by(one["filterPattern"]) == set(subject.events)), None
    )
    name = f"security-{subject.id.removesuffix('_raises_alarm').removesuffix('_raise_alarm').replace('_', '-')}"
    if name in [one["filterName"] for one in group["filters"] if one is not there]:
        raise NotApplicable(f"a metric filter {name} is there already and would be overwritten")
    if name in [alarm.get("AlarmName") for alarm in group["alarms"]]:
        raise NotApplicable(f"an alarm {name} is there already and would be overwritten")
    metric = there["metricTransformations"][0] if there else {"metricNamespace": NAMESPACE, "metricName": name}
    which = {"logGroupName": group["name"], "filterName": name}
    wanted = {"filterPattern": pattern(subject), "metricTransformations": [metric | {"metricValue": "1"}]}
    make = [] if there else [Call("logs:PutMetricFilter", which | wanted, group["region"])]
    drop = [] if there else [Call("logs:DeleteMetricFilter", which, group["region"])]
    had = there["filterName"] if there else "none"
    return Plan(
        do=[*make, Call("cloudwatch:PutMetricAlarm", _alarm(name, subject, metric, topic), group["region"])],
        undo=[Call("cloudwatch:DeleteAlarms", {"AlarmNames": [name]}, group["region"]), *drop],
        before={"metric filter": had, "alarm": "none", "log group": group["name"]},
        after={"metric filter": had if there else name, "alarm": f"{name}, tells {topic}", "log group": group["name"]},
        notes=[
            f"It tells {topic}, which other alarms of {group['region']} tell.",
            "It goes off at the first event in five minutes. Raise its threshold if that is too often.",
            "AWS bills the metric and the alarm, about 0.40 USD a month together.",
        ],
    )


def _alarm(name: str, subject: Subject, metric: Mapping[str, Any], topic: str) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "AlarmDescription": subject.claim,
        "Namespace": metric["metricNamespace"],
        "MetricName": metric["metricName"],
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [topic],
    }


def _topic(group: Group) -> str:
    """Whom most alarms tell: those on this group's metrics, or else all of the region."""
    metrics = {
        (to["metricNamespace"], to["metricName"]) for one in group["filters"] for to in one["metricTransformations"]
    }
    for close in (True, False):
        told: Counter[str] = Counter(
            action
            for alarm in group["alarms"]
            if alarm["ActionsEnabled"] and (not close or metrics & set(watches(alarm)))
            for action in alarm.get("AlarmActions", [])
            if ":sns:" in action
        )
        if told:
            return min(told, key=lambda topic: (-told[topic], topic))
    raise NotApplicable("no alarm of the region tells a topic yet, so whom to tell is not known")


def _register(subject: Subject) -> None:
    """The fix of a subject's check, as if its plan had been written out."""

    def mend(account: Groups) -> Plan:
        return plan(account, subject)

    mend.__doc__ = f"Raise an alarm on {subject.what}."
    fix(CHECKS[f"metric_filters.{subject.id}"], *CALLS, risk=Risk.SAFE)(mend)


for _subject in SUBJECTS:
    _register(_subject)
