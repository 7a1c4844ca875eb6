"""S3: what the judges say, and the broken buckets that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import boto3
import pytest

from checks import s3
from tests.checks.cases import Case

ALL_ON = dict.fromkeys(s3.FLAGS, True)

CASES = [
    Case(s3.bucket_blocks_public_access, [{}, ALL_ON], None),
    Case(s3.bucket_blocks_public_access, [{}, ALL_ON | {"BlockPublicAcls": False}], "leaves BlockPublicAcls off"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def open_bucket(aws: boto3.Session) -> None:
    aws.client("s3", region_name="us-east-1").create_bucket(Bucket="northwind-exports")


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {s3.bucket_blocks_public_access.id: open_bucket}
