"""Amazon DynamoDB tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict, cast

from checks.kit import Aws, Call, Plan, Practice, Risk, Severity, Verdict, check, collector, expect, extra, fix

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import PointInTimeRecoveryDescriptionTypeDef as Recovery
    from types_boto3_dynamodb.type_defs import TableDescriptionTypeDef as Description


class Table(TypedDict):
    """All that AWS lists of a table."""

    TableName: str


@collector(
    "dynamodb:ListTables", arn="arn:{partition}:dynamodb:{region}:{account}:table/{TableName}", name="{TableName}"
)
def tables(aws: Aws) -> Iterator[Table]:
    return (Table(TableName=name) for name in aws.items("dynamodb:ListTables", "TableNames"))


@extra("dynamodb:DescribeContinuousBackups")
def recovery(aws: Aws, table: Table) -> Recovery:
    answer = aws.call("dynamodb:DescribeContinuousBackups", TableName=table["TableName"])
    return cast("Recovery", answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"])


@extra("dynamodb:DescribeTable")
def description(aws: Aws, table: Table) -> Description:
    return cast("Description", aws.call("dynamodb:DescribeTable", TableName=table["TableName"])["Table"])


@check(tables, recovery, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def table_has_point_in_time_recovery(table: Table, recovery: Recovery) -> Verdict:
    """DynamoDB table has point-in-time recovery.

    With it the table can be restored as it was at any second of the last days, after a bad deployment or an attack.

    Fix: Turn on point-in-time recovery of the table. It is charged by the table's size.
    See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html
    """
    return expect(recovery["PointInTimeRecoveryStatus"] == "ENABLED", "has no point-in-time recovery")


@fix(table_has_point_in_time_recovery, "dynamodb:UpdateContinuousBackups", risk=Risk.SAFE)
def recover_to_any_point(table: Table, recovery: Recovery) -> Plan:
    """Turn on point-in-time recovery of the table."""
    enabled = recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    what = "point-in-time recovery"

    def switch(*, on: bool) -> Call:
        specification = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": on}}
        return Call("dynamodb:UpdateContinuousBackups", {"TableName": table["TableName"]} | specification)

    return Plan(
        do=[switch(on=True)],
        undo=[switch(on=enabled)],
        before={what: "on" if enabled else "off"},
        after={what: "on"},
        notes=[
            "It is charged by the size of the table and does not slow it down. The window grows to 35 days.",
            "Undo gives up the window: what could be restored until then no longer can.",
        ],
    )


@check(tables, description, practice=Practice.BACKUP, severity=Severity.LOW)
def table_has_deletion_protection(table: Table, description: Description) -> Verdict:
    """DynamoDB table has deletion protection.

    With it one mistaken command or a replaced stack does not delete the table and its data.

    Fix: Turn on deletion protection of the table.
    See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html
    """
    return expect(description["DeletionProtectionEnabled"], "can be deleted: deletion protection is off")


@fix(table_has_deletion_protection, "dynamodb:UpdateTable", risk=Risk.SAFE)
def protect_from_deletion(table: Table, description: Description) -> Plan:
    """Turn on deletion protection of the table."""
    protected = description["DeletionProtectionEnabled"]
    which = {"TableName": table["TableName"]}
    return Plan(
        do=[Call("dynamodb:UpdateTable", which | {"DeletionProtectionEnabled": True})],
        undo=[Call("dynamodb:UpdateTable", which | {"DeletionProtectionEnabled": protected})],
        before={"deletion protection": "on" if protected else "off"},
        after={"deletion protection": "on"},
        notes=[
            "Whoever means to delete the table has to turn it off first, also a deployment that replaces the table."
        ],
    )
