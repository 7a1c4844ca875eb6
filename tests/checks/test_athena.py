"""Athena: what the judges say of workgroups, and the one that fixes are tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import athena
from checks.kit import NotApplicable
from tests.checks.cases import Case

GROUP: dict[str, Any] = {"Name": "analysts", "State": "ENABLED"}
SPARK = GROUP | {"EngineVersion": {"EffectiveEngineVersion": "PySpark engine version 3"}}
OFF = GROUP | {"State": "DISABLED"}
ENFORCES, METRICS, KEY = (
    athena.workgroup_enforces_settings,
    athena.workgroup_publishes_metrics,
    athena.workgroup_encrypts_with_own_key,
)
PLACE = {"ResultConfiguration": {"OutputLocation": "s3://northwind-traders-results/"}}
ASKED = {"customer_managed_key": True}
NO_KEY = "does not encrypt results with a KMS key of yours"


def enforces(*, on: bool) -> dict[str, Any]:
    return PLACE | {"EnforceWorkGroupConfiguration": on}


def encrypted(**how: Any) -> dict[str, Any]:
    return {"ResultConfiguration": {"EncryptionConfiguration": how}}


CASES = [
    Case(ENFORCES, [GROUP, enforces(on=True), True], None),
    Case(ENFORCES, [GROUP, enforces(on=False), True], "lets clients override its settings"),
    Case(ENFORCES, [GROUP, enforces(on=False), False], NotApplicable),
    Case(ENFORCES, [OFF, enforces(on=False), True], NotApplicable),
    Case(ENFORCES, [SPARK, enforces(on=False), False], NotApplicable),
    Case(METRICS, [GROUP, {"PublishCloudWatchMetricsEnabled": True}, True], None),
    Case(METRICS, [GROUP, {"PublishCloudWatchMetricsEnabled": False}, True], "publishes no metrics of its queries"),
    Case(METRICS, [GROUP, {}, False], NotApplicable),
    Case(KEY, [GROUP, encrypted(EncryptionOption="SSE_KMS", KmsKey="arn"), True], None, ASKED),
    Case(KEY, [GROUP, encrypted(EncryptionOption="SSE_S3"), True], NO_KEY, ASKED),
    Case(KEY, [GROUP, {}, True], NO_KEY, ASKED),
    Case(
        KEY,
        [GROUP, encrypted(KmsKey="arn") | {"ManagedQueryResultsConfiguration": {"Enabled": True}}, True],
        NO_KEY,
        ASKED,
    ),
    Case(KEY, [GROUP, {}, True], NotApplicable),
    Case(KEY, [GROUP, {}, False], NotApplicable, ASKED),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_workgroup_nobody_asked_anything_in_is_not_in_use(aws: Region) -> None:
    busy_workgroup(aws.clients.session)
    found = {group["Name"]: group for group in athena.workgroups.stream(aws)}
    assert athena.in_use.read(aws, found["analysts"])
    assert not athena.in_use.read(aws, found["primary"])
    spark: Any = SPARK
    assert not athena.in_use.read(aws, spark)
    assert athena.configuration.read(aws, found["analysts"])["EnforceWorkGroupConfiguration"] is False


def test_nothing_is_enforced_where_results_have_no_place() -> None:
    with pytest.raises(NotApplicable):
        athena.enforce_settings.plan(GROUP, {"EnforceWorkGroupConfiguration": False}, True)


def busy_workgroup(aws: boto3.Session) -> None:
    client: Any = aws.client("athena")
    client.create_work_group(
        Name="analysts", Configuration=enforces(on=False) | {"PublishCloudWatchMetricsEnabled": False}
    )
    client.start_query_execution(QueryString="SELECT 1", WorkGroup="analysts")


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {ENFORCES.id: busy_workgroup, METRICS.id: busy_workgroup}
