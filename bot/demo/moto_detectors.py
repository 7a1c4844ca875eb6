"""What AWS's detectors and archives have and moto lacks, added to its server: `add_detectors`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.fsx.models import FileSystem, FSxBackend
from moto.fsx.responses import FSxResponse
from moto.glacier.responses import GlacierResponse
from moto.glacier.urls import url_paths as glacier_urls
from moto.guardduty.responses import GuardDutyResponse
from moto.guardduty.urls import url_paths as guardduty_urls
from moto.inspector2.responses import Inspector2Response
from moto.inspector2.urls import url_paths as inspector_urls
from moto.macie2.responses import MacieResponse
from moto.macie2.urls import url_paths as macie_urls
from moto.securityhub.responses import SecurityHubResponse
from moto.securityhub.urls import url_paths as securityhub_urls

CONFIGURATIONS = ("Windows", "Lustre", "Ontap", "OpenZFS")


def add_detectors() -> None:
    """Teaches moto, in this process, what it has no answer to: nothing is found, no standard is on."""
    GuardDutyResponse.list_findings = _none("findingIds")  # type: ignore[attr-defined]
    GuardDutyResponse.list_members = _none("members")  # type: ignore[attr-defined]
    guardduty_urls["{0}/detector/(?P<detector_id>[^/]+)/findings$"] = GuardDutyResponse.dispatch
    guardduty_urls["{0}/detector/(?P<detector_id>[^/]+)/member$"] = GuardDutyResponse.dispatch
    Inspector2Response.list_coverage = _none("coveredResources")  # type: ignore[attr-defined]
    inspector_urls["{0}/coverage/list$"] = Inspector2Response.dispatch
    SecurityHubResponse.get_enabled_standards = _none("StandardsSubscriptions")  # type: ignore[attr-defined]
    securityhub_urls["{0}/standards/get$"] = SecurityHubResponse.dispatch
    SecurityHubResponse.list_organization_admin_accounts = _none("AdminAccounts")  # type: ignore[attr-defined]
    securityhub_urls["{0}/organization/admin$"] = SecurityHubResponse.dispatch
    MacieResponse.get_automated_discovery_configuration = _not_discovering  # type: ignore[attr-defined]
    macie_urls["{0}/automated-discovery/configuration$"] = MacieResponse.dispatch
    GlacierResponse.get_vault_access_policy = _access_policy  # type: ignore[attr-defined]
    GlacierResponse.set_vault_access_policy = _set_access_policy  # type: ignore[attr-defined]
    glacier_urls["{0}/(?P<account_number>.+)/vaults/(?P<vault_name>[^/]+)/access-policy$"] = GlacierResponse.dispatch
    FSxResponse.update_file_system = _update_file_system  # type: ignore[attr-defined]


def _none(items: str) -> Callable[[Any], str]:
    return lambda _: json.dumps({items: []})


def _not_discovering(_: MacieResponse) -> str:
    return json.dumps({"status": "DISABLED"})


def _vault(request: GlacierResponse) -> Any:
    return request.glacier_backend.describe_vault(request.path.split("/")[3])


def _access_policy(request: GlacierResponse) -> tuple[int, dict[str, str], str]:
    policy = getattr(_vault(request), "access_policy", None)
    if policy is None:
        return 404, {}, json.dumps({"code": "ResourceNotFoundException", "message": "No policy", "type": "Client"})
    return 200, {}, json.dumps({"Policy": policy})


def _set_access_policy(request: GlacierResponse) -> tuple[int, dict[str, str], str]:
    _vault(request).access_policy = json.loads(request.body)["Policy"]
    return 204, {}, ""


def _update_file_system(request: FSxResponse) -> str:
    given = json.loads(request.body)
    backend: FSxBackend = request.fsx_backend
    system: FileSystem = backend.file_systems[given["FileSystemId"]]
    for kind in CONFIGURATIONS:
        kept = getattr(system, f"{'open_zfs' if kind == 'OpenZFS' else kind.lower()}_configuration")
        (kept or {}).update(given.get(f"{kind}Configuration", {}))
    return json.dumps({"FileSystem": system.to_dict()})
