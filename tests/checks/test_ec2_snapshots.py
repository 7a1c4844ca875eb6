"""EBS snapshots: encrypted, and recent enough."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.aws import Region
from checks import ec2_snapshots
from checks.ec2_instances import instances
from checks.ec2_volumes import snapshots
from checks.kit import NotApplicable
from tests.checks.cases import NOW, Case

ENCRYPTED, RECENT = ec2_snapshots.snapshot_is_encrypted, ec2_snapshots.volume_has_recent_snapshot
SCALES = True


def volume(age: int = 100, state: str = "in-use") -> dict[str, Any]:
    return {"VolumeId": "vol-1", "State": state, "CreateTime": ago(age), "Attachments": [{"InstanceId": "i-1"}]}


def ago(days: int) -> Any:
    return NOW - timedelta(days=days)


CASES = [
    Case(ENCRYPTED, [{"Encrypted": True}], None),
    Case(ENCRYPTED, [{"Encrypted": False}], "is not encrypted"),
    Case(RECENT, [volume(), ago(1), not SCALES, NOW], None),
    Case(RECENT, [volume(), ago(7), not SCALES, NOW], None),
    Case(RECENT, [volume(), ago(8), not SCALES, NOW], "has no snapshot of the last 7 days; the last is 8 days old"),
    Case(RECENT, [volume(), ago(8), not SCALES, NOW], None, {"days": 30}),
    Case(RECENT, [volume(), None, not SCALES, NOW], "has no snapshot"),
    Case(RECENT, [volume(age=3), None, not SCALES, NOW], NotApplicable),
    Case(RECENT, [volume(state="available"), None, not SCALES, NOW], NotApplicable),
    Case(RECENT, [volume(), None, SCALES, NOW], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def given(aws: Region, collector: Any, *found: Any) -> None:
    aws.reads.once(collector, aws.region, lambda: iter(found))


def test_the_last_whole_snapshot_counts(aws: Region) -> None:
    def snapshot(days: int, state: str = "completed", volume: str = "vol-1") -> dict[str, Any]:
        return {"VolumeId": volume, "StartTime": ago(days), "State": state}

    given(
        aws,
        snapshots,
        snapshot(9),
        snapshot(2),
        snapshot(5),
        snapshot(1, "error"),
        snapshot(0, volume="vol-2"),
    )
    one: Any = volume()
    assert ec2_snapshots.last_taken.read(aws, one) == ago(2)
    assert ec2_snapshots.last_taken.read(aws, one | {"VolumeId": "vol-3"}) is None


def test_a_machine_of_an_auto_scaling_group_is_made_anew(aws: Region) -> None:
    def tagged(id: str, key: str) -> dict[str, Any]:
        return {"InstanceId": id, "Tags": [{"Key": key, "Value": "web"}]}

    managed = {"InstanceId": "i-4", "Operator": {"Managed": True, "Principal": "eks.amazonaws.com"}}
    given(
        aws,
        instances,
        tagged("i-1", "aws:autoscaling:groupName"),
        tagged("i-2", "Name"),
        tagged("i-3", "aws:ec2:fleet-id"),
        managed,
    )
    one: Any = volume()

    def scales(id: str, *, goes_with_it: bool = True) -> bool:
        attached = [{"InstanceId": id, "DeleteOnTermination": goes_with_it}]
        return ec2_snapshots.scales.read(aws, one | {"Attachments": attached})

    assert [id for id in ("i-1", "i-2", "i-3", "i-4") if scales(id)] == ["i-1", "i-3", "i-4"]
    assert not scales("i-1", goes_with_it=False), "the data of a pod, say, is nobody's to make anew"
