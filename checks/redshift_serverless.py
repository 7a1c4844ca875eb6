"""Amazon Redshift Serverless: workgroups, which answer queries, and namespaces, which hold the data.

The data is always encrypted, and snapshots are made by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from checks.kit import (
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    fix,
)

Workgroup: TypeAlias = Mapping[str, Any]
"""AWS's Workgroup."""
Namespace: TypeAlias = Mapping[str, Any]
"""AWS's Namespace."""

UPDATE_WORKGROUP, UPDATE_NAMESPACE = "redshift-serverless:UpdateWorkgroup", "redshift-serverless:UpdateNamespace"
LOGS = ("connectionlog", "userlog")
"""Those that tell who signs in, and who changes users; the third, useractivitylog, holds every query."""


@collector("redshift-serverless:ListWorkgroups", arn="{workgroupArn}", name="{workgroupName}")
def workgroups(aws: Aws) -> Iterator[Workgroup]:
    found = aws.items("redshift-serverless:ListWorkgroups", "workgroups")
    return (one for one in found if one["status"] != "DELETING")


@collector("redshift-serverless:ListNamespaces", arn="{namespaceArn}", name="{namespaceName}")
def namespaces(aws: Aws) -> Iterator[Namespace]:
    found = aws.items("redshift-serverless:ListNamespaces", "namespaces")
    return (one for one in found if one["status"] != "DELETING")


@check(workgroups, practice=Practice.NETWORK, severity=Severity.HIGH)
def workgroup_is_not_public(workgroup: Workgroup) -> Verdict:
    """Redshift Serverless workgroup is not publicly accessible.

    A warehouse with a public address is one open security group away from everyone who guesses passwords.

    Fix: Turn public access off. Reach the workgroup from inside the VPC, or over a VPN or Session Manager.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-connecting.html
    """
    return expect(not workgroup["publiclyAccessible"], "is publicly accessible")


@fix(workgroup_is_not_public, UPDATE_WORKGROUP, risk=Risk.CUTS_ACCESS, patience=300)
def take_off_the_internet(workgroup: Workgroup) -> Plan:
    """Turn public access to the workgroup off."""
    notes = ["Whoever connects from outside the VPC loses the connection. The workgroup answers again after minutes."]
    return _switch(workgroup, "publiclyAccessible", to=False, notes=notes)


@check(workgroups, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def workgroup_uses_enhanced_vpc_routing(workgroup: Workgroup) -> Verdict:
    """Redshift Serverless loads and unloads through its VPC.

    With enhanced VPC routing, COPY and UNLOAD obey security groups and endpoint policies, and show in flow logs.

    Fix: Give the VPC an endpoint for S3, then turn on enhanced VPC routing.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/enhanced-vpc-routing.html
    """
    return expect(workgroup["enhancedVpcRouting"], "loads and unloads past its VPC")


@fix(workgroup_uses_enhanced_vpc_routing, UPDATE_WORKGROUP, risk=Risk.INTERRUPTS, patience=300)
def route_through_vpc(workgroup: Workgroup) -> Plan:
    """Make the workgroup load and unload through its VPC."""
    notes = [
        "Queries that run are lost. So it is with the undo.",
        "COPY and UNLOAD fail where the VPC has no way to S3 and what else they use: an endpoint or a NAT gateway.",
    ]
    return _switch(workgroup, "enhancedVpcRouting", to=True, notes=notes)


@check(workgroups, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def workgroup_requires_tls(workgroup: Workgroup) -> Verdict:
    """Redshift Serverless takes connections over TLS only.

    Over a plain connection, whoever sits in between reads the password and every row on its way.

    Fix: Set the configuration parameter require_ssl of the workgroup to true.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-connecting.html
    """
    return expect(_parameters(workgroup).get("require_ssl") == "true", "takes connections without TLS")


@fix(workgroup_requires_tls, UPDATE_WORKGROUP, risk=Risk.CUTS_ACCESS, patience=300)
def refuse_plain_connections(workgroup: Workgroup) -> Plan:
    """Make the workgroup take connections over TLS only."""
    _can_change(workgroup)
    now = _parameters(workgroup).get("require_ssl", "false")

    def require(value: str) -> Call:
        parameter = {"parameterKey": "require_ssl", "parameterValue": value}
        return Call(UPDATE_WORKGROUP, {"workgroupName": workgroup["workgroupName"], "configParameters": [parameter]})

    return Plan(
        do=[require("true")],
        undo=[require(now)],
        before={"require_ssl": now},
        after={"require_ssl": "true"},
        notes=["Clients that connect without TLS are refused from then on. Other parameters stay as they are."],
    )


@check(namespaces, practice=Practice.PASSWORDS, severity=Severity.LOW)
def namespace_has_its_own_admin_name(namespace: Namespace) -> Verdict:
    """Redshift Serverless has an admin user name of its own.

    Everyone knows the default name, so only the password is left to guess.

    Fix: Choose another admin user name, with a new password, in the namespace's security settings.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-console-configuration-namespace.html
    """
    return expect(namespace.get("adminUsername") != "admin", "has the default admin user name, admin")


@check(namespaces, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def namespace_logs_audit(namespace: Namespace) -> Verdict:
    """Redshift Serverless logs connections and users.

    The audit log tells who signed in, who failed to and which users changed; system tables keep it for days only.

    Fix: Turn on audit logging of connections and users; of queries as well where that is asked for.
    See: https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-audit-logging.html
    """
    missing = [log for log in LOGS if log not in namespace.get("logExports", [])]
    return expect(not missing, f"does not export {' and '.join(missing)}")


@fix(namespace_logs_audit, UPDATE_NAMESPACE, risk=Risk.SAFE, patience=120)
def log_audit(namespace: Namespace) -> Plan:
    """Send the namespace's logs of connections and users to CloudWatch Logs."""
    if namespace["status"] != "AVAILABLE":
        raise NotApplicable(f"it is {namespace['status']}: it takes no change until it is AVAILABLE")
    now = sorted(namespace.get("logExports", []))
    wanted = sorted({*now, *LOGS})

    def export(logs: list[str]) -> Call:
        return Call(UPDATE_NAMESPACE, {"namespaceName": namespace["namespaceName"], "logExports": logs})

    return Plan(
        do=[export(wanted)],
        undo=[export(now)],
        before={"exported logs": ", ".join(now) or "none"},
        after={"exported logs": ", ".join(wanted)},
        notes=["CloudWatch Logs costs by what is logged and kept."],
    )


def _parameters(workgroup: Workgroup) -> dict[str, str]:
    return {one["parameterKey"]: one["parameterValue"].lower() for one in workgroup.get("configParameters", [])}


def _can_change(workgroup: Workgroup) -> None:
    if workgroup["status"] != "AVAILABLE":
        raise NotApplicable(f"it is {workgroup['status']}: it takes no change until it is AVAILABLE")


def _switch(workgroup: Workgroup, setting: str, *, to: bool, notes: list[str]) -> Plan:
    _can_change(workgroup)
    is_on, words = bool(workgroup[setting]), {True: "on", False: "off"}

    def switch(*, on: bool) -> Call:
        return Call(UPDATE_WORKGROUP, {"workgroupName": workgroup["workgroupName"], setting: on})

    return Plan(
        do=[switch(on=to)],
        undo=[switch(on=is_on)],
        before={setting: words[is_on]},
        after={setting: words[to]},
        notes=notes,
    )
