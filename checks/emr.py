"""Amazon EMR: clusters that run, and a region's block of public access. A cluster that has ended is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, cast

from checks.kit import (
    Aws,
    Call,
    Collector,
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
    from types_boto3_emr.type_defs import BlockPublicAccessConfigurationTypeDef as Block
    from types_boto3_emr.type_defs import ClusterSummaryTypeDef as Cluster

PUT_BLOCK = "emr:PutBlockPublicAccessConfiguration"
LIVES = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]
SSH = {"MinRange": 22, "MaxRange": 22}
"""What AWS's own default lets through: a security group may open port 22, which another check judges."""


class Region(TypedDict):
    block: Block


class Encryption(TypedDict):
    """What a cluster's security configuration turns on."""

    at_rest: bool
    in_transit: bool


@collector(
    "emr:GetBlockPublicAccessConfiguration",
    arn="arn:{partition}:elasticmapreduce:{region}:{account}:block-public-access",
    name="{region}",
)
def regions(aws: Aws) -> Iterator[Region]:
    yield {"block": aws.call("emr:GetBlockPublicAccessConfiguration")["BlockPublicAccessConfiguration"]}


clusters: Collector[Cluster] = collect(
    "emr:ListClusters", "Clusters", arn="{ClusterArn}", name="{Name} ({Id})", ClusterStates=LIVES
)


@extra("emr:ListInstances")
def public_nodes(aws: Aws, cluster: Cluster) -> Sequence[str]:
    """The EC2 instances of the cluster that have a public address."""
    found = aws.items("emr:ListInstances", "Instances", ClusterId=cluster["Id"], InstanceStates=["RUNNING"])
    return [node["Ec2InstanceId"] for node in found if node.get("PublicIpAddress")]


@extra("emr:DescribeCluster", "emr:DescribeSecurityConfiguration")
def encryption(aws: Aws, cluster: Cluster) -> Encryption:
    name = aws.call("emr:DescribeCluster", ClusterId=cluster["Id"])["Cluster"].get("SecurityConfiguration")
    text = aws.call("emr:DescribeSecurityConfiguration", Name=name)["SecurityConfiguration"] if name else "{}"
    on = json.loads(text).get("EncryptionConfiguration", {})
    return {
        "at_rest": bool(on.get("EnableAtRestEncryption")),
        "in_transit": bool(on.get("EnableInTransitEncryption")),
    }


@check(regions, practice=Practice.NETWORK, severity=Severity.HIGH)
def region_blocks_public_access(region: Region) -> Verdict:
    """EMR blocks public access in the region.

    The block refuses to start a cluster whose security group is open to everyone: tools of Hadoop ask no password.

    Fix: Turn on block public access, with no exceptions but port 22.
    See: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-block-public-access.html
    """
    if not region["block"]["BlockPublicSecurityGroupRules"]:
        return "lets clusters start that are open to everyone"
    ranges = [(one["MinRange"], one.get("MaxRange", one["MinRange"])) for one in _exceptions(region["block"])]
    open_to = [f"{low}" if low == high else f"{low}-{high}" for low, high in ranges if (low, high) != (22, 22)]
    return expect(not open_to, f"lets clusters start that open {', '.join(open_to)} to everyone")


@fix(region_blocks_public_access, PUT_BLOCK, risk=Risk.SAFE)
def block_public_access(region: Region) -> Plan:
    """Block public access of EMR clusters in the region."""
    block = region["block"]
    exceptions = [SSH] if SSH in [{**SSH, **one} for one in _exceptions(block)] else []
    wanted = {"BlockPublicSecurityGroupRules": True, "PermittedPublicSecurityGroupRuleRanges": exceptions}
    kept = {
        "BlockPublicSecurityGroupRules": block["BlockPublicSecurityGroupRules"],
        "PermittedPublicSecurityGroupRuleRanges": [dict(one) for one in _exceptions(block)],
    }
    return Plan(
        do=[Call(PUT_BLOCK, {"BlockPublicAccessConfiguration": wanted})],
        undo=[Call(PUT_BLOCK, {"BlockPublicAccessConfiguration": kept})],
        before={"block public access": _in_words(kept)},
        after={"block public access": _in_words(wanted)},
        notes=["Clusters that run go on. New ones do not start while their security group is open to everyone."],
    )


@check(clusters, public_nodes, practice=Practice.NETWORK, severity=Severity.HIGH)
def cluster_has_no_public_addresses(cluster: Cluster, public_nodes: Sequence[str]) -> Verdict:
    """EMR cluster has no public addresses.

    With a public address, a node is one open security group away from everyone; tools of Hadoop ask no password.

    Fix: It is chosen when the cluster starts: start it in a private subnet, with endpoints for S3 and what it uses.
    See: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html
    """
    return expect(not public_nodes, f"has public addresses ({', '.join(public_nodes[:3])})")


@check(clusters, encryption, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def cluster_is_encrypted(cluster: Cluster, encryption: Encryption) -> Verdict:
    """EMR cluster encrypts its disks and what it writes.

    Its disks hold copies of the data it works on; encrypted, they cannot be read without the key.

    Fix: Make a security configuration with encryption at rest, and start the cluster with it.
    See: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-data-encryption-options.html
    """
    return expect(encryption["at_rest"], "has no encryption at rest")


@check(clusters, encryption, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def cluster_is_encrypted_in_transit(cluster: Cluster, encryption: Encryption) -> Verdict:
    """EMR cluster encrypts traffic between its nodes.

    Rows travel from node to node at every step; encrypted, they cannot be read by whoever gets into that network.

    Fix: Make a security configuration with encryption in transit and a certificate, and start the cluster with it.
    See: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-encryption-enable.html
    """
    return expect(encryption["in_transit"], "does not encrypt traffic between its nodes")


def _exceptions(block: Block) -> Sequence[Mapping[str, int]]:
    return cast("Sequence[Mapping[str, int]]", block.get("PermittedPublicSecurityGroupRuleRanges", []))


def _in_words(block: Mapping[str, Any]) -> str:
    if not block["BlockPublicSecurityGroupRules"]:
        return "off"
    ports = [f"{one['MinRange']}-{one.get('MaxRange', one['MinRange'])}" for one in _exceptions(cast("Any", block))]
    return f"on, except ports {', '.join(ports)}" if ports else "on"
