"""RDS: whether databases insist on TLS, and how their parameters are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import database_parameters, rds_transport
from checks.databases import db_clusters, db_instances
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case
from tests.checks.test_databases import cluster
from tests.checks.test_rds import instance


def in_group(status: str) -> Any:
    return {"DBParameterGroups": [{"DBParameterGroupName": "shop", "ParameterApplyStatus": status}]}


def members(*statuses: str) -> Any:
    return {"DBClusterMembers": [{"DBClusterParameterGroupStatus": status} for status in statuses]}


DB: Any = {"DBInstanceIdentifier": "shop", "Engine": "postgres"} | in_group("in-sync")
CLUSTER: Any = {"DBClusterIdentifier": "shop", "Engine": "aurora-mysql"} | members("in-sync")
TLS, CLUSTER_TLS, PROXY_TLS = (
    rds_transport.db_instance_demands_tls,
    rds_transport.db_cluster_demands_tls,
    rds_transport.proxy_demands_tls,
)
FORCED, SECURE = "rds.force_ssl", "require_secure_transport"

CASES = [
    Case(TLS, [DB, {FORCED: "1"}], None),
    Case(TLS, [DB, {FORCED: "0"}], "takes connections without TLS: rds.force_ssl is 0"),
    Case(TLS, [DB | in_group("pending-reboot"), {FORCED: "0"}], "takes connections without TLS: rds.force_ssl is 0"),
    Case(TLS, [DB | {"Engine": "mysql"}, {SECURE: "ON"}], None),
    Case(
        TLS,
        [DB | {"Engine": "mysql"}, {SECURE: "OFF"}],
        "takes connections without TLS: require_secure_transport is OFF",
    ),
    Case(TLS, [DB | {"Engine": "sqlserver-se"}, {FORCED: "0"}], "takes connections without TLS: rds.force_ssl is 0"),
    Case(TLS, [DB | {"Engine": "mariadb"}, {}], NotApplicable),
    Case(TLS, [DB | {"Engine": "oracle-ee"}, {}], NotApplicable),
    Case(TLS, [DB | {"DBClusterIdentifier": "shop"}, {}], NotApplicable),
    Case(CLUSTER_TLS, [CLUSTER, {SECURE: "ON"}], None),
    Case(CLUSTER_TLS, [CLUSTER, {SECURE: "0"}], "takes connections without TLS: require_secure_transport is 0"),
    Case(CLUSTER_TLS, [CLUSTER | {"Engine": "docdb"}, {"tls": "tls1.2+"}], None),
    Case(
        CLUSTER_TLS,
        [CLUSTER | {"Engine": "docdb"}, {"tls": "disabled"}],
        "takes connections without TLS: tls is disabled",
    ),
    Case(CLUSTER_TLS, [CLUSTER | {"Engine": "neptune"}, {}], NotApplicable),
    Case(PROXY_TLS, [{"DBProxyName": "shop", "RequireTLS": True}], None),
    Case(PROXY_TLS, [{"DBProxyName": "shop", "RequireTLS": False}], "takes connections without TLS"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_default_that_aws_does_not_name_is_unknown() -> None:
    """It is 0 before MySQL 8.4 and 1 from then on: nothing to guess."""
    with pytest.raises(Unknown):
        TLS.judge(DB | {"Engine": "mysql"}, {SECURE: None})


def test_what_waits_for_a_restart_is_unknown() -> None:
    with pytest.raises(Unknown, match="a restart is due"):
        TLS.judge(DB | in_group("pending-reboot"), {FORCED: "1"})
    with pytest.raises(Unknown, match="a restart is due"):
        CLUSTER_TLS.judge(CLUSTER | members("in-sync", "pending-reboot"), {SECURE: "ON"})


def test_each_group_is_read_once_whatever_uses_it(aws: Region) -> None:
    rds = aws.clients.session.client("rds")
    rds.create_db_parameter_group(DBParameterGroupName="shop", DBParameterGroupFamily="postgres16", Description="shop")
    on = {"ParameterValue": "1", "ApplyMethod": "pending-reboot"}
    rds.modify_db_parameter_group(DBParameterGroupName="shop", Parameters=[{"ParameterName": FORCED, **on}])  # type: ignore[list-item]
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="shop", DBParameterGroupFamily="aurora-mysql8.0", Description="shop"
    )
    rds.modify_db_cluster_parameter_group(
        DBClusterParameterGroupName="shop",
        Parameters=[{"ParameterName": SECURE, **on}],  # type: ignore[list-item]
    )
    for name in ("one", "two"):
        instance(aws.clients.session, DBInstanceIdentifier=name, DBParameterGroupName="shop")
    cluster(aws.clients.session, Engine="aurora-mysql", DBClusterParameterGroupName="shop")
    cluster(aws.clients.session, "documents-of-oracle", Engine="aurora-mysql", DBClusterParameterGroupName="shop")
    read = list(database_parameters.groups.stream(aws))
    assert [(one["call"], one["values"]) for one in read] == [
        ("rds:DescribeDBClusterParameters", {SECURE: "1"}),
        ("rds:DescribeDBParameters", {FORCED: "1"}),
    ]
    [db, *_] = db_instances.stream(aws)
    assert database_parameters.parameters.read(aws, db) == {FORCED: "1"}
    [of, *_] = db_clusters.stream(aws)
    assert database_parameters.cluster_parameters.read(aws, of) == {SECURE: "1"}


@pytest.mark.parametrize(("engine", "api"), [("docdb", "docdb"), ("neptune", "neptune"), ("aurora-mysql", "rds")])
def test_parameters_are_asked_of_the_engines_own_api(aws: Region, engine: str, api: str) -> None:
    """The emulator has no DocumentDB: AWS's answers are played back."""
    listed = {
        "DBClusterIdentifier": "shop",
        "DBClusterArn": "arn:aws:rds:eu-west-1:123456789012:cluster:shop",
        "Engine": engine,
        "Status": "available",
        "DBClusterParameterGroup": "shop",
    }
    asked: dict[str, Any] = {"DBClusterParameterGroupName": "shop"}
    if api == "rds":
        asked["Filters"] = [{"Name": "parameter-name", "Values": [*database_parameters.ASKED]}]
    answer = {"Parameters": [{"ParameterName": "tls", "ParameterValue": "enabled"}, {"ParameterName": "ttl_monitor"}]}
    with Stubber(aws.clients.get("rds", aws.region)) as rds, Stubber(aws.clients.get(api, aws.region)) as own:
        rds.add_response("describe_db_instances", {"DBInstances": []})
        rds.add_response("describe_db_clusters", {"DBClusters": [listed]})
        (rds if api == "rds" else own).add_response("describe_db_cluster_parameters", answer, asked)
        read = list(database_parameters.groups.stream(aws))
    assert read == [{"call": f"{api}:DescribeDBClusterParameters", "group": "shop", "values": {"tls": "enabled"}}]


def proxy(aws: boto3.Session) -> None:
    subnets = aws.client("ec2", region_name="eu-west-1").describe_subnets()["Subnets"]
    aws.client("rds", region_name="eu-west-1").create_db_proxy(
        DBProxyName="shop",
        EngineFamily="POSTGRESQL",
        Auth=[{"AuthScheme": "SECRETS", "SecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop"}],
        RoleArn="arn:aws:iam::123456789012:role/proxy",
        VpcSubnetIds=[subnet["SubnetId"] for subnet in subnets],
        RequireTLS=False,
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {PROXY_TLS.id: proxy}
