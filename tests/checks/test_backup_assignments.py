"""Databases that a backup plan is to find by a tag: which selections find them, and when no tag is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from checks import backup_coverage
from checks.backup_assignments import asks_for, assign_instance
from checks.kit import NotApplicable, Waits
from tests.checks.test_databases import cluster
from tests.checks.test_rds import instance

ARN = "arn:aws:rds:eu-west-1:123456789012:db:shop"
TAG = {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"}
BY_TAG: dict[str, Any] = {"ListOfTags": [TAG]}
BY_CONDITION: dict[str, Any] = {
    "Resources": ["*"],
    "Conditions": {"StringEquals": [{"ConditionKey": "aws:ResourceTag/backup", "ConditionValue": "daily"}]},
}
ALSO_STAGE = {"ConditionKey": "aws:ResourceTag/stage", "ConditionValue": "prod"}


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (BY_TAG, True),
        (BY_TAG | {"Resources": [], "NotResources": [], "Conditions": {}}, True),
        ({"ListOfTags": [TAG | {"ConditionValue": "weekly"}, TAG]}, True),
        (BY_CONDITION, True),
        (BY_CONDITION | {"Resources": ["arn:aws:rds:*:*:db:*"]}, True),
        ({"Resources": [ARN]}, False),
        ({}, False),
        ({"ListOfTags": [TAG | {"ConditionValue": "weekly"}]}, False),
        (BY_CONDITION | {"ListOfTags": [TAG | {"ConditionKey": "stage"}]}, False),
        (BY_TAG | {"Resources": ["arn:aws:ec2:*:*:volume/*"]}, False),
        (BY_TAG | {"NotResources": ["arn:aws:rds:*:*:db:*"]}, False),
        (BY_TAG | {"Conditions": {"StringEquals": [ALSO_STAGE]}}, False),
        (BY_TAG | {"Conditions": {"StringNotEquals": [ALSO_STAGE]}}, False),
        ({"Conditions": {"StringLike": BY_CONDITION["Conditions"]["StringEquals"]}}, False),
    ],
)
def test_a_selection_finds_a_database_by_this_tag_alone(selection: dict[str, Any], found: bool) -> None:
    assert asks_for(selection, ARN, "backup", "daily") is found


def plan(tags: list[dict[str, str]], *, on: bool = True, selection: Mapping[str, Any] = BY_TAG) -> Any:
    known = [{"plan": "nightly", "selection": selection}]
    return assign_instance.plan({"DBInstanceArn": ARN, "TagList": tags}, {"on": on}, known, backup_tag="backup=daily")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tags": [{"Key": "backup", "Value": "never"}]}, "has the tag backup=never, which somebody"),
        ({"tags": [], "on": False}, "AWS Backup is not turned on for its kind"),
        ({"tags": [], "selection": {"Resources": ["*"]}}, "no backup plan of the region backs up what has the tag"),
    ],
)
def test_no_tag_where_it_would_not_help_or_another_is_there(given: dict[str, Any], words: str) -> None:
    with pytest.raises(NotApplicable, match=words) as said:
        plan(**given)
    assert not isinstance(said.value, Waits)


def test_one_that_has_the_tag_waits_for_its_plan() -> None:
    with pytest.raises(Waits, match="plan nightly backs it up when it runs next; until then the finding stays open"):
        plan([{"Key": "backup", "Value": "daily"}])


def assign(aws: boto3.Session, name: str = "nightly", **selection: Any) -> None:
    """A backup plan that backs up what the selection says."""
    client = aws.client("backup", region_name="eu-west-1")
    plan = client.create_backup_plan(
        BackupPlan={"BackupPlanName": name, "Rules": [{"RuleName": "nightly", "TargetBackupVaultName": "nightly"}]}
    )
    role = {"SelectionName": "all", "IamRoleArn": "arn:aws:iam::123456789012:role/backup"}
    client.create_backup_selection(BackupPlanId=plan["BackupPlanId"], BackupSelection=role | selection)  # type: ignore[arg-type]


def instance_without_backups(aws: boto3.Session) -> None:
    aws.client("backup", region_name="eu-west-1").create_backup_vault(BackupVaultName="nightly")
    assign(aws, **BY_TAG)
    instance(aws)


def cluster_without_backups(aws: boto3.Session) -> None:
    aws.client("backup", region_name="eu-west-1").create_backup_vault(BackupVaultName="nightly")
    assign(aws, **BY_CONDITION)
    cluster(aws)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    backup_coverage.db_instance_is_backed_up.id: instance_without_backups,
    backup_coverage.db_cluster_is_backed_up.id: cluster_without_backups,
}
