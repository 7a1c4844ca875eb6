"""What a region does with images, snapshots and machines that are made next, and Client VPN: moto's EC2 lacks both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

UNBLOCKED = "unblocked"


def add_ec2_operations() -> None:
    """Teaches moto's EC2, in this process, the defaults of a region."""
    for operation in (
        get_snapshot_block_public_access_state,
        enable_snapshot_block_public_access,
        disable_snapshot_block_public_access,
        get_image_block_public_access_state,
        enable_image_block_public_access,
        disable_image_block_public_access,
        get_instance_metadata_defaults,
        modify_instance_metadata_defaults,
        create_client_vpn_endpoint,
        describe_client_vpn_endpoints,
        monitor_instances,
        unmonitor_instances,
    ):
        setattr(EC2Response, operation.__name__, operation)
    EC2Response.create_vpn_connection = _with_tunnels(EC2Response.create_vpn_connection)  # type: ignore[assignment,method-assign]


def get_snapshot_block_public_access_state(request: EC2Response) -> ActionResult:
    return ActionResult({"State": _settings(request).get("snapshots", UNBLOCKED), "ManagedBy": "account"})


def enable_snapshot_block_public_access(request: EC2Response) -> ActionResult:
    _settings(request)["snapshots"] = request._get_param("State")
    return ActionResult({"State": _settings(request)["snapshots"]})


def disable_snapshot_block_public_access(request: EC2Response) -> ActionResult:
    _settings(request)["snapshots"] = UNBLOCKED
    return ActionResult({"State": UNBLOCKED})


def get_image_block_public_access_state(request: EC2Response) -> ActionResult:
    state = _settings(request).get("images", UNBLOCKED)
    return ActionResult({"ImageBlockPublicAccessState": state, "ManagedBy": "account"})


def enable_image_block_public_access(request: EC2Response) -> ActionResult:
    _settings(request)["images"] = request._get_param("ImageBlockPublicAccessState")
    return ActionResult({"ImageBlockPublicAccessState": _settings(request)["images"]})


def disable_image_block_public_access(request: EC2Response) -> ActionResult:
    _settings(request)["images"] = UNBLOCKED
    return ActionResult({"ImageBlockPublicAccessState": UNBLOCKED})


def get_instance_metadata_defaults(request: EC2Response) -> ActionResult:
    tokens = _settings(request).get("tokens")
    return ActionResult({"AccountLevel": {"HttpTokens": tokens, "ManagedBy": "account"} if tokens else {}})


def modify_instance_metadata_defaults(request: EC2Response) -> ActionResult:
    """AWS takes `no-preference` for what was never set."""
    tokens = request._get_param("HttpTokens")
    _settings(request)["tokens"] = "" if tokens == "no-preference" else tokens
    return ActionResult({"Return": True})


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


def monitor_instances(request: EC2Response) -> ActionResult:
    return _monitored(request, "enabled")


def unmonitor_instances(request: EC2Response) -> ActionResult:
    return _monitored(request, "disabled")


def _monitored(request: EC2Response, state: str) -> ActionResult:
    ids = request._get_param("InstanceIds", [])
    for id in ids:
        request.ec2_backend.get_instance(id).monitoring_state = state
    return ActionResult({"InstanceMonitorings": [{"InstanceId": id, "Monitoring": {"State": state}} for id in ids]})


def _with_tunnels(make: Callable[[EC2Response], ActionResult]) -> Callable[[EC2Response], ActionResult]:
    """moto's VPN connections say nothing of their tunnels. One of these is down, and neither logs."""

    def create_vpn_connection(request: EC2Response) -> ActionResult:
        known = set(request.ec2_backend.vpn_connections)
        answer = make(request)
        for id, connection in request.ec2_backend.vpn_connections.items():
            if id not in known:
                addresses = ("198.51.100.10", "198.51.100.11")
                state = dict(zip(addresses, ("UP", "DOWN"), strict=True))
                tunnels = [{"OutsideIpAddress": one, "IkeVersions": [{"Value": "ikev2"}]} for one in addresses]
                connection.options = {"TunnelOptions": tunnels}
                connection.vgw_telemetry = [{"OutsideIpAddress": one, "Status": up} for one, up in state.items()]
        return answer

    return create_vpn_connection


def _client_vpns(request: EC2Response) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = request.ec2_backend.__dict__.setdefault("client_vpns", [])
    return kept


def _settings(request: EC2Response) -> dict[str, Any]:
    """Those of the account and region of a request."""
    kept: dict[str, Any] = request.ec2_backend.__dict__.setdefault("region_settings", {})
    return kept
