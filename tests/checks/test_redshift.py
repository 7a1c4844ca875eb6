"""Redshift: what the judges say of clusters, and the ones that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import redshift
from checks.kit import NotApplicable
from tests.checks.cases import Case

BASE: dict[str, Any] = {
    "ClusterIdentifier": "reports",
    "ClusterStatus": "available",
    "PreferredMaintenanceWindow": "mon:03:00-mon:03:30",
    "PendingModifiedValues": {},
}
PUBLIC, ENCRYPTED, TLS = redshift.cluster_is_not_public, redshift.cluster_is_encrypted, redshift.cluster_requires_tls
AUDIT, SNAPSHOTS = redshift.cluster_logs_audit, redshift.cluster_has_automated_snapshots
UPGRADES, ROUTING = redshift.cluster_takes_version_upgrades, redshift.cluster_uses_enhanced_vpc_routing
ZONES, ADMIN, SUBNETS = (
    redshift.cluster_is_in_several_zones,
    redshift.cluster_has_its_own_admin_name,
    redshift.subnet_group_spans_zones,
)


def cluster(**more: Any) -> Any:
    return BASE | more


def of_group(name: str = "strict", status: str = "in-sync", **each: str) -> Any:
    group: dict[str, Any] = {"ParameterGroupName": name, "ParameterApplyStatus": status}
    listed = [{"ParameterName": one, "ParameterApplyStatus": how} for one, how in each.items()]
    return cluster(ClusterParameterGroups=[group | ({"ClusterParameterStatusList": listed} if listed else {})])


def subnets(*zones: str) -> Any:
    return {"ClusterSubnetGroupName": "data", "Subnets": [{"SubnetAvailabilityZone": {"Name": z}} for z in zones]}


def kept(days: int, **more: Any) -> Any:
    return cluster(AutomatedSnapshotRetentionPeriod=days, **more)


CASES = [
    Case(PUBLIC, [cluster(PubliclyAccessible=False)], None),
    Case(PUBLIC, [cluster(PubliclyAccessible=True)], "is publicly accessible"),
    Case(ENCRYPTED, [cluster(Encrypted=True)], None),
    Case(ENCRYPTED, [cluster(Encrypted=False)], "is not encrypted"),
    Case(ENCRYPTED, [cluster(Encrypted=False, PendingModifiedValues={"EncryptionType": "KMS"})], NotApplicable),
    Case(TLS, [of_group(), "true"], None),
    Case(TLS, [of_group("default.redshift-2.0"), "true"], None),
    Case(TLS, [of_group(), "false"], "takes connections without TLS"),
    Case(TLS, [of_group(), ""], "takes connections without TLS"),
    Case(TLS, [of_group(status="pending-reboot"), "true"], "takes connections without TLS until it is restarted"),
    Case(TLS, [of_group(status="pending-reboot", query_group="pending-reboot", require_ssl="in-sync"), "true"], None),
    Case(
        TLS,
        [of_group(status="pending-reboot", require_ssl="pending-reboot"), "true"],
        "takes connections without TLS until it is restarted",
    ),
    Case(AUDIT, [BASE, {"LoggingEnabled": True}], None),
    Case(AUDIT, [BASE, {"LoggingEnabled": False}], "keeps no audit log"),
    Case(SNAPSHOTS, [kept(7)], None),
    Case(SNAPSHOTS, [kept(35)], None),
    Case(SNAPSHOTS, [kept(1)], "keeps automated snapshots for 1 day, not 7"),
    Case(SNAPSHOTS, [kept(0)], "makes no automated snapshots"),
    Case(SNAPSHOTS, [kept(1, PendingModifiedValues={"AutomatedSnapshotRetentionPeriod": 7})], None),
    Case(UPGRADES, [cluster(AllowVersionUpgrade=True)], None),
    Case(UPGRADES, [cluster(AllowVersionUpgrade=False)], "does not take new versions by itself"),
    Case(ROUTING, [cluster(EnhancedVpcRouting=True)], None),
    Case(ROUTING, [cluster(EnhancedVpcRouting=False)], "loads and unloads past its VPC"),
    Case(ZONES, [cluster(NodeType="ra3.large", MultiAZ="Enabled")], None),
    Case(ZONES, [cluster(NodeType="ra3.large", MultiAZ="Disabled")], "runs in one Availability Zone"),
    Case(ZONES, [cluster(NodeType="ra3.large")], "runs in one Availability Zone"),
    Case(ZONES, [cluster(NodeType="dc2.large", MultiAZ="Disabled")], NotApplicable),
    Case(ADMIN, [cluster(MasterUsername="northwind")], None),
    Case(ADMIN, [cluster(MasterUsername="awsuser")], "has the default admin user name, awsuser"),
    Case(SUBNETS, [subnets("eu-west-1a", "eu-west-1b"), True], None),
    Case(SUBNETS, [subnets("eu-west-1a", "eu-west-1a"), True], "has subnets in one Availability Zone"),
    Case(SUBNETS, [subnets("eu-west-1a", "eu-west-1a"), False], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_the_days_can_be_other_ones() -> None:
    longer = Case(SNAPSHOTS, [kept(7)], None).outcome(days=14)
    assert longer == "keeps automated snapshots for 7 days, not 14"


def test_clusters_and_subnet_groups_as_the_emulator_has_them(aws: Region) -> None:
    ec2 = aws.clients.session.client("ec2")
    [one, *_] = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": ["eu-west-1a"]}])["Subnets"]
    aws.clients.session.client("redshift").create_cluster_subnet_group(
        ClusterSubnetGroupName="data", Description="Data", SubnetIds=[one["SubnetId"]]
    )
    open_cluster(aws.clients.session)
    [found] = redshift.clusters.stream(aws)
    assert identify(aws, redshift.clusters, found) == (
        "arn:aws:redshift:eu-west-1:123456789012:cluster:reports",
        "reports",
    )
    assert redshift.require_ssl.read(aws, found) == "false"
    assert redshift.logging.read(aws, found)["LoggingEnabled"] is False
    [group] = redshift.subnet_groups.stream(aws)
    assert redshift.in_use.read(aws, group) is False
    assert SUBNETS.judge(group, True) == "has subnets in one Availability Zone"


def test_a_subnet_group_is_in_use_where_a_cluster_is_in_it(aws: Region) -> None:
    aws.reads.once(redshift.clusters, aws.region, lambda: iter([cluster(ClusterSubnetGroupName="data")]))
    assert redshift.in_use.read(aws, subnets("eu-west-1a")) is True
    assert redshift.in_use.read(aws, {"ClusterSubnetGroupName": "old"}) is False


@pytest.mark.parametrize("status", ["modifying", "paused", "resizing"])
def test_no_plan_for_a_cluster_that_takes_no_change(status: str) -> None:
    with pytest.raises(NotApplicable):
        redshift.take_off_the_internet.plan(cluster(ClusterStatus=status, PubliclyAccessible=True))


def test_no_plan_for_a_parameter_group_of_aws() -> None:
    with pytest.raises(NotApplicable):
        redshift.refuse_plain_connections.plan(of_group("default.redshift-1.0"), "false")


def test_snapshots_are_never_kept_for_less_and_what_is_pending_counts() -> None:
    plan = redshift.keep_snapshots.plan
    assert plan(kept(35)).do[0].params["AutomatedSnapshotRetentionPeriod"] == 35
    pending = kept(1, PendingModifiedValues={"AutomatedSnapshotRetentionPeriod": 7})
    assert plan(pending).before == plan(kept(7)).before


def open_cluster(aws: boto3.Session) -> None:
    client = aws.client("redshift")
    client.create_cluster_parameter_group(
        ParameterGroupName="loose", ParameterGroupFamily="redshift-1.0", Description="Loose"
    )
    client.create_cluster(
        ClusterIdentifier="reports",
        NodeType="ra3.large",
        MasterUsername="awsuser",
        MasterUserPassword="Just-4-tests",
        ClusterParameterGroupName="loose",
        AutomatedSnapshotRetentionPeriod=1,
        AllowVersionUpgrade=False,
        PubliclyAccessible=True,
        Encrypted=False,
        EnhancedVpcRouting=False,
    )


FIXED = (PUBLIC, ENCRYPTED, TLS, AUDIT, SNAPSHOTS, UPGRADES, ROUTING)
BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {check.id: open_cluster for check in FIXED}
