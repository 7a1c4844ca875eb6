"""CodeArtifact, of which moto has nothing, as far as checks and fixes ask: `add_packages`.

It answers in the place of Glacier, whose addresses are none of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.glacier.models import glacier_backends
from moto.glacier.urls import url_paths
from moto.moto_server.werkzeug_app import SIGNING_ALIASES

Answer = tuple[int, dict[str, str], str]


def add_packages() -> None:
    """Teaches moto, in this process, the service."""
    SIGNING_ALIASES["codeartifact"] = "glacier"
    for path in ("domain", "domains", "repository", "repositories"):
        url_paths[f"{{0}}/v1/{path}$"] = _kinds
    for path in ("domain/permissions/policy", "repository/permissions/policy", "repository/permissions/policies"):
        url_paths[f"{{0}}/v1/{path}$"] = _policy


def _kinds(request: Any, url: str, _: Mapping[str, str]) -> Answer:
    """Makes a domain or repository, or lists all."""
    kept, asked = _kept(request), dict(parse_qsl(urlsplit(url).query))
    kind = request.path.removeprefix("/v1/")
    if kind in ("domains", "repositories"):
        return _says({kind: [one for one in kept.values() if one["kind"] == kind]})
    where = f"arn:aws:codeartifact:{_region(request)}:{DEFAULT_ACCOUNT_ID}"
    name, domain = asked.get("repository", asked["domain"]), {"domainName": asked["domain"]}
    made = (
        {"kind": "domains", "name": name, "owner": DEFAULT_ACCOUNT_ID, "arn": f"{where}:domain/{name}"}
        if kind == "domain"
        else {"kind": "repositories", "name": name, "administratorAccount": DEFAULT_ACCOUNT_ID} | domain
        | {"domainOwner": DEFAULT_ACCOUNT_ID, "arn": f"{where}:repository/{asked['domain']}/{name}"}
    )  # fmt: skip
    kept[_key(asked)] = made
    return _says({kind: made})


def _policy(request: Any, url: str, _: Mapping[str, str]) -> Answer:
    """That of a domain or repository: put, read, or taken off."""
    body = json.loads(request.data or b"{}")
    one = _kept(request)[_key(dict(parse_qsl(urlsplit(url).query)) | body)]
    if request.method == "PUT":
        one["policy"] = body["policyDocument"]
    elif "policy" not in one:
        return 404, {"x-amzn-errortype": "ResourceNotFoundException"}, "{}"
    document = one.pop("policy") if request.method == "DELETE" else one["policy"]
    return _says({"policy": {"document": document}})


def _key(asked: Mapping[str, str]) -> str:
    return f"{asked['domain']}/{asked.get('repository', '')}"


def _says(what: Any) -> Answer:
    return 200, {}, json.dumps(what)


def _region(request: Any) -> str:
    found = re.search(r"/\d{8}/([\w-]+)/codeartifact/", request.headers["Authorization"])
    assert found, "signed"
    return found[1]


def _kept(request: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = glacier_backends[DEFAULT_ACCOUNT_ID][_region(request)].__dict__.setdefault(
        "of_codeartifact", {}
    )
    return found
