"""Operations of ECS, EKS and CodeBuild that moto lacks, added to its server: `add_builds`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from moto.codebuild.responses import CodeBuildResponse
from moto.core.responses import ActionResult
from moto.ecs.models import EC2ContainerServiceBackend
from moto.eks import urls as eks_urls
from moto.eks.responses import EKSResponse

VERSIONS = {
    "1.35": "2027-03-27",
    "1.34": "2026-12-02",
    "1.33": "2026-07-29",
    "1.32": "2026-03-23",
    "1.31": "2025-11-26",
}
"""Kubernetes version -> end of standard support.
https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html"""


def add_builds() -> None:
    """Teaches moto, in this process, what it has no answer to."""
    EC2ContainerServiceBackend.describe_clusters = _clusters  # type: ignore[method-assign,assignment]
    EC2ContainerServiceBackend.describe_capacity_providers = _capacity_providers  # type: ignore[method-assign,assignment]
    eks_urls.url_paths["{0}/cluster-versions$"] = eks_urls.response.dispatch
    EKSResponse.describe_cluster_versions = _cluster_versions  # type: ignore[attr-defined]
    EKSResponse.update_cluster_config = _update_cluster  # type: ignore[method-assign,assignment]
    CodeBuildResponse.update_project = _update_project  # type: ignore[attr-defined]
    CodeBuildResponse.update_project_visibility = _update_visibility  # type: ignore[attr-defined]


_clusters_plainly = EC2ContainerServiceBackend.describe_clusters
_capacity_providers_named = EC2ContainerServiceBackend.describe_capacity_providers


def _clusters(backend: EC2ContainerServiceBackend, *asked: Any, **more: Any) -> Any:
    """moto does not count services."""
    for cluster in backend.clusters.values():
        cluster.active_services_count = sum(one.cluster_arn == cluster.arn for one in backend.services.values())
    return _clusters_plainly(backend, *asked, **more)


def _capacity_providers(backend: EC2ContainerServiceBackend, names: list[str] | None) -> Any:
    """Without names AWS describes all."""
    return _capacity_providers_named(backend, list(backend.capacity_providers) if names is None else names)


def _cluster_versions(_: EKSResponse) -> ActionResult:
    now = datetime.now(UTC)
    found = []
    for version, day in VERSIONS.items():
        ends = datetime.fromisoformat(day).replace(tzinfo=UTC)
        last = ends.replace(year=ends.year + 1)
        status = "STANDARD_SUPPORT" if now < ends else "EXTENDED_SUPPORT" if now < last else "UNSUPPORTED"
        dates = {"endOfStandardSupportDate": ends, "endOfExtendedSupportDate": last}
        found.append({"clusterVersion": version, "clusterType": "eks", "versionStatus": status} | dates)
    return ActionResult({"clusterVersions": found})


def _update_cluster(request: EKSResponse) -> ActionResult:
    """What is given is merged with what is there, as EKS does it; moto replaces it, or leaves it out."""
    cluster = request.eks_backend.describe_cluster(name=request._get_param("name"))
    cluster.resources_vpc_config.update(request._get_param("resourcesVpcConfig") or {})
    for given in (request._get_param("logging") or {}).get("clusterLogging", []):
        _switch_logs(cluster, given["types"], on=given["enabled"])
    if (protected := request._get_param("deletionProtection")) is not None:
        cluster.deletionProtection = protected  # type: ignore[attr-defined]
    return ActionResult({"update": {"id": "e1d2c3b4", "status": "InProgress", "type": "LoggingUpdate"}})


def _switch_logs(cluster: Any, types: list[str], *, on: bool) -> None:
    every = ("api", "audit", "authenticator", "controllerManager", "scheduler")
    setups = (cluster.logging or {}).get("clusterLogging", [])
    active = {kind for setup in setups if setup["enabled"] for kind in setup["types"]}
    active = active | set(types) if on else active - set(types)
    parts = {True: [kind for kind in every if kind in active], False: [kind for kind in every if kind not in active]}
    cluster.logging = {"clusterLogging": [{"types": kinds, "enabled": on} for on, kinds in parts.items() if kinds]}


def _update_project(request: CodeBuildResponse) -> ActionResult:
    project = _project(request, request._get_param("name"))
    project.update({name: value for name, value in json.loads(request.body).items() if name != "name"})
    return ActionResult({"project": project})


def _update_visibility(request: CodeBuildResponse) -> ActionResult:
    arn, visibility = request._get_param("projectArn"), request._get_param("projectVisibility")
    project = _project(request, arn.rpartition("/")[2])
    project["projectVisibility"] = visibility
    return ActionResult({"projectArn": arn, "projectVisibility": visibility})


def _project(request: CodeBuildResponse, name: str) -> dict[str, Any]:
    return request.codebuild_backend.codebuild_projects[name].project_metadata
