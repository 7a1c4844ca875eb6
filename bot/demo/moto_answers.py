"""Answers to what moto does not know, written down: what the account has none of, above all."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from moto.core.model import OperationModel
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NOTHING: Mapping[str, Mapping[str, Any]] = {
    "accessanalyzer:ListAnalyzers": {"analyzers": []},
    "appstream:DescribeFleets": {"Fleets": []},
    "codeartifact:ListDomains": {"domains": []},
    "codeartifact:ListRepositories": {"repositories": []},
    "codebuild:ListReportGroups": {"reportGroups": []},
    "directconnect:DescribeVirtualInterfaces": {"virtualInterfaces": []},
    "ec2:DescribeClientVpnEndpoints": {"ClientVpnEndpoints": []},
    "ecs:DescribeCapacityProviders": {"capacityProviders": []},
    "ecr:DescribePullThroughCacheRules": {"pullThroughCacheRules": []},
    "emr:GetBlockPublicAccessConfiguration": {
        "BlockPublicAccessConfiguration": {
            "BlockPublicSecurityGroupRules": True,
            "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
        }
    },
    "events:ListEndpoints": {"Endpoints": []},
    "guardduty:ListFindings": {"FindingIds": []},
    "guardduty:ListMembers": {"Members": []},
    "inspector2:ListCoverage": {"coveredResources": []},
    "kafkaconnect:ListConnectors": {"connectors": []},
    "lightsail:GetInstances": {"instances": []},
    "lightsail:GetRelationalDatabases": {"relationalDatabases": []},
    "macie2:GetAutomatedDiscoveryConfiguration": {"status": "DISABLED"},
    "network-firewall:ListFirewallPolicies": {"FirewallPolicies": []},
    "network-firewall:ListRuleGroups": {"RuleGroups": []},
    "redshift-serverless:ListNamespaces": {"namespaces": []},
    "redshift-serverless:ListWorkgroups": {"workgroups": []},
    "rolesanywhere:ListProfiles": {"profiles": []},
    "schemas:ListRegistries": {"Registries": []},
    "securityhub:GetEnabledStandards": {"StandardsSubscriptions": []},
    "securityhub:ListOrganizationAdminAccounts": {"AdminAccounts": []},
}
"""By call, where moto has no answer: what an account says that has none of it."""

SIGNED = {"emr": "elasticmapreduce", "opensearch": "es"}
"""Where the name that requests are signed for differs from the service's by more than hyphens."""

SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
"""Where a signed request says for which region and service it is.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html"""


@dataclass(frozen=True)
class Answer:
    """What is answered to a call: in one region or in all, to requests that contain `about` or to all."""

    call: str
    says: Mapping[str, Any]
    region: str = ""
    about: str = ""

    @cached_property
    def operation(self) -> OperationModel:
        service, name = self.call.split(":")
        found: OperationModel = get_service_model(service).operation_model(name)
        return found

    @property
    def service(self) -> str:
        """As requests to it are signed, without hyphens."""
        service = self.call.partition(":")[0]
        return SIGNED.get(service, service).replace("-", "")

    def is_to(self, request: WSGIEnvironment, body: str) -> bool:
        """Whether a request to the service asks this."""
        return self.about in request["PATH_INFO"] + body and self._is_operation(request, body)

    def _is_operation(self, request: WSGIEnvironment, body: str) -> bool:
        target = request.get("HTTP_X_AMZ_TARGET", "") or "." + parse_qs(body).get("Action", [""])[0]
        if target != ".":
            return target.rpartition(".")[2] == self.operation.name
        path, _, query = self.operation.http["requestUri"].partition("?")
        pattern = re.sub(r"{[^}]+}", "[^/]+", path).rstrip("/")
        right_way = request["REQUEST_METHOD"] == self.operation.http["method"]
        right_way = right_way and query in request["QUERY_STRING"]
        return right_way and re.fullmatch(f"{pattern}/?", request["PATH_INFO"]) is not None

    def send(self, start_response: StartResponse) -> Iterable[bytes]:
        """The answer as the service's protocol has it."""
        service = self.operation.service_model
        serializer = get_serializer_class(service.service_name, service.resolved_protocol)(self.operation)
        made = serializer.serialize(self.says)
        headers = [(str(key), str(value)) for key, value in made["headers"].items()]
        start_response(f"{made['status_code']} Answer", headers)
        text = made["body"]
        return [text.encode() if isinstance(text, str) else text]


def with_answers(aws: WSGIApplication, answers: list[Answer]) -> WSGIApplication:
    """moto's application, and in front of it the answers, the last of those that fit; more may come in later."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        service, region = (scope["service"].replace("-", ""), scope["region"]) if scope else ("", "")
        fitting = [one for one in reversed(answers) if one.service == service and one.region in ("", region)]
        if fitting:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            for answer in fitting:
                if answer.is_to(environ, body.decode(errors="replace")):
                    return answer.send(start_response)
        return aws(environ, start_response)

    return application
