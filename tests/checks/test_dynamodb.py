"""DynamoDB: what the judges say of tables, and the one that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import dynamodb
from tests.checks.cases import Case

TABLE = {"TableName": "orders"}

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


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    dynamodb.table_has_point_in_time_recovery.id: table,
    dynamodb.table_has_deletion_protection.id: table,
}
