"""Having a backup plan back up a database: by the tag that the plan asks for, which is taken off as easily.

An assignment made for one resource would be known only by an id that AWS answers with, and hand a role to AWS Backup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from checks import backup_coverage
from checks.backup_coverage import Protection
from checks.kit import ACCOUNT_ARN, Aws, Call, NotApplicable, Plan, Risk, Waits, collector, extra, fix
from checks.wildcards import wildcard

if TYPE_CHECKING:
    from types_boto3_rds.type_defs import DBClusterTypeDef as DBCluster
    from types_boto3_rds.type_defs import DBInstanceTypeDef as DBInstance

CALLS = ("rds:AddTagsToResource", "rds:RemoveTagsFromResource")
"""Of clusters of DocumentDB and Neptune, too: they share the API of RDS."""


class Assignment(TypedDict):
    """What a backup plan backs up: one of its selections, as GetBackupSelection answers."""

    plan: str
    selection: Mapping[str, Any]


@collector("backup:ListBackupPlans", "backup:ListBackupSelections", "backup:GetBackupSelection", arn=ACCOUNT_ARN)
def assignments(aws: Aws) -> Iterator[Assignment]:
    for plan in aws.items("backup:ListBackupPlans", "BackupPlansList"):
        which = {"BackupPlanId": plan["BackupPlanId"]}
        for one in aws.items("backup:ListBackupSelections", "BackupSelectionsList", **which):
            got = aws.call("backup:GetBackupSelection", **which, SelectionId=one["SelectionId"])
            yield {"plan": plan["BackupPlanName"], "selection": got["BackupSelection"]}


@extra(needs=(assignments,))
def of_region(aws: Aws, _: object) -> Sequence[Assignment]:
    return aws.read(assignments)


@fix(backup_coverage.db_instance_is_backed_up, *CALLS, risk=Risk.SAFE, reads=(of_region,))
def assign_instance(
    db: DBInstance, protection: Protection, assignments: Sequence[Assignment], *, backup_tag: str
) -> Plan:
    """Give the DB instance the tag by which a backup plan finds it."""
    return _tag(db["DBInstanceArn"], db.get("TagList", []), protection, assignments, backup_tag)


@fix(backup_coverage.db_cluster_is_backed_up, *CALLS, risk=Risk.SAFE, reads=(of_region,))
def assign_cluster(
    cluster: DBCluster, protection: Protection, assignments: Sequence[Assignment], *, backup_tag: str
) -> Plan:
    """Give the DB cluster the tag by which a backup plan finds it."""
    return _tag(cluster["DBClusterArn"], cluster.get("TagList", []), protection, assignments, backup_tag)


def _tag(
    arn: str, tags: Sequence[Mapping[str, Any]], protection: Protection, assignments: Sequence[Assignment], tag: str
) -> Plan:
    key, _, value = tag.partition("=")
    plan = next((one["plan"] for one in assignments if asks_for(one["selection"], arn, key, value)), "")
    if not plan:
        raise NotApplicable(f"no backup plan of the region backs up what has the tag {tag}: assign that to one first")
    if not protection["on"]:
        raise NotApplicable("AWS Backup is not turned on for its kind in this region, so tags have no effect")
    had = {one["Key"]: one.get("Value", "") for one in tags}
    if had.get(key) == value:
        raise Waits(f"plan {plan} backs it up when it runs next; until then the finding stays open")
    if key in had:
        raise NotApplicable(f"it has the tag {key}={had[key]}, which somebody may have given it on purpose")
    return Plan(
        do=[Call("rds:AddTagsToResource", {"ResourceName": arn, "Tags": [{"Key": key, "Value": value}]})],
        undo=[Call("rds:RemoveTagsFromResource", {"ResourceName": arn, "TagKeys": [key]})],
        before={f"tag {key}": "none"},
        after={f"tag {key}": value},
        notes=[
            f"Plan {plan} backs up what has this tag. The check passes after its next run, if the job succeeds.",
            "AWS Backup bills what it stores.",
            "If the plan takes continuous backups, it decides when the database's own are made and how long they last.",
            "Whatever else goes by this tag (policies, bills) goes by it here, too.",
            "Undo takes the tag off. Backups that were made meanwhile stay in their vault.",
        ],
    )


def asks_for(selection: Mapping[str, Any], arn: str, key: str, value: str) -> bool:
    """Whether a selection takes a resource for one tag, whatever else it is tagged with.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
    """
    listed = [(one["ConditionKey"].removeprefix("aws:ResourceTag/"), one["ConditionValue"])
              for one in selection.get("ListOfTags") or []]  # fmt: skip
    conditions = [(kind, one["ConditionKey"], one["ConditionValue"])
                  for kind, some in (selection.get("Conditions") or {}).items() for one in some]  # fmt: skip
    met = all(one == ("StringEquals", f"aws:ResourceTag/{key}", value) for one in conditions)
    by_tag = met and ((key, value) in listed if listed else bool(conditions))
    among = selection.get("Resources") or ["*"]
    return (
        by_tag
        and any(wildcard(one).fullmatch(arn) for one in among)
        and not any(wildcard(one).fullmatch(arn) for one in selection.get("NotResources") or [])
    )
