"""Amazon Redshift clusters and the subnet groups they are put in; those that are serverless are others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_redshift.type_defs import ClusterSubnetGroupTypeDef as SubnetGroup
    from types_boto3_redshift.type_defs import ClusterTypeDef as Cluster
    from types_boto3_redshift.type_defs import LoggingStatusTypeDef as Logging

MODIFY = "redshift:ModifyCluster"
SET_PARAMETER, REBOOT = "redshift:ModifyClusterParameterGroup", "redshift:RebootCluster"
WITHOUT_MULTI_AZ = ("dc", "ds")
"""Beginnings of node types: AWS offers Multi-AZ for those with managed storage.
https://docs.aws.amazon.com/redshift/latest/mgmt/managing-cluster-multi-az.html"""
LOGS = ["connectionlog", "userlog", "useractivitylog"]


@collector(
    "redshift:DescribeClusters",
    arn="arn:{partition}:redshift:{region}:{account}:cluster:{ClusterIdentifier}",
    name="{ClusterIdentifier}",
)
def clusters(aws: Aws) -> Iterator[Cluster]:
    """Leaves out those that are being deleted."""
    found = aws.items("redshift:DescribeClusters", "Clusters")
    return (one for one in found if one["ClusterStatus"] not in ("deleting", "final-snapshot"))


subnet_groups: Collector[SubnetGroup] = collect(
    "redshift:DescribeClusterSubnetGroups",
    "ClusterSubnetGroups",
    arn="arn:{partition}:redshift:{region}:{account}:subnetgroup:{ClusterSubnetGroupName}",
    name="{ClusterSubnetGroupName}",
)


@extra("redshift:DescribeLoggingStatus")
def logging(aws: Aws, cluster: Cluster) -> Logging:
    return cast("Logging", aws.call("redshift:DescribeLoggingStatus", ClusterIdentifier=cluster["ClusterIdentifier"]))


@extra(needs=(clusters,))
def in_use(aws: Aws, group: SubnetGroup) -> bool:
    """Whether a cluster is in the subnet group."""
    return any(one.get("ClusterSubnetGroupName") == group["ClusterSubnetGroupName"] for one in aws.read(clusters))


@extra("redshift:DescribeClusterParameters")
def require_ssl(aws: Aws, cluster: Cluster) -> str:
    """The value of the parameter in the cluster's parameter group; empty where it has none."""
    group = cluster["ClusterParameterGroups"][0]["ParameterGroupName"]
    found = aws.items("redshift:DescribeClusterParameters", "Parameters", ParameterGroupName=group)
    return next((one.get("ParameterValue", "") for one in found if one["ParameterName"] == "require_ssl"), "")


@check(clusters, practice=Practice.NETWORK, severity=Severity.HIGH)
def cluster_is_not_public(cluster: Cluster) -> Verdict:
    """Redshift cluster is not publicly accessible.

    A warehouse with a public address is one open security group away from everyone who guesses passwords.

    Fix: Turn public access off. Reach the cluster from inside the VPC, or over a VPN or Session Manager.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/managing-clusters-vpc.html
    """
    return expect(not cluster["PubliclyAccessible"], "is publicly accessible")


@fix(cluster_is_not_public, MODIFY, risk=Risk.CUTS_ACCESS, patience=300)
def take_off_the_internet(cluster: Cluster) -> Plan:
    """Turn public access to the Redshift cluster off."""
    _can_change(cluster)
    notes = [
        "Whoever connects from outside the VPC loses the connection.",
        "Its endpoint then resolves to its private address. The undo may give it another Elastic IP address.",
    ]
    return _switch(cluster, "PubliclyAccessible", to=False, notes=notes)


@check(clusters, practice=Practice.ENCRYPTION, severity=Severity.HIGH)
def cluster_is_encrypted(cluster: Cluster) -> Verdict:
    """Redshift cluster is encrypted.

    Encryption covers the data, its backups and snapshots; a leaked one cannot be read without the key.

    Fix: Turn on encryption of the cluster. AWS moves the data to new storage, and the cluster is read-only for a while.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-db-encryption.html
    """
    if not cluster["Encrypted"] and _is_being_encrypted(cluster):
        raise NotApplicable("AWS is encrypting it")
    return expect(cluster["Encrypted"], "is not encrypted")


@fix(cluster_is_encrypted, MODIFY, risk=Risk.INTERRUPTS, patience=600)
def encrypt(cluster: Cluster) -> Plan:
    """Encrypt the Redshift cluster with AWS's own key.

    Source: https://docs.aws.amazon.com/redshift/latest/mgmt/changing-cluster-encryption.html
    """
    _can_change(cluster)
    is_on = cluster["Encrypted"] or _is_being_encrypted(cluster)
    words = {True: "on", False: "off"}
    return Plan(
        do=[_modify(cluster, Encrypted=True)],
        undo=[_modify(cluster, Encrypted=is_on)],
        before={"encryption": words[is_on]},
        after={"encryption": "on"},
        notes=[
            "AWS moves the data to new storage. Meanwhile the cluster answers, but may take no writes, for hours.",
            "The endpoint stays. Snapshots made before stay unencrypted until they expire.",
        ],
    )


@check(clusters, require_ssl, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def cluster_requires_tls(cluster: Cluster, require_ssl: str) -> Verdict:
    """Redshift cluster takes connections over TLS only.

    Over a plain connection, whoever sits in between reads the password and every row on its way.

    Fix: Set require_ssl to true in a parameter group of yours, give it to the cluster and restart the cluster.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/connecting-ssl-support.html
    """
    if require_ssl != "true":
        return "takes connections without TLS"
    return expect(not _waits_for_restart(cluster), "takes connections without TLS until it is restarted")


@fix(cluster_requires_tls, SET_PARAMETER, REBOOT, risk=Risk.INTERRUPTS, patience=300)
def refuse_plain_connections(cluster: Cluster, require_ssl: str) -> Plan:
    """Make the Redshift cluster take connections over TLS only.

    Source: https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-parameter-groups.html
    """
    group = cluster["ClusterParameterGroups"][0]["ParameterGroupName"]
    if group.startswith("default."):
        raise NotApplicable(f"{group} is AWS's own and cannot be changed: the cluster needs a parameter group of yours")
    _can_change(cluster)
    is_on = "true" if require_ssl == "true" else "false"
    waits = _waits_for_restart(cluster)
    restart = Call(REBOOT, {"ClusterIdentifier": cluster["ClusterIdentifier"]})
    return Plan(
        do=[_parameter(group, "true"), restart],
        undo=[_parameter(group, is_on), restart],
        before={"require_ssl": f"{is_on}, after a restart" if waits else is_on},
        after={"require_ssl": "true"},
        notes=[
            "The cluster restarts: it is down for some minutes, and running queries are lost. So it is with the undo.",
            f"Other clusters with the parameter group {group} follow at their next restart.",
            "Clients that connect without TLS are refused from then on.",
        ],
    )


@check(clusters, logging, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def cluster_logs_audit(cluster: Cluster, logging: Logging) -> Verdict:
    """Redshift cluster logs connections and users.

    The audit log tells who signed in, who failed to and which users changed; system tables keep it for days only.

    Fix: Turn on audit logging to CloudWatch Logs or S3, and enable_user_activity_logging to have the queries too.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/db-auditing.html
    """
    return expect(logging["LoggingEnabled"], "keeps no audit log")


@fix(cluster_logs_audit, "redshift:EnableLogging", "redshift:DisableLogging", risk=Risk.SAFE)
def log_audit(cluster: Cluster, logging: Logging) -> Plan:
    """Send the Redshift cluster's audit log to CloudWatch Logs."""
    which = {"ClusterIdentifier": cluster["ClusterIdentifier"]}
    return Plan(
        do=[Call("redshift:EnableLogging", which | {"LogDestinationType": "cloudwatch", "LogExports": LOGS})],
        undo=[Call("redshift:DisableLogging", which)],
        before={"audit log": "on" if logging["LoggingEnabled"] else "off"},
        after={"audit log": "on"},
        notes=[
            "CloudWatch Logs costs by what is logged and kept. Log groups: /aws/redshift/cluster/NAME/LOG.",
            "Queries are logged only where the parameter enable_user_activity_logging is true as well.",
        ],
    )


@check(clusters, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def cluster_has_automated_snapshots(cluster: Cluster, *, days: int = 7) -> Verdict:
    """Redshift cluster keeps automated snapshots long enough.

    A mistake or an attack is often noticed after days; only an older snapshot brings the data back.

    Fix: Set the retention period of automated snapshots to 7 days or more.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-snapshots.html
    """
    kept = _wanted(cluster, "AutomatedSnapshotRetentionPeriod")
    if not kept:
        return "makes no automated snapshots"
    return expect(kept >= days, f"keeps automated snapshots for {_days(kept)}, not {days}")


@fix(cluster_has_automated_snapshots, MODIFY, risk=Risk.SAFE, patience=120)
def keep_snapshots(cluster: Cluster, *, days: int = 7) -> Plan:
    """Keep the Redshift cluster's automated snapshots for long enough."""
    _can_change(cluster)
    kept: int = _wanted(cluster, "AutomatedSnapshotRetentionPeriod")
    days = max(days, kept)  # what is fixed still tells if it drifts
    return Plan(
        do=[_modify(cluster, AutomatedSnapshotRetentionPeriod=days)],
        undo=[_modify(cluster, AutomatedSnapshotRetentionPeriod=kept)],
        before={"automated snapshots": _days(kept) if kept else "off"},
        after={"automated snapshots": _days(days)},
        notes=[
            "Snapshots beyond the storage of the cluster, or of RA3 nodes, cost extra.",
            f"Undo deletes the automated snapshots older than {_days(kept)}." if kept else "Undo deletes them all.",
        ],
    )


@check(clusters, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def cluster_takes_version_upgrades(cluster: Cluster) -> Verdict:
    """Redshift cluster takes new versions by itself.

    New versions bring security fixes; with the setting on they arrive in the maintenance window by themselves.

    Fix: Turn on version upgrades of the cluster.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/cluster-versions.html
    """
    return expect(cluster["AllowVersionUpgrade"], "does not take new versions by itself")


@fix(cluster_takes_version_upgrades, MODIFY, risk=Risk.SAFE, patience=120)
def take_version_upgrades(cluster: Cluster) -> Plan:
    """Let the Redshift cluster take new versions in its maintenance window."""
    _can_change(cluster)
    notes = [f"AWS upgrades it, with a short interruption, in its window: {cluster['PreferredMaintenanceWindow']} UTC."]
    return _switch(cluster, "AllowVersionUpgrade", to=True, notes=notes)


@check(clusters, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def cluster_uses_enhanced_vpc_routing(cluster: Cluster) -> Verdict:
    """Redshift cluster loads and unloads through its VPC.

    With enhanced VPC routing, COPY and UNLOAD obey security groups and endpoint policies, and show in flow logs.

    Fix: Give the VPC an endpoint for S3, then turn on enhanced VPC routing.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/enhanced-vpc-routing.html
    """
    return expect(cluster["EnhancedVpcRouting"], "loads and unloads past its VPC")


@fix(cluster_uses_enhanced_vpc_routing, MODIFY, risk=Risk.INTERRUPTS, patience=600)
def route_through_vpc(cluster: Cluster) -> Plan:
    """Make the Redshift cluster load and unload through its VPC."""
    _can_change(cluster)
    notes = [
        "The cluster restarts: it is down for some minutes, and running queries are lost. So it is with the undo.",
        "COPY and UNLOAD fail where the VPC has no way to S3 and what else they use: an endpoint or a NAT gateway.",
    ]
    return _switch(cluster, "EnhancedVpcRouting", to=True, notes=notes)


@check(clusters, practice=Practice.BACKUP, severity=Severity.MEDIUM)
def cluster_is_in_several_zones(cluster: Cluster) -> Verdict:
    """Redshift cluster runs in two Availability Zones.

    When a zone fails, the half in the other zone goes on, with all data and the same address.

    Fix: Change the cluster to Multi-AZ: it takes RA3 nodes, two in each zone or more, and costs twice as much.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/managing-cluster-multi-az.html
    """
    if cluster["NodeType"].startswith(WITHOUT_MULTI_AZ):
        raise NotApplicable("AWS does not offer Multi-AZ for its node type")
    return expect(cluster.get("MultiAZ", "").lower() == "enabled", "runs in one Availability Zone")


@check(clusters, practice=Practice.PASSWORDS, severity=Severity.LOW)
def cluster_has_its_own_admin_name(cluster: Cluster) -> Verdict:
    """Redshift cluster has an admin user name of its own.

    Everyone knows the default name, so only the password is left to guess.

    Fix: The name stays for the cluster's life: make a new cluster with another one, UNLOAD the tables and COPY them in.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/create-cluster.html
    """
    return expect(cluster["MasterUsername"] != "awsuser", "has the default admin user name, awsuser")


@check(subnet_groups, in_use, practice=Practice.BACKUP, severity=Severity.LOW)
def subnet_group_spans_zones(group: SubnetGroup, in_use: bool) -> Verdict:
    """Redshift subnet group has subnets in several zones.

    A cluster can move to another zone, or be restored there, only where its subnet group has a subnet.

    Fix: Add a subnet of another Availability Zone to the group.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-cluster-subnet-groups.html
    """
    if not in_use:
        raise NotApplicable("no cluster is in it")
    zones = {subnet["SubnetAvailabilityZone"]["Name"] for subnet in group["Subnets"]}
    return expect(len(zones) > 1, "has subnets in one Availability Zone")


def _can_change(cluster: Cluster) -> None:
    if cluster["ClusterStatus"] not in ("available", "available, prep-for-resize"):
        raise NotApplicable(f"the cluster is {cluster['ClusterStatus']}: it takes no change until it is available")


def _waits_for_restart(cluster: Cluster) -> bool:
    """Whether require_ssl is not in force yet. Where AWS tells it of every parameter, others do not count."""
    group = cluster["ClusterParameterGroups"][0]
    each = {one["ParameterName"]: one["ParameterApplyStatus"] for one in group.get("ClusterParameterStatusList", [])}
    return each.get("require_ssl", group.get("ParameterApplyStatus", "")) == "pending-reboot"


def _is_being_encrypted(cluster: Cluster) -> bool:
    return cluster.get("PendingModifiedValues", {}).get("EncryptionType", "NONE") != "NONE"


def _wanted(cluster: Cluster, setting: str) -> Any:
    """What a setting is, or is about to be: a change that Redshift has not made yet counts as made."""
    return cluster.get("PendingModifiedValues", {}).get(setting, cluster[setting])  # type: ignore[literal-required]


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _modify(cluster: Cluster, **changes: Any) -> Call:
    return Call(MODIFY, {"ClusterIdentifier": cluster["ClusterIdentifier"]} | changes)


def _parameter(group: str, value: str) -> Call:
    parameter = {"ParameterName": "require_ssl", "ParameterValue": value}
    return Call(SET_PARAMETER, {"ParameterGroupName": group, "Parameters": [parameter]})


def _switch(cluster: Cluster, setting: str, *, to: bool, notes: list[str]) -> Plan:
    is_on: bool = _wanted(cluster, setting)
    words = {True: "on", False: "off"}
    return Plan(
        do=[_modify(cluster, **{setting: to})],
        undo=[_modify(cluster, **{setting: is_on})],
        before={setting: words[is_on]},
        after={setting: words[to]},
        notes=notes,
    )
