"""Which resources have a tag: read when a mute of it begins and with each scan; what cannot be read hides no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from bot.aws_errors import CallError
from bot.recording import connect, record, select, target
from bot.settings import load
from bot.store import Store
from bot.store.findings import Filter
from bot.tagged import tagged
from checks import s3
from tests.aws_answers import answer_instead
from tests.conftest import ACCOUNT

NOW = datetime.now(UTC)
DENIED = b'{"__type": "AccessDeniedException"}'


def bucket(name: str, **tags: str) -> str:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=name)
    client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": k, "Value": v} for k, v in tags.items()]})
    return f"arn:aws:s3:::{name}"


@pytest.fixture
def sandbox(moto_url: str) -> str:
    bucket("northwind-shop", env="prod")
    return bucket("northwind-sandbox", env="sandbox", keep="")


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("env=sandbox", True),
        ("env", True),
        ("keep", True),
        ("env=test", False),
        ("Env=sandbox", False),
    ],
)
def test_a_tag_is_a_key_or_a_key_with_its_value(sandbox: str, tag: str, found: bool) -> None:
    assert (sandbox in tagged(connect(load()), ["us-east-1"], tag)) is found


def scanned(store: Store) -> set[str]:
    """A complete scan; what it found that is shown."""
    settings = load(regions=["us-east-1"])
    where, only = target(settings, connect(settings)), select(settings, [s3.bucket_blocks_public_access.id])
    record(settings, store, where, only, requested_by="test", complete_scope=True)
    return {finding.name for finding in store.findings.search(Filter(muted=False), NOW)}


def test_a_scan_follows_the_tag_and_keeps_what_it_knew_when_it_cannot_read(
    sandbox: str, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert scanned(store) == {"northwind-shop", "northwind-sandbox"}
    given: dict[str, Any] = {"until": NOW + timedelta(days=7), "reason": "a sandbox", "by": "T1/U1", "at": NOW}
    store.mutes.begin(ACCOUNT, "", "", tag="env=sandbox", **given)
    assert scanned(store) == {"northwind-shop"}
    bucket("northwind-late", env="sandbox")
    assert scanned(store) == {"northwind-shop"}, "found later, hidden too"
    answer_instead(monkeypatch, "resourcegroupstaggingapi", "GetResources", 400, DENIED)
    assert scanned(store) == {"northwind-shop"}
    assert "what has the tag of a mute could not be read" in caplog.text
    with pytest.raises(CallError, match="tag:GetResources"):
        tagged(connect(load()), ["us-east-1"], "env=sandbox")
