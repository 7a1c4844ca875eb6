"""What databases and backups have in AWS and moto lacks, added to its server: `add_data_operations`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.backup import urls
from moto.backup.models import Vault
from moto.backup.responses import BackupResponse
from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.efs.models import EFSBackend
from moto.efs.responses import EFSResponse
from moto.moto_api._internal import mock_random
from moto.rds.models import RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

LIFECYCLES = (
    ("aurora-postgresql", "16", datetime(2024, 1, 31, tzinfo=UTC), datetime(2029, 2, 28, tzinfo=UTC)),
    ("mysql", "5.7", datetime(2018, 3, 29, tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC)),
    ("mysql", "8.4", datetime(2024, 11, 21, tzinfo=UTC), datetime(2029, 7, 31, tzinfo=UTC)),
    ("postgres", "16", datetime(2024, 2, 9, tzinfo=UTC), datetime(2029, 2, 28, tzinfo=UTC)),
)
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html and the like."""

CA_2019 = datetime(2024, 8, 22, 17, 8, 50, tzinfo=UTC)
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL-certificate-rotation.html"""


def add_data_operations() -> None:
    """Teaches moto, in this process, what it has no answer to."""
    vault = "backup-vaults/(?P<name>[^/]+)/(?P<part>[^/]+)"
    for path in ("resources/", "account-settings", vault, f"{vault}/"):
        urls.url_paths[f"{{0}}/{path}$"] = BackupResponse.dispatch
    backup: Any = BackupResponse
    backup.create_backup_selection = _assign
    backup.list_backup_selections = _assigned
    backup.get_backup_selection = _selection
    backup.list_protected_resources = _protected
    backup.describe_region_settings = _settings
    backup.get_backup_vault_access_policy = _vault_policy
    backup.put_backup_vault_access_policy = _put_vault_policy
    backup.delete_backup_vault_access_policy = _put_vault_policy
    backup.list_recovery_points_by_backup_vault = _recovery_points
    vaults: Any = Vault
    vaults.to_list_dict = _with_count(Vault.to_list_dict)
    EFSBackend.create_file_system = _aged(EFSBackend.create_file_system)  # type: ignore[method-assign]
    EFSResponse.put_backup_policy = _back_up  # type: ignore[attr-defined]
    rds: Any = RDSResponse
    rds.describe_db_engine_versions = _versions
    rds.describe_db_major_engine_versions = _majors
    rds.modify_db_proxy = _modify_proxy
    RDSBackend.create_db_instance = _aged(RDSBackend.create_db_instance)  # type: ignore[method-assign]
    RDSBackend.create_db_cluster = _aged(RDSBackend.create_db_cluster)  # type: ignore[method-assign]
    RDSBackend.modify_db_cluster = _modify_all(RDSBackend.modify_db_cluster)  # type: ignore[method-assign]
    DynamoDBBackend.create_table = _aged(DynamoDBBackend.create_table)  # type: ignore[method-assign]


def _assign(request: BackupResponse) -> str:
    selection = json.loads(request.body)["BackupSelection"]
    made = {"SelectionId": str(mock_random.uuid4()), "SelectionName": selection["SelectionName"]}
    _selections(request).append(made | {"Resources": selection.get("Resources", []), "whole": selection})
    return json.dumps(made)


def _selection(request: BackupResponse) -> str:
    id = request.path.rpartition("/")[2]
    found = next(one["whole"] for one in _selections(request) if one["SelectionId"] == id)
    return json.dumps({"BackupSelection": found, "SelectionId": id})


def _assigned(request: BackupResponse) -> str:
    return json.dumps({"BackupSelectionsList": _selections(request)})


def _selections(request: BackupResponse) -> list[dict[str, Any]]:
    """Those of the plan in the request's path, kept on the plan itself."""
    plan = request.backup_backend.plans[request.path.split("/")[3]]
    kept: list[dict[str, Any]] = plan.__dict__.setdefault("selections", [])
    return kept


def _protected(request: BackupResponse) -> str:
    """What plans have assigned by ARN was backed up last night."""
    last_night = (datetime.now(UTC) - timedelta(hours=8)).timestamp()
    found = [{"ResourceArn": arn, "LastBackupTime": last_night} for arn in _assigned_arns(request)]
    return json.dumps({"Results": found})


def _assigned_arns(request: BackupResponse) -> list[str]:
    selections = [one for plan in request.backup_backend.plans.values() for one in plan.__dict__.get("selections", [])]
    return sorted({arn for selection in selections for arn in selection["Resources"]})


def _settings(_: BackupResponse) -> str:
    kinds = ("Aurora", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "Neptune", "RDS", "S3")
    return json.dumps({"ResourceTypeOptInPreference": dict.fromkeys(kinds, True)})


def _put_vault_policy(request: BackupResponse) -> str:
    given = json.loads(request.body) if request.body else {}
    _vault(request).__dict__["access_policy"] = given.get("Policy", "")
    return "{}"


def _vault(request: BackupResponse) -> Vault:
    """That of the request's path."""
    return request.backup_backend.vaults[request.path.split("/")[2]]


def _vault_policy(request: BackupResponse) -> tuple[int, dict[str, str], str]:
    vault = _vault(request)
    if policy := vault.__dict__.get("access_policy"):
        return 200, {}, json.dumps({"BackupVaultName": vault.backup_vault_name, "Policy": policy})
    refused = {"Code": "ResourceNotFoundException", "Message": "The vault has no access policy."}
    return 400, {"status": "400", "x-amzn-errortype": refused["Code"]}, json.dumps(refused)


def _recovery_points(request: BackupResponse) -> str:
    """One of each resource, as encrypted as that."""
    backend = request.backup_backend
    databases = rds_backends[backend.account_id][backend.region_name].databases.values()
    plain = {db.db_instance_arn for db in databases if not db.storage_encrypted}
    found = [{"ResourceArn": arn, "IsEncrypted": arn not in plain} for arn in _assigned_arns(request)]
    return json.dumps({"RecoveryPoints": found})


def _with_count(untold: Callable[[Vault], dict[str, Any]]) -> Callable[[Vault], dict[str, Any]]:
    return lambda vault: untold(vault) | {"NumberOfRecoveryPoints": 1}


def _back_up(request: EFSResponse) -> tuple[str, dict[str, str]]:
    file_system: Any = request.efs_backend.file_systems_by_id[request.path.split("/")[3]]
    policy = json.loads(request.body)["BackupPolicy"]
    file_system._backup = policy["Status"] == "ENABLED"
    return json.dumps({"BackupPolicy": policy}), {"Content-Type": "application/json"}


def _aged(create: Callable[..., Any]) -> Callable[..., Any]:
    """What is made has been there for a year, a database with the certificate of its time."""

    def aged(*args: Any, **more: Any) -> Any:
        made = create(*args, **more)
        then = datetime.now(UTC) - timedelta(days=365)
        for when in ("instance_create_time", "cluster_create_time", "created_at"):
            if hasattr(made, when):
                setattr(made, when, then)
        if hasattr(made, "creation_time"):
            made.creation_time = then.timestamp()
        if hasattr(made, "instance_create_time"):
            old = getattr(made, "engine", "") == "mysql"
            name, end = ("rds-ca-2019", CA_2019) if old else ("rds-ca-rsa2048-g1", then + timedelta(days=730))
            made.certificate_details = {"CAIdentifier": name, "ValidTill": end}
        return made

    return aged


def _modify_all(modify: Callable[..., Any]) -> Callable[..., Any]:
    """What moto forgets of a cluster: IAM authentication, and the logs it exports."""

    def modified(backend: RDSBackend, which: dict[str, Any]) -> Any:
        logs = which.get("cloudwatch_logs_export_configuration") or {}
        iam = which.get("enable_iam_database_authentication")
        cluster = backend.clusters[which["db_cluster_identifier"]]
        kept = [log for log in cluster.enabled_cloudwatch_logs_exports if log not in logs.get("DisableLogTypes", [])]
        cluster.enabled_cloudwatch_logs_exports = [*kept, *logs.get("EnableLogTypes", [])]
        if iam is not None:
            cluster.iam_auth = iam
        return modify(backend, which)

    return modified


def _versions(request: RDSResponse) -> ActionResult:
    """The very version that is asked for; AWS has deprecated those whose standard support ended."""
    engine, version = request.params["Engine"], request.params["EngineVersion"]
    ended = any(
        engine == one and version.startswith(major) and end < datetime.now(UTC) for one, major, _, end in LIFECYCLES
    )
    status = "deprecated" if ended else "available"
    return ActionResult({"DBEngineVersions": [{"Engine": engine, "EngineVersion": version, "Status": status}]})


def _modify_proxy(request: RDSResponse) -> ActionResult:
    proxy: Any = request.backend.db_proxies[request.params["DBProxyName"]]
    proxy.require_tls = request.params["RequireTLS"]
    return ActionResult({"DBProxy": proxy})


def _majors(_: RDSResponse) -> ActionResult:
    return ActionResult(
        {
            "DBMajorEngineVersions": [
                {
                    "Engine": engine,
                    "MajorEngineVersion": major,
                    "SupportedEngineLifecycles": [
                        {
                            "LifecycleSupportName": "open-source-rds-standard-support",
                            "LifecycleSupportStartDate": start,
                            "LifecycleSupportEndDate": end,
                        }
                    ],
                }
                for engine, major, start, end in LIFECYCLES
            ]
        }
    )
