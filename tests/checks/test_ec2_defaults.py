"""A region's defaults for what is made next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import ec2_defaults
from checks.kit import NotApplicable
from tests.checks.cases import Case

TOKENS, IMAGES, SNAPSHOTS = (
    ec2_defaults.region_requires_imdsv2,
    ec2_defaults.region_blocks_public_images,
    ec2_defaults.region_blocks_public_snapshots,
)


def images(state: str) -> dict[str, str]:
    return {"ImageBlockPublicAccessState": state}


CASES = [
    Case(TOKENS, [{"HttpTokens": "required"}], None),
    Case(TOKENS, [{"HttpTokens": "optional"}], "does not require IMDSv2 of new instances"),
    Case(TOKENS, [{}], "does not require IMDSv2 of new instances"),
    Case(IMAGES, [images("block-new-sharing")], None),
    Case(IMAGES, [images("unblocked")], "does not block public sharing of AMIs"),
    Case(SNAPSHOTS, [{"State": "block-all-sharing"}], None),
    Case(SNAPSHOTS, [{"State": "block-new-sharing"}], None),
    Case(SNAPSHOTS, [{"State": "unblocked"}], "does not block public sharing of EBS snapshots"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_one_answer_for_the_region(aws: Region) -> None:
    assert list(ec2_defaults.metadata_defaults.stream(aws)) == [{}]
    [found] = ec2_defaults.image_sharing.stream(aws)
    assert found["ImageBlockPublicAccessState"] == "unblocked"


@pytest.mark.parametrize(
    ("fix", "given"),
    [
        (ec2_defaults.require_imdsv2, {"HttpTokens": "optional"}),
        (ec2_defaults.block_public_images, images("unblocked")),
        (ec2_defaults.block_public_snapshots, {"State": "unblocked"}),
    ],
)
def test_no_plan_for_what_the_organization_sets(fix: Any, given: dict[str, str]) -> None:
    assert fix.plan(given).do
    with pytest.raises(NotApplicable):
        fix.plan(given | {"ManagedBy": "declarative-policy"})


def test_all_of_it_blocked_is_not_made_weaker() -> None:
    with pytest.raises(NotApplicable):
        ec2_defaults.block_public_snapshots.plan({"State": "block-all-sharing"})


def nothing(_: boto3.Session) -> None:
    """A region starts without them."""


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {one.id: nothing for one in (TOKENS, IMAGES, SNAPSHOTS)}
