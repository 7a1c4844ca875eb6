"""VPN connections, Client VPN and transit gateways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import vpn
from checks.kit import NotApplicable
from tests.checks.cases import Case

UP, LOGS, IKE, CLIENT, ACCEPTS = (
    vpn.connection_has_both_tunnels_up,
    vpn.connection_logs_tunnels,
    vpn.connection_requires_ikev2,
    vpn.client_vpn_logs_connections,
    vpn.transit_gateway_accepts_by_hand,
)


def tunnels(*states: str) -> dict[str, Any]:
    return {"VgwTelemetry": [{"OutsideIpAddress": f"198.51.100.{n}", "Status": s} for n, s in enumerate(states)]}


def options(*given: dict[str, Any]) -> dict[str, Any]:
    return {"Options": {"TunnelOptions": list(given)}}


def logs(on: bool) -> dict[str, Any]:
    return {"LogOptions": {"CloudWatchLogOptions": {"LogEnabled": on}}}


def ike(*versions: str) -> dict[str, Any]:
    return {"IkeVersions": [{"Value": version} for version in versions]}


def gateway(accept: str) -> dict[str, Any]:
    return {"TransitGatewayId": "tgw-1", "Options": {"AutoAcceptSharedAttachments": accept}}


CASES = [
    Case(UP, [tunnels("UP", "UP")], None),
    Case(UP, [tunnels("UP", "DOWN")], "has one tunnel only up (198.51.100.1 is down)"),
    Case(UP, [tunnels("DOWN", "DOWN")], "has no tunnel up (198.51.100.0, 198.51.100.1 is down)"),
    Case(LOGS, [options(logs(True), logs(True))], None),
    Case(LOGS, [options(logs(True), logs(False))], "does not log the activity of its tunnels"),
    Case(LOGS, [options({}, {})], "does not log the activity of its tunnels"),
    Case(LOGS, [{}], NotApplicable),
    Case(UP, [{}], NotApplicable),
    Case(IKE, [options(ike("ikev2"), ike("ikev2"))], None),
    Case(IKE, [options(ike("ikev2"), ike("ikev1", "ikev2"))], "accepts IKEv1"),
    Case(IKE, [options({}, {})], "accepts IKEv1"),
    Case(IKE, [{}], NotApplicable),
    Case(CLIENT, [{"ConnectionLogOptions": {"Enabled": True}}], None),
    Case(CLIENT, [{"ConnectionLogOptions": {"Enabled": False}}], "does not log connections"),
    Case(ACCEPTS, [gateway("disable")], None),
    Case(ACCEPTS, [gateway("enable")], "accepts attachments of other accounts on its own"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_what_is_being_deleted_or_belongs_to_others_is_left_out(aws: Region) -> None:
    def endpoint(id: str, code: str) -> dict[str, Any]:
        return {"ClientVpnEndpointId": id, "Status": {"Code": code}}

    with Stubber(aws.clients.get("ec2", "eu-west-1")) as stub:
        found: Any = [endpoint("cvpn-1", "available"), endpoint("cvpn-2", "deleting"), endpoint("cvpn-3", "deleted")]
        stub.add_response("describe_client_vpn_endpoints", {"ClientVpnEndpoints": found})
        assert [one["ClientVpnEndpointId"] for one in vpn.client_vpns.stream(aws)] == ["cvpn-1"]
        states = [{"VpnConnectionId": "vpn-1", "State": "available"}, {"VpnConnectionId": "vpn-2", "State": "deleted"}]
        stub.add_response("describe_vpn_connections", {"VpnConnections": states})
        assert [one["VpnConnectionId"] for one in vpn.vpn_connections.stream(aws)] == ["vpn-1"]
        both = [
            {"TransitGatewayId": "tgw-1", "OwnerId": aws.account, "State": "available"},
            {"TransitGatewayId": "tgw-2", "OwnerId": "210987654321", "State": "available"},
            {"TransitGatewayId": "tgw-3", "OwnerId": aws.account, "State": "deleted"},
        ]
        stub.add_response("describe_transit_gateways", {"TransitGateways": both})
        assert [one["TransitGatewayId"] for one in vpn.transit_gateways.stream(aws)] == ["tgw-1"]


def open_gateway(aws: boto3.Session) -> None:
    aws.client("ec2", region_name="eu-west-1").create_transit_gateway(Options={"AutoAcceptSharedAttachments": "enable"})


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {ACCEPTS.id: open_gateway}
