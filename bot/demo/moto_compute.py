"""Operations of Lambda and ECR that moto lacks, as far as checks and fixes call them."""

from __future__ import annotations

import json
from typing import Any

from moto.awslambda import urls as lambda_urls
from moto.awslambda.models import LambdaBackend
from moto.awslambda.responses import LambdaResponse
from moto.ecr.models import ECRBackend


def add_compute_operations() -> None:
    """Teaches moto, in this process, what it has no answer to."""
    lambda_urls.url_paths[r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/urls$"] = (
        LambdaResponse.dispatch
    )
    LambdaResponse.list_function_url_configs = _function_urls  # type: ignore[attr-defined]
    LambdaBackend.add_permission = _add_permission  # type: ignore[method-assign,assignment]
    ECRBackend.batch_get_repository_scanning_configuration = _scanning  # type: ignore[method-assign,assignment]


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
