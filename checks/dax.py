"""Amazon DynamoDB Accelerator (DAX) clusters. What is judged here is decided when a cluster is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.kit import Aws, Practice, Severity, Verdict, check, collector, expect

if TYPE_CHECKING:
    from types_boto3_dax.type_defs import ClusterTypeDef as Cluster


@collector("dax:DescribeClusters", arn="{ClusterArn}", name="{ClusterName}")
def clusters(aws: Aws) -> Iterator[Cluster]:
    """Leaves out those being made or deleted."""
    found: Iterator[Cluster] = aws.items("dax:DescribeClusters", "Clusters")
    return (cluster for cluster in found if cluster["Status"] not in ("creating", "deleting"))


@check(clusters, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def cluster_is_encrypted(cluster: Cluster) -> Verdict:
    """DAX cluster is encrypted at rest.

    The cache holds the table's data, which DynamoDB encrypts; without encryption here it lies on disks in the clear.

    Fix: It cannot be turned on later: make a new cluster with encryption and let the application use that one.
    See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAXEncryptionAtRest.html
    """
    # .get: AWS leaves it out of clusters made before there was encryption.
    return expect(cluster.get("SSEDescription", {}).get("Status") in ("ENABLED", "ENABLING"), "is not encrypted")


@check(clusters, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def cluster_speaks_tls(cluster: Cluster) -> Verdict:
    """DAX cluster's endpoint speaks TLS.

    Without TLS whoever sits between the application and the cache reads the data and changes the answers.

    Fix: It cannot be turned on later: make a new cluster with encryption in transit and use that one.
    See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAXEncryptionInTransit.html
    """
    return expect(cluster.get("ClusterEndpointEncryptionType") == "TLS", "speaks without TLS")


@check(clusters, practice=Practice.BACKUP, severity=Severity.LOW)
def cluster_is_in_several_zones(cluster: Cluster) -> Verdict:
    """DAX cluster has nodes in several Availability Zones.

    When the only zone fails, every read falls on the tables at once, which may not be ready for that.

    Fix: Add nodes in other Availability Zones: AWS advises three at least.
    See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAX.concepts.cluster.html
    """
    zones = {node["AvailabilityZone"] for node in cluster["Nodes"]}
    return expect(len(zones) > 1, "has its nodes in one Availability Zone")
