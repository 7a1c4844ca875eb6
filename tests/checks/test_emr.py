"""EMR: what the judges say of regions and clusters, how these are read, and the region that a fix is tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import emr
from tests.checks.cases import Case

BLOCK = emr.region_blocks_public_access
ADDRESSES, DISKS, TRANSIT = (
    emr.cluster_has_no_public_addresses,
    emr.cluster_is_encrypted,
    emr.cluster_is_encrypted_in_transit,
)


def block(*ranges: tuple[int, int], on: bool = True) -> dict[str, Any]:
    exceptions = [{"MinRange": low, "MaxRange": high} for low, high in ranges]
    return {"block": {"BlockPublicSecurityGroupRules": on, "PermittedPublicSecurityGroupRuleRanges": exceptions}}


CASES = [
    Case(BLOCK, [block((22, 22))], None),
    Case(BLOCK, [block()], None),
    Case(BLOCK, [{"block": {"BlockPublicSecurityGroupRules": True}}], None),
    Case(BLOCK, [block(on=False)], "lets clusters start that are open to everyone"),
    Case(BLOCK, [block((22, 22), (8088, 8088))], "lets clusters start that open 8088 to everyone"),
    Case(BLOCK, [block((0, 65535))], "lets clusters start that open 0-65535 to everyone"),
    Case(ADDRESSES, [{}, []], None),
    Case(ADDRESSES, [{}, ["i-1", "i-2"]], "has public addresses (i-1, i-2)"),
    Case(DISKS, [{}, {"at_rest": True}], None),
    Case(DISKS, [{}, {"at_rest": False}], "has no encryption at rest"),
    Case(TRANSIT, [{}, {"in_transit": True}], None),
    Case(TRANSIT, [{}, {"in_transit": False}], "does not encrypt traffic between its nodes"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_an_exception_for_ssh_stays_and_others_go() -> None:
    plan = emr.block_public_access.plan(block((22, 22), (8088, 8088)))
    done, undone = (calls[0].params["BlockPublicAccessConfiguration"] for calls in (plan.do, plan.undo))
    assert done["PermittedPublicSecurityGroupRuleRanges"] == [{"MinRange": 22, "MaxRange": 22}]
    assert len(undone["PermittedPublicSecurityGroupRuleRanges"]) == 2
    assert emr.block_public_access.plan(block(on=False)).do[0].params == {
        "BlockPublicAccessConfiguration": {
            "BlockPublicSecurityGroupRules": True,
            "PermittedPublicSecurityGroupRuleRanges": [],
        }
    }


def test_a_cluster_that_runs_and_its_security_configuration(aws: Region) -> None:
    client = aws.clients.session.client("emr")
    both = {"EnableInTransitEncryption": True, "EnableAtRestEncryption": True}
    client.create_security_configuration(
        Name="strict", SecurityConfiguration=json.dumps({"EncryptionConfiguration": both})
    )
    started: list[tuple[str, dict[str, Any]]] = [("strict", {"SecurityConfiguration": "strict"}), ("plain", {})]
    for name, more in started:
        client.run_job_flow(
            Name=name,
            Instances={"MasterInstanceType": "m5.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": True},
            ReleaseLabel="emr-7.1.0",
            JobFlowRole="EMR_EC2_DefaultRole",
            ServiceRole="EMR_DefaultRole",
            **more,
        )
    found = {cluster["Name"]: cluster for cluster in emr.clusters.stream(aws)}
    assert {name: DISKS.judge(one, emr.encryption.read(aws, one)) for name, one in found.items()} == {
        "strict": None,
        "plain": "has no encryption at rest",
    }


def test_nodes_with_a_public_address(aws: Region) -> None:
    nodes = [{"Ec2InstanceId": "i-1", "PublicIpAddress": "192.0.2.7"}, {"Ec2InstanceId": "i-2", "PublicIpAddress": ""}]
    with Stubber(aws.clients.get("emr", aws.region)) as stub:
        asked = {"ClusterId": "j-1", "InstanceStates": ["RUNNING"]}
        stub.add_response("list_instances", {"Instances": nodes}, asked)
        assert emr.public_nodes.read(aws, {"Id": "j-1"}) == ["i-1"]


def open_region(aws: boto3.Session) -> None:
    """The emulator cannot turn the block off, only let everything through."""
    aws.client("emr").put_block_public_access_configuration(
        BlockPublicAccessConfiguration={
            "BlockPublicSecurityGroupRules": True,
            "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 0, "MaxRange": 65535}],
        }
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {BLOCK.id: open_region}
