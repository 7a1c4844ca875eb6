"""AWS Backup: what the judge says of a region, and what is read of it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.aws import Region
from bot.scan import identify
from checks import backup
from checks.kit import NotApplicable
from tests.checks.cases import Case


def region(*, plans: int = 0, backs_up: bool = False, holds_data: bool = True) -> dict[str, Any]:
    return {"plans": plans, "backs_up": backs_up, "holds_data": holds_data}


CASES = [
    Case(backup.region_has_backup_plan, [region(plans=1, backs_up=True)], None),
    Case(backup.region_has_backup_plan, [region()], "holds data and has no backup plan of its own"),
    Case(
        backup.region_has_backup_plan, [region(plans=2)], "holds data and its plans of AWS Backup have nothing assigned"
    ),
    Case(backup.region_has_backup_plan, [region(plans=1, holds_data=False)], NotApplicable),
    Case(backup.region_has_backup_plan, [region(holds_data=False)], NotApplicable),
    Case(backup.region_reports_on_backups, [region(plans=1, backs_up=True), 1], None),
    Case(backup.region_reports_on_backups, [region(plans=1, backs_up=True), 0], "has backup plans and no report plan"),
    Case(backup.region_reports_on_backups, [region(plans=1), 0], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def read(aws: Region) -> backup.Backups:
    [found] = backup.regions.stream(aws)
    assert identify(aws, backup.regions, found) == ("arn:aws:iam::123456789012:root", "eu-west-1")
    return found


def test_an_empty_region(aws: Region) -> None:
    assert read(aws) == region(holds_data=False)


def test_a_region_with_a_table(aws: Region) -> None:
    aws.clients.session.client("dynamodb").create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert read(aws) == region()


def test_the_plan_that_efs_makes_by_itself_is_none_of_the_accounts(aws: Region) -> None:
    client = aws.clients.session.client("backup")
    client.create_backup_vault(BackupVaultName="efs")
    rule: Any = {"RuleName": "daily", "TargetBackupVaultName": "efs"}
    plan: Any = {"BackupPlanName": "aws/efs/automatic-backup-plan", "Rules": [rule]}
    made = client.create_backup_plan(BackupPlan=plan)["BackupPlanId"]
    selection: Any = {"SelectionName": "efs", "IamRoleArn": f"arn:aws:iam::{aws.account}:role/efs", "Resources": ["*"]}
    client.create_backup_selection(BackupPlanId=made, BackupSelection=selection)
    assert read(aws) == region(holds_data=False)


def test_a_region_with_a_plan(aws: Region) -> None:
    client = aws.clients.session.client("backup")
    client.create_backup_vault(BackupVaultName="nightly")
    rule: Any = {"RuleName": "nightly", "TargetBackupVaultName": "nightly"}
    for name in ("nightly", "weekly"):
        made = client.create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": [rule]})["BackupPlanId"]
    assert read(aws) == region(plans=2, holds_data=False)
    selection: Any = {
        "SelectionName": "all",
        "IamRoleArn": f"arn:aws:iam::{aws.account}:role/backup",
        "Resources": ["*"],
    }
    client.create_backup_selection(BackupPlanId=made, BackupSelection=selection)
    assert read(aws) == region(plans=2, backs_up=True)
    assert backup.report_plans.read(aws, read(aws)) == 0
    client.create_report_plan(
        ReportPlanName="daily",
        ReportDeliveryChannel={"S3BucketName": "northwind-backups"},
        ReportSetting={"ReportTemplate": "BACKUP_JOB_REPORT"},
    )
    assert backup.report_plans.read(aws, read(aws)) == 1
