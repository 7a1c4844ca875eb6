"""Network ACLs: what the judge says, whose rules decide, and the ACL that the fix is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Reads, Region
from bot.scan import identify
from checks import network_acls
from checks.kit import NotApplicable
from tests.checks.cases import Case

CLOSED = network_acls.acl_keeps_admin_ports_closed
SUBNETS = [{"SubnetId": "subnet-2"}, {"SubnetId": "subnet-1"}]
USED = True
TCP, UDP, ICMP, ALL = "6", "17", "1", "-1"


def rule(number: int, action: str, first: int = 0, last: int = 0, **more: Any) -> dict[str, Any]:
    """A rule as AWS lists it: of all ports and protocols where no port is given."""
    ports = {"PortRange": {"From": first, "To": last or first}} if first else {}
    source = {} if "Ipv6CidrBlock" in more else {"CidrBlock": "0.0.0.0/0"}
    what = {"RuleNumber": number, "RuleAction": action, "Egress": False, "Protocol": TCP if first else ALL}
    return what | source | ports | more


def acl(*rules: dict[str, Any], subnets: Any = SUBNETS) -> dict[str, Any]:
    last = [rule(32767, "deny"), rule(32768, "deny", Ipv6CidrBlock="::/0"), rule(100, "allow", Egress=True)]
    return {"NetworkAclId": "acl-1", "Associations": subnets, "Entries": [*rules, *last]}


SSH = rule(100, "allow", 22)
BOTH = "lets 0.0.0.0/0 reach ports 22 (SSH), 3389 (RDP) by rule 100"

ACL_USED = network_acls.acl_is_used

CASES = [
    Case(ACL_USED, [acl() | {"IsDefault": False}], None),
    Case(ACL_USED, [acl(subnets=[]) | {"IsDefault": False}], "guards no subnet"),
    Case(ACL_USED, [acl(subnets=[]) | {"IsDefault": True}], NotApplicable),
    Case(CLOSED, [acl(), USED], None),
    Case(CLOSED, [acl(rule(100, "allow")), USED], BOTH),
    Case(CLOSED, [acl(rule(100, "allow"), subnets=[]), USED], NotApplicable),
    Case(CLOSED, [acl(rule(100, "allow")), not USED], NotApplicable),
    Case(CLOSED, [acl(rule(100, "allow", 1, 65535)), USED], BOTH),
    Case(CLOSED, [acl(SSH), USED], "lets 0.0.0.0/0 reach port 22 (SSH) by rule 100"),
    Case(CLOSED, [acl(SSH | {"CidrBlock": "128.0.0.0/1"}), USED], "lets 128.0.0.0/1 reach port 22 (SSH) by rule 100"),
    Case(CLOSED, [acl(SSH | {"CidrBlock": "203.0.113.8/29"}), USED], None),
    Case(CLOSED, [acl(rule(100, "allow", 443), rule(110, "allow", 32768, 60999)), USED], None),
    Case(CLOSED, [acl(rule(100, "allow", Protocol=ICMP, IcmpTypeCode={"Code": -1, "Type": -1})), USED], None),
    Case(
        CLOSED, [acl(rule(100, "allow", 3389, Protocol=UDP)), USED], "lets 0.0.0.0/0 reach port 3389 (RDP) by rule 100"
    ),
    Case(
        CLOSED, [acl(rule(100, "allow", 22, Ipv6CidrBlock="::/0")), USED], "lets ::/0 reach port 22 (SSH) by rule 100"
    ),
    Case(CLOSED, [acl(rule(90, "deny", 22), SSH), USED], None),
    Case(CLOSED, [acl(SSH, rule(90, "deny", 22)), USED], None),  # AWS lists them in any order
    Case(CLOSED, [acl(SSH, rule(110, "deny", 22)), USED], "lets 0.0.0.0/0 reach port 22 (SSH) by rule 100"),
    Case(CLOSED, [acl(rule(90, "deny"), rule(100, "allow")), USED], None),
    Case(CLOSED, [acl(SSH | {"Protocol": "132"}), USED], None),  # SCTP
    Case(CLOSED, [acl(rule(90, "allow", 22, CidrBlock="203.0.113.8/29"), rule(95, "deny", 22), SSH), USED], None),
    Case(CLOSED, [acl(rule(90, "deny", Ipv6CidrBlock="::/0"), rule(100, "allow")), USED], BOTH),
    Case(CLOSED, [acl(rule(100, "allow", 22, Egress=True)), USED], None),
    Case(
        CLOSED,
        [acl(rule(90, "deny", 22), rule(91, "deny", 22, Protocol=UDP), rule(100, "allow")), USED],
        "lets 0.0.0.0/0 reach port 3389 (RDP) by rule 100",
    ),
    Case(CLOSED, [acl(rule(90, "deny", 22), rule(100, "allow")), USED], BOTH),  # UDP is left, which AWS counts as well
    Case(CLOSED, [acl(rule(90, "deny", 1, 4000), rule(100, "allow", 22, 4000)), USED], None),
    Case(
        CLOSED,
        [acl(rule(90, "deny", 22), rule(100, "allow", 22, 3389)), USED],
        "lets 0.0.0.0/0 reach port 3389 (RDP) by rule 100",
    ),
    Case(
        CLOSED, [acl(rule(90, "deny", 22, Protocol=UDP), SSH), USED], "lets 0.0.0.0/0 reach port 22 (SSH) by rule 100"
    ),
    Case(
        CLOSED,
        [acl(rule(90, "deny", 22, CidrBlock="10.0.0.0/8"), SSH), USED],
        "lets 0.0.0.0/0 reach port 22 (SSH) by rule 100",
    ),
    Case(
        CLOSED,
        [acl(rule(80, "deny", 22, CidrBlock="0.0.0.0/1"), rule(90, "deny", 22, CidrBlock="128.0.0.0/1"), SSH), USED],
        None,
    ),
    Case(
        CLOSED,
        [acl(rule(90, "deny", 22), rule(100, "allow", 22, Ipv6CidrBlock="::/0")), USED],
        "lets ::/0 reach port 22 (SSH) by rule 100",
    ),
    Case(
        CLOSED,
        [acl(SSH, rule(101, "allow", 3389, Ipv6CidrBlock="::/0")), USED],
        "lets 0.0.0.0/0 reach port 22 (SSH) by rule 100; lets ::/0 reach port 3389 (RDP) by rule 101",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


@pytest.mark.parametrize("action", ["allow", "deny"])
def test_a_rule_without_its_ports_is_never_taken_for_one_that_denies_them(action: str) -> None:
    """AWS names the ports of every rule of TCP or UDP."""
    without_ports: Any = acl(rule(90, action, Protocol=TCP), SSH)
    with pytest.raises(KeyError):
        CLOSED.judge(without_ports, USED)


def test_other_ports_can_be_asked_for() -> None:
    assert Case(CLOSED, [acl(rule(100, "allow", 445)), USED], None).outcome(ports=[445]) == (
        "lets 0.0.0.0/0 reach port 445 (CIFS) by rule 100"
    )


def test_a_plan_removes_the_rules_of_these_ports_and_names_the_subnets() -> None:
    plan = network_acls.remove_rules.plan(
        acl(rule(90, "allow", 443), SSH, rule(101, "allow", 22, Ipv6CidrBlock="::/0")), USED
    )
    assert [call.params["RuleNumber"] for call in plan.do] == [100, 101]
    assert plan.before["inbound rule 100"] == "allow tcp 22 from 0.0.0.0/0"
    assert "subnet-1, subnet-2" in plan.notes[0]


@pytest.mark.parametrize(
    "given", [acl(rule(100, "allow")), acl(SSH, rule(110, "allow", 20, 25)), acl(rule(100, "allow", 443))]
)
def test_no_plan_where_a_rule_opens_more_or_none_opens_them(given: dict[str, Any]) -> None:
    with pytest.raises(NotApplicable):
        network_acls.remove_rules.plan(given, USED)


def test_acls_that_others_share_are_theirs(aws: Region) -> None:
    with Stubber(aws.clients.get("ec2", "eu-west-1")) as stub:
        both = [{"NetworkAclId": "acl-1", "OwnerId": aws.account}, {"NetworkAclId": "acl-2", "OwnerId": "210987654321"}]
        stub.add_response("describe_network_acls", {"NetworkAcls": both})
        assert [one["NetworkAclId"] for one in network_acls.network_acls.stream(aws)] == ["acl-1"]


def test_the_acl_of_a_default_vpc_is_judged_once_something_is_in_it(aws: Region) -> None:
    """AWS makes that VPC in every region, and its ACL, which lets in everything."""
    [default] = network_acls.network_acls.stream(aws)
    assert identify(aws, network_acls.network_acls, default)[1] == default["NetworkAclId"]
    assert not network_acls.is_used.read(aws, default)
    aws.clients.session.client("ec2").run_instances(ImageId="ami-0a1b2c3d4e5f60718", MinCount=1, MaxCount=1)
    assert network_acls.is_used.read(replace(aws, reads=Reads()), default)
    assert CLOSED.judge(default, USED) == BOTH


def test_the_acl_of_another_vpc_is_always_judged(aws: Region) -> None:
    made = aws.clients.session.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    [found] = [acl for acl in network_acls.network_acls.stream(aws) if acl["VpcId"] == made]
    assert network_acls.is_used.read(aws, found)
    assert network_acls.is_used.read(aws, found | {"VpcId": "vpc-made-since"})


def open_acl(aws: boto3.Session) -> None:
    """An ACL of a subnet with SSH open to everyone, over IPv4 and IPv6; the default one guards nothing any more."""
    ec2 = aws.client("ec2", region_name="eu-west-1")
    ec2.run_instances(ImageId="ami-0a1b2c3d4e5f60718", MinCount=1, MaxCount=1)
    [vpc] = ec2.describe_vpcs()["Vpcs"]
    made = ec2.create_network_acl(VpcId=vpc["VpcId"])["NetworkAcl"]["NetworkAclId"]
    ssh: Any = {"Protocol": TCP, "RuleAction": "allow", "Egress": False, "PortRange": {"From": 22, "To": 22}}
    ec2.create_network_acl_entry(NetworkAclId=made, RuleNumber=100, CidrBlock="0.0.0.0/0", **ssh)
    ec2.create_network_acl_entry(NetworkAclId=made, RuleNumber=101, Ipv6CidrBlock="::/0", **ssh)
    for guard in ec2.describe_network_acls()["NetworkAcls"]:
        for one in guard["Associations"]:
            ec2.replace_network_acl_association(AssociationId=one["NetworkAclAssociationId"], NetworkAclId=made)


def spare_acl(aws: boto3.Session) -> None:
    ec2 = aws.client("ec2", region_name="eu-west-1")
    [vpc] = ec2.describe_vpcs()["Vpcs"]
    ec2.create_network_acl(VpcId=vpc["VpcId"])


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {CLOSED.id: open_acl, ACL_USED.id: spare_acl}
