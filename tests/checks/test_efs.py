"""EFS: what the judge says of file systems, and what they are called."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import efs
from checks.kit import NotApplicable
from tests.checks.cases import NOW, Case

BACKED_UP, PUBLIC, ZONES = (
    efs.file_system_is_backed_up,
    efs.file_system_policy_is_not_public,
    efs.file_system_is_in_several_zones,
)
MOUNTED, ROOT, USER = (
    efs.file_system_is_mounted_in_private_subnets,
    efs.access_point_has_own_root,
    efs.access_point_has_own_user,
)
FILES: Any = {"FileSystemId": "fs-1", "CreationTime": NOW - timedelta(days=90)}
NEW = FILES | {"CreationTime": NOW - timedelta(hours=47)}
COPY = FILES | {"FileSystemProtection": {"ReplicationOverwriteProtection": "REPLICATING"}}


def policy(**more: Any) -> str:
    allow = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:ClientMount", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow | more]})


def backed_up(days: float | None = None) -> dict[str, Any]:
    return {"last": None if days is None else NOW - timedelta(days=days), "on": True, "now": NOW}


CASES = [
    Case(efs.file_system_is_encrypted, [{"Encrypted": True}], None),
    Case(efs.file_system_is_encrypted, [{"Encrypted": False}], "is not encrypted"),
    Case(PUBLIC, [FILES, ""], None),
    Case(PUBLIC, [FILES, policy()], "lets everyone do elasticfilesystem:ClientMount"),
    Case(PUBLIC, [FILES, policy(Condition={"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}})], None),
    Case(BACKED_UP, [FILES, "ENABLED", backed_up()], None),
    Case(BACKED_UP, [FILES, "ENABLING", backed_up()], None),
    Case(BACKED_UP, [FILES, "DISABLED", backed_up(35)], None),
    Case(
        BACKED_UP,
        [FILES, "DISABLED", backed_up()],
        "is not backed up: automatic backups are off, and AWS Backup has none",
    ),
    Case(
        BACKED_UP,
        [FILES, "DISABLING", backed_up(36)],
        "was last backed up by AWS Backup on 2026-01-25; automatic backups are off",
    ),
    Case(BACKED_UP, [NEW, "DISABLED", backed_up()], NotApplicable),
    Case(BACKED_UP, [COPY, "DISABLED", backed_up()], NotApplicable),
    Case(ZONES, [FILES], None),
    Case(
        ZONES,
        [FILES | {"AvailabilityZoneName": "eu-west-1a"}],
        "is stored in one Availability Zone, eu-west-1a",
    ),
    Case(MOUNTED, [FILES, []], None),
    Case(MOUNTED, [FILES, ["subnet-1"]], "can be mounted in public subnets (subnet-1)"),
    Case(ROOT, [{"RootDirectory": {"Path": "/shop"}}], None),
    Case(ROOT, [{"RootDirectory": {"Path": "/"}}], "shows the whole file system"),
    Case(ROOT, [{}], "shows the whole file system"),
    Case(USER, [{"PosixUser": {"Uid": 1000, "Gid": 1000}}], None),
    Case(USER, [{}], "takes the client's word for which user it is"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_what_a_file_system_is_called(aws: Region) -> None:
    client = aws.clients.session.client("efs")
    named = client.create_file_system(CreationToken="a", Encrypted=True, Tags=[{"Key": "Name", "Value": "shares"}])
    plain = client.create_file_system(CreationToken="b", Encrypted=False)
    found = {identify(aws, efs.file_systems, one): one["Encrypted"] for one in efs.file_systems.stream(aws)}
    assert found == {
        (named["FileSystemArn"], f"shares ({named['FileSystemId']})"): True,
        (plain["FileSystemArn"], plain["FileSystemId"]): False,
    }


def test_what_is_read_of_a_file_system(aws: Region) -> None:
    client = aws.clients.session.client("efs")
    made = client.create_file_system(CreationToken="a", Backup=False)["FileSystemId"]
    ec2 = aws.clients.session.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    [found] = efs.file_systems.stream(aws)
    assert efs.policy.read(aws, found) == ""
    assert efs.automatic_backups.read(aws, found) == "DISABLED"
    assert efs.backed_up.read(aws, found)["last"] is None
    assert efs.public_mount_targets.read(aws, found) == []
    client.create_mount_target(FileSystemId=made, SubnetId=subnet)
    client.put_file_system_policy(FileSystemId=made, Policy=policy())
    client.create_access_point(ClientToken="a", FileSystemId=made, PosixUser={"Uid": 1, "Gid": 1})
    [found] = efs.file_systems.stream(aws)
    assert PUBLIC.judge(found, efs.policy.read(aws, found)) == "lets everyone do elasticfilesystem:ClientMount"
    assert efs.public_mount_targets.read(aws, found) == []  # the emulator's default VPC leads nowhere
    [point] = efs.access_points.stream(aws)
    assert USER.judge(point) is None
    assert identify(aws, efs.access_points, point) == (point["AccessPointArn"], point["AccessPointId"])


def file_system(aws: boto3.Session) -> None:
    aws.client("efs", region_name="eu-west-1").create_file_system(CreationToken="a", Encrypted=True, Backup=False)


def public_file_system(aws: boto3.Session) -> None:
    client = aws.client("efs", region_name="eu-west-1")
    made = client.create_file_system(CreationToken="a", Encrypted=True)["FileSystemId"]
    client.put_file_system_policy(FileSystemId=made, Policy=policy())


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {BACKED_UP.id: file_system, PUBLIC.id: public_file_system}


def test_a_statement_that_asks_about_mount_targets_itself_is_not_turned_around() -> None:
    for key in (efs.MOUNTED, efs.MOUNTED.lower()):
        asks = json.dumps(
            {"Statement": [json.loads(policy())["Statement"][0] | {"Condition": {"Bool": {key: "false"}}}]}
        )
        with pytest.raises(NotApplicable, match="mount target"):
            efs.ask_for_a_mount_target.plan({"FileSystemId": "fs"}, asks)
