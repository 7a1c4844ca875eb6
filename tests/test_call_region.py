"""A call that a plan makes elsewhere than where its finding is: kept, shown, bound by the approval, made there."""

from __future__ import annotations

from typing import Any

import boto3

from bot.aws import Clients, Region
from bot.blocks.requests import _calls
from bot.fixing import Writer
from bot.store.fix_request import plan_hash, plan_json, plan_of
from checks.kit import Call, Plan

THERE = Call("logs:CreateLogGroup", {"logGroupName": "trail"}, "eu-west-1")
HERE = Call("logs:CreateLogGroup", {"logGroupName": "trail"})


def plan(call: Call) -> Plan:
    return Plan([call], [], {"group": "none"}, {"group": "trail"})


def test_it_is_kept_and_bound_by_the_approval() -> None:
    assert plan_of(plan_json(plan(THERE))).do == [THERE]
    assert plan_of(plan_json(plan(HERE))).do == [HERE]
    assert plan_hash(plan(THERE)) != plan_hash(plan(HERE))


def test_people_see_where_it_is_made() -> None:
    shown: Any = _calls("Calls to AWS", [THERE])
    assert "logs:CreateLogGroup in eu-west-1" in str(shown)


def test_it_is_made_there(aws: Region) -> None:
    clients = Clients(boto3.Session(region_name="us-east-1"))
    Writer(clients, "us-east-1", frozenset({THERE.call})).make(THERE)
    assert [one["logGroupName"] for one in aws.items("logs:DescribeLogGroups", "logGroups")] == ["trail"]
    assert not list(aws.at("us-east-1").items("logs:DescribeLogGroups", "logGroups"))
