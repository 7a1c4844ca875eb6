"""Amazon Lightsail: databases, and the firewalls of instances. Its instances always have a public address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from checks.kit import (
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
    fix,
)
from checks.network import ADMIN_PORTS, everyone_among, services_in_words

Instance: TypeAlias = Mapping[str, Any]
"""AWS's Instance."""
Database: TypeAlias = Mapping[str, Any]
"""AWS's RelationalDatabase."""

UPDATE = "lightsail:UpdateRelationalDatabase"
BROWSERS = "lightsail-connect"
"""The addresses of Lightsail's browser clients, as its firewalls call them."""
OF_RULES = ("fromPort", "toPort", "protocol", "cidrs", "ipv6Cidrs", "cidrListAliases")
"""What PutInstancePublicPorts takes of each rule."""
SNAPSHOTS = "AutoSnapshot"
"""What Lightsail calls this add-on of an instance."""

instances: Collector[Instance] = collect("lightsail:GetInstances", "instances", arn="{arn}", name="{name}")
databases: Collector[Database] = collect(
    "lightsail:GetRelationalDatabases", "relationalDatabases", arn="{arn}", name="{name}"
)


@check(databases, practice=Practice.NETWORK, severity=Severity.HIGH)
def database_is_not_public(database: Database) -> Verdict:
    """Lightsail database has no public mode.

    In public mode it answers to everyone on the internet, and only its password stands before the data.

    Fix: Turn public mode off: Lightsail instances in the same region still reach it.
    See: https://docs.aws.amazon.com/lightsail/latest/userguide/amazon-lightsail-configuring-database-public-mode.html
    """
    return expect(not database["publiclyAccessible"], "is in public mode")


@fix(database_is_not_public, UPDATE, risk=Risk.CUTS_ACCESS, patience=300)
def take_off_the_internet(database: Database) -> Plan:
    """Turn public mode of the Lightsail database off."""
    if database["state"] != "available":
        raise NotApplicable(f"it is {database['state']}: it takes no change until it is available")
    is_on, words = bool(database["publiclyAccessible"]), {True: "on", False: "off"}

    def public(*, on: bool) -> Call:
        return Call(
            UPDATE, {"relationalDatabaseName": database["name"], "publiclyAccessible": on, "applyImmediately": True}
        )

    return Plan(
        do=[public(on=False)],
        undo=[public(on=is_on)],
        before={"public mode": words[is_on]},
        after={"public mode": "off"},
        notes=["Whoever connects from outside Lightsail and the peered VPC loses the connection."],
    )


@check(instances, practice=Practice.NETWORK, severity=Severity.HIGH)
def instance_keeps_admin_ports_closed(instance: Instance, *, ports: Sequence[int] = ADMIN_PORTS) -> Verdict:
    """Lightsail instance opens no admin port to everyone.

    Robots try passwords and known holes on these ports of every public address, day and night.

    Fix: Restrict SSH and RDP in the instance's firewall to your addresses and Lightsail's browser client.
    See: https://docs.aws.amazon.com/lightsail/latest/userguide/understanding-firewall-and-port-mappings-in-amazon-lightsail.html
    """
    opened = sorted({port for one in instance["networking"]["ports"] for port in _opens(one, ports)})
    return expect(not opened, f"opens {services_in_words(opened)} to everyone")


@fix(instance_keeps_admin_ports_closed, "lightsail:PutInstancePublicPorts", risk=Risk.CUTS_ACCESS, patience=60)
def close_admin_ports(instance: Instance, *, ports: Sequence[int] = ADMIN_PORTS) -> Plan:
    """Close the administration ports to all but Lightsail's browser client.

    Source: https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/API_PutInstancePublicPorts.html
    """
    found = [
        {key: one[key] for key in OF_RULES if one.get(key) not in (None, [])} for one in instance["networking"]["ports"]
    ]
    closed = [_for_browsers_only(one) if _opens(one, ports) else one for one in found]
    if closed == found:
        raise NotApplicable("it opens none of them to everyone", _in_words(found))
    wide = [one for one in found if _opens(one, ports) and not {*range(one["fromPort"], one["toPort"] + 1)} <= {*ports}]
    if wide:
        raise NotApplicable(f"rule {_of(wide[0])} opens other ports, too: what else needs it is yours to say")

    def put(rules: Sequence[Instance]) -> Call:
        return Call("lightsail:PutInstancePublicPorts", {"instanceName": instance["name"], "portInfos": [*rules]})

    return Plan(
        do=[put(closed)],
        undo=[put(found)],
        before=_in_words(found),
        after=_in_words(closed),
        notes=[
            "SSH and RDP in the browser, from Lightsail's console, go on. Whoever connects otherwise is shut out.",
            "Add your own addresses to these rules afterwards. Other rules of the firewall stay as they are.",
        ],
    )


def _opens(rule: Instance, ports: Sequence[int]) -> list[int]:
    """Those of the ports that a rule of a firewall opens to everyone."""
    to_all = everyone_among([*rule.get("cidrs", []), *rule.get("ipv6Cidrs", [])])
    by_tcp = to_all and rule["protocol"] in ("tcp", "all")
    return [port for port in ports if by_tcp and rule["fromPort"] <= port <= rule["toPort"]]


def _for_browsers_only(rule: Instance) -> Instance:
    kept = {key: value for key, value in rule.items() if key not in ("cidrs", "ipv6Cidrs")}
    named = {
        key: left
        for key in ("cidrs", "ipv6Cidrs")
        if (left := [c for c in rule.get(key, []) if not everyone_among([c])])
    }
    return kept | named | {"cidrListAliases": [BROWSERS]}


def _in_words(rules: Sequence[Instance]) -> dict[str, str]:
    return {_of(one): _whom(one) for one in rules}


def _of(rule: Instance) -> str:
    span = sorted({rule["fromPort"], rule["toPort"]})
    return f"{rule['protocol']} {'-'.join(map(str, span))}"


def _whom(rule: Instance) -> str:
    return ", ".join([*rule.get("cidrs", []), *rule.get("ipv6Cidrs", []), *rule.get("cidrListAliases", [])]) or "nobody"


@check(instances, practice=Practice.BACKUP, severity=Severity.LOW)
def instance_has_automatic_snapshots(instance: Instance) -> Verdict:
    """Lightsail instance has automatic snapshots.

    With a snapshot each day, what somebody or some program deletes or breaks can be brought back.

    Fix: Turn on automatic snapshots of the instance.
    See: https://docs.aws.amazon.com/lightsail/latest/userguide/amazon-lightsail-configuring-automatic-snapshots.html
    """
    return expect(_makes_snapshots(instance), "has no automatic snapshots")


@fix(instance_has_automatic_snapshots, "lightsail:EnableAddOn", "lightsail:DisableAddOn", risk=Risk.SAFE, patience=120)
def make_snapshots(instance: Instance) -> Plan:
    """Turn on automatic snapshots of the Lightsail instance."""
    what = {"resourceName": instance["name"]}
    return Plan(
        do=[Call("lightsail:EnableAddOn", what | {"addOnRequest": {"addOnType": SNAPSHOTS}})],
        undo=[Call("lightsail:DisableAddOn", what | {"addOnType": SNAPSHOTS})],
        before={"automatic snapshots": "on" if _makes_snapshots(instance) else "off"},
        after={"automatic snapshots": "on"},
        notes=["Lightsail keeps the last seven, at an hour of its choice, and charges for what they store."],
    )


def _makes_snapshots(instance: Instance) -> bool:
    addons = {one["name"]: one["status"] for one in instance.get("addOns", [])}
    return addons.get(SNAPSHOTS) in ("Enabled", "Enabling")
