"""Operations that checks call and moto lacks, added to its server: `add_operations`."""

from __future__ import annotations

import json
from typing import Any

from moto.backup.responses import BackupResponse
from moto.moto_api._internal import mock_random

from bot.demo.moto_compute import add_compute_operations
from bot.demo.moto_ec2 import add_ec2_operations
from bot.demo.moto_front import add_front_operations
from bot.demo.moto_iam import add_iam
from bot.demo.moto_stores import add_stores


def add_operations() -> None:
    """Teaches moto, in this process, what it has no answer to."""
    add_compute_operations()
    add_ec2_operations()
    BackupResponse.create_backup_selection = _assign  # type: ignore[attr-defined]
    BackupResponse.list_backup_selections = _assigned  # type: ignore[attr-defined]
    add_stores()
    add_iam()
    add_front_operations()


def _assign(request: BackupResponse) -> str:
    selection = json.loads(request.body)["BackupSelection"]
    made = {"SelectionId": str(mock_random.uuid4()), "SelectionName": selection["SelectionName"]}
    _selections(request).append(made)
    return json.dumps(made)


def _assigned(request: BackupResponse) -> str:
    return json.dumps({"BackupSelectionsList": _selections(request)})


def _selections(request: BackupResponse) -> list[dict[str, Any]]:
    """Those of the plan in the request's path, kept on the plan itself."""
    plan = request.backup_backend.plans[request.path.split("/")[3]]
    kept: list[dict[str, Any]] = plan.__dict__.setdefault("selections", [])
    return kept
