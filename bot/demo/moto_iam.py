"""What IAM, Organizations and Trusted Advisor tell in AWS and moto does not, added to its server: `add_iam`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import IAMBackend, Role, User
from moto.iam.responses import IamResponse
from moto.organizations.exceptions import AWSOrganizationsNotInUseException
from moto.organizations.models import OrganizationsBackend
from moto.support.responses import SupportResponse


def add_iam() -> None:
    """Teaches moto, in this process, which of AWS's policies are in use, and the services an identity used last."""
    everything = IAMBackend.get_account_authorization_details

    def details(backend: IAMBackend, policy_filter: list[str]) -> dict[str, Any]:
        """AWS lists those of its own policies that somebody holds; moto lists all it ever made."""
        found = everything(backend, policy_filter)
        found["managed_policies"] = [
            policy for policy in found["managed_policies"] if ":iam::aws:" not in policy.arn or policy.attachment_count
        ]
        return found

    IAMBackend.get_account_authorization_details = details  # type: ignore[method-assign,assignment]
    tags = OrganizationsBackend.list_tags_for_resource

    def tags_of_an_organization(backend: OrganizationsBackend, **asked: str) -> dict[str, Any]:
        """AWS tells an account of no organization that it is in none; moto does not find the account."""
        if backend.org is None:
            raise AWSOrganizationsNotInUseException
        return tags(backend, **asked)

    OrganizationsBackend.list_tags_for_resource = tags_of_an_organization  # type: ignore[method-assign,assignment]
    IamResponse.generate_service_last_accessed_details = _generate  # type: ignore[attr-defined]
    IamResponse.get_service_last_accessed_details = _get  # type: ignore[attr-defined]
    SupportResponse.describe_trusted_advisor_check_summaries = _advice  # type: ignore[attr-defined]


def _advice(request: SupportResponse) -> str:
    """All is well but the first of the checks."""
    ids = json.loads(request.body)["checkIds"]
    red = {"resourcesProcessed": 12, "resourcesFlagged": 2, "resourcesIgnored": 0, "resourcesSuppressed": 0}
    return json.dumps(
        {
            "summaries": [
                {"checkId": id, "status": status, "resourcesSummary": red | {"resourcesFlagged": flagged}}
                for id, status, flagged in zip(ids, ("error", *["ok"] * len(ids)), (2, *[0] * len(ids)), strict=False)
            ]
        }
    )


def _generate(request: IamResponse) -> ActionResult:
    """The job's ID is the name of whom it is about: there is nothing to wait for."""
    kind, _, name = request._get_param("Arn").rpartition(":")[2].partition("/")
    return ActionResult({"JobId": f"{kind}---------------------------------/{name.rpartition('/')[2]}"})


def _get(request: IamResponse) -> ActionResult:
    """Every service that a policy of the identity's own names or a key of the user called, and when one last did."""
    kind, _, name = request._get_param("JobId").partition("/")
    backend = request.backend
    held = backend.get_user(name) if kind.startswith("user") else backend.get_role(name)
    used = {key.last_used.service: key.last_used.timestamp for key in _keys(held) if key.last_used}
    now = datetime.now(UTC)
    services = [
        {"ServiceName": service, "ServiceNamespace": service}
        | ({"LastAuthenticated": used[service], "TotalAuthenticatedEntities": 1} if service in used else {})
        for service in sorted(({action.partition(":")[0] for action in _actions(held)} | {*used}) - {"*"})
    ]
    finished = {"JobStatus": "COMPLETED", "JobCreationDate": now, "JobCompletionDate": now}
    return ActionResult({**finished, "ServicesLastAccessed": services})


def _keys(held: User | Role) -> list[Any]:
    return list(held.access_keys) if isinstance(held, User) else []


def _actions(held: User | Role) -> Iterator[str]:
    documents = [version.document for policy in held.managed_policies.values() for version in policy.versions]
    for document in [*documents, *(text for text in held.policies.values())]:
        for statement in _list(json.loads(document)["Statement"]):
            yield from _list(statement.get("Action", []))


def _list(one: Any) -> list[Any]:
    return one if isinstance(one, list) else [one]
