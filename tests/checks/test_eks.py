"""EKS: what the judges say, what is read, and the clusters that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import eks
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case

OPEN, PRIVATE = eks.cluster_endpoint_is_not_open, eks.cluster_has_private_endpoint
VERSION, NODES = eks.cluster_has_supported_version, eks.nodegroup_has_supported_version
LOGS, PROTECTED, OWN_KEY = (
    eks.cluster_logs_control_plane,
    eks.cluster_has_deletion_protection,
    eks.cluster_has_own_key,
)
ENDS = datetime(2025, 11, 26, tzinfo=UTC)
ASKED = {"customer_managed_key": True}
EXTENDED = "runs Kubernetes 1.31, whose standard support ended on 2025-11-26"


def cluster(*, public: bool = True, private: bool = False, cidrs: tuple[str, ...] = ("0.0.0.0/0",)) -> dict[str, Any]:
    network = {"endpointPublicAccess": public, "endpointPrivateAccess": private, "publicAccessCidrs": list(cidrs)}
    return {"name": "shop", "status": "ACTIVE", "resourcesVpcConfig": network}


def version(status: str) -> dict[str, Any]:
    return {"clusterVersion": "1.31", "versionStatus": status, "endOfStandardSupportDate": ENDS}


def logs(*types: str) -> dict[str, Any]:
    off = {"types": ["scheduler"], "enabled": False}
    return {
        "name": "shop",
        "status": "ACTIVE",
        "logging": {"clusterLogging": [{"types": list(types), "enabled": True}, off]},
    }


KEY = {"resources": ["secrets"], "provider": {"keyArn": "arn:aws:kms:eu-west-1:123456789012:key/a"}}

CASES = [
    Case(OPEN, [cluster()], "has its Kubernetes API open to 0.0.0.0/0"),
    Case(OPEN, [cluster(cidrs=("192.0.2.0/24", "::/0"))], "has its Kubernetes API open to ::/0"),
    Case(OPEN, [cluster(cidrs=("0.0.0.0/1", "128.0.0.0/1"))], "has its Kubernetes API open to 0.0.0.0/1, 128.0.0.0/1"),
    Case(OPEN, [cluster(cidrs=("192.0.2.0/24",))], None),
    Case(OPEN, [cluster(private=True)], "has its Kubernetes API open to 0.0.0.0/0"),
    Case(OPEN, [cluster(public=False, private=True)], None),
    Case(PRIVATE, [cluster()], "has no private endpoint"),
    Case(PRIVATE, [cluster(private=True)], None),
    *(
        case
        for check in (VERSION, NODES)
        for case in (
            Case(check, [{}, version("STANDARD_SUPPORT")], None),
            Case(check, [{}, version("EXTENDED_SUPPORT")], EXTENDED),
            Case(check, [{}, version("EXTENDED_SUPPORT")], None, {"extended_support": True}),
            Case(check, [{}, version("UNSUPPORTED")], "runs Kubernetes 1.31, which AWS does not support any more"),
            Case(check, [{}, None], NotApplicable),
        )
    ),
    Case(LOGS, [logs("api", "audit", "authenticator")], None),
    Case(LOGS, [logs("api")], "keeps no audit, authenticator logs"),
    Case(LOGS, [logs("api")], "keeps no audit log", {"types": ("audit",)}),
    Case(LOGS, [{"name": "shop", "status": "ACTIVE"}], "keeps no api, audit, authenticator logs"),
    Case(PROTECTED, [cluster()], "can be deleted: deletion protection is off"),
    Case(PROTECTED, [cluster() | {"deletionProtection": True}], None),
    Case(OWN_KEY, [{}], NotApplicable),
    Case(OWN_KEY, [{}], "encrypts its secrets with AWS's key", ASKED),
    Case(OWN_KEY, [{"encryptionConfig": [KEY]}], None, ASKED),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_clusters_node_groups_and_what_aws_says_of_their_versions(aws: Region) -> None:
    create(aws.clients.session, version="1.35")
    groups: Any = {"nodeRole": "arn:aws:iam::123456789012:role/nodes", "subnets": ["subnet-1"]}
    aws.clients.session.client("eks").create_nodegroup(
        clusterName="shop", nodegroupName="general", version="1.31", **groups
    )
    [found] = eks.clusters.stream(aws)
    [group] = eks.nodegroups.stream(aws)
    told = eks.support.read(aws, found)
    assert told is not None
    assert told["clusterVersion"] == "1.35"
    assert (group["clusterName"], group["nodegroupName"]) == ("shop", "general")
    assert eks.support.read(aws, {}) is None
    with pytest.raises(Unknown, match=r"1\.99"):
        eks.support.read(aws, {"version": "1.99"})


def test_what_is_being_made_or_deleted_is_left_out(aws: Region) -> None:
    with Stubber(aws.clients.get("eks", aws.region)) as stub:
        stub.add_response("list_clusters", {"clusters": ["new", "gone", "shop"]}, {})
        stub.add_response("describe_cluster", {"cluster": {"name": "new", "status": "CREATING"}}, {"name": "new"})
        stub.add_client_error("describe_cluster", "ResourceNotFoundException")
        stub.add_response("describe_cluster", {"cluster": {"name": "shop", "status": "ACTIVE"}}, {"name": "shop"})
        assert [one["name"] for one in eks.clusters.stream(aws)] == ["shop"]


def test_all_versions_are_asked_for_not_only_those_one_may_choose(aws: Region) -> None:
    with Stubber(aws.clients.get("eks", aws.region)) as stub:
        stub.add_response("describe_cluster_versions", {"clusterVersions": []}, {"includeAll": True})
        assert list(eks.versions.stream(aws)) == []


def test_only_missing_logs_are_turned_on_and_off_again() -> None:
    plan = eks.log_control_plane.plan(logs("audit"))
    [setup] = plan.do[0].params["logging"]["clusterLogging"]
    assert setup == {"types": ["api", "authenticator"], "enabled": True}


@pytest.mark.parametrize("plan", [eks.log_control_plane.plan, eks.protect_from_deletion.plan])
def test_no_plan_while_eks_changes_the_cluster(plan: Callable[..., Any]) -> None:
    with pytest.raises(NotApplicable, match="UPDATING"):
        plan(logs("audit") | {"status": "UPDATING"})


def create(session: boto3.Session, **more: Any) -> None:
    network: Any = {
        "subnetIds": ["subnet-1", "subnet-2"],
        "endpointPublicAccess": True,
        "endpointPrivateAccess": False,
        "publicAccessCidrs": ["0.0.0.0/0"],
    }
    session.client("eks").create_cluster(
        name="shop", roleArn="arn:aws:iam::123456789012:role/eks", resourcesVpcConfig=network, **more
    )


def open_endpoint(session: boto3.Session) -> None:
    create(session)
    private: Any = {"endpointPrivateAccess": True}
    session.client("eks").update_cluster_config(name="shop", resourcesVpcConfig=private)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    PRIVATE.id: create,
    LOGS.id: create,
    PROTECTED.id: create,
    OPEN.id: open_endpoint,
}


def test_the_endpoint_of_hybrid_nodes_is_left_alone_and_addresses_are_shown_in_any_order_as_one() -> None:
    """They come by the public addresses also where there are private ones."""
    both = cluster(private=True, cidrs=("192.0.2.0/24", "0.0.0.0/0"))
    plan = eks.narrow_endpoint.plan(both, admin_addresses="198.51.100.0/24")
    turned = cluster(private=True, cidrs=("0.0.0.0/0", "192.0.2.0/24"))
    assert eks.narrow_endpoint.plan(turned, admin_addresses="198.51.100.0/24").before == plan.before
    hybrid = both | {"remoteNetworkConfig": {"remoteNodeNetworks": [{"cidrs": ["10.1.0.0/16"]}]}}
    with pytest.raises(NotApplicable, match="hybrid nodes"):
        eks.narrow_endpoint.plan(hybrid, admin_addresses="198.51.100.0/24")
