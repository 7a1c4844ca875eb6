"""Amazon EventBridge: who may send events to a bus or read its schemas, and endpoints that fail over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from checks import documents
from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collect,
    expect,
    extra,
    fix,
)
from checks.outsiders import lets_in_outsiders, outsiders
from checks.policy_edits import REMOVED, as_it_is, public_statements, shut_out, without_public

if TYPE_CHECKING:
    from types_boto3_events.type_defs import EndpointTypeDef as Endpoint
    from types_boto3_events.type_defs import EventBusTypeDef as Bus


class Registry(TypedDict):
    """What is read of a registry of schemas."""

    RegistryArn: str
    RegistryName: str


buses: Collector[Bus] = collect("events:ListEventBuses", "EventBuses", arn="{Arn}", name="{Name}")

endpoints: Collector[Endpoint] = collect("events:ListEndpoints", "Endpoints", arn="{Arn}", name="{Name}")

registries: Collector[Registry] = collect(
    "schemas:ListRegistries", "Registries", arn="{RegistryArn}", name="{RegistryName}", Scope="LOCAL"
)
"""The account's own: AWS's registry of its events has no policy to change."""


@extra("schemas:GetResourcePolicy")
def registry_policy(aws: Aws, registry: Registry) -> str:
    got = aws.call("schemas:GetResourcePolicy", RegistryName=registry["RegistryName"], absent="NotFoundException")
    return str(got.get("Policy", ""))


@check(buses, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def bus_is_not_public(bus: Bus) -> Verdict:
    """Event bus lets in nobody from outside.

    Everyone could send events of their own, and your rules would act on them as if they were yours.

    Fix: Name the accounts that send events in the policy of the bus, or require your organization's id.
    See: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
    """
    return documents.opens_to_everyone(bus.get("Policy", ""))


@fix(bus_is_not_public, "events:RemovePermission", "events:PutPermission", risk=Risk.CUTS_ACCESS)
def close_bus(bus: Bus) -> Plan:
    """Take the statements that let everyone in out of the bus's policy."""
    policy, name = bus.get("Policy", ""), bus["Name"]
    ids = [str(one.get("Sid", "")) for one in public_statements(policy)] if policy else []
    if not ids or not all(ids):
        raise NotApplicable("no statement with an id lets everyone in", as_it_is(policy))
    return Plan(
        do=[Call("events:RemovePermission", {"EventBusName": name, "StatementId": id}) for id in ids],
        undo=[Call("events:PutPermission", {"EventBusName": name, "Policy": json.dumps(json.loads(policy))})],
        before=as_it_is(policy),
        after=as_it_is(without_public(policy)),
        notes=[REMOVED],
    )


@check(buses, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def bus_lets_in_only_trusted_accounts(bus: Bus, *, trusted_accounts: Sequence[str] = ()) -> Verdict:
    """Event bus takes events from no account you do not trust.

    Whoever gets hold of that account can set off your rules with events they made up.

    Fix: Remove the account from the policy of the bus, or name it in trusted_accounts if it is yours or a partner's.
    See: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
    """
    return lets_in_outsiders(bus.get("Policy", ""), bus["Arn"].split(":")[4], trusted_accounts)


@fix(bus_lets_in_only_trusted_accounts, *close_bus.calls, risk=Risk.CUTS_ACCESS)
def stop_taking_events(bus: Bus, *, trusted_accounts: Sequence[str] = ()) -> Plan:
    """Take accounts that are not trusted out of the bus's policy."""
    own, which = bus["Arn"].split(":")[4], {"EventBusName": bus["Name"]}

    def put(text: str) -> Call:
        return Call("events:PutPermission", which | {"Policy": text})

    gone = Call("events:RemovePermission", which | {"RemoveAllPermissions": True})
    return shut_out(bus.get("Policy", ""), lambda text: outsiders(text, own, trusted_accounts), put, gone)


@check(registries, registry_policy, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def registry_lets_in_only_trusted_accounts(
    registry: Registry, policy: str, *, trusted_accounts: Sequence[str] = ()
) -> Verdict:
    """Schema registry is shared with no account you do not trust.

    Schemas tell a stranger how your systems talk; whoever may write them changes what your programs are built from.

    Fix: Remove the account from the policy of the registry, or name it in trusted_accounts if it is yours.
    See: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-schemas-resource-based.html
    """
    account = registry["RegistryArn"].split(":")[4]
    return documents.opens_to_everyone(policy) or lets_in_outsiders(policy, account, trusted_accounts)


@check(endpoints, practice=Practice.BACKUP, severity=Severity.LOW)
def endpoint_replicates_events(endpoint: Endpoint) -> Verdict:
    """Global endpoint replicates its events.

    Without replication the second region lacks the events of the minutes before, and AWS does not fail back by itself.

    Fix: Turn on event replication of the endpoint, with a role that may send events to both buses.
    See: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-global-endpoints.html
    """
    if endpoint["State"] in ("CREATING", "DELETING"):
        raise NotApplicable(f"its state is {endpoint['State']}")
    return expect(endpoint["ReplicationConfig"]["State"] == "ENABLED", "does not replicate its events")
