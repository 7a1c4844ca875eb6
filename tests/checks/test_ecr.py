"""ECR: what the judges say, what is read, and the repositories that fixes are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import ecr
from checks.kit import NotApplicable
from tests.checks.cases import Case

ARN = "arn:aws:ecr:eu-west-1:123456789012:repository/shop"
REPOSITORY: Any = {"repositoryName": "shop", "repositoryArn": ARN}
PUBLIC, SCANS = ecr.repository_policy_is_not_public, ecr.repository_scans_images
TAGS, OLD, OWN_KEY = ecr.repository_tags_are_immutable, ecr.repository_has_lifecycle_policy, ecr.repository_has_own_key
HOLES = ecr.newest_image_has_no_severe_findings
ASKED = {"customer_managed_key": True}


def policy(principal: Any = "*", action: str = "ecr:BatchGetImage", **condition: Any) -> str:
    one = {"Sid": "one", "Effect": "Allow", "Principal": principal, "Action": action}
    more = {"Condition": condition} if condition else {}
    return json.dumps({"Version": "2012-10-17", "Statement": [one | more]})


def scanning(frequency: str, *, on_push: bool = False) -> Any:
    return REPOSITORY | {"scan_frequency": frequency, "scans_on_push": on_push}


def tags(mutability: str) -> Any:
    return REPOSITORY | {"imageTagMutability": mutability}


CASES = [
    Case(PUBLIC, [REPOSITORY, ""], None),
    Case(PUBLIC, [REPOSITORY, policy()], "lets everyone do ecr:BatchGetImage"),
    Case(PUBLIC, [REPOSITORY, policy({"AWS": "arn:aws:iam::210987654321:root"})], None),
    Case(PUBLIC, [REPOSITORY, policy(StringEquals={"aws:PrincipalOrgID": "o-a1b2c3d4e5"})], None),
    Case(SCANS, [scanning("MANUAL")], "scans no image unless somebody asks"),
    Case(SCANS, [scanning("SCAN_ON_PUSH")], None),
    Case(SCANS, [scanning("CONTINUOUS_SCAN")], None),
    Case(SCANS, [scanning("MANUAL", on_push=True)], None),
    Case(HOLES, [REPOSITORY, None], NotApplicable),
    Case(HOLES, [REPOSITORY, {}], None),
    Case(HOLES, [REPOSITORY, {"LOW": 4, "MEDIUM": 2}], None),
    Case(
        HOLES, [REPOSITORY, {"CRITICAL": 2, "HIGH": 5}], "has vulnerabilities in its newest image: 2 critical, 5 high"
    ),
    Case(HOLES, [REPOSITORY, {"HIGH": 5}], None, {"severities": ("CRITICAL",)}),
    Case(TAGS, [tags("IMMUTABLE"), False], None),
    Case(TAGS, [tags("IMMUTABLE_WITH_EXCLUSION"), False], None),
    Case(TAGS, [tags("MUTABLE"), False], "lets tags be overwritten"),
    Case(TAGS, [tags("MUTABLE_WITH_EXCLUSION"), False], "lets tags be overwritten"),
    Case(TAGS, [tags("MUTABLE"), True], NotApplicable),
    Case(OLD, [REPOSITORY, ""], "never expires old images"),
    Case(OLD, [REPOSITORY, '{"rules": []}'], None),
    Case(OWN_KEY, [REPOSITORY, False], NotApplicable),
    Case(OWN_KEY, [REPOSITORY, False], "is encrypted with AWS's key", ASKED),
    Case(OWN_KEY, [REPOSITORY, True], None, ASKED),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_what_is_read_of_a_new_repository(aws: Region) -> None:
    create(aws.clients.session)
    [repository] = ecr.repositories.stream(aws)
    assert ecr.policy.read(aws, repository) == ""
    assert ecr.lifecycle.read(aws, repository) == ""
    assert ecr.is_cache.read(aws, repository) is False
    assert ecr.has_own_key.read(aws, repository) is False
    assert ecr.findings.read(aws, repository) is None
    [scanning] = ecr.scannings.stream(aws)
    assert scanning["scan_frequency"] == "MANUAL"
    assert ecr.scan_type.read(aws, scanning) == "BASIC"


def test_scanning_is_read_of_25_repositories_at_once(aws: Region) -> None:
    client = aws.clients.session.client("ecr")
    for number in range(26):
        client.create_repository(repositoryName=f"team/{number}")
    assert len(list(ecr.scannings.stream(aws))) == 26


def test_a_cache_is_known_by_its_prefix(aws: Region) -> None:
    rule = {"ecrRepositoryPrefix": "docker-hub", "upstreamRegistryUrl": "registry-1.docker.io"}
    with Stubber(aws.clients.get("ecr", aws.region)) as stub:
        stub.add_response("describe_pull_through_cache_rules", {"pullThroughCacheRules": [rule]}, {})
        assert ecr.is_cache.read(aws, {"repositoryName": "docker-hub/library/nginx"}) is True
        assert ecr.is_cache.read(aws, {"repositoryName": "docker-hubble"}) is False


def test_a_key_of_ones_own_is_among_the_accounts_keys(aws: Region) -> None:
    key = aws.clients.session.client("kms").create_key()["KeyMetadata"]["Arn"]
    own = {"encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": key}}
    assert ecr.has_own_key.read(aws, REPOSITORY | own) is True
    of_aws = {"encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": key[:-1] + "x"}}
    assert ecr.has_own_key.read(aws, REPOSITORY | of_aws) is False


def image(day: int, digest: str, **more: str) -> dict[str, Any]:
    return {"imageDigest": f"sha256:{digest * 64}", "imagePushedAt": datetime(2026, 1, day, tzinfo=UTC)} | more


INDEX = {"imageManifestMediaType": "application/vnd.oci.image.index.v1+json"}
CHART = {"artifactMediaType": "application/vnd.cncf.helm.config.v1+json"}
OCI = {"artifactMediaType": "application/vnd.oci.image.config.v1+json"}
IMAGES = [image(2, "a", **OCI), image(1, "b"), image(3, "c", **INDEX), image(4, "d", **CHART)]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findingSeverityCounts": {"HIGH": 2}}}, {"HIGH": 2}),
        ({"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {}}, {}),
        ({"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": {}}, {}),
        ({"imageScanStatus": {"status": "FAILED", "description": "The scan failed"}}, None),
        ({"imageScanStatus": {"status": "PENDING"}}, None),
    ],
)  # fmt: skip
def test_findings_are_those_of_the_newest_image_that_can_run(aws: Region, answer: Any, found: Any) -> None:
    with Stubber(aws.clients.get("ecr", aws.region)) as stub:
        stub.add_response("describe_images", {"imageDetails": IMAGES}, {"repositoryName": "shop"})
        newest = {"repositoryName": "shop", "imageId": {"imageDigest": "sha256:" + "a" * 64}, "maxResults": 1}
        stub.add_response("describe_image_scan_findings", answer, newest)
        assert ecr.findings.read(aws, REPOSITORY) == found


@pytest.mark.parametrize(
    "status", [{"status": "UNSUPPORTED_IMAGE"}, {"status": "FAILED", "description": "UnsupportedImageError: no OS"}]
)
def test_what_cannot_be_scanned_hides_no_image(aws: Region, status: Any) -> None:
    with Stubber(aws.clients.get("ecr", aws.region)) as stub:
        stub.add_response("describe_images", {"imageDetails": IMAGES}, {"repositoryName": "shop"})
        stub.add_response("describe_image_scan_findings", {"imageScanStatus": status})
        found: Any = {
            "imageScanStatus": {"status": "COMPLETE"},
            "imageScanFindings": {"findingSeverityCounts": {"HIGH": 1}},
        }
        older = {"repositoryName": "shop", "imageId": {"imageDigest": "sha256:" + "b" * 64}, "maxResults": 1}
        stub.add_response("describe_image_scan_findings", found, older)
        assert ecr.findings.read(aws, REPOSITORY) == {"HIGH": 1}


def test_an_image_that_was_never_scanned_has_no_findings_to_judge(aws: Region) -> None:
    with Stubber(aws.clients.get("ecr", aws.region)) as stub:
        stub.add_response("describe_images", {"imageDetails": IMAGES}, {"repositoryName": "shop"})
        stub.add_client_error("describe_image_scan_findings", "ScanNotFoundException")
        assert ecr.findings.read(aws, REPOSITORY) is None


def test_inspectors_filters_are_left_to_people() -> None:
    with pytest.raises(NotApplicable):
        ecr.scan_on_push.plan(scanning("MANUAL"), "ENHANCED")


def test_exclusions_come_back_with_the_undo() -> None:
    filters = [{"filterType": "WILDCARD", "filter": "latest*"}]
    was = tags("MUTABLE_WITH_EXCLUSION") | {"imageTagMutabilityExclusionFilters": filters}
    [back] = ecr.keep_tags.plan(was, False).undo
    assert back.params["imageTagMutabilityExclusionFilters"] == filters


def create(session: boto3.Session) -> Any:
    client = session.client("ecr")
    client.create_repository(repositoryName="shop")
    return client


def open_to_everyone(session: boto3.Session) -> None:
    two = json.loads(policy({"AWS": "arn:aws:iam::123456789012:root"}))
    two["Statement"] += json.loads(policy())["Statement"]
    create(session).set_repository_policy(repositoryName="shop", policyText=json.dumps(two))


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    PUBLIC.id: open_to_everyone,
    SCANS.id: create,
    TAGS.id: create,
}
