"""MemoryDB: what the judges say of clusters, and the one that a fix is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import identify
from checks import memorydb
from tests.checks.cases import Case

TRANSIT, WHO = memorydb.cluster_is_encrypted_in_transit, memorydb.cluster_asks_who_connects
UPGRADES, SNAPSHOTS = memorydb.cluster_takes_minor_upgrades, memorydb.cluster_has_snapshots


def kept(days: int) -> dict[str, Any]:
    return {"Name": "carts", "SnapshotRetentionLimit": days}


CASES = [
    Case(TRANSIT, [{"TLSEnabled": True}], None),
    Case(TRANSIT, [{"TLSEnabled": False}], "takes connections without TLS"),
    Case(WHO, [{"ACLName": "shop"}, []], None),
    Case(WHO, [{"ACLName": "open-access"}, ["default"]], "lets everyone in who reaches its port"),
    Case(
        WHO, [{"ACLName": "shop"}, ["default"]], "lets everyone in who reaches its port, without a password as default"
    ),
    Case(UPGRADES, [{"AutoMinorVersionUpgrade": True}], None),
    Case(UPGRADES, [{"AutoMinorVersionUpgrade": False}], "does not take minor version upgrades by itself"),
    Case(SNAPSHOTS, [kept(1)], None),
    Case(SNAPSHOTS, [kept(0)], "makes no automatic snapshots"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_the_days_can_be_other_ones() -> None:
    assert Case(SNAPSHOTS, [kept(1)], None).outcome(days=7) == "keeps automatic snapshots for 1 day, not 7"
    assert memorydb.keep_snapshots.plan(kept(1), days=7).after == {"automatic snapshots": "7 days"}


def test_a_cluster_as_the_emulator_has_it(aws: Region) -> None:
    bare_cluster(aws.clients.session)
    [found] = memorydb.clusters.stream(aws)
    assert identify(aws, memorydb.clusters, found) == ("arn:aws:memorydb:eu-west-1:123456789012:cluster/carts", "carts")
    assert TRANSIT.judge(found)
    assert memorydb.open_users.read(aws, {**found, "ACLName": "shop"}) == []


def test_only_users_of_its_own_list_count(aws: Region) -> None:
    user = {"Name": "default", "AccessString": "on ~* +@all", "Authentication": {"Type": "no-password"}}
    listed: Any = [user | {"ACLNames": ["shop"]}, user | {"Name": "other", "ACLNames": ["open-access"]}]
    with Stubber(aws.clients.get("memorydb", aws.region)) as stub:
        stub.add_response("describe_users", {"Users": listed}, {})
        assert memorydb.open_users.read(aws, {"ACLName": "shop"}) == ["default"]


def bare_cluster(aws: boto3.Session) -> None:
    aws.client("memorydb").create_cluster(
        ClusterName="carts",
        NodeType="db.t4g.small",
        ACLName="open-access",
        TLSEnabled=False,
        SnapshotRetentionLimit=0,
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {SNAPSHOTS.id: bare_cluster}
