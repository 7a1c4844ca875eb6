"""Glue: what the judges say of the catalog, connections, jobs and transforms, and how these are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest

from bot.aws import Reads, Region
from checks import glue
from checks.inputs import INPUTS
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case

CATALOG: dict[str, Any] = {"settings": {}, "database": "sales", "connection": "erp"}
PUBLIC, ENCRYPTED, PASSWORDS = (
    glue.catalog_is_not_public,
    glue.catalog_is_encrypted,
    glue.catalog_encrypts_connection_passwords,
)
TLS, SECRET = glue.connection_requires_tls, glue.connection_has_password_in_secrets_manager
LOGS, VERSION, KEYS = glue.job_logs_as_it_runs, glue.job_runs_supported_version, glue.job_encrypts_with_own_keys
TRANSFORM = glue.transform_is_encrypted
ASKED = {"customer_managed_key": True}
ALL_KMS = {
    "S3Encryption": [{"S3EncryptionMode": "SSE-KMS"}],
    "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS"},
    "JobBookmarksEncryption": {"JobBookmarksEncryptionMode": "CSE-KMS"},
}


def policy(principal: Any, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "glue:GetTables", "Resource": "*"} | more
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def settings(**more: Any) -> dict[str, Any]:
    return CATALOG | {"settings": more}


def connection(kind: str, **properties: str) -> dict[str, Any]:
    return {"ConnectionType": kind, "ConnectionProperties": properties}


def job(command: str = "glueetl", **more: Any) -> dict[str, Any]:
    return {"Command": {"Name": command}, "GlueVersion": "4.0"} | more


CASES = [
    Case(PUBLIC, [CATALOG, ""], None),
    Case(PUBLIC, [CATALOG, policy({"AWS": "*"})], "lets everyone do glue:GetTables"),
    Case(PUBLIC, [CATALOG, policy({"AWS": "arn:aws:iam::210987654321:root"})], None),
    Case(PUBLIC, [CATALOG, policy("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1"}})], None),
    Case(ENCRYPTED, [settings(EncryptionAtRest={"CatalogEncryptionMode": "SSE-KMS"})], None),
    Case(ENCRYPTED, [settings(EncryptionAtRest={"CatalogEncryptionMode": "SSE-KMS-WITH-SERVICE-ROLE"})], None),
    Case(ENCRYPTED, [settings(EncryptionAtRest={"CatalogEncryptionMode": "DISABLED"})], "is not encrypted"),
    Case(ENCRYPTED, [CATALOG], "is not encrypted"),
    Case(ENCRYPTED, [CATALOG | {"database": ""}], NotApplicable),
    Case(PASSWORDS, [settings(ConnectionPasswordEncryption={"ReturnConnectionPasswordEncrypted": True})], None),
    Case(
        PASSWORDS,
        [settings(ConnectionPasswordEncryption={"ReturnConnectionPasswordEncrypted": False})],
        "hands out connection passwords as they are",
    ),
    Case(PASSWORDS, [CATALOG], "hands out connection passwords as they are"),
    Case(PASSWORDS, [CATALOG | {"connection": ""}], NotApplicable),
    Case(TLS, [connection("JDBC", JDBC_ENFORCE_SSL="true")], None),
    Case(TLS, [connection("JDBC", JDBC_ENFORCE_SSL="false")], "does not require TLS"),
    Case(TLS, [connection("MONGODB")], "does not require TLS"),
    Case(TLS, [connection("KAFKA")], None),
    Case(TLS, [connection("KAFKA", KAFKA_SSL_ENABLED="false")], "does not require TLS"),
    Case(TLS, [connection("NETWORK")], NotApplicable),
    Case(TLS, [connection("SNOWFLAKE")], NotApplicable),
    Case(SECRET, [connection("JDBC", SECRET_ID="erp")], None),
    Case(SECRET, [connection("SALESFORCE") | {"AuthenticationConfiguration": {"SecretArn": "arn"}}], None),
    Case(SECRET, [connection("JDBC", USERNAME="glue")], "keeps its password in itself"),
    Case(SECRET, [connection("NETWORK")], NotApplicable),
    Case(LOGS, [job(DefaultArguments={"--enable-continuous-cloudwatch-log": "true"})], None),
    Case(LOGS, [job()], "logs nothing while it runs"),
    Case(LOGS, [job(DefaultArguments={"--enable-continuous-cloudwatch-log": "false"})], "logs nothing while it runs"),
    Case(LOGS, [job(GlueVersion="5.0")], NotApplicable),
    Case(LOGS, [job("pythonshell")], NotApplicable),
    Case(VERSION, [job()], None),
    Case(VERSION, [job(GlueVersion="3.0")], None),
    Case(VERSION, [job(GlueVersion="2.0")], "runs Glue 2.0, which AWS has given up"),
    Case(VERSION, [job(GlueVersion="0.9")], "runs Glue 0.9, which AWS has given up"),
    Case(VERSION, [job("pythonshell", GlueVersion="1.0")], NotApplicable),
    Case(VERSION, [job(GlueVersion="10.0")], None),
    Case(KEYS, [job(), ALL_KMS], None, ASKED),
    Case(KEYS, [job(), {}], "has no KMS key for S3, CloudWatch Logs, job bookmarks", ASKED),
    Case(
        KEYS,
        [job(), ALL_KMS | {"S3Encryption": [{"S3EncryptionMode": "SSE-S3"}]}],
        "has no KMS key for S3",
        ASKED,
    ),
    Case(KEYS, [job(), {}], NotApplicable),
    Case(
        TRANSFORM,
        [{"TransformEncryption": {"MlUserDataEncryption": {"MlUserDataEncryptionMode": "SSE-KMS"}}}],
        None,
    ),
    Case(TRANSFORM, [{"Status": "READY"}], "is not encrypted"),
    Case(TRANSFORM, [{"Status": "DELETING"}], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_job_of_no_known_version_is_unknown() -> None:
    with pytest.raises(Unknown):
        VERSION.judge({"Command": {"Name": "glueetl"}})


def test_an_unused_catalog_and_one_in_use(aws: Region) -> None:
    client: Any = aws.clients.session.client("glue")
    [empty] = glue.catalogs.stream(replace(aws, reads=Reads()))
    assert (empty["database"], empty["connection"]) == ("", "")
    assert glue.policy.read(aws, empty) == ""
    client.create_database(DatabaseInput={"Name": "sales"})
    client.create_connection(
        ConnectionInput={"Name": "a-network", "ConnectionType": "NETWORK", "ConnectionProperties": {}}
    )
    [passwordless] = glue.catalogs.stream(replace(aws, reads=Reads()))
    assert passwordless["connection"] == ""
    properties = {"USERNAME": "glue", "PASSWORD": "Just-4-tests"}
    client.create_connection(
        ConnectionInput={"Name": "erp", "ConnectionType": "JDBC", "ConnectionProperties": properties}
    )
    [found] = glue.catalogs.stream(replace(aws, reads=Reads()))
    assert (found["database"], found["connection"]) == ("sales", "erp")
    [connection] = [one for one in glue.connections.stream(aws) if one["Name"] == "erp"]
    assert SECRET.judge(connection) == "keeps its password in itself"


def test_a_job_and_its_security_configuration(aws: Region) -> None:
    client: Any = aws.clients.session.client("glue")
    client.create_security_configuration(Name="kms", EncryptionConfiguration=ALL_KMS)
    command = {"Name": "glueetl", "ScriptLocation": "s3://northwind/job.py"}
    client.create_job(Name="load", Role="glue", Command=command, GlueVersion="4.0", SecurityConfiguration="kms")
    [job] = glue.jobs.stream(aws)
    assert Case(KEYS, [job, glue.encryption.read(aws, job)], None).outcome(customer_managed_key=True) is None
    assert glue.encryption.read(aws, {"Name": "other"}) == {}
    assert list(glue.transforms.stream(aws)) == []


def public_catalog(aws: boto3.Session) -> None:
    aws.client("glue", region_name="eu-west-1").put_resource_policy(PolicyInJson=policy("*"))


def with_password(aws: boto3.Session) -> None:
    properties: Any = {"USERNAME": "reports", "PASSWORD": "not-a-real-password", "JDBC_CONNECTION_URL": "jdbc:x"}
    aws.client("glue", region_name="eu-west-1").create_connection(
        ConnectionInput={"Name": "warehouse", "ConnectionType": "JDBC", "ConnectionProperties": properties}
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {PUBLIC.id: public_catalog, PASSWORDS.id: with_password}


def test_a_key_of_another_region_encrypts_no_passwords_here() -> None:
    catalog: Any = {"settings": {}, "database": "", "connection": "warehouse"}
    with pytest.raises(NotApplicable, match="which is in eu-west-1: name one of us-east-1"):
        glue.encrypt_connection_passwords.plan(catalog, "us-east-1", kms_key=INPUTS["kms_key"].example)
