"""Amazon DynamoDB tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, TypedDict, cast

from checks import documents
from checks.kit import (
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
from checks.kms import keys
from checks.outsiders import lets_in_outsiders, outsiders
from checks.policy_edits import shut_out

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import PointInTimeRecoveryDescriptionTypeDef as Recovery
    from types_boto3_dynamodb.type_defs import TableDescriptionTypeDef as Description


TABLE_ARN = "arn:{partition}:dynamodb:{region}:{account}:table/{TableName}"


class Table(TypedDict):
    """All that AWS lists of a table, and its account."""

    TableName: str
    account: str


class Scaling(TypedDict):
    """What Application Auto Scaling scales: `ResourceId` is "table/orders", one entry for reads and one for writes."""

    ResourceId: str
    ScalableDimension: str


@collector("dynamodb:ListTables", arn=TABLE_ARN, name="{TableName}")
def tables(aws: Aws) -> Iterator[Table]:
    return (Table(TableName=name, account=aws.account) for name in aws.items("dynamodb:ListTables", "TableNames"))


@collector(
    "application-autoscaling:DescribeScalableTargets", arn="arn:{partition}:dynamodb:{region}:{account}:{ResourceId}"
)
def scaled(aws: Aws) -> Iterator[Scaling]:
    call = "application-autoscaling:DescribeScalableTargets"
    return aws.items(call, "ScalableTargets", ServiceNamespace="dynamodb")


@extra("dynamodb:DescribeContinuousBackups")
def recovery(aws: Aws, table: Table) -> Recovery:
    answer = aws.call("dynamodb:DescribeContinuousBackups", TableName=table["TableName"])
    return cast("Recovery", answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"])


@extra("dynamodb:DescribeTable")
def description(aws: Aws, table: Table) -> Description:
    return cast("Description", aws.call("dynamodb:DescribeTable", TableName=table["TableName"])["Table"])


@extra(needs=(scaled,))
def scales(aws: Aws, table: Table) -> Collection[str]:
    """The dimensions of the table, and of its indexes, that Application Auto Scaling looks after."""
    mine = f"table/{table['TableName']}"
    return {one["ScalableDimension"] for one in aws.read(scaled) if one["ResourceId"].split("/index/")[0] == mine}


@extra("dynamodb:GetResourcePolicy")
def policy(aws: Aws, table: Table) -> str:
    arn = TABLE_ARN.format(partition=aws.partition, region=aws.region, **table)
    got = aws.call("dynamodb:GetResourcePolicy", ResourceArn=arn, absent="PolicyNotFoundException")
    return str(got.get("Policy", ""))


@extra(needs=(keys,))
def own_keys(aws: Aws, _: Table) -> Collection[str]:
    """ARNs of the region's KMS keys that are not AWS's."""
    return {key["KeyArn"] for key in aws.read(keys)}


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


@check(tables, policy, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def table_policy_trusts_known_accounts(table: Table, policy: str, *, trusted_accounts: tuple[str, ...] = ()) -> Verdict:
    """DynamoDB table's policy lets in only accounts you trust.

    Whoever takes over the other account, or still has it after a contract ended, reads or changes the table.

    Fix: Take accounts that no longer need the table out of its policy. Name those you trust in the settings.
    See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-cross-account-access.html
    """
    everyone = documents.opens_to_everyone(policy)  # Block Public Access refuses such policies today
    return everyone or lets_in_outsiders(policy, table["account"], trusted_accounts)


@fix(
    table_policy_trusts_known_accounts,
    "dynamodb:PutResourcePolicy",
    "dynamodb:DeleteResourcePolicy",
    risk=Risk.CUTS_ACCESS,
    reads=(description,),
)
def stop_sharing(
    table: Table, policy: str, description: Description, *, trusted_accounts: tuple[str, ...] = ()
) -> Plan:
    """Take accounts that are not trusted out of the table's policy."""
    if documents.opens_to_everyone(policy):
        raise NotApplicable("its policy lets everyone in: who needs the table is yours to say")
    which = {"ResourceArn": description["TableArn"]}

    def put(text: str) -> Call:
        return Call("dynamodb:PutResourcePolicy", which | {"Policy": text})

    gone = Call("dynamodb:DeleteResourcePolicy", which)
    return shut_out(policy, lambda text: outsiders(text, table["account"], trusted_accounts), put, gone)


@check(tables, description, scales, practice=Practice.BACKUP, severity=Severity.LOW)
def table_capacity_follows_demand(table: Table, description: Description, scales: Collection[str]) -> Verdict:
    """DynamoDB table's capacity follows demand.

    With fixed capacity, a busy hour or a flood of requests ends in refused reads and writes.

    Fix: Switch the table to on-demand, or let auto scaling look after its reads and writes.
    See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/AutoScaling.html
    """
    # .get: AWS leaves it out of tables that have never been on-demand.
    if description.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST":
        return None
    fixed = [f"{unit.lower()}s" for unit in ("Read", "Write") if f"dynamodb:table:{unit}CapacityUnits" not in scales]
    return f"has fixed capacity for {' and '.join(fixed)}" if fixed else None


# The table is "UPDATING" for some minutes before it shows the change.
@fix(table_capacity_follows_demand, "dynamodb:UpdateTable", risk=Risk.SAFE, patience=300)
def follow_demand(table: Table, description: Description, scales: Collection[str]) -> Plan:
    """Switch the DynamoDB table to on-demand capacity.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/switching.capacitymode.html
    """
    if scales:
        raise NotApplicable("auto scaling looks after a part of its capacity: let it look after the rest")
    if description.get("Replicas"):
        raise NotApplicable("it is a global table: its replicas in other regions would change with it")
    on_demand = description.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST"
    fixed = _capacity(description["ProvisionedThroughput"])
    indexes = [
        {
            "Update": {
                "IndexName": index["IndexName"],
                "ProvisionedThroughput": _capacity(index["ProvisionedThroughput"]),
            }
        }
        for index in description.get("GlobalSecondaryIndexes", [])
    ]
    which = {"TableName": table["TableName"]}
    back = which | {"BillingMode": "PROVISIONED", "ProvisionedThroughput": fixed}
    reads, writes = fixed["ReadCapacityUnits"], fixed["WriteCapacityUnits"]
    return Plan(
        do=[Call("dynamodb:UpdateTable", which | {"BillingMode": "PAY_PER_REQUEST"})],
        undo=[Call("dynamodb:UpdateTable", back | ({"GlobalSecondaryIndexUpdates": indexes} if indexes else {}))],
        before={"capacity": "on-demand" if on_demand else f"{reads} reads and {writes} writes a second"},
        after={"capacity": "on-demand"},
        notes=[
            "It takes some minutes, without an interruption. AWS allows the switch a few times a day.",
            "On-demand charges by request: less for a table that often rests, more for one that is always busy.",
        ],
    )


def _capacity(throughput: Mapping[str, object]) -> dict[str, object]:
    return {unit: throughput[unit] for unit in ("ReadCapacityUnits", "WriteCapacityUnits")}


@check(tables, description, own_keys, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def table_has_own_key(
    table: Table, description: Description, own_keys: Collection[str], *, customer_managed_key: bool = False
) -> Verdict:
    """DynamoDB table is encrypted with a KMS key of yours.

    DynamoDB always encrypts; with a key of yours you decide who may use it, see each use, and can take it away.

    Fix: Choose a customer managed key in the table's encryption settings.
    See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html
    """
    if not customer_managed_key:
        raise NotApplicable("the settings do not ask for KMS keys of your own")
    key = description.get("SSEDescription", {}).get("KMSMasterKeyArn", "")  # left out with a key that DynamoDB owns
    owned = key in own_keys or (key and key.split(":")[4] != table["account"])
    return expect(owned, "is encrypted with a key of AWS's, not yours")
