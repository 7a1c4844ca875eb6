"""Operations of what watches and tells that moto lacks, added to its server: `add_watch_operations`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudtrail.models import Trail
from moto.core.responses import ActionResult
from moto.kms.responses import KmsResponse
from moto.sesv2.responses import SESV2Response
from moto.sesv2.urls import url_paths as ses_paths
from moto.ssm.responses import SimpleSystemManagerResponse

SYMMETRIC = "SYMMETRIC_DEFAULT"
TRACKED_SINCE = datetime(2025, 1, 1, tzinfo=UTC)
STARTS_WITH = {"/ssm/documents/console/public-sharing-permission": "Enable"}
"""What AWS's settings of Systems Manager are until somebody changes them; the others are empty."""


def add_watch_operations() -> None:
    """Teaches moto, in this process, what it has no answer to."""
    trail: Any = Trail
    trail.get_event_selectors = _selectors
    trail.put_event_selectors = _select
    trail.put_insight_selectors = _notice
    CloudFormationResponse.update_termination_protection = _protect  # type: ignore[attr-defined]
    KmsResponse.get_key_last_usage = _key_use  # type: ignore[attr-defined]
    SESV2Response.put_configuration_set_delivery_options = _deliver  # type: ignore[attr-defined]
    SESV2Response.put_email_identity_dkim_attributes = _sign  # type: ignore[attr-defined]
    for path in (
        "configuration-sets/(?P<ConfigurationSetName>[^/]+)/delivery-options",
        "identities/(?P<EmailIdentity>[^/]+)/dkim",
    ):
        ses_paths[f"{{0}}/v2/email/{path}$"] = SESV2Response.dispatch
    ssm = SimpleSystemManagerResponse
    ssm.get_service_setting = _setting  # type: ignore[attr-defined]
    ssm.update_service_setting = _set  # type: ignore[attr-defined]
    ssm.reset_service_setting = _reset  # type: ignore[attr-defined]
    ssm.put_compliance_items = _comply  # type: ignore[attr-defined]
    ssm.list_resource_compliance_summaries = _compliance  # type: ignore[attr-defined]
    ssm.describe_instance_information = _nodes  # type: ignore[attr-defined]


def _selectors(trail: Trail) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A new trail records all management events.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
    """
    nothing: dict[str, list[str]] = {"DataResources": [], "ExcludeManagementEventSources": []}
    default = [{"ReadWriteType": "All", "IncludeManagementEvents": True} | nothing]
    advanced = trail.advanced_event_selectors
    return trail.event_selectors or ([] if advanced else default), advanced


def _select(trail: Trail, event_selectors: Any, advanced_event_selectors: Any) -> None:
    """Basic ones or advanced ones, in place of all that there were."""
    trail.event_selectors, trail.advanced_event_selectors = event_selectors or [], advanced_event_selectors or []


def _notice(trail: Trail, insight_selectors: list[dict[str, str]]) -> None:
    """In place of those that there were."""
    trail.insight_selectors = insight_selectors


def _protect(request: CloudFormationResponse) -> ActionResult:
    stack = request.cloudformation_backend.get_stack(request._get_param("StackName"))
    stack.enable_termination_protection = request._get_param("EnableTerminationProtection")
    return ActionResult({"StackId": stack.stack_id})


def _key_use(request: KmsResponse) -> str:
    """Symmetric keys encrypt something every day, others were never used; all are as old as the tracking."""
    key = request.kms_backend.describe_key(request._get_param("KeyId"))
    used = {"Operation": "Decrypt", "Timestamp": datetime.now(UTC).timestamp()} if key.key_spec == SYMMETRIC else {}
    since = TRACKED_SINCE.timestamp()
    return json.dumps({"KeyId": key.id, "KeyLastUsage": used, "TrackingStartDate": since, "KeyCreationDate": since})


def _deliver(request: SESV2Response) -> str:
    wanted = json.loads(request.body)
    found = request.sesv2_backend.get_configuration_set(request._get_param("ConfigurationSetName"))
    found.delivery_options = {key: value for key, value in wanted.items() if key != "ConfigurationSetName"}
    return "{}"


def _sign(request: SESV2Response) -> str:
    identity = request.sesv2_backend.get_email_identity(request._get_param("EmailIdentity"))
    identity.dkim_attributes["SigningEnabled"] = json.loads(request.body)["SigningEnabled"]
    return "{}"


def _kept(request: SimpleSystemManagerResponse, what: str) -> dict[Any, Any]:
    """Kept on the backend itself, which moto makes anew when it is reset."""
    kept: dict[Any, Any] = request.ssm_backend.__dict__.setdefault(what, {})
    return kept


def _setting(request: SimpleSystemManagerResponse) -> ActionResult:
    id = request._get_param("SettingId")
    value = _kept(request, "service_settings").get(id, STARTS_WITH.get(id, ""))
    return ActionResult({"ServiceSetting": {"SettingId": id, "SettingValue": value, "Status": "Default"}})


def _set(request: SimpleSystemManagerResponse) -> ActionResult:
    _kept(request, "service_settings")[request._get_param("SettingId")] = request._get_param("SettingValue")
    return ActionResult({})


def _reset(request: SimpleSystemManagerResponse) -> ActionResult:
    _kept(request, "service_settings").pop(request._get_param("SettingId"), None)
    return _setting(request)


def _comply(request: SimpleSystemManagerResponse) -> ActionResult:
    key = request._get_param("ResourceId"), request._get_param("ComplianceType")
    _kept(request, "compliance")[key] = request._get_param("Items")
    return ActionResult({})


def _compliance(request: SimpleSystemManagerResponse) -> ActionResult:
    found = []
    for (id, kind), items in _kept(request, "compliance").items():
        bad = [one for one in items if one["Status"] == "NON_COMPLIANT"]
        critical = sum(one["Severity"] == "CRITICAL" for one in bad)
        counts = {"NonCompliantCount": len(bad), "SeveritySummary": {"CriticalCount": critical}}
        status = "NON_COMPLIANT" if bad else "COMPLIANT"
        found.append(
            {"ResourceId": id, "ResourceType": "ManagedInstance", "ComplianceType": kind, "Status": status}
            | {"NonCompliantSummary": counts, "CompliantSummary": {"CompliantCount": len(items) - len(bad)}}
        )
    return ActionResult({"ResourceComplianceSummaryItems": found})


def _nodes(request: SimpleSystemManagerResponse) -> ActionResult:
    """The machines of which something was reported."""
    ids = dict.fromkeys(id for id, _ in _kept(request, "compliance"))
    found = [{"InstanceId": id, "PingStatus": "Online", "ResourceType": "EC2Instance"} for id in ids]
    return ActionResult({"InstanceInformationList": found})
