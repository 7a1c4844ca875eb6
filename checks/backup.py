"""AWS Backup: whether a region that holds data has a plan to back it up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from checks.kit import ACCOUNT_ARN, Aws, NotApplicable, Practice, Severity, Verdict, check, collector, expect

HOLDS_DATA = (
    ("ec2:DescribeVolumes", "Volumes", {"MaxResults": 5}),
    ("rds:DescribeDBInstances", "DBInstances", {"MaxRecords": 20}),
    ("dynamodb:ListTables", "TableNames", {"Limit": 1}),
)
"""Where most of what AWS Backup keeps would be, and the fewest items AWS lets one ask for: the first is enough."""


class Backups(TypedDict):
    """A region: the names of its plans, and whether it holds anything. Without a plan alone is that looked into."""

    plans: list[str]
    holds_data: bool


@collector("backup:ListBackupPlans", *(call for call, *_ in HOLDS_DATA), arn=ACCOUNT_ARN, name="{region}")
def regions(aws: Aws) -> Iterator[Backups]:
    plans = [plan["BackupPlanName"] for plan in aws.items("backup:ListBackupPlans", "BackupPlansList")]
    yield Backups(plans=plans, holds_data=bool(plans) or _holds_data(aws))


@check(regions, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def region_has_backup_plan(region: Backups) -> Verdict:
    """Region that holds data has a backup plan.

    A plan of AWS Backup makes backups by schedule, in a vault of their own, that survive the loss of what they copy.

    Fix: Create a backup plan in the region and assign the volumes, databases and tables to it.
    See: https://docs.aws.amazon.com/aws-backup/latest/devguide/about-backup-plans.html
    """
    if not region["holds_data"]:
        raise NotApplicable("it has no volumes, databases or tables")
    return expect(region["plans"], "holds data and has no plan of AWS Backup")


def _holds_data(aws: Aws) -> bool:
    return any(next(aws.items(call, path, **fewest), None) is not None for call, path, fewest in HOLDS_DATA)
