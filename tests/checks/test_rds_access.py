"""RDS: who signs in and from where: what the judges say, and the databases that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import neptune, rds_access
from checks.databases import db_instances
from checks.kit import NotApplicable
from tests.checks.cases import Case
from tests.checks.test_databases import cluster
from tests.checks.test_rds import instance

DB: Any = {"DBInstanceIdentifier": "shop", "Engine": "postgres", "DBInstanceStatus": "available"}
MEMBER = DB | {"DBClusterIdentifier": "shop", "Engine": "aurora-postgresql"}
CLUSTER: Any = {"DBClusterIdentifier": "shop", "Engine": "aurora-postgresql", "Status": "available"}
MULTI_AZ = CLUSTER | {"Engine": "postgres"}
NEPTUNE = CLUSTER | {"Engine": "neptune"}
IAM, CLUSTER_IAM = rds_access.db_instance_accepts_iam, rds_access.db_cluster_accepts_iam
NAME, CLUSTER_NAME = rds_access.db_instance_has_own_admin_name, rds_access.db_cluster_has_own_admin_name
PORT, CLUSTER_PORT = rds_access.db_instance_has_own_port, rds_access.db_cluster_has_own_port
PRIVATE, SIGNS = rds_access.db_instance_is_in_private_subnets, neptune.cluster_asks_who_it_is
OFF, ON = {"IAMDatabaseAuthenticationEnabled": False}, {"IAMDatabaseAuthenticationEnabled": True}
PASSWORDS = "takes passwords only: IAM authentication is off"
PLACED = DB | {"DBSubnetGroup": {"DBSubnetGroupName": "shop"}}


def port(number: int, **more: Any) -> Any:
    return DB | {"Endpoint": {"Port": number}} | more


CASES = [
    Case(IAM, [DB | ON], None),
    Case(IAM, [DB | OFF], PASSWORDS),
    Case(IAM, [DB | OFF | {"Engine": "mariadb"}], PASSWORDS),
    Case(IAM, [DB | OFF | {"Engine": "sqlserver-se"}], NotApplicable),
    Case(IAM, [DB | OFF | {"Engine": "oracle-ee"}], NotApplicable),
    Case(IAM, [DB | OFF | {"PendingModifiedValues": ON}], NotApplicable),
    Case(IAM, [MEMBER | OFF], NotApplicable),
    Case(CLUSTER_IAM, [CLUSTER | ON], None),
    Case(CLUSTER_IAM, [CLUSTER | OFF], PASSWORDS),
    Case(CLUSTER_IAM, [MULTI_AZ | OFF], PASSWORDS),
    Case(CLUSTER_IAM, [MULTI_AZ | OFF | {"PendingModifiedValues": ON}], NotApplicable),
    Case(CLUSTER_IAM, [CLUSTER | OFF | {"EngineMode": "serverless"}], NotApplicable),
    Case(CLUSTER_IAM, [CLUSTER | {"Engine": "docdb"}], NotApplicable),
    Case(CLUSTER_IAM, [NEPTUNE | OFF], NotApplicable),
    Case(SIGNS, [NEPTUNE | ON], None),
    Case(SIGNS, [NEPTUNE | OFF], "asks nobody who they are: IAM authentication is off"),
    Case(SIGNS, [CLUSTER | OFF], NotApplicable),
    Case(NAME, [DB | {"MasterUsername": "northwind"}], None),
    Case(NAME, [DB | {"MasterUsername": "Admin"}], "has a master user called Admin, as everybody expects"),
    Case(NAME, [DB | {"MasterUsername": "admin"}], None, {"names": ["postgres"]}),
    Case(NAME, [DB | {"MasterUsername": "admin", "ReadReplicaSourceDBInstanceIdentifier": "x"}], NotApplicable),
    Case(NAME, [MEMBER | {"MasterUsername": "admin"}], NotApplicable),
    Case(CLUSTER_NAME, [CLUSTER | {"MasterUsername": "northwind"}], None),
    Case(CLUSTER_NAME, [CLUSTER | {"MasterUsername": "root"}], "has a master user called root, as everybody expects"),
    Case(CLUSTER_NAME, [NEPTUNE | {"MasterUsername": "admin"}], NotApplicable),
    Case(CLUSTER_NAME, [CLUSTER | {"MasterUsername": "admin", "ReplicationSourceIdentifier": "x"}], NotApplicable),
    Case(PORT, [port(6432)], None),
    Case(PORT, [port(3306)], None),
    Case(PORT, [port(5432)], "listens on 5432, the default port of its engine"),
    Case(PORT, [port(1433, Engine="sqlserver-web")], "listens on 1433, the default port of its engine"),
    Case(PORT, [port(27017, Engine="docdb")], NotApplicable),
    Case(PORT, [DB], NotApplicable),
    Case(PORT, [MEMBER], NotApplicable),
    Case(CLUSTER_PORT, [CLUSTER | {"Port": 6432}], None),
    Case(CLUSTER_PORT, [CLUSTER | {"Port": 5432}], "listens on 5432, the default port of its engine"),
    Case(CLUSTER_PORT, [CLUSTER | {"Engine": "aurora-mysql", "Port": 5432}], None),
    Case(CLUSTER_PORT, [MULTI_AZ | {"Port": 5432}], NotApplicable),
    Case(CLUSTER_PORT, [NEPTUNE | {"Port": 8182}], NotApplicable),
    Case(PRIVATE, [PLACED, []], None),
    Case(PRIVATE, [PLACED | {"Engine": "docdb"}, ["subnet-1"]], NotApplicable),
    Case(PRIVATE, [PLACED, ["subnet-1"]], "may run in public subnets (subnet-1 in group shop)"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_no_iam_where_other_changes_would_come_with_it() -> None:
    waits = {"PendingModifiedValues": {"DBInstanceClass": "db.r7g.large"}}
    for plan, given in (
        (rds_access.accept_iam, DB),
        (rds_access.accept_iam_in_cluster, CLUSTER),
        (neptune.ask_who_it_is, NEPTUNE),
    ):
        with pytest.raises(NotApplicable):
            plan.plan(given | OFF | waits)


def test_a_subnet_with_a_route_to_an_internet_gateway_is_public(aws: Region) -> None:
    ec2, rds = aws.clients.session.client("ec2"), aws.clients.session.client("rds")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    public, private = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{'ab'[n]}")["Subnet"][
            "SubnetId"
        ]
        for n in range(2)
    )
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=public)
    rds.create_db_subnet_group(DBSubnetGroupName="shop", DBSubnetGroupDescription="shop", SubnetIds=[public, private])
    instance(aws.clients.session, DBSubnetGroupName="shop")
    [found] = db_instances.stream(aws)
    assert rds_access.in_public_subnets.read(aws, found) == [public]


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    IAM.id: lambda aws: instance(aws, EnableIAMDatabaseAuthentication=False),
    CLUSTER_IAM.id: lambda aws: cluster(aws, EnableIAMDatabaseAuthentication=False),
    SIGNS.id: lambda aws: cluster(aws, Engine="neptune", EnableIAMDatabaseAuthentication=False),
}
