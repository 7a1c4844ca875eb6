"""Amazon MSK: Kafka clusters, and connectors of MSK Connect. Serverless clusters have no settings of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from checks import kms
from checks.kit import (
    Aws,
    Collector,
    NotApplicable,
    Practice,
    Severity,
    Unknown,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
)

if TYPE_CHECKING:
    from types_boto3_kafka.type_defs import ClusterTypeDef as Cluster
    from types_boto3_kafka.type_defs import KafkaVersionTypeDef as Version
    from types_boto3_kafka.type_defs import ProvisionedTypeDef as Provisioned

Connector: TypeAlias = Mapping[str, Any]
"""AWS's ConnectorSummary."""

GONE = ("DELETING", "FAILED")
LEVELS = ("DEFAULT", "PER_BROKER", "PER_TOPIC_PER_BROKER", "PER_TOPIC_PER_PARTITION")
"""Levels of monitoring, from the least on.
https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html"""

versions: Collector[Version] = collect("kafka:ListKafkaVersions", "KafkaVersions", arn="{Version}", name="{Version}")


@collector("kafka:ListClustersV2", arn="{ClusterArn}", name="{ClusterName}")
def clusters(aws: Aws) -> Iterator[Cluster]:
    return (one for one in aws.items("kafka:ListClustersV2", "ClusterInfoList") if one["State"] not in GONE)


@collector("kafkaconnect:ListConnectors", arn="{connectorArn}", name="{connectorName}")
def connectors(aws: Aws) -> Iterator[Connector]:
    found = aws.items("kafkaconnect:ListConnectors", "connectors")
    return (one for one in found if one["connectorState"] not in GONE)


@extra(needs=(kms.keys,))
def own_keys(aws: Aws, cluster: Cluster) -> frozenset[str]:
    """The account's own KMS keys in the region, by ARN."""
    return frozenset(key["KeyArn"] for key in aws.read(kms.keys))


@extra(needs=(versions,))
def support(aws: Aws, cluster: Cluster) -> Mapping[str, str]:
    """AWS's word on every version of Kafka: ACTIVE or DEPRECATED."""
    return {version["Version"]: version["Status"] for version in aws.read(versions)}


@check(clusters, practice=Practice.NETWORK, severity=Severity.HIGH)
def cluster_is_not_public(cluster: Cluster) -> Verdict:
    """MSK cluster has no public access.

    Brokers with public addresses are one leaked credential away from everyone on the internet.

    Fix: Turn public access off. Reach the cluster from its VPC, over peering or with multi-VPC private connectivity.
    See: https://docs.aws.amazon.com/msk/latest/developerguide/public-access.html
    """
    access = _provisioned(cluster)["BrokerNodeGroupInfo"].get("ConnectivityInfo", {}).get("PublicAccess", {})
    return expect(access.get("Type", "DISABLED") == "DISABLED", "has public access")


@check(clusters, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def cluster_asks_who_connects(cluster: Cluster) -> Verdict:
    """MSK cluster asks who connects.

    Everyone who reaches a broker could read every message, and put messages of their own before your programs.

    Fix: Turn on IAM, SASL/SCRAM or mutual TLS, change the clients, then turn unauthenticated access off.
    See: https://docs.aws.amazon.com/msk/latest/developerguide/kafka_apis_iam.html
    """
    asked = _provisioned(cluster).get("ClientAuthentication", {})
    sasl = asked.get("Sasl", {})
    ways = (sasl.get("Iam", {}), sasl.get("Scram", {}), asked.get("Tls", {}))
    # A cluster that is told nothing lets everyone in; of mutual TLS an old one has the authorities alone.
    asks = any(way.get("Enabled", way.get("CertificateAuthorityArnList")) for way in ways)
    return expect(
        asks and not asked.get("Unauthenticated", {}).get("Enabled"), "lets in clients that say not who they are"
    )


@check(clusters, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def cluster_is_encrypted_in_transit(cluster: Cluster) -> Verdict:
    """MSK cluster takes connections over TLS only.

    Over a plain connection, whoever gets into the network reads every message on its way.

    Fix: Change the clients to TLS, then set encryption between clients and brokers to TLS only.
    See: https://docs.aws.amazon.com/msk/latest/developerguide/msk-encryption.html
    """
    transit = _provisioned(cluster).get("EncryptionInfo", {}).get("EncryptionInTransit", {})
    if transit.get("ClientBroker", "TLS") != "TLS":  # TLS is what MSK chooses where nobody did
        return "takes connections without TLS"
    return expect(transit.get("InCluster", True), "does not encrypt traffic between its brokers")


@check(clusters, own_keys, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def cluster_encrypts_with_own_key(
    cluster: Cluster, own_keys: frozenset[str], *, customer_managed_key: bool = False
) -> Verdict:
    """MSK cluster is encrypted with a KMS key of yours.

    MSK always encrypts; with a key of yours, you decide who may decrypt, see it in CloudTrail and can take it away.

    Fix: The key stays for the cluster's life: make a new cluster with a key of yours and move the topics to it.
    See: https://docs.aws.amazon.com/msk/latest/developerguide/msk-encryption.html
    """
    if not customer_managed_key:
        raise NotApplicable("MSK encrypts with AWS's own key, and the settings ask for no other")
    provisioned = _provisioned(cluster)
    key = provisioned.get("EncryptionInfo", {}).get("EncryptionAtRest", {}).get("DataVolumeKMSKeyId", "")
    account = cluster["ClusterArn"].split(":")[4]
    of_others = key.startswith("arn:") and f":{account}:" not in key
    return expect(of_others or key in own_keys, "is encrypted with AWS's own key")


@check(clusters, practice=Practice.MONITORING, severity=Severity.LOW)
def cluster_is_monitored_in_detail(cluster: Cluster, *, level: str = "PER_TOPIC_PER_BROKER") -> Verdict:
    """MSK cluster has enhanced monitoring.

    Figures for each topic show what grows, what lags behind and what should not be there.

    Fix: Set the monitoring level to PER_TOPIC_PER_BROKER; CloudWatch charges for these metrics.
    See: https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html
    """
    now = _provisioned(cluster)["EnhancedMonitoring"]
    return expect(LEVELS.index(now) >= LEVELS.index(level), f"has monitoring level {now}, not {level}")


@check(clusters, support, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def cluster_runs_supported_version(cluster: Cluster, support: Mapping[str, str]) -> Verdict:
    """MSK cluster runs a version of Kafka that AWS supports.

    A version that AWS has given up gets no more security fixes, and is upgraded for you on a day you do not choose.

    Fix: Upgrade the cluster to a recommended version; brokers are upgraded one by one.
    See: https://docs.aws.amazon.com/msk/latest/developerguide/version-support.html
    """
    version = _provisioned(cluster)["CurrentBrokerSoftwareInfo"]["KafkaVersion"]
    if version not in support:
        raise Unknown(f"AWS does not say whether it supports Kafka {version}")
    return expect(support[version] != "DEPRECATED", f"runs Kafka {version}, which AWS has given up")


@check(connectors, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def connector_is_encrypted_in_transit(connector: Connector) -> Verdict:
    """MSK connector reaches its cluster over TLS.

    Over a plain connection, whoever gets into the network reads every message on its way.

    Fix: It is chosen when the connector is made: make it again with encryption in transit.
    See: https://docs.aws.amazon.com/msk/latest/developerguide/msk-connect.html
    """
    kind = connector["kafkaClusterEncryptionInTransit"]["encryptionType"]
    return expect(kind == "TLS", "reaches its cluster without TLS")


@check(connectors, practice=Practice.MONITORING, severity=Severity.LOW)
def connector_keeps_logs(connector: Connector) -> Verdict:
    """MSK connector keeps logs.

    Without logs nobody sees why a connector stopped, or what it failed to copy.

    Fix: It is chosen when the connector is made: make it again with log delivery to CloudWatch Logs, S3 or Firehose.
    See: https://docs.aws.amazon.com/msk/latest/developerguide/msk-connect-logging.html
    """
    delivery = connector.get("logDelivery", {}).get("workerLogDelivery", {})
    ways = (delivery.get("cloudWatchLogs", {}), delivery.get("firehose", {}), delivery.get("s3", {}))
    return expect(any(way.get("enabled") for way in ways), "keeps no logs")


def _provisioned(cluster: Cluster) -> Provisioned:
    if cluster["ClusterType"] == "SERVERLESS":
        raise NotApplicable("it is serverless: AWS sees to it")
    return cluster["Provisioned"]
