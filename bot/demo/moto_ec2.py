"""What a region does with images, snapshots and machines that are made next: moto's EC2 lacks it."""

from __future__ import annotations

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
        monitor_instances,
        unmonitor_instances,
    ):
        setattr(EC2Response, operation.__name__, operation)


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


def monitor_instances(request: EC2Response) -> ActionResult:
    return _monitored(request, "enabled")


def unmonitor_instances(request: EC2Response) -> ActionResult:
    return _monitored(request, "disabled")


def _monitored(request: EC2Response, state: str) -> ActionResult:
    ids = request._get_param("InstanceIds", [])
    for id in ids:
        request.ec2_backend.get_instance(id).monitoring_state = state
    return ActionResult({"InstanceMonitorings": [{"InstanceId": id, "Monitoring": {"State": state}} for id in ids]})


def _settings(request: EC2Response) -> dict[str, Any]:
    """Those of the account and region of a request."""
    kept: dict[str, Any] = request.ec2_backend.__dict__.setdefault("region_settings", {})
    return kept
