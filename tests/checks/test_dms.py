"""DMS: what the judges say of instances, endpoints and tasks, and the instance that a fix is tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import dms
from checks.kit import NotApplicable
from tests.checks.cases import Case

INSTANCE = {
    "ReplicationInstanceArn": "arn:aws:dms:eu-west-1:123456789012:rep:ERP",
    "ReplicationInstanceStatus": "available",
}
PUBLIC, UPGRADES, ZONES = (
    dms.instance_is_not_public,
    dms.instance_takes_minor_upgrades,
    dms.instance_is_in_several_zones,
)
TLS, NEPTUNE, MONGO = (
    dms.endpoint_is_encrypted_in_transit,
    dms.endpoint_of_neptune_uses_iam,
    dms.endpoint_of_mongodb_signs_in,
)
LOGS = dms.task_logs_what_it_does
PLAIN = "is reached without TLS"


def endpoint(engine: str, ssl: str = "none", **settings: Any) -> dict[str, Any]:
    return {"EngineName": engine, "SslMode": ssl} | settings


def task(*, enabled: bool = True, **severities: str) -> dict[str, Any]:
    parts = [{"Id": part, "Severity": f"LOGGER_SEVERITY_{severity}"} for part, severity in severities.items()]
    return {"ReplicationTaskSettings": json.dumps({"Logging": {"EnableLogging": enabled, "LogComponents": parts}})}


CASES = [
    Case(PUBLIC, [{"PubliclyAccessible": False}], None),
    Case(PUBLIC, [{"PubliclyAccessible": True}], "has a public address"),
    Case(UPGRADES, [INSTANCE | {"AutoMinorVersionUpgrade": True}], None),
    Case(
        UPGRADES,
        [INSTANCE | {"AutoMinorVersionUpgrade": False}],
        "does not take minor version upgrades by itself",
    ),
    Case(ZONES, [{"MultiAZ": True}], None),
    Case(ZONES, [{"MultiAZ": False}], "runs in one Availability Zone"),
    Case(TLS, [endpoint("mysql", "verify-full")], None),
    Case(TLS, [endpoint("aurora-postgresql", "require")], None),
    Case(TLS, [endpoint("oracle")], PLAIN),
    Case(TLS, [endpoint("mongodb")], PLAIN),
    Case(TLS, [endpoint("s3")], NotApplicable),
    Case(TLS, [endpoint("redshift")], NotApplicable),
    Case(TLS, [endpoint("redis", RedisSettings={"SslSecurityProtocol": "ssl-encryption"})], None),
    Case(TLS, [endpoint("redis", RedisSettings={})], None),
    Case(TLS, [endpoint("redis", RedisSettings={"SslSecurityProtocol": "plaintext"})], PLAIN),
    Case(TLS, [endpoint("kafka", KafkaSettings={"SecurityProtocol": "sasl-ssl"})], None),
    Case(TLS, [endpoint("kafka", KafkaSettings={"Topic": "orders"})], PLAIN),
    Case(NEPTUNE, [endpoint("neptune", NeptuneSettings={"IamAuthEnabled": True})], None),
    Case(NEPTUNE, [endpoint("neptune", NeptuneSettings={})], "does without IAM authorization"),
    Case(NEPTUNE, [endpoint("mysql")], NotApplicable),
    Case(MONGO, [endpoint("mongodb", MongoDbSettings={"AuthType": "password"})], None),
    Case(MONGO, [endpoint("mongodb", MongoDbSettings={"AuthType": "no"})], "signs in without a password"),
    Case(MONGO, [endpoint("docdb")], NotApplicable),
    Case(LOGS, [task(SOURCE_CAPTURE="DEFAULT", TARGET_LOAD="DEBUG", TARGET_APPLY="DETAILED_DEBUG")], None),
    Case(LOGS, [task()], None),
    Case(LOGS, [task(SORTER="ERROR")], None),
    Case(LOGS, [task(enabled=False)], "keeps no log"),
    Case(LOGS, [{"ReplicationTaskSettings": "{}"}], "keeps no log"),
    Case(
        LOGS,
        [task(SOURCE_CAPTURE="ERROR", TARGET_APPLY="WARNING")],
        "logs no more than errors and warnings of SOURCE_CAPTURE, TARGET_APPLY",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_what_the_emulator_has(aws: Region) -> None:
    old_instance(aws.clients.session)
    client = aws.clients.session.client("dms")
    client.create_endpoint(
        EndpointIdentifier="erp", EndpointType="source", EngineName="oracle", SslMode="none", ServerName="erp"
    )
    [instance], [found] = dms.instances.stream(aws), dms.endpoints.stream(aws)
    assert identify(aws, dms.instances, instance)[1] == "erp-migration"
    assert identify(aws, dms.endpoints, found)[1] == "erp"
    assert TLS.judge(found) == PLAIN
    assert list(dms.tasks.stream(aws)) == []


def test_no_plan_for_an_instance_that_is_being_changed() -> None:
    with pytest.raises(NotApplicable):
        dms.take_minor_upgrades.plan(INSTANCE | {"ReplicationInstanceStatus": "modifying"})


def old_instance(aws: boto3.Session) -> None:
    aws.client("dms").create_replication_instance(
        ReplicationInstanceIdentifier="erp-migration",
        ReplicationInstanceClass="dms.t3.medium",
        AutoMinorVersionUpgrade=False,
        PubliclyAccessible=True,
        MultiAZ=False,
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {UPGRADES.id: old_instance}
