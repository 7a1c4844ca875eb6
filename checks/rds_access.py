"""Amazon RDS: who signs in to a database, and how near it is to those who should not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from checks.databases import (
    MODIFY,
    alone,
    db_clusters,
    db_instances,
    is_multi_az_cluster,
    keeps_it_itself,
    modify,
    modify_cluster,
    turn_on,
)
from checks.kit import Aws, NotApplicable, Plan, Practice, Risk, Severity, Verdict, check, expect, extra, fix
from checks.public_subnets import NEEDS, public_among

if TYPE_CHECKING:
    from types_boto3_rds.type_defs import DBClusterTypeDef as DBCluster
    from types_boto3_rds.type_defs import DBInstanceTypeDef as DBInstance

TAKE_IAM = ("mariadb", "mysql", "postgres")
"""Engines whose instances people can sign in to with IAM.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.RDS_Fea_Regions_DB-eng.Feature.IamDatabaseAuthentication.html"""

DEFAULT_NAMES = ("admin", "administrator", "postgres", "root", "sa")
"""What AWS's console proposes, and what is tried first."""

DEFAULT_PORTS = {
    "aurora": 3306,
    "db2": 50000,
    "mariadb": 3306,
    "mysql": 3306,
    "oracle": 1521,
    "postgres": 5432,
    "aurora-postgresql": 5432,
    "sqlserver": 1433,
}
"""Beginning of an engine's name -> the port it has unless told otherwise; the longest beginning counts.
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html"""

IAM = "IAMDatabaseAuthenticationEnabled"
NOTES_ON_IAM = [
    "It begins at once, without a restart. Passwords go on working; nobody has to change anything today.",
    "A user signs in with IAM once the database grants rds_iam or AWSAuthenticationPlugin, and a policy allows it.",
]


@extra(needs=NEEDS)
def in_public_subnets(aws: Aws, db: DBInstance) -> Sequence[str]:
    """Those of the subnets it may be placed in that are public."""
    return public_among(aws, {subnet["SubnetIdentifier"] for subnet in db["DBSubnetGroup"]["Subnets"]})


@check(db_instances, practice=Practice.ROLES, severity=Severity.LOW)
def db_instance_accepts_iam(db: DBInstance) -> Verdict:
    """DB instance lets people sign in with IAM.

    A token of IAM lives 15 minutes and ends with its role; a password of the database lives until somebody changes it.

    Fix: Turn on IAM database authentication, then give roles rds-db:connect and the database's users the plug-in.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
    """
    keeps_it_itself(db, "who signs in")
    if db["Engine"] not in TAKE_IAM:
        raise NotApplicable("AWS does not offer IAM authentication for its engine")
    if db.get("PendingModifiedValues", {}).get("IAMDatabaseAuthenticationEnabled"):
        raise NotApplicable("AWS is about to turn it on")
    return expect(db["IAMDatabaseAuthenticationEnabled"], "takes passwords only: IAM authentication is off")


@fix(db_instance_accepts_iam, MODIFY, risk=Risk.SAFE)
def accept_iam(db: DBInstance) -> Plan:
    """Turn on IAM authentication of the DB instance."""
    alone(db, IAM)
    parameter = "EnableIAMDatabaseAuthentication"
    return turn_on(modify, db, IAM, parameter=parameter, notes=NOTES_ON_IAM, ApplyImmediately=True)


@check(db_clusters, practice=Practice.ROLES, severity=Severity.LOW)
def db_cluster_accepts_iam(cluster: DBCluster) -> Verdict:
    """DB cluster lets people sign in with IAM.

    A token of IAM lives 15 minutes and ends with its role; a password of the database lives until somebody changes it.

    Fix: Turn on IAM database authentication, then give roles rds-db:connect and the database's users the plug-in.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html
    """
    if not is_multi_az_cluster(cluster) and not cluster["Engine"].startswith("aurora"):
        raise NotApplicable("its engine has no such setting, or a check of its own")
    if cluster.get("EngineMode", "provisioned") == "serverless":
        raise NotApplicable("AWS does not offer it for Aurora Serverless v1")
    if cluster.get("PendingModifiedValues", {}).get("IAMDatabaseAuthenticationEnabled"):
        raise NotApplicable("AWS is about to turn it on")
    return expect(cluster["IAMDatabaseAuthenticationEnabled"], "takes passwords only: IAM authentication is off")


@fix(db_cluster_accepts_iam, "rds:ModifyDBCluster", risk=Risk.SAFE)
def accept_iam_in_cluster(cluster: DBCluster) -> Plan:
    """Turn on IAM authentication of the DB cluster."""
    alone(cluster, IAM)
    parameter = "EnableIAMDatabaseAuthentication"
    return turn_on(modify_cluster, cluster, IAM, parameter=parameter, notes=NOTES_ON_IAM, ApplyImmediately=True)


@check(db_instances, practice=Practice.PASSWORDS, severity=Severity.LOW)
def db_instance_has_own_admin_name(db: DBInstance, *, names: Sequence[str] = DEFAULT_NAMES) -> Verdict:
    """DB instance's master user has a name of its own.

    Who guesses passwords has to guess a name as well, unless it is the one that everybody knows.

    Fix: It cannot be changed: choose another name for the next DB instance, and move the data when there is a reason.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.MasterAccounts.html
    """
    keeps_it_itself(db, "its master user")
    if db.get("ReadReplicaSourceDBInstanceIdentifier") or db.get("ReadReplicaSourceDBClusterIdentifier"):
        raise NotApplicable("it is a read replica, with its source's master user")
    return _default_name(db["MasterUsername"], names)


@check(db_clusters, practice=Practice.PASSWORDS, severity=Severity.LOW)
def db_cluster_has_own_admin_name(cluster: DBCluster, *, names: Sequence[str] = DEFAULT_NAMES) -> Verdict:
    """DB cluster's master user has a name of its own.

    Who guesses passwords has to guess a name as well, unless it is the one that everybody knows.

    Fix: It cannot be changed: choose another name for the next DB cluster, and move the data when there is a reason.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.MasterAccounts.html
    """
    if cluster["Engine"] == "neptune":
        raise NotApplicable("Neptune has no users with passwords")
    if cluster.get("ReplicationSourceIdentifier"):
        raise NotApplicable("it is a replica, with its source's master user")
    return _default_name(cluster["MasterUsername"], names)


def _default_name(name: str, names: Sequence[str]) -> Verdict:
    return expect(name.lower() not in names, f"has a master user called {name}, as everybody expects")


@check(db_instances, practice=Practice.NETWORK, severity=Severity.LOW)
def db_instance_has_own_port(db: DBInstance) -> Verdict:
    """DB instance does not use its engine's default port.

    Scans try the known ports first; another one keeps a database out of the simplest of them, and no more than that.

    Fix: Change the port, together with the security groups and everything that connects. The database restarts.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html
    """
    keeps_it_itself(db, "its port")
    if "Endpoint" not in db:
        raise NotApplicable("it has no endpoint now")
    return _default_port(db["Engine"], db["Endpoint"]["Port"])


@check(db_clusters, practice=Practice.NETWORK, severity=Severity.LOW)
def db_cluster_has_own_port(cluster: DBCluster) -> Verdict:
    """DB cluster does not use its engine's default port.

    Scans try the known ports first; another one keeps a database out of the simplest of them, and no more than that.

    Fix: Change the port, together with the security groups and everything that connects. The cluster restarts.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Modifying.html
    """
    if is_multi_az_cluster(cluster):
        raise NotApplicable("the port of a Multi-AZ DB cluster cannot be changed")
    return _default_port(cluster["Engine"], cluster["Port"])


def _default_port(engine: str, port: int) -> Verdict:
    known = sorted((start for start in DEFAULT_PORTS if engine.startswith(start)), key=len)
    if not known:
        raise NotApplicable(f"AWS asks nothing of the port of {engine}")
    return expect(port != DEFAULT_PORTS[known[-1]], f"listens on {port}, the default port of its engine")


@check(db_instances, in_public_subnets, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def db_instance_is_in_private_subnets(db: DBInstance, public: Sequence[str]) -> Verdict:
    """DB instance is in subnets without a way to the internet.

    In a public subnet one setting, a public address, is all that keeps the database from being on the internet.

    Fix: Make a DB subnet group of private subnets and move the instance there, or route the subnets to a NAT gateway.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
    """
    if db["Engine"] == "docdb":
        raise NotApplicable("DocumentDB gives no instance a public address")
    group = db["DBSubnetGroup"]["DBSubnetGroupName"]
    return f"may run in public subnets ({', '.join(public)} in group {group})" if public else None
