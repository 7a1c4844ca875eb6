"""Services that moto lacks, as far as checks and fixes ask: Redshift Serverless, Lightsail, AppStream.

Each is a few lists of what was created. They answer in the place of Athena, whose API is written the same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.athena.responses import AthenaResponse
from moto.moto_server.werkzeug_app import SIGNING_ALIASES

Item = dict[str, Any]


def add_small_services() -> None:
    """Teaches moto, in this process, the services."""
    SIGNING_ALIASES["redshift-serverless"] = SIGNING_ALIASES["lightsail"] = "athena"
    _add("create_workgroup", "workgroups", _created("workgroups", "workgroupName", _workgroup))
    _add("update_workgroup", "workgroups", _updated("workgroups", "workgroupName"))
    _add("list_workgroups", "workgroups", _listed("workgroups"))
    _add("create_namespace", "namespaces", _created("namespaces", "namespaceName", _namespace))
    _add("update_namespace", "namespaces", _updated("namespaces", "namespaceName"))
    _add("list_namespaces", "namespaces", _listed("namespaces"))
    _add("create_relational_database", "databases", _created("databases", "relationalDatabaseName", _database))
    _add("update_relational_database", "databases", _updated("databases", "relationalDatabaseName"))
    _add("get_relational_databases", "databases", _listed("databases", "relationalDatabases"))
    _add("create_instances", "instances", _create_instances)
    _add("get_instances", "instances", _listed("instances"))
    _add("put_instance_public_ports", "instances", _put_ports)
    _add("enable_add_on", "instances", _enable_add_on)
    _add("disable_add_on", "instances", _disable_add_on)
    SIGNING_ALIASES["appstream"] = "athena"
    _add("describe_fleets", "fleets", _listed("Fleets"))
    _add("create_fleet", "fleets", _created("Fleets", "Name", _fleet))


Answer = Callable[[AthenaResponse, dict[str, Item], Mapping[str, Any]], Mapping[str, Any]]


def _add(operation: str, kind: str, answer: Answer) -> None:
    def respond(request: AthenaResponse) -> str:
        kept: dict[str, Item] = request.athena_backend.__dict__.setdefault(f"other_{kind}", {})
        return json.dumps(answer(request, kept, json.loads(request.body or "{}")))

    setattr(AthenaResponse, operation, respond)


def _created(kind: str, key: str, make: Callable[[AthenaResponse, Mapping[str, Any]], Item]) -> Answer:
    def answer(request: AthenaResponse, kept: dict[str, Item], asked: Mapping[str, Any]) -> Mapping[str, Any]:
        kept[asked[key]] = make(request, asked)
        return {kind.removesuffix("s"): kept[asked[key]]}

    return answer


def _updated(kind: str, key: str) -> Answer:
    def answer(_: AthenaResponse, kept: dict[str, Item], asked: Mapping[str, Any]) -> Mapping[str, Any]:
        kept[asked[key]] |= asked
        return {kind.removesuffix("s"): kept[asked[key]]}

    return answer


def _listed(kind: str, under: str = "") -> Answer:
    return lambda _, kept, __: {under or kind: list(kept.values())}


def _arn(request: AthenaResponse, service: str, rest: str) -> str:
    return f"arn:aws:{service}:{request.region}:{request.current_account}:{rest}"


def _workgroup(request: AthenaResponse, asked: Mapping[str, Any]) -> Item:
    arn = _arn(request, "redshift-serverless", f"workgroup/{asked['workgroupName']}")
    defaults = {"status": "AVAILABLE", "publiclyAccessible": False, "enhancedVpcRouting": False}
    return {"workgroupArn": arn, **defaults, **asked}


def _namespace(request: AthenaResponse, asked: Mapping[str, Any]) -> Item:
    arn = _arn(request, "redshift-serverless", f"namespace/{asked['namespaceName']}")
    return {"namespaceArn": arn, "status": "AVAILABLE", "logExports": [], **asked}


def _database(request: AthenaResponse, asked: Mapping[str, Any]) -> Item:
    name = asked["relationalDatabaseName"]
    arn = _arn(request, "lightsail", f"RelationalDatabase/{name}")
    return {"name": name, "arn": arn, "state": "available", "publiclyAccessible": False, **asked}


def _create_instances(request: AthenaResponse, kept: dict[str, Item], asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """With the firewall that AWS gives each new instance."""
    everyone = {"protocol": "tcp", "cidrs": ["0.0.0.0/0"], "ipv6Cidrs": ["::/0"]}
    ports = [everyone | {"fromPort": port, "toPort": port} for port in (22, 80)]
    for name in asked["instanceNames"]:
        addons = [{"name": one["addOnType"], "status": "Enabled"} for one in asked.get("addOns", [])]
        arn = _arn(request, "lightsail", f"Instance/{name}")
        kept[name] = {"name": name, "arn": arn, "addOns": addons, "networking": {"ports": ports}}
    return {"operations": []}


def _put_ports(_: AthenaResponse, kept: dict[str, Item], asked: Mapping[str, Any]) -> Mapping[str, Any]:
    kept[asked["instanceName"]]["networking"]["ports"] = asked["portInfos"]
    return {"operation": {}}


def _enable_add_on(_: AthenaResponse, kept: dict[str, Item], asked: Mapping[str, Any]) -> Mapping[str, Any]:
    kept[asked["resourceName"]]["addOns"] = [{"name": asked["addOnRequest"]["addOnType"], "status": "Enabled"}]
    return {"operations": []}


def _disable_add_on(_: AthenaResponse, kept: dict[str, Item], asked: Mapping[str, Any]) -> Mapping[str, Any]:
    kept[asked["resourceName"]]["addOns"] = []
    return {"operations": []}


def _fleet(request: AthenaResponse, asked: Mapping[str, Any]) -> Item:
    return {"Arn": _arn(request, "appstream", f"fleet/{asked['Name']}"), **asked}
