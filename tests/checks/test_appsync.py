"""AppSync: what the judges say of GraphQL APIs, and what is read of one."""

from __future__ import annotations

import pytest

from bot.aws import Region
from bot.scan import identify
from checks import appsync
from checks.kit import NotApplicable
from tests.checks.cases import Case

LOGS, KEYS, CACHE = appsync.api_logs_fields, appsync.api_takes_no_api_keys, appsync.api_cache_encrypts_in_transit
KEY = {"authenticationType": "API_KEY"}
COGNITO = {"authenticationType": "AMAZON_COGNITO_USER_POOLS"}

CASES = [
    Case(LOGS, [{"logConfig": {"fieldLogLevel": "ERROR"}}], None),
    Case(LOGS, [{"logConfig": {"fieldLogLevel": "NONE"}}], "logs no fields"),
    Case(LOGS, [{}], "logs no fields"),
    Case(KEYS, [COGNITO], None),
    Case(KEYS, [KEY], "lets in whoever has an API key"),
    Case(KEYS, [COGNITO | {"additionalAuthenticationProviders": [KEY]}], "lets in whoever has an API key"),
    Case(KEYS, [KEY | {"visibility": "PRIVATE"}], NotApplicable),
    Case(CACHE, [{}, {"transitEncryptionEnabled": True}], None),
    Case(CACHE, [{}, {"transitEncryptionEnabled": False}], "reaches its cache in plain text"),
    Case(CACHE, [{}, {}], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_an_api_and_its_cache(aws: Region) -> None:
    client = aws.clients.session.client("appsync")
    made = client.create_graphql_api(name="orders", authenticationType="API_KEY")["graphqlApi"]
    [found] = appsync.apis.stream(aws)
    assert identify(aws, appsync.apis, found) == (made["arn"], "orders")
    assert KEYS.judge(found) == "lets in whoever has an API key"
    assert appsync.cache.read(aws, found) == {}
    client.create_api_cache(
        apiId=made["apiId"],
        ttl=60,
        apiCachingBehavior="FULL_REQUEST_CACHING",
        type="SMALL",
        transitEncryptionEnabled=True,
    )
    assert CACHE.judge(found, appsync.cache.read(aws, found)) is None
