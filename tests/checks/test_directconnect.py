"""Direct Connect: whether one broken line cuts everything off."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import directconnect
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case

PLACES, LINES = (
    directconnect.connections_are_in_two_locations,
    directconnect.gateway_is_reached_over_two_connections,
)


def at(*places: str) -> dict[str, Any]:
    return {"connections": [{"location": place} for place in places], "unread": ""}


def gateway(*lines: str) -> dict[str, Any]:
    return {"gateway": "dxgw-1", "lines": list(lines), "unread": ""}


CASES = [
    Case(PLACES, [at("EqDC2", "CSVA1")], None),
    Case(PLACES, [at("EqDC2", "EqDC2")], "has Direct Connect connections at EqDC2 only"),
    Case(PLACES, [at()], NotApplicable),
    Case(LINES, [gateway("dxcon-1", "dxcon-2")], None),
    Case(LINES, [gateway("dxcon-1", "dxcon-2") | {"unread": "denied"}], None),
    Case(LINES, [gateway("dxcon-1")], "is reached over dxcon-1 only"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


@pytest.mark.parametrize(("check", "given"), [(PLACES, at("EqDC2")), (PLACES, at()), (LINES, gateway("dxcon-1"))])
def test_a_region_that_cannot_be_read_may_have_the_second(check: Any, given: dict[str, Any]) -> None:
    with pytest.raises(Unknown, match="denied"):
        check.judge(given | {"unread": "denied"})


REGIONS: Any = {"Regions": [{"RegionName": name} for name in ("eu-west-1", "us-east-1")]}


def test_the_lines_of_each_gateway_over_all_regions(aws: Region) -> None:
    def interface(line: str, state: str = "available", **gateway: str) -> dict[str, str]:
        return {"connectionId": line, "virtualInterfaceState": state} | gateway

    found: Any = [
        interface("dxcon-1", directConnectGatewayId="dxgw-1"),
        interface("dxcon-3", "deleted", directConnectGatewayId="dxgw-1"),
        interface("dxcon-1", virtualGatewayId="vgw-1"),
        interface("dxcon-1"),  # a public one leads to no gateway
    ]
    elsewhere: Any = [interface("dxcon-2", directConnectGatewayId="dxgw-1")]
    with (
        Stubber(aws.clients.get("ec2", "eu-west-1")) as ec2,
        Stubber(aws.clients.get("directconnect", "eu-west-1")) as here,
        Stubber(aws.clients.get("directconnect", "us-east-1")) as there,
    ):
        ec2.add_response("describe_regions", REGIONS)
        here.add_response("describe_virtual_interfaces", {"virtualInterfaces": found})
        there.add_response("describe_virtual_interfaces", {"virtualInterfaces": elsewhere})
        gateways = list(directconnect.gateways.stream(aws))
    assert gateways == [
        {"gateway": "dxgw-1", "lines": ["dxcon-1", "dxcon-2"], "unread": ""},
        {"gateway": "vgw-1", "lines": ["dxcon-1"], "unread": ""},
    ]


def test_a_region_that_refuses_is_remembered(aws: Region) -> None:
    with (
        Stubber(aws.clients.get("ec2", "eu-west-1")) as ec2,
        Stubber(aws.clients.get("directconnect", "eu-west-1")) as here,
        Stubber(aws.clients.get("directconnect", "us-east-1")) as there,
    ):
        ec2.add_response("describe_regions", REGIONS)
        here.add_response("describe_virtual_interfaces", {"virtualInterfaces": []})
        there.add_client_error("describe_virtual_interfaces", "AccessDeniedException")
        with pytest.raises(Unknown, match="us-east-1"):
            list(directconnect.gateways.stream(aws))


def test_the_connections_of_the_account(aws: Region) -> None:
    client = aws.clients.session.client("directconnect")
    client.create_connection(location="EqDC2", bandwidth="1Gbps", connectionName="office")
    [found] = directconnect.connections.stream(aws)
    assert [one["location"] for one in found["connections"]] == ["EqDC2"]
