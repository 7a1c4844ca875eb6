"""Amazon CloudWatch Logs: how long log groups keep events, with which keys, and who may write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks import documents
from checks.inputs import must_be_in
from checks.kit import (
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collect,
    expect,
    fix,
)
from checks.policy_edits import close

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import LogGroupTypeDef as Group
    from types_boto3_logs.type_defs import ResourcePolicyTypeDef as Policy

PERIODS = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Retentions of a year and more that CloudWatch Logs has, in days; below a year there are more.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""
CONTROL_TOWER = "aws-controltower"
"""What the names of Control Tower's log groups hold.
https://docs.aws.amazon.com/controltower/latest/controlreference/mandatory-controls.html"""
SHORTER = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180)

groups: Collector[Group] = collect("logs:DescribeLogGroups", "logGroups", arn="{arn}", name="{logGroupName}")

policies: Collector[Policy] = collect(
    "logs:DescribeResourcePolicies",
    "resourcePolicies",
    arn="arn:{partition}:logs:{region}:{account}:resource-policy:{policyName}",
    name="{policyName}",
)
"""Of the account in a region: they say which services and accounts may write to its log groups."""


@check(groups, practice=Practice.MONITORING, severity=Severity.LOW)
def group_keeps_events_long_enough(group: Group, *, days: int = 365) -> Verdict:
    """Log group keeps its events for a year.

    Intruders are often found months later; by then the events that show how they came in are gone.

    Fix: Choose a retention of a year or more, or set the parameter to what your rules ask for.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-16
    """
    if group.get("logGroupClass") == "DELIVERY":
        raise NotApplicable("it only passes events on: AWS keeps them for two days")
    if CONTROL_TOWER in group["logGroupName"].lower():
        raise NotApplicable("Control Tower keeps it and lets nobody else change it")
    kept = group.get("retentionInDays", days)  # absent: for ever
    return f"keeps its events for {kept} days" if kept < days else None


@fix(group_keeps_events_long_enough, "logs:PutRetentionPolicy", risk=Risk.SAFE)
def keep_longer(group: Group, *, days: int = 365) -> Plan:
    """Keep the group's events as long as is asked for."""
    kept = group.get("retentionInDays", days)
    enough = [period for period in (*SHORTER, *PERIODS) if period >= days]
    ours = group.get("logGroupClass") != "DELIVERY" and CONTROL_TOWER not in group["logGroupName"].lower()
    if kept >= days or not enough or not ours:
        raise NotApplicable("it keeps them long enough, is AWS's, or AWS has no retention that long")

    def retention(period: int) -> Call:
        return Call("logs:PutRetentionPolicy", {"logGroupName": group["logGroupName"], "retentionInDays": period})

    return Plan(
        do=[retention(enough[0])],
        undo=[retention(kept)],
        before={"retention": f"{kept} days"},
        after={"retention": f"{enough[0]} days"},
        notes=[
            "AWS bills storage by the month: what is kept longer costs more.",
            "Undone later, AWS deletes what is older than the retention then.",
        ],
    )


@check(groups, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def group_is_encrypted_with_own_key(group: Group, *, customer_managed_key: bool = False) -> Verdict:
    """Log group is encrypted with a KMS key of yours.

    CloudWatch Logs encrypts every log group; with a key of yours, reading it takes a permission on the key too.

    Fix: Associate a KMS key whose policy lets CloudWatch Logs use it. Older events stay as they are.
    See: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    if not customer_managed_key:
        raise NotApplicable("AWS's own encryption is enough, the settings say")
    if group.get("logGroupClass") == "DELIVERY":
        raise NotApplicable("it only passes events on")
    return expect(group.get("kmsKeyId"), "is not encrypted with a KMS key of yours")


@fix(
    group_is_encrypted_with_own_key,
    "logs:AssociateKmsKey",
    "logs:DisassociateKmsKey",
    risk=Risk.CUTS_ACCESS,
    patience=60,
)
def encrypt_with_own_key(group: Group, *, kms_key: str) -> Plan:
    """Encrypt the log group's new events with the key of the settings.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    if group.get("kmsKeyId") or group.get("logGroupClass") == "DELIVERY":
        raise NotApplicable("it has a key, or only passes events on", {"KMS key": group.get("kmsKeyId", "none")})
    if CONTROL_TOWER in group["logGroupName"].lower():
        raise NotApplicable("Control Tower keeps it and lets nobody else change it")
    must_be_in(group["arn"].split(":")[3], kms_key)
    which = {"logGroupName": group["logGroupName"]}
    return Plan(
        do=[Call("logs:AssociateKmsKey", which | {"kmsKeyId": kms_key})],
        undo=[Call("logs:DisassociateKmsKey", which)],
        before={"KMS key": "AWS's own"},
        after={"KMS key": kms_key},
        notes=[
            "Events that are there stay as they are; new ones are encrypted with it within five minutes.",
            "Who reads them needs to be allowed to decrypt with the key. KMS charges for the key's use.",
            "Undo ends that for new events only: those in between stay encrypted with the key, so keep it.",
            "AWS refuses, and changes nothing, if the key's policy does not let CloudWatch Logs use it.",
        ],
    )


@check(policies, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def policy_is_not_public(policy: Policy) -> Verdict:
    """Log groups let in nobody from outside.

    Everyone could write events of their own among yours, at your cost, and hide what they do in the noise.

    Fix: Name the AWS service that delivers logs in the policy, with your account in aws:SourceAccount.
    See: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """
    return documents.opens_to_everyone(policy["policyDocument"])


@fix(policy_is_not_public, "logs:PutResourcePolicy", "logs:DeleteResourcePolicy", risk=Risk.CUTS_ACCESS)
def close_policy(policy: Policy) -> Plan:
    """Take the statements that let everyone in out of the policy."""
    name = policy["policyName"]

    def put(text: str) -> Call:
        return Call("logs:PutResourcePolicy", {"policyName": name, "policyDocument": text})

    return close(policy["policyDocument"], put, Call("logs:DeleteResourcePolicy", {"policyName": name}))
