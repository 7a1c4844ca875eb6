"""EBS: what the judges say, which snapshots are asked about, and the region and snapshot fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import ec2_volumes as ebs
from tests.checks.cases import Case

EVERYONE = {"Group": "all"}
PARTNER = {"UserId": "210987654321"}

CASES = [
    Case(ebs.region_encrypts_new_volumes, [{"EbsEncryptionByDefault": True}], None),
    Case(
        ebs.region_encrypts_new_volumes,
        [{"EbsEncryptionByDefault": False}],
        "does not encrypt new EBS volumes by default",
    ),
    Case(ebs.volume_is_encrypted, [{"Encrypted": True}], None),
    Case(ebs.volume_is_encrypted, [{"Encrypted": False}], "is not encrypted"),
    Case(ebs.snapshot_is_private, [{}, []], None),
    Case(ebs.snapshot_is_private, [{}, [PARTNER]], None),
    Case(ebs.snapshot_is_private, [{}, [EVERYONE]], "can be copied by every AWS account"),
    Case(ebs.snapshot_is_private, [{}, [PARTNER, EVERYONE]], "can be copied by every AWS account"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def snapshot(aws: boto3.Session, *, public: bool) -> str:
    ec2 = aws.client("ec2", region_name="eu-west-1")
    volume = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1)["VolumeId"]
    made = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    if public:
        ec2.modify_snapshot_attribute(
            SnapshotId=made, Attribute="createVolumePermission", OperationType="add", GroupNames=["all"]
        )
    return made


def test_who_may_copy_a_snapshot(aws: Region) -> None:
    private, public = (snapshot(aws.clients.session, public=public) for public in (False, True))
    asked = {found["SnapshotId"]: ebs.permissions.read(aws, found) for found in ebs.snapshots.stream(aws)}
    assert asked[private] == []
    assert asked[public] == [EVERYONE]


def test_what_the_list_of_public_snapshots_leaves_out_is_not_asked_about(aws: Region) -> None:
    """AWS lists the public ones alone; the emulator lists all, so here the list is what it would be on AWS."""
    made = snapshot(aws.clients.session, public=True)
    aws.reads.once(ebs.public_snapshots, aws.region, lambda: iter([]))
    assert ebs.permissions.read(aws, {"SnapshotId": made}) == []


@pytest.mark.parametrize(
    ("state", "permitted"),
    [("unblocked", [EVERYONE]), ("block-new-sharing", [EVERYONE]), ("block-all-sharing", [])],
)
def test_where_all_public_sharing_is_blocked_nobody_may_copy_a_snapshot(
    aws: Region, state: str, permitted: list[dict[str, str]]
) -> None:
    """AWS leaves the attribute as it was, and lets nobody in.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableSnapshotBlockPublicAccess.html"""
    made = snapshot(aws.clients.session, public=True)
    sharing: Any = {"State": state}
    aws.reads.once(ebs.public_sharing, aws.region, lambda: iter([sharing]))
    assert ebs.permissions.read(aws, {"SnapshotId": made}) == permitted


def test_what_things_are_called(aws: Region) -> None:
    made = snapshot(aws.clients.session, public=False)
    [found] = ebs.snapshots.stream(aws)
    assert identify(aws, ebs.snapshots, found) == (f"arn:aws:ec2:eu-west-1::snapshot/{made}", f"snapshot/{made}")
    [volume] = ebs.volumes.stream(aws)
    assert identify(aws, ebs.volumes, volume)[0].startswith("arn:aws:ec2:eu-west-1:123456789012:volume/vol-")
    [default] = ebs.defaults.stream(aws)
    assert identify(aws, ebs.defaults, default) == ("arn:aws:iam::123456789012:root", "eu-west-1")


def nothing(_: boto3.Session) -> None:
    """A new region does not encrypt by default."""


def public_snapshot(aws: boto3.Session) -> None:
    snapshot(aws, public=True)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    ebs.region_encrypts_new_volumes.id: nothing,
    ebs.snapshot_is_private.id: public_snapshot,
}
