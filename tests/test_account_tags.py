"""An account's own tags protect all that is in it; tags that nobody could read protect it, too."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from bot.account_tags import ACCOUNT_TAG_CALL, account_tags
from bot.aws import Clients, Region
from bot.cli.policies import documents
from bot.settings import BadSettings, load
from tests.aws_answers import answer_instead
from tests.conftest import ACCOUNT

DENIED = b'{"__type": "AccessDeniedException", "Message": "no"}'


@pytest.fixture
def organizations(moto_url: str) -> Any:
    return boto3.client("organizations", region_name="us-east-1")


def home() -> Region:
    return Region(Clients(boto3.Session(region_name="us-east-1")), ACCOUNT, "us-east-1")


def test_a_management_account_reads_its_tags_in_organizations(organizations: Any) -> None:
    organizations.create_organization(FeatureSet="ALL")
    assert account_tags(load(), home()) == []
    organizations.tag_resource(ResourceId=ACCOUNT, Tags=[{"Key": "env", "Value": "prod"}])
    assert account_tags(load(), home()) == [("env", "prod")]


def test_an_account_of_no_organization_has_no_tags(moto_url: str) -> None:
    assert account_tags(load(), home()) == []


def test_a_member_account_may_not_read_its_tags(organizations: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_instead(monkeypatch, "organizations", "ListTagsForResource", 400, DENIED)
    assert account_tags(load(), home()) is None


@pytest.mark.parametrize(("stated", "tags"), [({"env": "prod"}, [("env", "prod")]), ({}, [])])
def test_what_the_settings_state_is_not_asked_for(
    organizations: Any, monkeypatch: pytest.MonkeyPatch, stated: dict[str, str], tags: list[tuple[str, str]]
) -> None:
    answer_instead(monkeypatch, "organizations", "ListTagsForResource", 400, DENIED)
    assert account_tags(load(account_tags={ACCOUNT: stated}), home()) == tags
    assert account_tags(load(account_tags={"210987654321": stated}), home()) is None


def test_they_are_written_as_a_table(tmp_path: Any) -> None:
    (tmp_path / "aws-sec.toml").write_text(f'[account_tags.{ACCOUNT}]\nenv = "prod"\n')
    assert load().account_tags == {ACCOUNT: {"env": "prod"}}
    with pytest.raises(BadSettings, match=r"AWS_SEC_ACCOUNT_TAGS\[prod\].*an account's id, twelve digits"):
        load(account_tags={"prod": {}})


def test_the_read_role_may_ask() -> None:
    allowed = {action for policy in documents(fixes=False) for action in policy["Statement"][0]["Action"]}
    assert ACCOUNT_TAG_CALL in allowed
