"""DAX: what the judges say of clusters, and which are left out."""

from __future__ import annotations

from typing import Any

import pytest

from bot.aws import Region
from bot.scan import identify
from checks import dax
from tests.checks.cases import Case

ENCRYPTED, TLS, ZONES = dax.cluster_is_encrypted, dax.cluster_speaks_tls, dax.cluster_is_in_several_zones


def nodes(*zones: str) -> dict[str, Any]:
    return {"Nodes": [{"AvailabilityZone": zone} for zone in zones]}


CASES = [
    Case(ENCRYPTED, [{"SSEDescription": {"Status": "ENABLED"}}], None),
    Case(ENCRYPTED, [{"SSEDescription": {"Status": "DISABLED"}}], "is not encrypted"),
    Case(ENCRYPTED, [{}], "is not encrypted"),
    Case(TLS, [{"ClusterEndpointEncryptionType": "TLS"}], None),
    Case(TLS, [{"ClusterEndpointEncryptionType": "NONE"}], "speaks without TLS"),
    Case(TLS, [{}], "speaks without TLS"),
    Case(ZONES, [nodes("eu-west-1a", "eu-west-1b")], None),
    Case(ZONES, [nodes("eu-west-1a", "eu-west-1a")], "has its nodes in one Availability Zone"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_cluster_that_is_being_made_is_left_out(aws: Region) -> None:
    client = aws.clients.session.client("dax")
    client.create_cluster(
        ClusterName="carts",
        NodeType="dax.t3.small",
        ReplicationFactor=1,
        IamRoleArn="arn:aws:iam::123456789012:role/carts",
    )
    assert list(dax.clusters.stream(aws)) == []  # the emulator makes it while it is looked at
    while client.describe_clusters()["Clusters"][0]["Status"] == "creating":
        continue
    [found] = dax.clusters.stream(aws)
    assert identify(aws, dax.clusters, found) == (found["ClusterArn"], "carts")
    assert ENCRYPTED.judge(found) == "is not encrypted"
