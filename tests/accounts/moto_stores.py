"""What stores of data have in AWS and moto lacks, added to its server: `add_stores`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.athena.models import WorkGroup
from moto.athena.responses import AthenaResponse
from moto.core.responses import ActionResult, BaseResponse
from moto.elasticache.models import ElastiCacheBackend, ReplicationGroup
from moto.elasticache.responses import ElastiCacheResponse
from moto.emr.responses import ElasticMapReduceResponse
from moto.glue.models import FakeConnection
from moto.kafka.responses import KafkaResponse
from moto.kafka.urls import url_paths as kafka_urls
from moto.redshift.models import RedshiftBackend
from moto.redshift.responses import RedshiftResponse
from moto.sagemaker.models import FakeSagemakerNotebookInstance
from moto.sagemaker.responses import SageMakerResponse

from tests.accounts.moto_small import add_small_services


def add_stores() -> None:
    """Teaches moto, in this process, what it has no answer to, or forgets."""
    KafkaResponse.list_kafka_versions = _kafka_versions  # type: ignore[attr-defined]
    kafka_urls["{0}/v1/kafka-versions$"] = KafkaResponse.dispatch
    add_small_services()
    RedshiftResponse.modify_cluster_parameter_group = _set_parameters  # type: ignore[attr-defined]
    RedshiftResponse.reboot_cluster = _reboot  # type: ignore[attr-defined]
    RedshiftBackend.describe_cluster_parameters = _parameters  # type: ignore[assignment,method-assign]
    AthenaResponse.update_work_group = _update_work_group  # type: ignore[attr-defined]
    _remember()


def _remember() -> None:
    """What moto is told and forgets."""
    # Its EMR looks for the region in the host's name, which is that of this machine.
    ElasticMapReduceResponse.get_region_from_url = BaseResponse.get_region_from_url  # type: ignore[method-assign]
    ElastiCacheResponse.modify_replication_group = _remember_upgrades(  # type: ignore[assignment,method-assign]
        ElastiCacheResponse.modify_replication_group
    )
    FakeConnection.as_dict = _with_type(FakeConnection.as_dict)  # type: ignore[method-assign]
    SageMakerResponse.create_model = _remember_isolation(SageMakerResponse.create_model)  # type: ignore[assignment,method-assign]
    SageMakerResponse.create_notebook_instance = _remember_platform(  # type: ignore[assignment,method-assign]
        SageMakerResponse.create_notebook_instance
    )
    FakeSagemakerNotebookInstance.to_dict = _with_platform(  # type: ignore[assignment,method-assign]
        FakeSagemakerNotebookInstance.to_dict
    )


def _kafka_versions(_: KafkaResponse) -> str:
    known = {"2.8.1": "DEPRECATED", "3.6.0": "ACTIVE", "3.9.x": "ACTIVE"}
    return json.dumps({"kafkaVersions": [{"version": version, "status": word} for version, word in known.items()]})


def _set_parameters(request: RedshiftResponse) -> ActionResult:
    group = request.redshift_backend.parameter_groups[request._get_param("ParameterGroupName")]
    kept: dict[str, str] = group.__dict__.setdefault("set_values", {})
    kept |= {one["ParameterName"]: one["ParameterValue"] for one in request._get_param("Parameters", [])}
    return ActionResult({"ParameterGroupName": group.name, "ParameterGroupStatus": ""})


def _reboot(request: RedshiftResponse) -> ActionResult:
    [cluster] = request.redshift_backend.describe_clusters(request._get_param("ClusterIdentifier"))
    return ActionResult({"Cluster": cluster})


def _parameters(backend: RedshiftBackend, parameter_group_name: str) -> list[dict[str, Any]]:
    """Those of the group where they were set, AWS's defaults otherwise."""
    set_values: Mapping[str, str] = getattr(backend.parameter_groups[parameter_group_name], "set_values", {})
    return [
        one | {"ParameterValue": set_values.get(one["ParameterName"], one["ParameterValue"])}
        for one in backend.describe_default_cluster_parameters()
    ]


def _update_work_group(request: AthenaResponse) -> str:
    """Merges what is given, as AWS does, except what is nested in it."""
    asked = json.loads(request.body)
    group: WorkGroup = request.athena_backend.work_groups[asked["WorkGroup"]]
    group.configuration |= asked.get("ConfigurationUpdates", {})
    return "{}"


def _remember_upgrades(untold: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    def modify(request: ElastiCacheResponse) -> ActionResult:
        backend: ElastiCacheBackend = request.elasticache_backend
        wanted = request._get_bool_param("AutoMinorVersionUpgrade")
        if wanted is not None:
            group: ReplicationGroup = backend.replication_groups[request._get_param("ReplicationGroupId")]
            group.auto_minor_version_upgrade = wanted
        return untold(request)

    return modify


def _with_type(untold: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def as_dict(connection: FakeConnection, hide_password: bool = False) -> dict[str, Any]:
        kind = connection.connection_input.get("ConnectionType")
        return untold(connection, hide_password) | {"ConnectionType": kind}

    return as_dict


def _remember_isolation(untold: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    def create(request: SageMakerResponse) -> ActionResult:
        made = untold(request)
        model = request.sagemaker_backend._models[request._get_param("ModelName")]
        model.enable_network_isolation = bool(request._get_param("EnableNetworkIsolation"))
        return made

    return create


def _remember_platform(untold: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    def create(request: SageMakerResponse) -> ActionResult:
        made = untold(request)
        notebook = request.sagemaker_backend.get_notebook_instance(request._get_param("NotebookInstanceName"))
        notebook.__dict__["platform"] = request._get_param("PlatformIdentifier") or "notebook-al2023-v1"
        return made

    return create


def _with_platform(untold: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    def to_dict(notebook: FakeSagemakerNotebookInstance) -> dict[str, Any]:
        return untold(notebook) | {"PlatformIdentifier": notebook.__dict__["platform"]}

    return to_dict
