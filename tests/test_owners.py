"""Who owns what: read once from tags, kept with the findings, never in the way of a verdict."""

from __future__ import annotations

import boto3
import pytest

from bot.owners import owners
from bot.recording import connect, record, select, target
from bot.settings import load
from bot.store import Store
from bot.store.findings import Filter
from checks import s3
from tests.aws_answers import answer_instead

TAGS = {"TagSet": [{"Key": "owner", "Value": "ana.ribeiro"}, {"Key": "team", "Value": "shop"}]}


@pytest.fixture
def bucket(moto_url: str) -> str:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="northwind-exports")
    client.put_bucket_tagging(Bucket="northwind-exports", Tagging=TAGS)  # type: ignore[arg-type]
    return "arn:aws:s3:::northwind-exports"


@pytest.mark.parametrize(("keys", "owner"), [(["owner"], "ana.ribeiro"), (["team", "owner"], "shop"), (["cost"], None)])
def test_the_first_tag_that_is_there_names_the_owner(bucket: str, keys: list[str], owner: str | None) -> None:
    assert owners(connect(load()), ["us-east-1"], keys).get(bucket) == owner


def test_owners_that_cannot_be_read_are_left_out(
    bucket: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    denied = b'{"__type": "AccessDeniedException"}'
    answer_instead(monkeypatch, "resourcegroupstaggingapi", "GetResources", 400, denied)
    assert owners(connect(load()), ["us-east-1"], ["owner"]) == {}
    assert "owners could not be read" in caplog.text


def test_a_complete_scan_keeps_the_owners(bucket: str, store: Store) -> None:
    settings = load(regions=["us-east-1"])
    where, only = target(settings, connect(settings)), select(settings, [s3.bucket_blocks_public_access.id])
    record(settings, store, where, only, requested_by="test", complete_scope=True)
    (finding,) = store.findings.search(Filter(), where.home.now)
    assert (finding.resource, finding.owner) == (bucket, "ana.ribeiro")
