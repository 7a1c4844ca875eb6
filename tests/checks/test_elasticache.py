"""ElastiCache: what the judges say of replication groups and clusters, and the ones that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import identify
from checks import elasticache
from checks.kit import NotApplicable
from tests.checks.cases import Case

GROUP: dict[str, Any] = {
    "ReplicationGroupId": "sessions",
    "known_as": "sessions",
    "in_group": True,
    "Engine": "valkey",
    "MemberClusters": ["sessions-001", "sessions-002"],
}
ALONE: dict[str, Any] = {"CacheClusterId": "prices", "known_as": "prices", "in_group": False, "Engine": "redis"}
MEMCACHED = ALONE | {"Engine": "memcached"}
NODE = {"CacheClusterId": "sessions-001", "EngineVersion": "7.2.6", "CacheSubnetGroupName": "data"}

TRANSIT, REST, WHO = (
    elasticache.cache_is_encrypted_in_transit,
    elasticache.cache_is_encrypted,
    elasticache.cache_asks_who_connects,
)
UPGRADES, BACKUPS = elasticache.cache_takes_minor_upgrades, elasticache.cache_has_backups
FAILS_OVER, ZONES = elasticache.cache_fails_over, elasticache.cache_is_in_several_zones
SUBNETS = elasticache.cache_has_its_own_subnet_group
NO_UPGRADES = "does not take minor version upgrades by itself"
OPEN = "lets everyone in who reaches its port"

CASES = [
    Case(TRANSIT, [GROUP | {"TransitEncryptionEnabled": True, "TransitEncryptionMode": "required"}], None),
    Case(TRANSIT, [MEMCACHED | {"TransitEncryptionEnabled": True}], None),
    Case(TRANSIT, [GROUP | {"TransitEncryptionEnabled": False}], "takes connections without TLS"),
    Case(
        TRANSIT,
        [GROUP | {"TransitEncryptionEnabled": True, "TransitEncryptionMode": "preferred"}],
        "takes connections without TLS as well",
    ),
    Case(REST, [GROUP | {"AtRestEncryptionEnabled": True}], None),
    Case(REST, [GROUP | {"AtRestEncryptionEnabled": False}], "is not encrypted at rest"),
    Case(REST, [ALONE | {"AtRestEncryptionEnabled": False}], "is not encrypted at rest"),
    Case(REST, [MEMCACHED | {"AtRestEncryptionEnabled": False}], NotApplicable),
    Case(WHO, [GROUP | {"AuthTokenEnabled": True}, []], None),
    Case(WHO, [GROUP | {"AuthTokenEnabled": False, "UserGroupIds": ["shop"]}, []], None),
    Case(WHO, [GROUP | {"UserGroupIds": ["shop"]}, ["default"]], f"{OPEN}, without a password as default"),
    Case(WHO, [GROUP | {"AuthTokenEnabled": False, "UserGroupIds": []}, []], OPEN),
    Case(WHO, [ALONE | {"AuthTokenEnabled": False}, []], OPEN),
    Case(WHO, [MEMCACHED, []], NotApplicable),
    Case(UPGRADES, [GROUP | {"AutoMinorVersionUpgrade": True}, [NODE]], None),
    Case(UPGRADES, [GROUP | {"AutoMinorVersionUpgrade": False}, [NODE]], NO_UPGRADES),
    Case(UPGRADES, [ALONE | {"AutoMinorVersionUpgrade": False}, [NODE | {"EngineVersion": "6.2"}]], NO_UPGRADES),
    Case(UPGRADES, [ALONE | {"AutoMinorVersionUpgrade": False}, [NODE | {"EngineVersion": "5.0.6"}]], NotApplicable),
    Case(UPGRADES, [MEMCACHED | {"AutoMinorVersionUpgrade": False}, []], NotApplicable),
    Case(BACKUPS, [GROUP | {"SnapshotRetentionLimit": 1}], None),
    Case(BACKUPS, [GROUP | {"SnapshotRetentionLimit": 0}], "has no automatic backups"),
    Case(BACKUPS, [ALONE], "has no automatic backups"),
    Case(BACKUPS, [MEMCACHED | {"SnapshotRetentionLimit": 0}], NotApplicable),
    Case(FAILS_OVER, [GROUP | {"AutomaticFailover": "enabled"}], None),
    Case(FAILS_OVER, [GROUP | {"AutomaticFailover": "enabling"}], None),
    Case(FAILS_OVER, [GROUP | {"AutomaticFailover": "disabled"}], "does not fail over by itself"),
    Case(
        FAILS_OVER,
        [GROUP | {"AutomaticFailover": "disabled", "PendingModifiedValues": {"AutomaticFailoverStatus": "enabled"}}],
        None,
    ),
    Case(FAILS_OVER, [ALONE], NotApplicable),
    Case(ZONES, [GROUP | {"MultiAZ": "enabled"}], None),
    Case(ZONES, [GROUP | {"MultiAZ": "disabled"}], "does not use Multi-AZ"),
    Case(ZONES, [MEMCACHED], NotApplicable),
    Case(SUBNETS, [GROUP, [NODE]], None),
    Case(SUBNETS, [GROUP, [NODE | {"CacheSubnetGroupName": "default"}]], "is in the default subnet group"),
    Case(SUBNETS, [GROUP, []], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_the_days_can_be_other_ones() -> None:
    longer = Case(BACKUPS, [GROUP | {"SnapshotRetentionLimit": 1}], None).outcome(days=7)
    assert longer == "keeps automatic backups for 1 day, not 7"


def test_the_nodes_of_a_group_are_not_judged_by_themselves(aws: Region) -> None:
    nodes = [
        {"CacheClusterId": "sessions-001", "ReplicationGroupId": "sessions", "ARN": "node"},
        {"CacheClusterId": "prices", "CacheClusterStatus": "available", "ARN": "prices"},
        {"CacheClusterId": "old", "CacheClusterStatus": "deleting", "ARN": "old"},
    ]
    with Stubber(aws.clients.get("elasticache", aws.region)) as stub:
        stub.add_response(
            "describe_replication_groups", {"ReplicationGroups": [PLAIN, PLAIN | {"Status": "deleting"}]}, {}
        )
        stub.add_response("describe_cache_clusters", {"CacheClusters": nodes}, {})
        group, alone = elasticache.caches.stream(aws)
        assert [node["ARN"] for node in elasticache.nodes.read(aws, group)] == ["node"]
        assert [node["ARN"] for node in elasticache.nodes.read(aws, alone)] == ["prices"]
    assert identify(aws, elasticache.caches, group) == ("group", "sessions")
    assert identify(aws, elasticache.caches, alone) == ("prices", "prices")


PLAIN: dict[str, Any] = {
    "ReplicationGroupId": "sessions",
    "MemberClusters": ["sessions-001"],
    "Status": "available",
    "ARN": "group",
}


def test_a_group_of_one_node_has_nothing_to_fail_over_to() -> None:
    with pytest.raises(NotApplicable):
        elasticache.fail_over.plan(GROUP | {"AutomaticFailover": "disabled", "MemberClusters": ["sessions-001"]})


def test_what_waits_for_the_window_is_not_made_along_with_failover() -> None:
    waits = {"AutomaticFailover": "disabled", "PendingModifiedValues": {"CacheNodeType": "cache.r7g.large"}}
    with pytest.raises(NotApplicable, match="CacheNodeType"):
        elasticache.fail_over.plan(GROUP | waits)


@pytest.mark.parametrize(
    ("kind", "rules", "is_open"),
    [("no-password", "on ~* +@all", True), ("no-password", "off ~* +@all", False), ("no-password", "on ~* -@all", False),
     ("password", "on ~* +@all", False), ("iam", "on ~* +@all", False), ("no-password", "on allkeys allcommands", True)],
)  # fmt: skip
def test_who_gets_in_without_a_password(kind: str, rules: str, is_open: bool) -> None:
    assert elasticache.lets_everyone_in({"AccessString": rules, "Authentication": {"Type": kind}}) is is_open


def test_only_users_of_its_own_groups_count(aws: Region) -> None:
    user = {"UserName": "default", "AccessString": "on ~* +@all", "Authentication": {"Type": "no-password"}}
    listed: Any = [user | {"UserGroupIds": ["shop"]}, user | {"UserName": "other", "UserGroupIds": ["prices"]}]
    without: Any = GROUP
    with Stubber(aws.clients.get("elasticache", aws.region)) as stub:
        stub.add_response("describe_users", {"Users": listed}, {})
        assert elasticache.open_users.read(aws, without) == []
        assert elasticache.open_users.read(aws, without | {"UserGroupIds": ["shop"]}) == ["default"]


def test_a_cluster_that_is_in_no_group_is_changed_by_itself() -> None:
    [call] = elasticache.take_minor_upgrades.plan(ALONE | {"AutoMinorVersionUpgrade": False}, [NODE]).do
    assert (call.call, call.params["CacheClusterId"]) == ("elasticache:ModifyCacheCluster", "prices")


def test_backups_of_a_group_are_made_by_a_replica_where_aws_has_to_be_told() -> None:
    off = GROUP | {"SnapshotRetentionLimit": 0}
    plan = elasticache.keep_backups.plan
    assert plan(off).do[0].params["SnapshottingClusterId"] == "sessions-002"
    assert "SnapshottingClusterId" not in plan(off | {"ClusterEnabled": True}).do[0].params
    assert plan(GROUP | {"SnapshotRetentionLimit": 9}).do[0].params["SnapshotRetentionLimit"] == 9


def bare_group(aws: boto3.Session) -> None:
    aws.client("elasticache").create_replication_group(
        ReplicationGroupId="sessions",
        ReplicationGroupDescription="Sessions of the shop",
        Engine="redis",
        CacheNodeType="cache.t4g.small",
        NumNodeGroups=1,
        ReplicasPerNodeGroup=1,
        AutomaticFailoverEnabled=False,
        MultiAZEnabled=False,
        AutoMinorVersionUpgrade=False,
        SnapshotRetentionLimit=0,
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    UPGRADES.id: bare_group,
    BACKUPS.id: bare_group,
    FAILS_OVER.id: bare_group,
}
