"""MSK: what the judges say of clusters and connectors, and how these are read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import identify
from checks import kafka
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
THEIRS = "arn:aws:kms:eu-west-1:210987654321:key/2"
SERVERLESS = {"ClusterType": "SERVERLESS", "Serverless": {}}
PUBLIC, WHO, TRANSIT = (
    kafka.cluster_is_not_public,
    kafka.cluster_asks_who_connects,
    kafka.cluster_is_encrypted_in_transit,
)
KEYS, MONITORING, VERSION = (
    kafka.cluster_encrypts_with_own_key,
    kafka.cluster_is_monitored_in_detail,
    kafka.cluster_runs_supported_version,
)
STRANGERS = "lets in clients that say not who they are"
ASKED = {"customer_managed_key": True}


def cluster(**provisioned: Any) -> dict[str, Any]:
    whole = {"BrokerNodeGroupInfo": {"ClientSubnets": ["subnet-1"]}, "EnhancedMonitoring": "DEFAULT"} | provisioned
    arn = "arn:aws:kafka:eu-west-1:123456789012:cluster/orders/1"
    return {"ClusterType": "PROVISIONED", "ClusterArn": arn, "Provisioned": whole}


def reach(kind: str) -> dict[str, Any]:
    return cluster(BrokerNodeGroupInfo={"ConnectivityInfo": {"PublicAccess": {"Type": kind}}})


def who(**ways: Any) -> dict[str, Any]:
    return cluster(ClientAuthentication=ways)


def transit(**settings: Any) -> dict[str, Any]:
    return cluster(EncryptionInfo={"EncryptionInTransit": settings})


def key(arn: str) -> dict[str, Any]:
    return cluster(EncryptionInfo={"EncryptionAtRest": {"DataVolumeKMSKeyId": arn}})


def version(number: str) -> Any:
    return cluster(CurrentBrokerSoftwareInfo={"KafkaVersion": number})


def connector(kind: str = "TLS", **log: bool) -> dict[str, Any]:
    delivery = {way: {"enabled": on} for way, on in log.items()}
    return {
        "kafkaClusterEncryptionInTransit": {"encryptionType": kind},
        "logDelivery": {"workerLogDelivery": delivery},
    }


ON, OFF = {"Enabled": True}, {"Enabled": False}
CASES = [
    Case(PUBLIC, [reach("DISABLED")], None),
    Case(PUBLIC, [cluster()], None),
    Case(PUBLIC, [reach("SERVICE_PROVIDED_EIPS")], "has public access"),
    Case(PUBLIC, [SERVERLESS], NotApplicable),
    Case(WHO, [who(Sasl={"Iam": ON, "Scram": OFF}, Unauthenticated=OFF)], None),
    Case(WHO, [who(Tls=ON)], None),
    Case(WHO, [who(Tls={"CertificateAuthorityArnList": ["arn:aws:acm-pca:eu-west-1:123456789012:ca/1"]})], None),
    Case(WHO, [who(Tls=OFF | {"CertificateAuthorityArnList": ["arn:aws:acm-pca:ca/1"]})], STRANGERS),
    Case(WHO, [who(Sasl={"Scram": ON}, Unauthenticated=ON)], STRANGERS),
    Case(WHO, [who(Sasl={"Iam": OFF}, Tls=OFF)], STRANGERS),
    Case(WHO, [cluster()], STRANGERS),
    Case(WHO, [SERVERLESS], NotApplicable),
    Case(TRANSIT, [transit(ClientBroker="TLS", InCluster=True)], None),
    Case(TRANSIT, [transit(ClientBroker="TLS_PLAINTEXT", InCluster=True)], "takes connections without TLS"),
    Case(TRANSIT, [transit(ClientBroker="PLAINTEXT", InCluster=True)], "takes connections without TLS"),
    Case(TRANSIT, [transit(ClientBroker="TLS", InCluster=False)], "does not encrypt traffic between its brokers"),
    Case(TRANSIT, [SERVERLESS], NotApplicable),
    Case(KEYS, [key(KEY), frozenset({KEY})], None, ASKED),
    Case(KEYS, [key(THEIRS), frozenset({KEY})], None, ASKED),
    Case(KEYS, [key(KEY), frozenset[str]()], "is encrypted with AWS's own key", ASKED),
    Case(KEYS, [cluster(), frozenset({KEY})], "is encrypted with AWS's own key", ASKED),
    Case(KEYS, [key(KEY), frozenset[str]()], NotApplicable),
    Case(MONITORING, [cluster(EnhancedMonitoring="PER_TOPIC_PER_PARTITION")], None),
    Case(MONITORING, [cluster(EnhancedMonitoring="PER_BROKER")], None, {"level": "PER_BROKER"}),
    Case(MONITORING, [cluster()], "has monitoring level DEFAULT, not PER_TOPIC_PER_BROKER"),
    Case(VERSION, [version("3.6.0"), {"3.6.0": "ACTIVE"}], None),
    Case(VERSION, [version("2.8.1"), {"2.8.1": "DEPRECATED"}], "runs Kafka 2.8.1, which AWS has given up"),
    Case(kafka.connector_is_encrypted_in_transit, [connector()], None),
    Case(kafka.connector_is_encrypted_in_transit, [connector("PLAINTEXT")], "reaches its cluster without TLS"),
    Case(kafka.connector_keeps_logs, [connector(cloudWatchLogs=True, s3=False)], None),
    Case(kafka.connector_keeps_logs, [connector(cloudWatchLogs=False)], "keeps no logs"),
    Case(kafka.connector_keeps_logs, [{}], "keeps no logs"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_version_that_aws_does_not_list_is_unknown() -> None:
    with pytest.raises(Unknown):
        VERSION.judge(version("3.9.x.kraft"), {"3.6.0": "ACTIVE"})


def test_clusters_as_the_emulator_has_them(aws: Region) -> None:
    client = aws.clients.session.client("kafka")
    client.create_cluster(
        ClusterName="orders",
        KafkaVersion="2.8.1",
        NumberOfBrokerNodes=3,
        BrokerNodeGroupInfo={"ClientSubnets": ["subnet-1"], "InstanceType": "kafka.m5.large"},
        EncryptionInfo={"EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT", "InCluster": True}},
    )
    [found] = kafka.clusters.stream(aws)
    assert identify(aws, kafka.clusters, found)[1] == "orders"
    assert TRANSIT.judge(found) == "takes connections without TLS"
    assert VERSION.judge(found, kafka.support.read(aws, found)) == "runs Kafka 2.8.1, which AWS has given up"
    made = aws.clients.session.client("kms").create_key()["KeyMetadata"]["Arn"]
    assert kafka.own_keys.read(aws, found) == {made}


def test_what_is_being_deleted_is_not_judged(aws: Region) -> None:
    def named(name: str, state: str) -> dict[str, Any]:
        return {"connectorName": name, "connectorState": state, "connectorArn": name, "creationTime": MADE}

    with Stubber(aws.clients.get("kafkaconnect", aws.region)) as stub:
        listed = [named("orders", "RUNNING"), named("old", "DELETING")]
        stub.add_response("list_connectors", {"connectors": listed}, {})
        assert [one["connectorName"] for one in kafka.connectors.stream(aws)] == ["orders"]
    with Stubber(aws.clients.get("kafka", aws.region)) as stub:
        listed = [{"ClusterName": "orders", "State": "ACTIVE"}, {"ClusterName": "old", "State": "DELETING"}]
        stub.add_response("list_clusters_v2", {"ClusterInfoList": listed}, {})
        assert [one["ClusterName"] for one in kafka.clusters.stream(aws)] == ["orders"]


MADE = datetime(2026, 1, 1, tzinfo=UTC)
