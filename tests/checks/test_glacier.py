"""Vaults of S3 Glacier and whom their policies let in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import boto3
import pytest

from bot.aws import Region
from checks import glacier
from tests.checks.cases import Case

PUBLIC = glacier.vault_is_not_public
VAULT = {"VaultName": "archive"}


def lets_in(who: object) -> str:
    statement = {"Effect": "Allow", "Principal": who, "Action": "glacier:InitiateJob", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


CASES = [
    Case(PUBLIC, [VAULT, ""], None),
    Case(PUBLIC, [VAULT, lets_in({"AWS": "arn:aws:iam::123456789012:root"})], None),
    Case(PUBLIC, [VAULT, lets_in("*")], "lets everyone do glacier:InitiateJob"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_vaults_with_and_without_a_policy(aws: Region) -> None:
    ours = aws.clients.session.client("glacier")
    ours.create_vault(vaultName="archive")
    [vault] = glacier.vaults.stream(aws)
    assert glacier.policy.read(aws, vault) == ""
    ours.set_vault_access_policy(vaultName="archive", policy={"Policy": lets_in("*")})
    assert PUBLIC.judge(vault, glacier.policy.read(aws, vault)) == "lets everyone do glacier:InitiateJob"


def public_vault(aws: boto3.Session) -> None:
    client = aws.client("glacier", region_name="eu-west-1")
    client.create_vault(vaultName="archive")
    client.set_vault_access_policy(vaultName="archive", policy={"Policy": lets_in("*")})


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {PUBLIC.id: public_vault}
