"""The endpoint of `make bench`: it hands calls on as they are and counts them right."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from benchmarks.__main__ import measure
from benchmarks.endpoint import CONTROL, Call, call_of
from bot.demo.processes import fetch
from tests.conftest import point_at
from tests.endpoints import counted, endpoint

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def url(moto_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with endpoint(moto_url, tmp_path) as url:
        point_at(monkeypatch, url)
        yield url


def test_it_hands_on_what_each_kind_of_api_asks_and_answers(url: str) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="northwind", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="northwind", Key="plus + and %2F", Body=b"x" * 100_000)
    assert s3.get_object(Bucket="northwind", Key="plus + and %2F")["Body"].read() == b"x" * 100_000
    assert [user["UserName"] for user in boto3.client("iam").list_users()["Users"]] == []
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="no-such-bucket")
    assert counted(url)["calls"] == 6


def test_a_call_counts_as_a_duplicate_when_operation_region_and_parameters_are_the_same(url: str) -> None:
    fetch(url + CONTROL, b"0")
    for region in ("eu-west-1", "us-east-1"):
        sqs = boto3.client("sqs", region_name=region)
        for prefix in ("a", "a", "b"):
            sqs.list_queues(QueueNamePrefix=prefix)
    assert counted(url) == {
        "calls": 6,
        "duplicates": {"sqs eu-west-1 ListQueues": 1, "sqs us-east-1 ListQueues": 1},
    }


def test_counting_begins_anew_with_each_latency_and_the_latency_is_added(url: str) -> None:
    sqs = boto3.client("sqs", config=ONCE)
    sqs.list_queues()
    fetch(url + CONTROL, b"200")
    assert counted(url)["calls"] == 0
    began = time.monotonic()
    sqs.list_queues()
    assert time.monotonic() - began >= 0.2


def test_the_operation_is_found_in_header_body_or_path() -> None:
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260302/eu-west-1/kms/aws4_request, ..."}
    assert call_of("POST", "/", signed | {"X-Amz-Target": "TrentService.ListKeys"}, "{}") == Call(
        "kms", "eu-west-1", "ListKeys", "{}"
    )
    assert call_of("POST", "/", {}, "Action=ListUsers&Version=1").operation == "ListUsers"
    assert call_of("GET", "/bucket?acl", {}, "").operation == "GET /bucket?acl"


def test_a_run_is_measured_as_a_process_of_its_own(url: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    one = measure(("scan", "--no-store", "--check", "s3.bucket_blocks_public_access"), env, url, 0)
    assert one.calls == 3, "who am I, which regions, which buckets"
    assert one.duplicates == {}
    assert one.cpu > 0
    assert one.wall > 0
    assert 10 < one.peak_mb < 2000
