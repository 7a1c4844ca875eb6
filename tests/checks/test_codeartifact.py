"""CodeArtifact. The emulator has nothing of it, so AWS's answers are played back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import codeartifact
from checks.kit import NotApplicable
from tests.checks.cases import Case

DOMAIN: Any = {
    "name": "northwind",
    "owner": "123456789012",
    "arn": "arn:aws:codeartifact:eu-west-1:123456789012:domain/n",
}
REPOSITORY: Any = {
    "name": "npm",
    "domainName": "northwind",
    "domainOwner": "123456789012",
    "administratorAccount": "123456789012",
}
WHICH = {"domain": "northwind", "domainOwner": "123456789012", "repository": "npm"}
OF_DOMAIN, OF_REPOSITORY = codeartifact.domain_policy_is_not_public, codeartifact.repository_policy_is_not_public
SIDES = codeartifact.repository_takes_packages_from_one_side


def policy(**condition: Any) -> str:
    one = {"Effect": "Allow", "Principal": "*", "Action": "codeartifact:ReadFromRepository", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [one | ({"Condition": condition} if condition else {})]})


OURS = policy(StringEquals={"aws:PrincipalOrgID": "o-a1b2c3d4e5"})

CASES = [
    *(
        case
        for check, resource in ((OF_DOMAIN, DOMAIN), (OF_REPOSITORY, REPOSITORY))
        for case in (
            Case(check, [resource, ""], None),
            Case(check, [resource, OURS], None),
            Case(check, [resource, policy()], "lets everyone do codeartifact:ReadFromRepository"),
        )
    ),
    Case(SIDES, [REPOSITORY, {"public": False, "of_both": []}], NotApplicable),
    Case(SIDES, [REPOSITORY, {"public": True, "of_both": []}], None),
    Case(
        SIDES,
        [REPOSITORY, {"public": True, "of_both": ["b", "a"]}],
        "takes a, b from you and from elsewhere",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_repositories_of_others_are_left_out(aws: Region) -> None:
    other = REPOSITORY | {"name": "theirs", "administratorAccount": "210987654321"}
    with Stubber(aws.clients.get("codeartifact", aws.region)) as stub:
        stub.add_response("list_domains", {"domains": [DOMAIN]}, {})
        stub.add_response("list_repositories", {"repositories": [REPOSITORY, other]}, {})
        assert [one["name"] for one in codeartifact.domains.stream(aws)] == ["northwind"]
        assert [one["name"] for one in codeartifact.repositories.stream(aws)] == ["npm"]


def test_policies_are_read_and_none_is_no_policy(aws: Region) -> None:
    with Stubber(aws.clients.get("codeartifact", aws.region)) as stub:
        stub.add_response(
            "get_domain_permissions_policy",
            {"policy": {"document": OURS}},
            {"domain": "northwind", "domainOwner": "123456789012"},
        )
        stub.add_client_error("get_repository_permissions_policy", "ResourceNotFoundException", expected_params=WHICH)
        assert codeartifact.domain_policy.read(aws, DOMAIN) == OURS
        assert codeartifact.repository_policy.read(aws, REPOSITORY) == ""


def test_only_packages_of_both_sides_are_listed(aws: Region) -> None:
    with Stubber(aws.clients.get("codeartifact", aws.region)) as stub:
        public = {"externalConnections": [{"externalConnectionName": "public:npmjs"}]}
        stub.add_response("describe_repository", {"repository": public}, WHICH)
        listed = [{"namespace": "northwind", "package": "cart"}, {"package": "prices"}]
        stub.add_response("list_packages", {"packages": listed}, WHICH | {"publish": "ALLOW", "upstream": "ALLOW"})
        found = codeartifact.packages.read(aws, REPOSITORY)
    assert found == {"public": True, "of_both": ["northwind/cart", "prices"]}


def test_a_public_repository_may_be_behind_others(aws: Region) -> None:
    shared = WHICH | {"repository": "shared"}
    up = {"upstreams": [{"repositoryName": "shared"}]}
    with Stubber(aws.clients.get("codeartifact", aws.region)) as stub:
        stub.add_response("describe_repository", {"repository": up}, WHICH)
        stub.add_response("describe_repository", {"repository": up}, shared)
        assert codeartifact.packages.read(aws, REPOSITORY) == {"public": False, "of_both": []}
        public = {"externalConnections": [{"externalConnectionName": "public:npmjs"}]}
        stub.add_response("describe_repository", {"repository": up}, WHICH)
        stub.add_response("describe_repository", {"repository": public}, shared)
        stub.add_response("list_packages", {"packages": []}, WHICH | {"publish": "ALLOW", "upstream": "ALLOW"})
        assert codeartifact.packages.read(aws, REPOSITORY) == {"public": True, "of_both": []}


def test_without_an_upstream_no_package_is_listed(aws: Region) -> None:
    with Stubber(aws.clients.get("codeartifact", aws.region)) as stub:
        stub.add_response("describe_repository", {"repository": {"upstreams": []}}, WHICH)
        assert codeartifact.packages.read(aws, REPOSITORY) == {"public": False, "of_both": []}


def public_domain(aws: boto3.Session) -> None:
    client = aws.client("codeartifact", region_name="eu-west-1")
    client.create_domain(domain="northwind")
    client.put_domain_permissions_policy(domain="northwind", domainOwner="123456789012", policyDocument=policy())


def public_repository(aws: boto3.Session) -> None:
    client = aws.client("codeartifact", region_name="eu-west-1")
    client.create_repository(domain="northwind", repository="npm")
    client.put_repository_permissions_policy(**WHICH, policyDocument=policy())


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    OF_DOMAIN.id: public_domain,
    OF_REPOSITORY.id: public_repository,
}
