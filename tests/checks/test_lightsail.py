"""Lightsail: what the judges say of databases and instances, and the database that a fix is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import lightsail
from checks.kit import NotApplicable
from tests.checks.cases import Case

PUBLIC, PORTS, SNAPSHOTS = (
    lightsail.database_is_not_public,
    lightsail.instance_keeps_admin_ports_closed,
    lightsail.instance_has_automatic_snapshots,
)


def database(**more: Any) -> dict[str, Any]:
    return {"name": "blog", "state": "available"} | more


def opens(first: int, last: int, cidr: str = "0.0.0.0/0", protocol: str = "tcp") -> dict[str, Any]:
    rule = {"fromPort": first, "toPort": last, "protocol": protocol, "cidrs": [cidr], "ipv6Cidrs": []}
    return {"name": "blog", "networking": {"ports": [rule]}}


BLOG = {"name": "blog"}
CASES = [
    Case(PUBLIC, [database(publiclyAccessible=False)], None),
    Case(PUBLIC, [database(publiclyAccessible=True)], "is in public mode"),
    Case(PORTS, [opens(443, 443)], None),
    Case(PORTS, [opens(22, 22, "192.0.2.0/24")], None),
    Case(PORTS, [opens(22, 22, protocol="udp")], None),
    Case(PORTS, [opens(22, 22)], "opens port 22 (SSH) to everyone"),
    Case(PORTS, [opens(0, 65535, protocol="all")], "opens ports 22 (SSH), 3389 (RDP) to everyone"),
    Case(PORTS, [opens(22, 22)], None, {"ports": (3389,)}),
    Case(SNAPSHOTS, [{"addOns": [{"name": "AutoSnapshot", "status": "Enabled"}]}], None),
    Case(
        SNAPSHOTS, [BLOG | {"addOns": [{"name": "AutoSnapshot", "status": "Disabled"}]}], "has no automatic snapshots"
    ),
    Case(SNAPSHOTS, [BLOG], "has no automatic snapshots"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_databases_and_instances_are_read(aws: Region) -> None:
    public_database(aws.clients.session)
    bare_instance(aws.clients.session)
    [database], [instance] = lightsail.databases.stream(aws), lightsail.instances.stream(aws)
    assert identify(aws, lightsail.databases, database)[1] == "blog"
    assert PORTS.judge(instance) == "opens port 22 (SSH) to everyone"


def test_no_plan_for_a_database_that_is_being_changed() -> None:
    with pytest.raises(NotApplicable):
        lightsail.take_off_the_internet.plan(database(state="modifying", publiclyAccessible=True))


def test_a_rule_is_narrowed_only_where_it_opens_nothing_else_and_others_stay() -> None:
    both = opens(22, 22)
    web = opens(443, 443)["networking"]["ports"][0]
    both["networking"]["ports"].append(web)
    [call] = lightsail.close_admin_ports.plan(both).do
    ssh, kept = call.params["portInfos"]
    assert ssh == {"fromPort": 22, "toPort": 22, "protocol": "tcp", "cidrListAliases": ["lightsail-connect"]}
    assert kept["cidrs"] == ["0.0.0.0/0"]
    for of in (opens(0, 65535, protocol="all"), opens(443, 443)):
        with pytest.raises(NotApplicable):
            lightsail.close_admin_ports.plan(of)


def public_database(aws: boto3.Session) -> None:
    aws.client("lightsail").create_relational_database(
        relationalDatabaseName="blog",
        relationalDatabaseBlueprintId="mysql_8_0",
        relationalDatabaseBundleId="micro_2_0",
        masterDatabaseName="blog",
        masterUsername="blog",
        publiclyAccessible=True,
    )


def bare_instance(aws: boto3.Session) -> None:
    aws.client("lightsail").create_instances(
        instanceNames=["blog"], availabilityZone="eu-west-1a", blueprintId="wordpress", bundleId="nano_3_0"
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    PUBLIC.id: public_database,
    SNAPSHOTS.id: bare_instance,
    PORTS.id: bare_instance,
}
