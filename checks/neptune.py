"""Amazon Neptune, where it differs from other databases; all else about its clusters is in `rds_clusters`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.databases import alone, db_clusters, modify_cluster, turn_on
from checks.kit import NotApplicable, Plan, Practice, Risk, Severity, Verdict, check, expect, fix

if TYPE_CHECKING:
    from types_boto3_rds.type_defs import DBClusterTypeDef as DBCluster

IAM = "IAMDatabaseAuthenticationEnabled"


@check(db_clusters, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def cluster_asks_who_it_is(cluster: DBCluster) -> Verdict:
    """Neptune cluster lets in only who signs with IAM.

    Neptune knows no passwords: without IAM authentication everyone whose packets reach it reads and changes all data.

    Fix: Turn on IAM authentication, once everything that connects signs its requests.
    See: https://docs.aws.amazon.com/neptune/latest/userguide/iam-auth-enable.html
    """
    if cluster["Engine"] != "neptune":
        raise NotApplicable("it is no Neptune cluster")
    return expect(cluster["IAMDatabaseAuthenticationEnabled"], "asks nobody who they are: IAM authentication is off")


@fix(cluster_asks_who_it_is, "neptune:ModifyDBCluster", risk=Risk.CUTS_ACCESS)
def ask_who_it_is(cluster: DBCluster) -> Plan:
    """Turn on IAM authentication of the Neptune cluster."""
    alone(cluster, IAM)
    notes = [
        "At once, whoever does not sign requests with Signature Version 4 is refused: change what connects first.",
        "Who signs needs a policy that allows actions of neptune-db on the cluster.",
    ]
    return turn_on(modify_cluster, cluster, IAM, parameter="EnableIAMDatabaseAuthentication", notes=notes)
