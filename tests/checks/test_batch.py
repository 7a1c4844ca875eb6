"""Batch: secrets in the variables of job definitions, wherever their containers are."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import batch
from tests.checks.cases import Case

SECRETS = batch.job_definition_keeps_no_secrets_in_variables

CASES = [
    Case(SECRETS, [{"name": "nightly", "revision": 2, "secrets": []}], None),
    Case(
        SECRETS,
        [{"name": "nightly", "revision": 2, "secrets": ["DB_PASSWORD"]}],
        "has variables that look like secrets: DB_PASSWORD (revision 2)",
    ),
]

GIVEN = [{"name": "DB_PASSWORD", "value": "hunter2"}]
PLACES: dict[str, dict[str, Any]] = {
    "container": {"containerProperties": {"environment": GIVEN}},
    "nodes": {
        "nodeProperties": {
            "numNodes": 1,
            "mainNode": 0,
            "nodeRangeProperties": [{"targetNodes": "0", "container": {"environment": GIVEN}}],
        }
    },
    "ecs": {"ecsProperties": {"taskProperties": [{"containers": [{"image": "shop", "environment": GIVEN}]}]}},
    "eks": {"eksProperties": {"podProperties": {"containers": [{"image": "shop", "env": GIVEN}]}}},
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def job(revision: int, **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:batch:eu-west-1:123456789012:job-definition/nightly:{revision}"
    return {"jobDefinitionName": "nightly", "jobDefinitionArn": arn, "revision": revision, "type": "container"} | more


@pytest.mark.parametrize("place", PLACES)
def test_the_newest_revision_counts_and_no_value_is_kept(aws: Region, place: str) -> None:
    with Stubber(aws.clients.get("batch", aws.region)) as stub:
        answer = {"jobDefinitions": [job(1), job(2, **PLACES[place]), job(1)]}
        stub.add_response("describe_job_definitions", answer, {"status": "ACTIVE"})
        [found] = batch.job_definitions.stream(aws)
    assert found == {"name": "nightly", "revision": 2, "secrets": ["DB_PASSWORD"]}
