"""Operations of Lambda, ECR, ECS, EKS and CodeBuild that moto lacks, as far as checks and fixes call them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from moto.awslambda import urls as lambda_urls
from moto.awslambda.models import LambdaBackend
from moto.awslambda.responses import LambdaResponse
from moto.codebuild.responses import CodeBuildResponse
from moto.core.responses import ActionResult
from moto.ecr.models import ECRBackend
from moto.ecr.responses import ECRResponse
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


def add_compute_operations() -> None:
    """Teaches moto, in this process, what it has no answer to."""
    lambda_urls.url_paths[r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/urls$"] = (
        LambdaResponse.dispatch
    )
    LambdaResponse.list_function_url_configs = _function_urls  # type: ignore[attr-defined]
    LambdaBackend.add_permission = _add_permission  # type: ignore[method-assign,assignment]
    EC2ContainerServiceBackend.describe_clusters = _clusters  # type: ignore[method-assign,assignment]
    EC2ContainerServiceBackend.describe_capacity_providers = _capacity_providers  # type: ignore[method-assign,assignment]
    eks_urls.url_paths["{0}/cluster-versions$"] = eks_urls.response.dispatch
    EKSResponse.describe_cluster_versions = _cluster_versions  # type: ignore[attr-defined]
    EKSResponse.update_cluster_config = _update_cluster  # type: ignore[method-assign,assignment]
    ECRBackend.batch_get_repository_scanning_configuration = _scanning  # type: ignore[method-assign,assignment]
    ECRResponse.describe_pull_through_cache_rules = _no_cache_rules  # type: ignore[attr-defined]
    CodeBuildResponse.update_project = _update_project  # type: ignore[attr-defined]
    CodeBuildResponse.update_project_visibility = _update_visibility  # type: ignore[attr-defined]
    CodeBuildResponse.list_report_groups = _report_groups  # type: ignore[attr-defined]


def _function_urls(request: LambdaResponse) -> str:
    function = request.backend.get_function(request.path.split("/")[-2])
    found = [function.url_config.to_dict()] if function.url_config else []
    return json.dumps({"FunctionUrlConfigs": found})


_add_plainly = LambdaBackend.add_permission


def _add_permission(backend: LambdaBackend, function_name: str, qualifier: str, raw: str) -> dict[str, Any]:
    """Conditions on function URLs stand in the statement's Condition, where moto leaves them beside it."""
    statement = _add_plainly(backend, function_name, qualifier, raw)
    if "FunctionUrlAuthType" in statement:
        equals = statement.setdefault("Condition", {}).setdefault("StringEquals", {})
        equals["lambda:FunctionUrlAuthType"] = statement.pop("FunctionUrlAuthType")
    if "InvokedViaFunctionUrl" in statement:
        asked = str(statement.pop("InvokedViaFunctionUrl")).lower()
        statement.setdefault("Condition", {})["Bool"] = {"lambda:InvokedViaFunctionUrl": asked}
    return statement


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


_scanning_of_registry = ECRBackend.batch_get_repository_scanning_configuration


def _scanning(backend: ECRBackend, names: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Where no rule of the registry speaks of it, the repository's own setting counts, which moto leaves out."""
    found, missing = _scanning_of_registry(backend, names)
    return [one | _own_scanning(backend.repositories[one["repositoryName"]], one) for one in found], missing


def _own_scanning(repository: Any, one: dict[str, Any]) -> dict[str, Any]:
    own = repository.image_scanning_configuration
    if one["scanFrequency"] != "MANUAL" or not own["scanOnPush"]:
        return {}
    return {"scanOnPush": True, "scanFrequency": "SCAN_ON_PUSH"}


def _no_cache_rules(_: ECRResponse) -> ActionResult:
    return ActionResult({"pullThroughCacheRules": []})


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


def _report_groups(_: CodeBuildResponse) -> ActionResult:
    """The emulated account has none."""
    return ActionResult({"reportGroups": []})
