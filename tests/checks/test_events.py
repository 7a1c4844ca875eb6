"""EventBridge: what the judges say of buses, registries and endpoints. The emulator has buses only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import events
from checks.kit import NotApplicable
from tests.checks.cases import Case

ARN = "arn:aws:events:eu-west-1:123456789012:event-bus/orders"


def policy(principal: Any, **more: Any) -> str:
    statement = {"Sid": "all", "Effect": "Allow", "Principal": principal, "Action": "events:PutEvents", "Resource": ARN}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | more]})


def bus(text: str = "") -> dict[str, Any]:
    return {"Name": "orders", "Arn": ARN} | ({"Policy": text} if text else {})


REGISTRY = {"RegistryName": "shop", "RegistryArn": "arn:aws:schemas:eu-west-1:123456789012:registry/shop"}
MEMBERS = {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorg"}}
PARTNER = {"AWS": "arn:aws:iam::210987654321:root"}
CLOSED, TRUSTS, SHARED, COPIES = (
    events.bus_is_not_public,
    events.bus_lets_in_only_trusted_accounts,
    events.registry_lets_in_only_trusted_accounts,
    events.endpoint_replicates_events,
)


def endpoint(replication: str, state: str = "ACTIVE") -> dict[str, Any]:
    return {"Name": "global", "State": state, "ReplicationConfig": {"State": replication}}


CASES = [
    Case(CLOSED, [bus()], None),
    Case(CLOSED, [bus(policy("*", Condition=MEMBERS))], None),
    Case(CLOSED, [bus(policy(PARTNER))], None),
    Case(CLOSED, [bus(policy("*"))], "lets everyone do events:PutEvents"),
    Case(TRUSTS, [bus()], None),
    Case(TRUSTS, [bus(policy("*", Condition=MEMBERS))], None),
    Case(TRUSTS, [bus(policy(PARTNER))], "lets in account 210987654321"),
    Case(TRUSTS, [bus(policy(PARTNER))], None, {"trusted_accounts": ["210987654321"]}),
    Case(SHARED, [REGISTRY, ""], None),
    Case(SHARED, [REGISTRY, policy(PARTNER)], "lets in account 210987654321"),
    Case(SHARED, [REGISTRY, policy("*")], "lets everyone do events:PutEvents"),
    Case(COPIES, [endpoint("ENABLED")], None),
    Case(COPIES, [endpoint("DISABLED")], "does not replicate its events"),
    Case(COPIES, [endpoint("DISABLED", "CREATING")], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_new_bus_has_no_policy_and_lets_in_nobody(aws: Region) -> None:
    aws.clients.session.client("events").create_event_bus(Name="orders")
    found = list(events.buses.stream(aws))
    assert sorted(one["Name"] for one in found) == ["default", "orders"]
    assert {CLOSED.judge(one) for one in found} == {None}


def test_reads_registries_and_the_policies_that_some_have(aws: Region) -> None:
    with Stubber(aws.clients.get("schemas", aws.region)) as stub:
        stub.add_response("list_registries", {"Registries": [REGISTRY]}, {"Scope": "LOCAL"})
        stub.add_client_error("get_resource_policy", "NotFoundException", http_status_code=404)
        stub.add_response("get_resource_policy", {"Policy": policy(PARTNER)}, {"RegistryName": "shop"})
        [found] = events.registries.stream(aws)
        assert events.registry_policy.read(aws, found) == ""
        assert SHARED.judge(found, events.registry_policy.read(aws, found)) == "lets in account 210987654321"


def test_reads_endpoints(aws: Region) -> None:
    known = endpoint("DISABLED") | {"Arn": "arn:aws:events:eu-west-1:123456789012:endpoint/global"}
    with Stubber(aws.clients.get("events", aws.region)) as stub:
        stub.add_response("list_endpoints", {"Endpoints": [known]}, {})
        assert list(events.endpoints.stream(aws)) == [known]


def test_a_statement_without_an_id_cannot_be_taken_out() -> None:
    with pytest.raises(NotApplicable):
        events.close_bus.plan(bus(json.dumps({"Statement": [json.loads(policy("*"))["Statement"][0] | {"Sid": ""}]})))


def public(aws: boto3.Session) -> None:
    client = aws.client("events", region_name="eu-west-1")
    client.create_event_bus(Name="orders")
    client.put_permission(EventBusName="orders", Policy=policy("*"))


def shared(aws: boto3.Session) -> None:
    client = aws.client("events", region_name="eu-west-1")
    client.create_event_bus(Name="orders")
    client.put_permission(EventBusName="orders", Policy=policy({"AWS": "arn:aws:iam::210987654321:root"}))


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {CLOSED.id: public, TRUSTS.id: shared}
