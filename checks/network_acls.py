"""Network ACLs: what they let into the subnets they guard.

Rules are tried in the order of their numbers, and the first that fits a packet decides.
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from checks.ec2_names import with_name
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
    collector,
    expect,
    extra,
    fix,
)
from checks.network import (
    ADMIN_PORTS,
    is_everyone,
    open_ports,
    opened,
    ports_in_words,
    services_in_words,
    without,
)
from checks.reachability import as_rule, source_of, speaks_of
from checks.vpc import unused_vpcs

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import NetworkAclEntryTypeDef as Entry
    from types_boto3_ec2.type_defs import NetworkAclTypeDef as Acl


LAST_RULE = 32767
"""The number of the first of the two rules that AWS adds to each ACL, which deny the rest."""
ACL_ARN = "arn:{partition}:ec2:{region}:{account}:network-acl/{NetworkAclId}"

every_acl: Collector[Acl] = collect("ec2:DescribeNetworkAcls", "NetworkAcls", arn=ACL_ARN)


@collector(arn=ACL_ARN, name="{known_as}", needs=(every_acl,))
def network_acls(aws: Aws) -> Iterator[Acl]:
    """The account's own, as its VPCs are: what others share is theirs to change."""
    own = (acl for acl in aws.read(every_acl) if acl["OwnerId"] == aws.account)
    return (with_name(acl, acl["NetworkAclId"]) for acl in own)


@extra(needs=(unused_vpcs,))
def is_used(aws: Aws, acl: Acl) -> bool:
    return all(vpc["VpcId"] != acl["VpcId"] for vpc in aws.read(unused_vpcs))


@check(network_acls, is_used, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def acl_keeps_admin_ports_closed(acl: Acl, is_used: bool, *, ports: Sequence[int] = ADMIN_PORTS) -> Verdict:
    """Network ACL keeps administration ports closed.

    It guards whole subnets, also where a security group was opened by mistake.

    Fix: Allow only what is needed, or deny these ports over TCP and UDP by rules with lower numbers, after one that
    allows your own addresses. Answers to outgoing connections come in on high ports, 3389 among them.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-21
    """
    if not acl["Associations"]:
        raise NotApplicable("it guards no subnet")
    if not is_used:
        raise NotApplicable("it is that of a default VPC with nothing in it")
    found = [
        f"lets {source_of(entry)} reach {services_in_words(reached)} by rule {entry['RuleNumber']}"
        for entry, reached in _openings(acl, ports)
    ]
    return "; ".join(found) or None


@fix(
    acl_keeps_admin_ports_closed,
    "ec2:DeleteNetworkAclEntry",
    "ec2:CreateNetworkAclEntry",
    risk=Risk.CUTS_ACCESS,
)
def remove_rules(acl: Acl, is_used: bool, *, ports: Sequence[int] = ADMIN_PORTS) -> Plan:
    """Remove the rules that open nothing but administration ports."""
    openings = [entry for entry, _ in _openings(acl, ports)]
    if not openings:
        raise NotApplicable("no rule opens them to everyone")
    for entry in openings:
        if not set(open_ports(as_rule(entry))) <= set(ports):
            raise NotApplicable(
                f"rule {entry['RuleNumber']} opens more than these ports: what else needs it is yours to say"
            )
    subnets = ", ".join(sorted(one["SubnetId"] for one in acl["Associations"]))
    which = {"NetworkAclId": acl["NetworkAclId"], "Egress": False}
    return Plan(
        do=[Call("ec2:DeleteNetworkAclEntry", which | {"RuleNumber": entry["RuleNumber"]}) for entry in openings],
        undo=[Call("ec2:CreateNetworkAclEntry", which | _made_of(entry)) for entry in openings],
        before={f"inbound rule {entry['RuleNumber']}": _in_words(entry) for entry in openings},
        after={f"inbound rule {entry['RuleNumber']}": "removed" for entry in openings},
        notes=[f"It guards {subnets}: whoever comes in there by these rules alone loses that."],
    )


@check(network_acls, practice=Practice.NETWORK, severity=Severity.LOW)
def acl_is_used(acl: Acl) -> Verdict:
    """Network ACL guards a subnet.

    An ACL that guards nothing is taken for protection by whoever reads it, and is one more thing to review.

    Fix: Delete the network ACL, or associate it with the subnet it was made for.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-16
    """
    if acl["IsDefault"]:
        raise NotApplicable("it is the default one of its VPC, which AWS keeps")
    return expect(acl["Associations"], "guards no subnet")


@fix(acl_is_used, "ec2:DeleteNetworkAcl", risk=Risk.SAFE)
def delete_acl(acl: Acl) -> Plan:
    """Delete the network ACL that guards nothing."""
    if acl["Associations"]:
        raise NotApplicable("it guards a subnet")
    rules = [
        f"{'outbound' if entry['Egress'] else 'inbound'} rule {entry['RuleNumber']}: {_in_words(entry)}"
        for entry in acl["Entries"]
        if entry["RuleNumber"] < LAST_RULE
    ]
    return Plan(
        do=[Call("ec2:DeleteNetworkAcl", {"NetworkAclId": acl["NetworkAclId"]})],
        undo=[],
        before={acl["NetworkAclId"]: "guards no subnet"},
        after={acl["NetworkAclId"]: "deleted"},
        notes=[
            "There is no undo: one that is made again has another id. AWS refuses if it guards a subnet meanwhile.",
            f"It has {'; '.join(rules) or 'no rules of its own'}.",
        ],
    )


def _openings(acl: Acl, ports: Collection[int]) -> list[tuple[Entry, list[int]]]:
    """The inbound rules that let everyone reach some of the ports, and which, in the order AWS tries them."""
    inbound = sorted((entry for entry in acl["Entries"] if not entry["Egress"]), key=lambda one: one["RuleNumber"])
    found = []
    for position, entry in enumerate(inbound):
        if entry["RuleAction"] == "allow":
            earlier = inbound[:position]
            reached = [p for p in opened(as_rule(entry), ports) if _lets_everyone(entry, earlier, p)]
            found += [(entry, reached)] if reached else []
    return found


def _lets_everyone(entry: Entry, earlier: Sequence[Entry], port: int) -> bool:
    """Whether much of the internet gets as far as a rule, over TCP or UDP, and is let in by it."""
    for kind in ("tcp", "udp"):
        if speaks_of(entry, kind, port):
            denied = [source_of(one) for one in earlier if one["RuleAction"] == "deny" and speaks_of(one, kind, port)]
            if any(is_everyone(left) for left in without(source_of(entry), denied)):
                return True
    return False


def _in_words(entry: Entry) -> str:
    return f"{entry['RuleAction']} {ports_in_words(as_rule(entry))} from {source_of(entry)}"


def _made_of(entry: Entry) -> dict[str, Any]:
    """What makes this very rule again.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html
    """
    kept = ("RuleNumber", "Protocol", "RuleAction", "CidrBlock", "Ipv6CidrBlock", "PortRange")
    return {key: value for key, value in entry.items() if key in kept}
