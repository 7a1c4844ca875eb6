"""AWS AppSync: GraphQL APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from checks.kit import Aws, Collector, NotApplicable, Practice, Severity, Verdict, check, collect, expect, extra

Api: TypeAlias = Mapping[str, Any]
"""AWS's GraphqlApi."""

apis: Collector[Api] = collect("appsync:ListGraphqlApis", "graphqlApis", arn="{arn}", name="{name}")


@extra("appsync:GetApiCache")
def cache(aws: Aws, api: Api) -> Mapping[str, Any]:
    """The API's cache; empty when it has none."""
    got = aws.call("appsync:GetApiCache", apiId=api["apiId"], absent="NotFoundException")
    return dict(got.get("apiCache", {}))


@check(apis, practice=Practice.MONITORING, severity=Severity.LOW)
def api_logs_fields(api: Api) -> Verdict:
    """AppSync API logs what its fields answer.

    Field-level logs show which resolver failed and who asked for what.

    Fix: Turn on logging of the API with the field level errors, or all for a while.
    See: https://docs.aws.amazon.com/appsync/latest/devguide/monitoring.html
    """
    level = api.get("logConfig", {}).get("fieldLogLevel", "NONE")
    return expect(level != "NONE", "logs no fields")


@check(apis, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def api_takes_no_api_keys(api: Api) -> Verdict:
    """AppSync API asks for more than an API key.

    An API key sits in every copy of the app: whoever reads it there calls the API like anybody else.

    Fix: Make Cognito, OpenID Connect, IAM or Lambda the API's authorization, and delete its keys.
    See: https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
    """
    if api.get("visibility") == "PRIVATE":
        raise NotApplicable("it is reached from VPCs alone")
    more = api.get("additionalAuthenticationProviders", [])
    kinds = {one["authenticationType"] for one in (api, *more)}
    return expect("API_KEY" not in kinds, "lets in whoever has an API key")


@check(apis, cache, practice=Practice.ENCRYPTION, severity=Severity.LOW)
def api_cache_encrypts_in_transit(api: Api, cache: Mapping[str, Any]) -> Verdict:
    """AppSync API encrypts traffic to its cache.

    What the API caches is customers' data; encrypted, nobody on the way can read it.

    Fix: Delete the cache and make it again with encryption in transit: it cannot be changed.
    See: https://docs.aws.amazon.com/appsync/latest/devguide/enabling-caching.html
    """
    if not cache:
        raise NotApplicable("it has no cache")
    return expect(cache.get("transitEncryptionEnabled"), "reaches its cache in plain text")
