"""What archives and file servers have in AWS and moto lacks, added to its server: `add_archives`."""

from __future__ import annotations

import json
from typing import Any

from moto.fsx.models import FileSystem, FSxBackend
from moto.fsx.responses import FSxResponse
from moto.glacier.responses import GlacierResponse
from moto.glacier.urls import url_paths as glacier_urls

CONFIGURATIONS = ("Windows", "Lustre", "Ontap", "OpenZFS")


def add_archives() -> None:
    """Teaches moto, in this process, what it has no answer to."""
    GlacierResponse.get_vault_access_policy = _access_policy  # type: ignore[attr-defined]
    GlacierResponse.set_vault_access_policy = _set_access_policy  # type: ignore[attr-defined]
    GlacierResponse.delete_vault_access_policy = _delete_access_policy  # type: ignore[attr-defined]
    glacier_urls["{0}/(?P<account_number>.+)/vaults/(?P<vault_name>[^/]+)/access-policy$"] = GlacierResponse.dispatch
    FSxResponse.update_file_system = _update_file_system  # type: ignore[attr-defined]


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


def _delete_access_policy(request: GlacierResponse) -> tuple[int, dict[str, str], str]:
    _vault(request).access_policy = None
    return 204, {}, ""


def _update_file_system(request: FSxResponse) -> str:
    given = json.loads(request.body)
    backend: FSxBackend = request.fsx_backend
    system: FileSystem = backend.file_systems[given["FileSystemId"]]
    for kind in CONFIGURATIONS:
        kept = getattr(system, f"{'open_zfs' if kind == 'OpenZFS' else kind.lower()}_configuration")
        (kept or {}).update(given.get(f"{kind}Configuration", {}))
    return json.dumps({"FileSystem": system.to_dict()})
