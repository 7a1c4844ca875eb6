"""Amazon EKS clusters and their managed node groups, as far as AWS's API shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from checks.kit import (
    Aws,
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
    collector,
    expect,
    extra,
    fix,
)
from checks.network import everyone_among

if TYPE_CHECKING:
    from types_boto3_eks.type_defs import ClusterTypeDef as Cluster
    from types_boto3_eks.type_defs import ClusterVersionInformationTypeDef as Version
    from types_boto3_eks.type_defs import NodegroupTypeDef as Nodegroup

UPDATE = "eks:UpdateClusterConfig"
AT_WORK = ("ACTIVE", "UPDATING", "DEGRADED")
"""States of clusters and node groups that are made and are to stay."""

versions: Collector[Version] = collect(
    "eks:DescribeClusterVersions",
    "clusterVersions",
    arn="arn:{partition}:eks:{region}:{account}:version/{clusterVersion}",
    includeAll=True,
)


@collector("eks:ListClusters", "eks:DescribeCluster", arn="{arn}", name="{name}")
def clusters(aws: Aws) -> Iterator[Cluster]:
    """Those that are made and are to stay."""

    def read(name: str) -> Any:
        return aws.call("eks:DescribeCluster", name=name, absent="ResourceNotFoundException").get("cluster")

    found = aws.each(read, aws.items("eks:ListClusters", "clusters"))
    yield from (cluster for cluster in found if cluster and cluster["status"] in AT_WORK)


@collector(
    "eks:ListNodegroups",
    "eks:DescribeNodegroup",
    arn="{nodegroupArn}",
    name="{clusterName}/{nodegroupName}",
    needs=(clusters,),
)
def nodegroups(aws: Aws) -> Iterator[Nodegroup]:
    """Of all clusters, those that are made and are to stay."""

    def of(cluster: str) -> list[Nodegroup]:
        names = aws.items("eks:ListNodegroups", "nodegroups", clusterName=cluster)
        gone = "ResourceNotFoundException"
        got = [aws.call("eks:DescribeNodegroup", clusterName=cluster, nodegroupName=n, absent=gone) for n in names]
        return [one["nodegroup"] for one in got if one]

    for found in aws.each(of, [cluster["name"] for cluster in aws.read(clusters)]):
        yield from (group for group in found if group["status"] in AT_WORK)


@extra(needs=(versions,))
def support(aws: Aws, of: Any) -> Version | None:
    """What AWS says of the Kubernetes version of a cluster or node group; None where it names none."""
    if not of.get("version"):
        return None
    for version in aws.read(versions):
        if version["clusterVersion"] == of["version"]:
            return version
    raise Unknown(f"AWS does not tell how long it supports Kubernetes {of['version']}")


@check(clusters, practice=Practice.NETWORK, severity=Severity.HIGH)
def cluster_endpoint_is_not_open(cluster: Cluster) -> Verdict:
    """EKS cluster endpoint is not open to everyone.

    From everywhere people can try stolen credentials on the Kubernetes API, and whatever hole is found in it next.

    Fix: Limit public access to the addresses you work from, or turn on private access and turn public access off.
    See: https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
    """
    network = cluster["resourcesVpcConfig"]
    if not network["endpointPublicAccess"]:
        return None
    found = everyone_among(network.get("publicAccessCidrs") or ["0.0.0.0/0"])
    return f"has its Kubernetes API open to {', '.join(found)}" if found else None


@fix(cluster_endpoint_is_not_open, UPDATE, risk=Risk.CUTS_ACCESS, patience=900)
def narrow_endpoint(cluster: Cluster, *, admin_addresses: str) -> Plan:
    """Limit public access of the endpoint to the addresses of the settings.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-concepts-kubernetes.html
    """
    network, wanted = cluster["resourcesVpcConfig"], [one.strip() for one in admin_addresses.split(",")]
    if everyone_among(wanted):
        raise NotApplicable("the settings name much of the internet: name the addresses that you administer from")
    if not network["endpointPrivateAccess"]:
        raise NotApplicable("its nodes need private access then: turn that on first")
    if cluster.get("remoteNetworkConfig"):
        raise NotApplicable("its hybrid nodes come by the public addresses: name theirs, too, by hand")
    _can_change(cluster)
    was = sorted(network.get("publicAccessCidrs") or ["0.0.0.0/0"])

    def open_to(cidrs: Sequence[str]) -> Call:
        return Call(UPDATE, {"name": cluster["name"], "resourcesVpcConfig": {"publicAccessCidrs": [*cidrs]}})

    return Plan(
        do=[open_to(wanted)],
        undo=[open_to(was)],
        before={"public access": ", ".join(was)},
        after={"public access": ", ".join(wanted)},
        notes=[
            "Pipelines and people that come from elsewhere lose the Kubernetes API. Nodes go on: theirs is private.",
            "EKS takes some minutes, and no other update meanwhile.",
        ],
    )


@check(clusters, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def cluster_has_private_endpoint(cluster: Cluster) -> Verdict:
    """EKS cluster endpoint can be reached within its VPC.

    Otherwise its nodes leave the VPC to reach their own control plane, and public access can never be closed.

    Fix: Turn on private access of the cluster endpoint.
    See: https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
    """
    return expect(cluster["resourcesVpcConfig"]["endpointPrivateAccess"], "has no private endpoint")


@fix(cluster_has_private_endpoint, UPDATE, risk=Risk.SAFE, patience=900)
def give_private_endpoint(cluster: Cluster) -> Plan:
    """Turn on private access of the cluster's endpoint."""
    notes = [
        "Public access stays as it is. Within the VPC the endpoint's name then resolves to private addresses.",
        "The VPC needs DNS hostnames and DNS resolution. EKS takes some minutes, and no other update meanwhile.",
    ]
    if cluster["resourcesVpcConfig"]["endpointPrivateAccess"]:
        raise NotApplicable("it is on")
    return _turn_on(cluster, lambda on: {"resourcesVpcConfig": {"endpointPrivateAccess": on}}, "private access", notes)


@check(clusters, support, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def cluster_has_supported_version(
    cluster: Cluster, support: Version | None, *, extended_support: bool = False
) -> Verdict:
    """EKS cluster runs a supported Kubernetes version.

    After standard support the community mends nothing any more, AWS charges more, and at the end updates it unasked.

    Fix: Update the cluster one minor version at a time, after its add-ons and what runs in it are ready for it.
    See: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
    """
    return _support(support, extended=extended_support)


@check(nodegroups, support, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def nodegroup_has_supported_version(
    nodegroup: Nodegroup, support: Version | None, *, extended_support: bool = False
) -> Verdict:
    """EKS node group runs a supported Kubernetes version.

    When EKS updates a cluster, its nodes stay behind, without patches for Kubernetes and the system beneath it.

    Fix: Update the node group to the version of its cluster. Its nodes are replaced one after the other.
    See: https://docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html
    """
    return _support(support, extended=extended_support)


def _support(version: Version | None, *, extended: bool) -> Verdict:
    if version is None:
        raise NotApplicable("AWS names no version of it: its image is of your own")
    name, status = version["clusterVersion"], version["versionStatus"]
    if status == "EXTENDED_SUPPORT" and not extended:
        return f"runs Kubernetes {name}, whose standard support ended on {version['endOfStandardSupportDate']:%Y-%m-%d}"
    return expect(status != "UNSUPPORTED", f"runs Kubernetes {name}, which AWS does not support any more")


@check(clusters, practice=Practice.MONITORING, severity=Severity.HIGH)
def cluster_logs_control_plane(
    cluster: Cluster, *, types: Sequence[str] = ("api", "audit", "authenticator")
) -> Verdict:
    """EKS cluster logs who does what to it.

    The audit log is the only record of who read which secret or started which pod; the authenticator's, of who came in.

    Fix: Turn on the control plane logs of these types. CloudWatch Logs bills what is ingested.
    See: https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
    """
    missing = _unlogged(cluster, types)
    return f"keeps no {', '.join(missing)} log{'s' * (len(missing) > 1)}" if missing else None


@fix(cluster_logs_control_plane, UPDATE, risk=Risk.SAFE, patience=600)
def log_control_plane(cluster: Cluster, *, types: Sequence[str] = ("api", "audit", "authenticator")) -> Plan:
    """Turn on the cluster's control plane logs."""
    missing = _unlogged(cluster, types)
    if not missing:
        raise NotApplicable("it keeps them already")
    _can_change(cluster)

    def switch(*, on: bool) -> Call:
        return Call(
            UPDATE, {"name": cluster["name"], "logging": {"clusterLogging": [{"types": missing, "enabled": on}]}}
        )

    return Plan(
        do=[switch(on=True)],
        undo=[switch(on=False)],
        before=dict.fromkeys((f"{one} log" for one in missing), "off"),
        after=dict.fromkeys((f"{one} log" for one in missing), "on"),
        notes=[
            "CloudWatch Logs bills what is ingested: audit logs of a busy cluster are gigabytes a day.",
            f"They go to log group /aws/eks/{cluster['name']}/cluster, which keeps them unless told otherwise.",
        ],
    )


def _unlogged(cluster: Cluster, types: Sequence[str]) -> list[str]:
    setups = cluster.get("logging", {}).get("clusterLogging", [])
    logged = {kind for setup in setups if setup.get("enabled") for kind in setup.get("types", [])}
    return [kind for kind in types if kind not in logged]


@check(clusters, practice=Practice.BACKUP, severity=Severity.LOW)
def cluster_has_deletion_protection(cluster: Cluster) -> Verdict:
    """EKS cluster has deletion protection.

    With it one mistaken command or a stolen key does not delete the cluster.

    Fix: Turn on deletion protection of the cluster.
    See: https://docs.aws.amazon.com/eks/latest/userguide/deletion-protection.html
    """
    return expect(cluster.get("deletionProtection"), "can be deleted: deletion protection is off")


@fix(cluster_has_deletion_protection, UPDATE, risk=Risk.SAFE, patience=300)
def protect_from_deletion(cluster: Cluster) -> Plan:
    """Turn on deletion protection of the cluster."""
    if cluster.get("deletionProtection"):
        raise NotApplicable("it is on")
    notes = ["Whoever means to delete the cluster has to turn it off first."]
    return _turn_on(cluster, lambda on: {"deletionProtection": on}, "deletion protection", notes)


@check(clusters, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def cluster_has_own_key(cluster: Cluster, *, customer_managed_key: bool = False) -> Verdict:
    """EKS cluster encrypts its secrets with a key of yours.

    EKS encrypts all that Kubernetes stores; with a key of yours you decide who may decrypt it, and can take it back.

    Fix: Add an encryption configuration with a KMS key of yours for secrets. It cannot be taken off again.
    See: https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html
    """
    if not customer_managed_key:
        raise NotApplicable("the settings do not ask for KMS keys of your own")
    keys = [one for one in cluster.get("encryptionConfig", []) if "secrets" in one.get("resources", [])]
    return expect(any(one.get("provider", {}).get("keyArn") for one in keys), "encrypts its secrets with AWS's key")


def _can_change(cluster: Cluster) -> None:
    if cluster["status"] != "ACTIVE":
        raise NotApplicable(f"it is {cluster['status']}: it takes no change until it is ACTIVE")


def _turn_on(cluster: Cluster, setting: Callable[[bool], dict[str, Any]], what: str, notes: Sequence[str]) -> Plan:
    """The plan that turns one thing on, and off again with the undo."""
    _can_change(cluster)
    return Plan(
        do=[Call(UPDATE, {"name": cluster["name"]} | setting(True))],
        undo=[Call(UPDATE, {"name": cluster["name"]} | setting(False))],
        before={what: "off"},
        after={what: "on"},
        notes=notes,
    )
