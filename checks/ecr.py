"""Amazon ECR: private repositories of container images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import nlargest
from typing import TYPE_CHECKING, Any, TypedDict

from checks import documents, kms
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
    expect,
    extra,
    fix,
)
from checks.policy_edits import close

if TYPE_CHECKING:
    from types_boto3_ecr.type_defs import PullThroughCacheRuleTypeDef as CacheRule
    from types_boto3_ecr.type_defs import RepositoryTypeDef as Repository

REPOSITORY_ARN = "{repositoryArn}"
BATCH = 25
"""Repositories that one call tells the scanning of.
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetRepositoryScanningConfiguration.html"""
NEWEST = 5
"""How many of the newest images are looked at until one is of a kind that is scanned."""
SCANNED = ("COMPLETE", "ACTIVE")
UNSUPPORTED = "UnsupportedImage"
"""https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-troubleshooting.html"""
MUTABILITY = "ecr:PutImageTagMutability"
SCANNING = "ecr:PutImageScanningConfiguration"


class Scanning(TypedDict):
    """A repository and what the registry's and its own settings come to."""

    repositoryArn: str
    repositoryName: str
    scan_frequency: str
    scans_on_push: bool


repositories: Collector[Repository] = collect(
    "ecr:DescribeRepositories", "repositories", arn=REPOSITORY_ARN, name="{repositoryName}"
)

cache_rules: Collector[CacheRule] = collect(
    "ecr:DescribePullThroughCacheRules",
    "pullThroughCacheRules",
    arn="arn:{partition}:ecr:{region}:{account}:pull-through-cache-rule/{ecrRepositoryPrefix}",
)


@collector(
    "ecr:BatchGetRepositoryScanningConfiguration", arn=REPOSITORY_ARN, name="{repositoryName}", needs=(repositories,)
)
def scannings(aws: Aws) -> Iterator[Scanning]:
    """What is in force: the registry's rules count for more than the setting of the repository."""
    names = [repository["repositoryName"] for repository in aws.read(repositories)]
    for start in range(0, len(names), BATCH):
        asked = names[start : start + BATCH]
        got = aws.call("ecr:BatchGetRepositoryScanningConfiguration", repositoryNames=asked)
        for one in got["scanningConfigurations"]:
            yield {
                "repositoryArn": one["repositoryArn"],
                "repositoryName": one["repositoryName"],
                "scan_frequency": one.get("scanFrequency", "MANUAL"),
                "scans_on_push": one.get("scanOnPush", False),
            }


@extra("ecr:GetRepositoryPolicy")
def policy(aws: Aws, repository: Repository) -> str:
    name = repository["repositoryName"]
    got = aws.call("ecr:GetRepositoryPolicy", repositoryName=name, absent="RepositoryPolicyNotFoundException")
    return str(got.get("policyText", ""))


@extra("ecr:GetLifecyclePolicy")
def lifecycle(aws: Aws, repository: Repository) -> str:
    name = repository["repositoryName"]
    got = aws.call("ecr:GetLifecyclePolicy", repositoryName=name, absent="LifecyclePolicyNotFoundException")
    return str(got.get("lifecyclePolicyText", ""))


@extra(needs=(cache_rules,))
def is_cache(aws: Aws, repository: Repository) -> bool:
    """Whether ECR fills it by a pull through cache rule."""
    prefixes = [rule["ecrRepositoryPrefix"] for rule in aws.read(cache_rules)]
    return any(one == "ROOT" or repository["repositoryName"].startswith(f"{one}/") for one in prefixes)


@extra(needs=(kms.keys,))
def has_own_key(aws: Aws, repository: Repository) -> bool:
    """Whether its key is one of the account's own, not AWS's."""
    key = repository.get("encryptionConfiguration", {}).get("kmsKey", "")
    return bool(key) and any(one["KeyArn"] == key for one in aws.read(kms.keys))


@extra("ecr:GetRegistryScanningConfiguration")
def scan_type(aws: Aws, _: Scanning) -> str:
    """BASIC, or ENHANCED where Amazon Inspector scans."""
    return str(aws.call("ecr:GetRegistryScanningConfiguration")["scanningConfiguration"]["scanType"])


@extra("ecr:DescribeImages", "ecr:DescribeImageScanFindings")
def findings(aws: Aws, repository: Repository) -> Mapping[str, int] | None:
    """Severity -> how many vulnerabilities the newest image has. None: there is none, or it was not scanned.

    An index of images for several architectures is no image, and neither is a signature or a Helm chart. What is
    pushed with an image and looks like one (how it was built, by whom it was signed) shows when it cannot be scanned.
    """
    name = repository["repositoryName"]
    listed = aws.items("ecr:DescribeImages", "imageDetails", repositoryName=name)
    for image in nlargest(NEWEST, filter(_can_run, listed), key=lambda one: one["imagePushedAt"]):
        which = {"repositoryName": name, "imageId": {"imageDigest": image["imageDigest"]}, "maxResults": 1}
        unscanned = ("ScanNotFoundException", "ImageNotFoundException")
        got = aws.call("ecr:DescribeImageScanFindings", absent=unscanned, **which)
        status = got.get("imageScanStatus", {})
        if status.get("status") != "UNSUPPORTED_IMAGE" and UNSUPPORTED not in status.get("description", ""):
            counts: Mapping[str, int] | None = got.get("imageScanFindings", {}).get("findingSeverityCounts")
            return counts if counts is not None or status.get("status") not in SCANNED else {}
    return None


def _can_run(image: Mapping[str, Any]) -> bool:
    manifest, artifact = image.get("imageManifestMediaType", ""), image.get("artifactMediaType", "")
    return not manifest.endswith(("manifest.list.v2+json", "image.index.v1+json")) and (
        not artifact or artifact.endswith(("container.image.v1+json", "oci.image.config.v1+json"))
    )


@check(repositories, policy, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def repository_policy_is_not_public(repository: Repository, policy: str) -> Verdict:
    """ECR repository policy lets in nobody from outside.

    Everyone with an AWS account could pull your images, code and all, or push one of their own for you to run.

    Fix: Name the accounts that need the repository, or limit the statement to your organization.
    See: https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
    """
    return documents.opens_to_everyone(policy)


@fix(
    repository_policy_is_not_public,
    "ecr:SetRepositoryPolicy",
    "ecr:DeleteRepositoryPolicy",
    risk=Risk.CUTS_ACCESS,
)
def shut_out_everyone(repository: Repository, policy: str) -> Plan:
    """Take what lets everyone in out of the repository's policy."""
    which = {"repositoryName": repository["repositoryName"]}
    notes = ["Clusters and builds of this account go on: their own roles let them in."]
    return close(
        policy,
        lambda text: Call("ecr:SetRepositoryPolicy", which | {"policyText": text}),
        Call("ecr:DeleteRepositoryPolicy", which),
        notes,
    )


@check(scannings, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def repository_scans_images(repository: Scanning) -> Verdict:
    """ECR repository scans its images.

    An image keeps the holes of the day it was built; a scan names them before they run in production.

    Fix: Add a rule to the registry's scanning configuration that takes in the repository.
    See: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html
    """
    scans = repository["scans_on_push"] or repository["scan_frequency"] in ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")
    return expect(scans, "scans no image unless somebody asks")


@fix(repository_scans_images, SCANNING, risk=Risk.SAFE, reads=(scan_type,))
def scan_on_push(repository: Scanning, scan_type: str) -> Plan:
    """Scan each image when it is pushed to the repository."""
    if scan_type == "ENHANCED":
        raise NotApplicable("Amazon Inspector scans this registry: its filters decide, and leave the repository out")

    def push(*, on: bool) -> Call:
        which = {"repositoryName": repository["repositoryName"]}
        return Call(SCANNING, which | {"imageScanningConfiguration": {"scanOnPush": on}})

    return Plan(
        do=[push(on=True)],
        undo=[push(on=False)],
        before={"scan on push": "on" if repository["scans_on_push"] else "off"},
        after={"scan on push": "on"},
        notes=["Basic scanning costs nothing. Images that are there already are scanned when they are pushed again."],
    )


@check(repositories, findings, practice=Practice.CONFIG, severity=Severity.HIGH)
def newest_image_has_no_severe_findings(
    repository: Repository, findings: Mapping[str, int] | None, *, severities: Sequence[str] = ("CRITICAL", "HIGH")
) -> Verdict:
    """Newest image of an ECR repository has no severe holes.

    It is the image that is about to run, or runs; a severe hole in it is known to whoever looks for one.

    Fix: Build the image again on a patched base image and packages, and push it.
    See: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html
    """
    if findings is None:
        raise NotApplicable("it has no image, or the newest was not scanned")
    found = [f"{findings[one]} {one.lower()}" for one in severities if findings.get(one)]
    return f"has vulnerabilities in its newest image: {', '.join(found)}" if found else None


@check(repositories, is_cache, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def repository_tags_are_immutable(repository: Repository, is_cache: bool) -> Verdict:
    """ECR repository keeps tags from being overwritten.

    Whoever may push could move a tag that production pulls to an image of their own, and nobody would notice.

    Fix: Turn on tag immutability, with an exclusion filter for tags that are meant to move, such as latest.
    See: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
    """
    if is_cache:
        raise NotApplicable("ECR fills it from another registry and moves its tags as they move there")
    return expect(repository["imageTagMutability"].startswith("IMMUTABLE"), "lets tags be overwritten")


@fix(repository_tags_are_immutable, MUTABILITY, risk=Risk.CUTS_ACCESS)
def keep_tags(repository: Repository, is_cache: bool) -> Plan:
    """Keep the repository's tags from being overwritten."""
    was = repository["imageTagMutability"]
    which: dict[str, Any] = {"repositoryName": repository["repositoryName"]}
    back = which | {"imageTagMutability": was}
    if filters := repository.get("imageTagMutabilityExclusionFilters"):
        back["imageTagMutabilityExclusionFilters"] = [dict(one) for one in filters]
    return Plan(
        do=[Call(MUTABILITY, which | {"imageTagMutability": "IMMUTABLE"})],
        undo=[Call(MUTABILITY, back)],
        before={"tags": was},
        after={"tags": "IMMUTABLE"},
        notes=["Builds that push to a tag again, latest for example, fail from then on. Pulls go on as before."],
    )


@check(repositories, lifecycle, practice=Practice.CONFIG, severity=Severity.LOW)
def repository_has_lifecycle_policy(repository: Repository, lifecycle: str) -> Verdict:
    """ECR repository has a lifecycle policy.

    Old images pile up, cost money, and are run by mistake with all the holes they were built with.

    Fix: Write a lifecycle policy that expires old images, and preview what it would delete before you apply it.
    See: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
    """
    return expect(lifecycle, "never expires old images")


@check(repositories, has_own_key, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def repository_has_own_key(repository: Repository, has_own_key: bool, *, customer_managed_key: bool = False) -> Verdict:
    """ECR repository is encrypted with a key of yours.

    ECR always encrypts images; with a key of yours you decide who may decrypt them, and can take it back.

    Fix: Create a repository with a KMS key of yours and move the images: the key of an existing one cannot change.
    See: https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
    """
    if not customer_managed_key:
        raise NotApplicable("the settings do not ask for KMS keys of your own")
    return expect(has_own_key, "is encrypted with AWS's key")
