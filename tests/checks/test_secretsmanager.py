"""Secrets Manager: what the judge says of secrets that rotate, do not, or are not ours to rotate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.aws import Region
from checks import secretsmanager
from checks.kit import NotApplicable
from tests.checks.cases import NOW, Case

ROTATES = secretsmanager.secret_rotates


def secret(**more: Any) -> dict[str, Any]:
    return {"ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/database-a1b2c3"} | more


CASES = [
    Case(ROTATES, [secret(RotationEnabled=True), NOW], None),
    Case(ROTATES, [secret(RotationEnabled=True, PrimaryRegion="eu-west-1"), NOW], None),
    Case(ROTATES, [secret(RotationEnabled=True, NextRotationDate=NOW + timedelta(days=9)), NOW], None),
    Case(ROTATES, [secret(RotationEnabled=True, NextRotationDate=NOW - timedelta(hours=23)), NOW], None),
    Case(
        ROTATES,
        [secret(RotationEnabled=True, NextRotationDate=NOW - timedelta(days=30)), NOW],
        "should have been renewed by 2026-01-31",
    ),
    Case(ROTATES, [secret(RotationEnabled=False), NOW], "is never renewed automatically"),
    Case(ROTATES, [secret(), NOW], "is never renewed automatically"),
    Case(ROTATES, [secret(PrimaryRegion="us-east-1"), NOW], NotApplicable),
    Case(ROTATES, [secret(OwningService="rds"), NOW], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_the_secrets_of_a_region(aws: Region) -> None:
    aws.clients.session.client("secretsmanager").create_secret(Name="shop/database", SecretString="placeholder")
    [found] = secretsmanager.secrets.stream(aws)
    assert ROTATES.judge(found, NOW) == "is never renewed automatically"
