"""WorkSpaces: disks and subnets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Reads, Region
from checks import workspaces
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case

ENCRYPTED, PRIVATE = workspaces.workspace_is_encrypted, workspaces.directory_uses_private_subnets
DIRECTORY = {"DirectoryId": "d-1", "SubnetIds": ["subnet-1", "subnet-2"]}


def desktop(**on: bool) -> dict[str, Any]:
    return {f"{name.title()}VolumeEncryptionEnabled": value for name, value in on.items()}


CASES = [
    Case(ENCRYPTED, [desktop(user=True, root=True)], None),
    Case(ENCRYPTED, [desktop(user=True, root=False)], "does not encrypt its root volume"),
    Case(ENCRYPTED, [desktop(root=True)], "does not encrypt its user volume"),
    Case(ENCRYPTED, [desktop()], "does not encrypt its user and root volumes"),
    Case(PRIVATE, [DIRECTORY, []], None),
    Case(PRIVATE, [DIRECTORY, ["subnet-1"]], "has its desktops in public subnets (subnet-1)"),
    Case(PRIVATE, [{"DirectoryId": "d-1"}, []], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_desktops_that_are_going_are_left_out(aws: Region) -> None:
    states = ("AVAILABLE", "STOPPED", "TERMINATING", "TERMINATED")
    found: Any = [{"WorkspaceId": state.lower(), "State": state} for state in states]
    with Stubber(aws.clients.get("workspaces", "eu-west-1")) as stub:
        stub.add_response("describe_workspaces", {"Workspaces": found})
        assert [one["WorkspaceId"] for one in workspaces.workspaces.stream(aws)] == ["available", "stopped"]


def test_the_public_subnets_of_a_directory(aws: Region) -> None:
    ec2 = aws.clients.session.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    made = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{n}.0/24")["Subnet"]["SubnetId"] for n in range(2)]
    directory: Any = {"SubnetIds": made}
    assert workspaces.public_subnets.read(aws, directory) == []
    with pytest.raises(Unknown, match="subnet-gone"):
        workspaces.public_subnets.read(aws, {"SubnetIds": [*made, "subnet-gone"]})
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=made[1])
    assert workspaces.public_subnets.read(replace(aws, reads=Reads()), directory) == [made[1]]
