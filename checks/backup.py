"""AWS Backup: whether a region that holds data has a plan to back it up, and reports of how that went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from checks.kit import ACCOUNT_ARN, Aws, NotApplicable, Practice, Severity, Verdict, check, collector, expect, extra

HOLDS_DATA = (
    ("ec2:DescribeVolumes", "Volumes", {"MaxResults": 5}),
    ("rds:DescribeDBInstances", "DBInstances", {"MaxRecords": 20}),
    ("dynamodb:ListTables", "TableNames", {"Limit": 1}),
)
"""Where most of what AWS Backup keeps would be, and the fewest items AWS lets one ask for: the first is enough."""


OF_EFS = "aws/efs/automatic-backup-plan"
"""The plan that EFS makes by itself, for its file systems alone.
Source: https://docs.aws.amazon.com/efs/latest/ug/automatic-backups.html"""


class Backups(TypedDict):
    """A region: its own plans, whether one has anything assigned and, looked into where none has, if it holds data."""

    plans: int
    backs_up: bool
    holds_data: bool


@collector(
    "backup:ListBackupPlans",
    "backup:ListBackupSelections",
    *(call for call, *_ in HOLDS_DATA),
    arn=ACCOUNT_ARN,
    name="{region}",
)
def regions(aws: Aws) -> Iterator[Backups]:
    found = aws.items("backup:ListBackupPlans", "BackupPlansList")
    plans = [plan["BackupPlanId"] for plan in found if plan["BackupPlanName"] != OF_EFS]
    backs_up = any(_has_selections(aws, plan) for plan in plans)
    yield Backups(plans=len(plans), backs_up=backs_up, holds_data=backs_up or _holds_data(aws))


@check(regions, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def region_has_backup_plan(region: Backups) -> Verdict:
    """Region that holds data has a backup plan.

    A plan of AWS Backup makes backups by schedule, in a vault of their own, that survive the loss of what they copy.

    Fix: Create a backup plan in the region and assign the volumes, databases and tables to it.
    See: https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html
    """
    if not region["holds_data"]:
        raise NotApplicable("it has no volumes, databases or tables")
    if region["plans"]:
        return expect(region["backs_up"], "holds data and its plans of AWS Backup have nothing assigned")
    return "holds data and has no backup plan of its own"


@extra("backup:ListReportPlans")
def report_plans(aws: Aws, _: Backups) -> int:
    return sum(1 for _ in aws.items("backup:ListReportPlans", "ReportPlans"))


@check(regions, report_plans, practice=Practice.BACKUP, severity=Severity.LOW)
def region_reports_on_backups(region: Backups, report_plans: int) -> Verdict:
    """Region with backup plans has a report plan.

    Backups that fail are noticed when they are needed, unless a daily report lists the jobs and what they left out.

    Fix: Create a report plan of AWS Backup Audit Manager for backup jobs, or for compliance, into a bucket.
    See: https://docs.aws.amazon.com/aws-backup/latest/devguide/create-report-plan-console.html
    """
    if not region["backs_up"]:
        raise NotApplicable("nothing is assigned to a backup plan here")
    return expect(report_plans, "has backup plans and no report plan")


def _has_selections(aws: Aws, plan: str) -> bool:
    selections = aws.items("backup:ListBackupSelections", "BackupSelectionsList", BackupPlanId=plan)
    return next(selections, None) is not None


def _holds_data(aws: Aws) -> bool:
    return any(next(aws.items(call, path, **fewest), None) is not None for call, path, fewest in HOLDS_DATA)
