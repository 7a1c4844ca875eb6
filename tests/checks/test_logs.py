"""CloudWatch Logs: what the judges say of groups and policies, and what the fixes are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import logs
from checks.kit import Call, NotApplicable
from tests.checks.cases import Case

KEEPS, OWN_KEY, CLOSED = (
    logs.group_keeps_events_long_enough,
    logs.group_is_encrypted_with_own_key,
    logs.policy_is_not_public,
)


def group(**more: Any) -> dict[str, Any]:
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:shop:*"
    return {"logGroupName": "shop", "logGroupClass": "STANDARD", "arn": arn} | more


def policy(principal: Any, **more: Any) -> dict[str, str]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "logs:PutLogEvents", "Resource": "*"} | more
    return {"policyName": "writers", "policyDocument": json.dumps({"Statement": [statement]})}


CASES = [
    Case(KEEPS, [group()], None),
    Case(KEEPS, [group(retentionInDays=365)], None),
    Case(KEEPS, [group(retentionInDays=180)], "keeps its events for 180 days"),
    Case(KEEPS, [group(retentionInDays=180)], None, {"days": 90}),
    Case(KEEPS, [group(retentionInDays=2, logGroupClass="DELIVERY")], NotApplicable),
    Case(KEEPS, [group(retentionInDays=14, logGroupName="aws-controltower/CloudTrailLogs")], NotApplicable),
    Case(OWN_KEY, [group()], NotApplicable),
    Case(OWN_KEY, [group()], "is not encrypted with a KMS key of yours", {"customer_managed_key": True}),
    Case(OWN_KEY, [group(kmsKeyId="arn:aws:kms:...")], None, {"customer_managed_key": True}),
    Case(OWN_KEY, [group(logGroupClass="DELIVERY")], NotApplicable, {"customer_managed_key": True}),
    Case(CLOSED, [policy({"Service": "es.amazonaws.com"})], None),
    Case(CLOSED, [policy("*", Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}})], None),
    Case(CLOSED, [policy("*")], "lets everyone do logs:PutLogEvents"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_groups_and_policies(aws: Region) -> None:
    client = aws.clients.session.client("logs")
    for number in range(51):  # one more than the emulator puts on a page
        client.create_log_group(logGroupName=f"shop-{number}")
    client.put_resource_policy(policyName="writers", policyDocument=policy("*")["policyDocument"])
    assert len(list(logs.groups.stream(aws))) == 51
    assert [one["policyName"] for one in logs.policies.stream(aws)] == ["writers"]


def test_the_next_retention_that_aws_has_is_taken() -> None:
    plan = logs.keep_longer.plan(group(retentionInDays=30), days=100)
    assert plan.do == [Call("logs:PutRetentionPolicy", {"logGroupName": "shop", "retentionInDays": 120})]


@pytest.mark.parametrize(("kept", "days"), [(None, 365), (400, 365), (30, 4000)])
def test_there_is_no_plan_where_nothing_is_to_be_kept_longer(kept: int | None, days: int) -> None:
    with pytest.raises(NotApplicable):
        logs.keep_longer.plan(group(**{"retentionInDays": kept} if kept else {}), days=days)


def forgetful(aws: boto3.Session) -> None:
    client = aws.client("logs", region_name="eu-west-1")
    client.create_log_group(logGroupName="shop")
    client.put_retention_policy(logGroupName="shop", retentionInDays=14)


def public(aws: boto3.Session) -> None:
    client = aws.client("logs", region_name="eu-west-1")
    client.put_resource_policy(policyName="writers", policyDocument=policy("*")["policyDocument"])


def plain_group(aws: boto3.Session) -> None:
    aws.client("logs", region_name="eu-west-1").create_log_group(logGroupName="shop")


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    KEEPS.id: forgetful,
    CLOSED.id: public,
    OWN_KEY.id: plain_group,
}
