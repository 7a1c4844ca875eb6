"""DynamoDB: what the judges say of tables, and the one that fixes are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import dynamodb
from checks.kit import NotApplicable
from tests.checks.cases import Case

TABLE = {"TableName": "orders", "account": "123456789012"}
SCALES, TRUSTS, KEY = (
    dynamodb.table_capacity_follows_demand,
    dynamodb.table_policy_trusts_known_accounts,
    dynamodb.table_has_own_key,
)
READS, WRITES = "dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits"
OWN, FOREIGN = (f"arn:aws:kms:eu-west-1:{account}:key/one" for account in ("123456789012", "210987654321"))
ASKED = {"customer_managed_key": True}


def policy(principal: Any, **more: Any) -> str:
    allow = {"Effect": "Allow", "Principal": principal, "Action": "dynamodb:GetItem", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow | more]})


def key(arn: str) -> dict[str, Any]:
    return {"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": arn}}


CASES = [
    Case(dynamodb.table_has_point_in_time_recovery, [TABLE, {"PointInTimeRecoveryStatus": "ENABLED"}], None),
    Case(
        dynamodb.table_has_point_in_time_recovery,
        [TABLE, {"PointInTimeRecoveryStatus": "DISABLED"}],
        "has no point-in-time recovery",
    ),
    Case(dynamodb.table_has_deletion_protection, [TABLE, {"DeletionProtectionEnabled": True}], None),
    Case(
        dynamodb.table_has_deletion_protection,
        [TABLE, {"DeletionProtectionEnabled": False}],
        "can be deleted: deletion protection is off",
    ),
    Case(SCALES, [TABLE, {"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}, set()], None),
    Case(SCALES, [TABLE, {"BillingModeSummary": {"BillingMode": "PROVISIONED"}}, {READS, WRITES}], None),
    Case(
        SCALES,
        [TABLE, {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2}}, set()],
        "has fixed capacity for reads and writes",
    ),
    Case(SCALES, [TABLE, {"ProvisionedThroughput": {}}, {READS}], "has fixed capacity for writes"),
    Case(TRUSTS, [TABLE, ""], None),
    Case(TRUSTS, [TABLE, policy({"AWS": "arn:aws:iam::123456789012:role/shop"})], None),
    Case(TRUSTS, [TABLE, policy({"AWS": "arn:aws:iam::210987654321:root"})], "lets in account 210987654321"),
    Case(TRUSTS, [TABLE, policy({"AWS": "210987654321"})], None, {"trusted_accounts": ("210987654321",)}),
    Case(TRUSTS, [TABLE, policy("*")], "lets everyone do dynamodb:GetItem"),
    Case(TRUSTS, [TABLE, policy("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-northwind1"}})], None),
    Case(KEY, [TABLE, key(OWN), {OWN}], NotApplicable),
    Case(KEY, [TABLE, key(OWN), {OWN}], None, ASKED),
    Case(KEY, [TABLE, key(FOREIGN), set()], None, ASKED),
    Case(KEY, [TABLE, key(OWN), set()], "is encrypted with a key of AWS's, not yours", ASKED),
    Case(KEY, [TABLE, {}, {OWN}], "is encrypted with a key of AWS's, not yours", ASKED),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def table(aws: boto3.Session, name: str = "orders") -> None:
    aws.client("dynamodb", region_name="eu-west-1").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_every_table_of_every_page(aws: Region) -> None:
    for number in range(101):  # a page holds 100
        table(aws.clients.session, f"orders-{number:03}")
    found = [identify(aws, dynamodb.tables, one) for one in dynamodb.tables.stream(aws)]
    assert len(found) == 101
    assert found[0] == ("arn:aws:dynamodb:eu-west-1:123456789012:table/orders-000", "orders-000")


def test_what_is_read_of_a_table(aws: Region) -> None:
    table(aws.clients.session)
    [found] = dynamodb.tables.stream(aws)
    assert dynamodb.recovery.read(aws, found) == {"PointInTimeRecoveryStatus": "DISABLED"}
    assert dynamodb.description.read(aws, found)["DeletionProtectionEnabled"] is False
    assert dynamodb.policy.read(aws, found) == ""
    assert dynamodb.scales.read(aws, found) == set()
    assert dynamodb.own_keys.read(aws, found) == set()


def test_what_scales_and_who_gets_in(aws: Region) -> None:
    session = aws.clients.session
    table(session)
    session.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="dynamodb",
        ResourceId="table/orders",
        ScalableDimension="dynamodb:table:ReadCapacityUnits",
        MinCapacity=5,
        MaxCapacity=50,
    )
    session.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="dynamodb",
        ResourceId="table/orders/index/by-date",
        ScalableDimension="dynamodb:index:WriteCapacityUnits",
        MinCapacity=5,
        MaxCapacity=50,
    )
    [found] = dynamodb.tables.stream(aws)
    arn, _ = identify(aws, dynamodb.tables, found)
    session.client("dynamodb").put_resource_policy(ResourceArn=arn, Policy=policy({"AWS": "210987654321"}))
    session.client("kms").create_key()
    assert dynamodb.scales.read(aws, found) == {READS, "dynamodb:index:WriteCapacityUnits"}
    assert TRUSTS.judge(found, dynamodb.policy.read(aws, found)) == "lets in account 210987654321"
    assert len(dynamodb.own_keys.read(aws, found)) == 1


FIXED: Any = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2, "NumberOfDecreasesToday": 0}}


def test_the_way_back_from_on_demand_names_every_index() -> None:
    index = {"IndexName": "by-day", **FIXED}
    [back] = dynamodb.follow_demand.plan(TABLE, FIXED | {"GlobalSecondaryIndexes": [index]}, set()).undo
    capacity = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2}
    assert back.params["ProvisionedThroughput"] == capacity
    update = {"IndexName": "by-day", "ProvisionedThroughput": capacity}
    assert back.params["GlobalSecondaryIndexUpdates"] == [{"Update": update}]


@pytest.mark.parametrize(("more", "scales"), [({}, {READS}), ({"Replicas": [{"RegionName": "us-east-1"}]}, set())])
def test_no_plan_where_more_would_change_than_the_table(more: dict[str, Any], scales: set[str]) -> None:
    with pytest.raises(NotApplicable):
        dynamodb.follow_demand.plan(TABLE, FIXED | more, scales)


def provisioned(aws: boto3.Session) -> None:
    aws.client("dynamodb", region_name="eu-west-1").create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 2},
    )


def shared(aws: boto3.Session) -> None:
    table(aws)
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
    theirs = policy({"AWS": "arn:aws:iam::210987654321:root"})
    aws.client("dynamodb", region_name="eu-west-1").put_resource_policy(ResourceArn=arn, Policy=theirs)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    dynamodb.table_has_point_in_time_recovery.id: table,
    dynamodb.table_has_deletion_protection.id: table,
    SCALES.id: provisioned,
    TRUSTS.id: shared,
}
