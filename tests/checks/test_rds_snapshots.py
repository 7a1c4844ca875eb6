"""Snapshots of databases: what the judges say, what is asked of which, and the ones that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import rds_snapshots
from checks.kit import NotApplicable
from tests.checks.cases import Case
from tests.checks.test_databases import cluster
from tests.checks.test_rds import instance
from tests.made import Made

ONE: Any = {"DBSnapshotIdentifier": "shop-old", "Encrypted": False}
OF_CLUSTER: Any = {"DBClusterSnapshotIdentifier": "shop-old", "StorageEncrypted": False, "Engine": "docdb"}
PUBLIC = "can be restored by every AWS account"
TAGS = rds_snapshots.db_instance_copies_tags_to_snapshots
DB: Any = {"DBInstanceIdentifier": "shop", "Engine": "postgres", "DBInstanceStatus": "available"}

CASES = [
    Case(rds_snapshots.snapshot_is_private, [ONE, []], None),
    Case(rds_snapshots.snapshot_is_private, [ONE, ["210987654321"]], None),
    Case(rds_snapshots.snapshot_is_private, [ONE, ["210987654321", "all"]], PUBLIC),
    Case(rds_snapshots.cluster_snapshot_is_private, [OF_CLUSTER, []], None),
    Case(rds_snapshots.cluster_snapshot_is_private, [OF_CLUSTER, ["all"]], PUBLIC),
    Case(rds_snapshots.snapshot_is_encrypted, [ONE | {"Encrypted": True}], None),
    Case(rds_snapshots.snapshot_is_encrypted, [ONE], "is not encrypted"),
    Case(rds_snapshots.cluster_snapshot_is_encrypted, [OF_CLUSTER | {"StorageEncrypted": True}], None),
    Case(rds_snapshots.cluster_snapshot_is_encrypted, [OF_CLUSTER], "is not encrypted"),
    Case(TAGS, [DB | {"CopyTagsToSnapshot": True}], None),
    Case(TAGS, [DB | {"CopyTagsToSnapshot": False}], "does not copy its tags to its snapshots"),
    Case(TAGS, [DB | {"CopyTagsToSnapshot": False, "DBClusterIdentifier": "shop"}], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_who_else_may_restore_it_stays(aws: Region) -> None:
    public_snapshot(aws.clients.session)
    [found] = rds_snapshots.snapshots.stream(aws)
    assert identify(aws, rds_snapshots.snapshots, found) == (
        "arn:aws:rds:eu-west-1:123456789012:snapshot:shop-old",
        "shop-old",
    )
    restorers = rds_snapshots.restorers.read(aws, found)
    assert sorted(restorers) == ["210987654321", "all"]
    plan = rds_snapshots.make_private.plan(found, ["all", "210987654321"])
    assert plan.do[0].params["ValuesToRemove"] == plan.undo[0].params["ValuesToAdd"] == ["all"]
    assert plan.after == {"may restore it": "210987654321"}


def test_an_encrypted_snapshot_is_not_asked_about(aws: Region) -> None:
    made = Made(aws.clients.session)
    assert rds_snapshots.restorers.read(aws, {"DBSnapshotIdentifier": "x", "Encrypted": True}) == []
    assert (
        rds_snapshots.cluster_restorers.read(aws, {"DBClusterSnapshotIdentifier": "x", "StorageEncrypted": True}) == []
    )
    assert made.names == set()


@pytest.mark.parametrize(("engine", "api"), [("docdb", "docdb"), ("neptune", "neptune"), ("aurora-mysql", "rds")])
def test_a_snapshot_is_closed_by_its_engines_own_api(engine: str, api: str) -> None:
    plan = rds_snapshots.make_cluster_snapshot_private.plan(OF_CLUSTER | {"Engine": engine}, ["all"])
    assert {call.call for call in (*plan.do, *plan.undo)} == {f"{api}:ModifyDBClusterSnapshotAttribute"}


def public_snapshot(aws: boto3.Session) -> None:
    instance(aws)
    rds = aws.client("rds", region_name="eu-west-1")
    rds.create_db_snapshot(DBInstanceIdentifier="shop", DBSnapshotIdentifier="shop-old")
    rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier="shop-old", AttributeName="restore", ValuesToAdd=["210987654321", "all"]
    )


def public_cluster_snapshot(aws: boto3.Session) -> None:
    cluster(aws, StorageEncrypted=False)
    rds = aws.client("rds", region_name="eu-west-1")
    rds.create_db_cluster_snapshot(DBClusterIdentifier="shop", DBClusterSnapshotIdentifier="shop-old")
    rds.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier="shop-old", AttributeName="restore", ValuesToAdd=["all"]
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    rds_snapshots.snapshot_is_private.id: public_snapshot,
    rds_snapshots.cluster_snapshot_is_private.id: public_cluster_snapshot,
    TAGS.id: lambda aws: instance(aws, CopyTagsToSnapshot=False),
}
