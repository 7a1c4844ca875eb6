"""Amazon RDS, Aurora and DocumentDB: whether databases and proxies insist on TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.database_parameters import Values, cluster_parameters, has_parameters, parameters
from checks.databases import db_clusters, db_instances, keeps_it_itself
from checks.kit import (
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Unknown,
    Verdict,
    check,
    collect,
    expect,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_rds.type_defs import DBClusterTypeDef as DBCluster
    from types_boto3_rds.type_defs import DBInstanceTypeDef as DBInstance
    from types_boto3_rds.type_defs import DBProxyTypeDef as Proxy

proxies: Collector[Proxy] = collect("rds:DescribeDBProxies", "DBProxies", arn="{DBProxyArn}", name="{DBProxyName}")

ASKS_FOR_TLS = {
    "aurora-mysql": "require_secure_transport",
    "aurora-postgresql": "rds.force_ssl",
    "docdb": "tls",
    "mariadb": "require_secure_transport",
    "mysql": "require_secure_transport",
    "postgres": "rds.force_ssl",
    "sqlserver": "rds.force_ssl",
}
"""Beginning of an engine's name -> the parameter that refuses connections without TLS.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
https://docs.aws.amazon.com/documentdb/latest/developerguide/security.encryption.ssl.html"""

RESTART = "pending-reboot"
"""The status of a parameter group of which something counts only from the next restart on."""

OFF = ("0", "off", "false", "disabled")


@check(db_instances, parameters, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def db_instance_demands_tls(db: DBInstance, parameters: Values) -> Verdict:
    """DB instance refuses connections without TLS.

    A client that leaves TLS out sends its password and the data in the clear; only the database can see to it that
    none does.

    Fix: Set rds.force_ssl (PostgreSQL, SQL Server) or require_secure_transport (MySQL, MariaDB) to 1 in a parameter
    group of yours, once every client connects with TLS.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
    """
    keeps_it_itself(db, "connections")
    if not has_parameters(db):
        raise NotApplicable("it has no parameter for that")
    return _demands(db["Engine"], parameters, db["DBParameterGroups"][0]["ParameterApplyStatus"])


@check(db_clusters, cluster_parameters, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def db_cluster_demands_tls(cluster: DBCluster, parameters: Values) -> Verdict:
    """DB cluster refuses connections without TLS.

    A client that leaves TLS out sends its password and the data in the clear; only the database can see to it that
    none does.

    Fix: Set rds.force_ssl (PostgreSQL) or require_secure_transport (MySQL) to 1, or tls to enabled (DocumentDB), in a
    cluster parameter group of yours, once every client connects with TLS.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.Encryption.html
    """
    if not cluster["Engine"].startswith(tuple(ASKS_FOR_TLS)):
        raise NotApplicable("it has no parameter for that")
    statuses = {member["DBClusterParameterGroupStatus"] for member in cluster["DBClusterMembers"]}
    return _demands(cluster["Engine"], parameters, *statuses)


@check(proxies, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def proxy_demands_tls(proxy: Proxy) -> Verdict:
    """RDS Proxy refuses connections without TLS.

    A client that leaves TLS out sends its password and the data in the clear on its way to the proxy.

    Fix: Turn on Require Transport Layer Security of the proxy, once every client connects with TLS.
    See: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.howitworks.html
    """
    return expect(proxy["RequireTLS"], "takes connections without TLS")


# The proxy is "modifying" for about a minute before it shows the change.
@fix(proxy_demands_tls, "rds:ModifyDBProxy", risk=Risk.CUTS_ACCESS, patience=180)
def demand_tls(proxy: Proxy) -> Plan:
    """Let the RDS Proxy refuse connections without TLS."""

    def modify(*, on: bool) -> Call:
        return Call("rds:ModifyDBProxy", {"DBProxyName": proxy["DBProxyName"], "RequireTLS": on})

    is_on = proxy["RequireTLS"]
    return Plan(
        do=[modify(on=True)],
        undo=[modify(on=is_on)],
        before={"RequireTLS": "on" if is_on else "off"},
        after={"RequireTLS": "on"},
        notes=[
            "Whoever connects to the proxy without TLS is refused from then on: look at the clients first.",
            "While the proxy changes, for about a minute, connections may break for a moment.",
        ],
    )


def _demands(engine: str, parameters: Values, *statuses: str) -> Verdict:
    name = next(parameter for start, parameter in ASKS_FOR_TLS.items() if engine.startswith(start))
    if name not in parameters:
        raise NotApplicable(f"its version has no parameter {name}")
    value = parameters[name]
    if value is None:  # defaults differ between versions of an engine
        raise Unknown(f"AWS does not say what {name} is: set it in a parameter group of yours")
    if value.lower() not in OFF and RESTART in statuses:
        raise Unknown(f"{name} is {value}, but a restart is due before all parameters count")
    return expect(value.lower() not in OFF, f"takes connections without TLS: {name} is {value}")
