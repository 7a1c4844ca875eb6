"""Client VPN, tunnels and since when a machine is stopped, which moto's EC2 does not tell as AWS does: `add_lines`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.instances import Instance
from moto.ec2.responses import EC2Response


def add_lines() -> None:
    """Teaches moto's EC2, in this process, what it has no answer to."""
    EC2Response.create_client_vpn_endpoint = create_client_vpn_endpoint  # type: ignore[attr-defined]
    EC2Response.describe_client_vpn_endpoints = describe_client_vpn_endpoints  # type: ignore[attr-defined]
    Instance.stop = _in_gmt(Instance.stop)  # type: ignore[method-assign]
    EC2Response.create_vpn_connection = _with_tunnels(EC2Response.create_vpn_connection)  # type: ignore[assignment,method-assign]


def create_client_vpn_endpoint(request: EC2Response) -> ActionResult:
    id = f"cvpn-endpoint-{len(_client_vpns(request)):017x}"
    status = {"Code": "available"}
    made = {
        "ClientVpnEndpointId": id,
        "Status": status,
        "Tags": request._parse_tag_specification().get("client-vpn-endpoint"),
    }
    logs = request._get_param("ConnectionLogOptions")
    _client_vpns(request).append(made | {"ConnectionLogOptions": logs})
    return ActionResult({"ClientVpnEndpointId": id, "Status": status})


def describe_client_vpn_endpoints(request: EC2Response) -> ActionResult:
    return ActionResult({"ClientVpnEndpoints": _client_vpns(request)})


def _with_tunnels(make: Callable[[EC2Response], ActionResult]) -> Callable[[EC2Response], ActionResult]:
    """moto's VPN connections say nothing of their tunnels. One of these is down, and none is set."""

    def create_vpn_connection(request: EC2Response) -> ActionResult:
        known = set(request.ec2_backend.vpn_connections)
        answer = make(request)
        for id, connection in request.ec2_backend.vpn_connections.items():
            if id not in known:
                addresses = ("198.51.100.10", "198.51.100.11")
                state = dict(zip(addresses, ("UP", "DOWN"), strict=True))
                tunnels = [
                    {"OutsideIpAddress": one, "IkeVersions": [{"Value": "ikev1"}, {"Value": "ikev2"}]}
                    for one in addresses
                ]
                connection.options = {"TunnelOptions": tunnels}
                connection.vgw_telemetry = [{"OutsideIpAddress": one, "Status": up} for one, up in state.items()]
        return answer

    return create_vpn_connection


def _client_vpns(request: EC2Response) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = request.ec2_backend.__dict__.setdefault("client_vpns", [])
    return kept


def _in_gmt(stop: Callable[..., Any]) -> Callable[..., Any]:
    """AWS writes GMT where moto writes UTC."""

    def stopped(instance: Instance, *asked: Any, **more: Any) -> Any:
        answer = stop(instance, *asked, **more)
        instance._reason = instance._reason.replace("UTC", "GMT")
        return answer

    return stopped
