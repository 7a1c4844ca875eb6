"""AWS CodeArtifact: domains, repositories and where their packages may come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypedDict

from checks import documents
from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collect,
    collector,
    extra,
    fix,
)
from checks.policy_edits import close
from checks.secret_names import in_words

if TYPE_CHECKING:
    from types_boto3_codeartifact.type_defs import DomainSummaryTypeDef as Domain
    from types_boto3_codeartifact.type_defs import RepositorySummaryTypeDef as Repository

NONE_YET = "ResourceNotFoundException"


class Packages(TypedDict):
    """`public`: whether packages come from a public repository at all. `of_both`: those that come from both sides."""

    public: bool
    of_both: list[str]


domains: Collector[Domain] = collect("codeartifact:ListDomains", "domains", arn="{arn}", name="{name}")


@collector("codeartifact:ListRepositories", arn="{arn}", name="{domainName}/{name}")
def repositories(aws: Aws) -> Iterator[Repository]:
    """Those the account administers: AWS lists repositories of others' domains as well."""
    for repository in aws.items("codeartifact:ListRepositories", "repositories"):
        if repository["administratorAccount"] == aws.account:
            yield repository


@extra("codeartifact:GetDomainPermissionsPolicy")
def domain_policy(aws: Aws, domain: Domain) -> str:
    which = {"domain": domain["name"], "domainOwner": domain["owner"]}
    got = aws.call("codeartifact:GetDomainPermissionsPolicy", absent=NONE_YET, **which)
    return str(got.get("policy", {}).get("document", ""))


@extra("codeartifact:GetRepositoryPermissionsPolicy")
def repository_policy(aws: Aws, repository: Repository) -> str:
    got = aws.call("codeartifact:GetRepositoryPermissionsPolicy", absent=NONE_YET, **_which(repository))
    return str(got.get("policy", {}).get("document", ""))


@extra("codeartifact:DescribeRepository", "codeartifact:ListPackages")
def packages(aws: Aws, repository: Repository) -> Packages:
    """Only packages that may be published here and come from upstream too are listed.

    A public repository may be behind it by way of other repositories of its domain. Source: https://docs.aws.amazon.com/codeartifact/latest/ug/package-origin-controls.html
    """
    which = _which(repository)
    if not _reaches_strangers(aws, which):
        return {"public": False, "of_both": []}
    both = {"publish": "ALLOW", "upstream": "ALLOW"}
    listed = aws.items("codeartifact:ListPackages", "packages", **which, **both)
    return {"public": True, "of_both": ["/".join(filter(None, (p.get("namespace"), p["package"]))) for p in listed]}


def _reaches_strangers(aws: Aws, which: dict[str, str]) -> bool:
    """Whether the repository, or one upstream of it however far, is connected to a public repository."""
    ahead, seen = [which["repository"]], set[str]()
    while ahead:
        name = ahead.pop()
        seen.add(name)
        found = aws.call("codeartifact:DescribeRepository", **which | {"repository": name})["repository"]
        if found.get("externalConnections"):
            return True
        ahead += [one["repositoryName"] for one in found.get("upstreams", []) if one["repositoryName"] not in seen]
    return False


def _which(repository: Repository) -> dict[str, str]:
    return {
        "domain": repository["domainName"],
        "domainOwner": repository["domainOwner"],
        "repository": repository["name"],
    }


@check(domains, domain_policy, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def domain_policy_is_not_public(domain: Domain, policy: str) -> Verdict:
    """CodeArtifact domain policy lets in nobody from outside.

    Everyone with an AWS account could make repositories in the domain, or read what its packages are.

    Fix: Name the accounts that need the domain, or limit the statement to your organization.
    See: https://docs.aws.amazon.com/codeartifact/latest/ug/domain-policies.html
    """
    return documents.opens_to_everyone(policy)


@fix(
    domain_policy_is_not_public,
    "codeartifact:PutDomainPermissionsPolicy",
    "codeartifact:DeleteDomainPermissionsPolicy",
    risk=Risk.CUTS_ACCESS,
)
def close_domain(domain: Domain, policy: str) -> Plan:
    """Take the statements that let everyone in out of the domain's policy."""
    which = {"domain": domain["name"], "domainOwner": domain["owner"]}

    def put(text: str) -> Call:
        return Call("codeartifact:PutDomainPermissionsPolicy", which | {"policyDocument": text})

    return close(policy, put, Call("codeartifact:DeleteDomainPermissionsPolicy", which))


@check(repositories, repository_policy, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def repository_policy_is_not_public(repository: Repository, policy: str) -> Verdict:
    """CodeArtifact repository policy lets in nobody from outside.

    Everyone with an AWS account could read your packages, or publish some for your builds to run.

    Fix: Name the accounts that need the repository, or limit the statement to your organization.
    See: https://docs.aws.amazon.com/codeartifact/latest/ug/repo-policies.html
    """
    return documents.opens_to_everyone(policy)


@fix(
    repository_policy_is_not_public,
    "codeartifact:PutRepositoryPermissionsPolicy",
    "codeartifact:DeleteRepositoryPermissionsPolicy",
    risk=Risk.CUTS_ACCESS,
)
def close_repository(repository: Repository, policy: str) -> Plan:
    """Take the statements that let everyone in out of the policy."""
    which = _which(repository)

    def put(text: str) -> Call:
        return Call("codeartifact:PutRepositoryPermissionsPolicy", which | {"policyDocument": text})

    notes = ["Builds that read packages from another account stop until their account is named."]
    return close(policy, put, Call("codeartifact:DeleteRepositoryPermissionsPolicy", which), notes)


@check(repositories, packages, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def repository_takes_packages_from_one_side(repository: Repository, packages: Packages) -> Verdict:
    """CodeArtifact packages come from you or others, not both.

    Where a package of yours may also come from a public repository, a stranger publishes a newer version there, and
    your builds run it.

    Fix: Block upstream in the origin controls of packages you publish, and publishing of those you do not.
    See: https://docs.aws.amazon.com/codeartifact/latest/ug/package-origin-controls.html
    """
    if not packages["public"]:
        raise NotApplicable("no public repository is behind it")
    found: Sequence[str] = sorted(packages["of_both"])
    return f"takes {in_words(list(found))} from you and from elsewhere" if found else None
