"""Security groups: what the judges say of rules, and the open rules that fixes are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.fixing import FixAws
from bot.permissions import session_policy
from bot.scan import identify
from bot.settings import load
from bot.write_resources import Place
from checks import ec2_security_groups as sg
from checks.kit import FIXES, NotApplicable, Unknown
from checks.vpc import vpcs
from tests.checks.cases import Case

EVERYONE = ["0.0.0.0/0"]
OFFICE = ["203.0.113.8/29"]
RULE = {
    "SecurityGroupRuleId": "sgr-0123456789abcdef0",
    "GroupId": "sg-0123456789abcdef0",
    "rule_name": "web: tcp 22 from 0.0.0.0/0",
}


def tcp(first: int, last: int = 0) -> dict[str, Any]:
    return RULE | {"IpProtocol": "tcp", "FromPort": first, "ToPort": last or first, "CidrIpv4": "0.0.0.0/0"}


ALL = RULE | {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0"}
ICMP = RULE | {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0"}

HIGH, WEB, NAMED = (
    sg.rule_keeps_high_risk_ports_closed,
    sg.rule_opens_web_ports_only,
    sg.rule_names_ports_for_public_addresses,
)

CASES = [
    Case(HIGH, [tcp(23), EVERYONE], "opens port 23 (Telnet) to 0.0.0.0/0"),
    Case(HIGH, [tcp(9092), OFFICE], None),
    Case(HIGH, [tcp(22), EVERYONE], NotApplicable),
    Case(HIGH, [ALL, EVERYONE], NotApplicable),
    Case(HIGH, [tcp(3000) | {"IpProtocol": "udp"}, EVERYONE], NotApplicable),
    Case(HIGH, [tcp(389) | {"IpProtocol": "17"}, EVERYONE], "opens port 389 (LDAP) to 0.0.0.0/0"),
    Case(
        sg.rule_keeps_database_ports_closed, [tcp(20000, 30000) | {"IpProtocol": "udp"}, EVERYONE], NotApplicable
    ),  # calls
    Case(WEB, [tcp(20000, 30000) | {"IpProtocol": "udp"}, EVERYONE], "opens udp 20000-30000 to 0.0.0.0/0"),
    Case(WEB, [tcp(443), EVERYONE], None),
    Case(WEB, [tcp(443) | {"IpProtocol": "udp"}, EVERYONE], None),  # HTTP/3
    Case(WEB, [tcp(25565), EVERYONE], "opens tcp 25565 to 0.0.0.0/0"),
    Case(WEB, [tcp(80, 81), EVERYONE], "opens tcp 80-81 to 0.0.0.0/0"),
    Case(WEB, [tcp(25565), EVERYONE], None, {"ports": [25565]}),
    Case(WEB, [tcp(25565), OFFICE], None),
    Case(WEB, [tcp(22), EVERYONE], NotApplicable),
    Case(WEB, [tcp(1000, 9000), EVERYONE], NotApplicable),
    Case(WEB, [ALL, EVERYONE], NotApplicable),
    Case(WEB, [ICMP, EVERYONE], NotApplicable),
    Case(NAMED, [ALL, OFFICE], "opens every port to 203.0.113.8/29"),
    Case(NAMED, [ALL, ["10.0.0.0/8", "100.64.0.0/10"]], None),
    Case(NAMED, [ALL, ["169.254.171.0/24", "198.19.0.0/16"]], None),  # VPC Lattice, and a range for pods
    Case(NAMED, [ALL, ["2001:db8::/48"]], "opens every port to 2001:db8::/48"),
    Case(NAMED, [ALL, ["fd00::/8"]], None),
    Case(NAMED, [ALL, []], None),
    Case(NAMED, [ALL, EVERYONE], NotApplicable),
    Case(NAMED, [tcp(22), OFFICE], NotApplicable),
    Case(sg.rule_does_not_open_every_port, [ALL, EVERYONE], "opens every port to 0.0.0.0/0"),
    Case(sg.rule_does_not_open_every_port, [tcp(0, 65535), ["::/0"]], "opens every port to ::/0"),
    Case(sg.rule_does_not_open_every_port, [tcp(1, 65535), EVERYONE], "opens every port to 0.0.0.0/0"),
    Case(sg.rule_does_not_open_every_port, [ALL, ["0.0.0.0/1"]], "opens every port to 0.0.0.0/1"),
    Case(sg.rule_does_not_open_every_port, [ALL, []], None),  # another security group
    Case(sg.rule_does_not_open_every_port, [ALL, ["10.0.0.0/8"]], None),
    Case(sg.rule_does_not_open_every_port, [tcp(443), EVERYONE], NotApplicable),
    Case(sg.rule_does_not_open_every_port, [ICMP, EVERYONE], NotApplicable),
    Case(sg.rule_keeps_admin_ports_closed, [tcp(22), EVERYONE], "opens port 22 (SSH) to 0.0.0.0/0"),
    Case(sg.rule_keeps_admin_ports_closed, [tcp(3389), ["::/0"]], "opens port 3389 (RDP) to ::/0"),
    Case(
        sg.rule_keeps_admin_ports_closed,
        [tcp(20, 4000), ["128.0.0.0/1"]],
        "opens ports 22 (SSH), 3389 (RDP) to 128.0.0.0/1",
    ),
    Case(
        sg.rule_keeps_admin_ports_closed,  # of a prefix list
        [tcp(22), [*OFFICE, "0.0.0.0/1", "128.0.0.0/1"]],
        "opens port 22 (SSH) to 0.0.0.0/1, 128.0.0.0/1",
    ),
    Case(sg.rule_keeps_admin_ports_closed, [RULE | {"IpProtocol": "6", "FromPort": 22, "ToPort": 22}, OFFICE], None),
    Case(sg.rule_keeps_admin_ports_closed, [tcp(22), []], None),
    Case(sg.rule_keeps_admin_ports_closed, [tcp(22), ["fe80::/10"]], None),
    Case(sg.rule_keeps_admin_ports_closed, [tcp(22), ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]], None),
    Case(
        sg.rule_keeps_admin_ports_closed,
        [tcp(3389) | {"IpProtocol": "udp"}, EVERYONE],
        "opens port 3389 (RDP) to 0.0.0.0/0",
    ),
    Case(sg.rule_keeps_admin_ports_closed, [ALL, EVERYONE], NotApplicable),  # said once, by the first check
    Case(sg.rule_keeps_admin_ports_closed, [ALL, []], NotApplicable),
    Case(sg.rule_keeps_admin_ports_closed, [tcp(443), EVERYONE], NotApplicable),
    Case(sg.rule_keeps_admin_ports_closed, [ICMP, EVERYONE], NotApplicable),
    Case(sg.rule_keeps_database_ports_closed, [tcp(5432), EVERYONE], "opens port 5432 (PostgreSQL) to 0.0.0.0/0"),
    Case(
        sg.rule_keeps_database_ports_closed,
        [tcp(3000, 6000), EVERYONE],
        "opens ports 3306 (MySQL), 5432 (PostgreSQL), 5439 (Redshift) and 1 more to 0.0.0.0/0",
    ),
    Case(sg.rule_keeps_database_ports_closed, [tcp(6379), ["10.40.0.0/16"]], None),
    Case(sg.rule_keeps_database_ports_closed, [tcp(5432), []], None),
    Case(sg.rule_keeps_database_ports_closed, [tcp(0, 65535), EVERYONE], NotApplicable),
    Case(sg.rule_keeps_database_ports_closed, [tcp(22), EVERYONE], NotApplicable),
    Case(sg.rule_keeps_file_sharing_ports_closed, [tcp(445), EVERYONE], "opens port 445 (CIFS) to 0.0.0.0/0"),
    Case(sg.rule_keeps_file_sharing_ports_closed, [tcp(445), OFFICE], None),
    Case(sg.rule_keeps_file_sharing_ports_closed, [tcp(443), EVERYONE], NotApplicable),
    Case(sg.rule_keeps_file_sharing_ports_closed, [ALL, EVERYONE], NotApplicable),
    Case(sg.default_security_group_has_no_rules, [{"IpPermissions": [], "IpPermissionsEgress": []}], None),
    Case(
        sg.default_security_group_has_no_rules,
        [{"IpPermissions": [{"IpProtocol": "-1"}], "IpPermissionsEgress": [{"IpProtocol": "-1"}]}],
        "has inbound and outbound rules",
    ),
    Case(
        sg.default_security_group_has_no_rules,
        [{"IpPermissions": [], "IpPermissionsEgress": [{"IpProtocol": "-1"}]}],
        "has outbound rules",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_the_ports_can_be_other_ones() -> None:
    judged = Case(sg.rule_keeps_admin_ports_closed, [tcp(2222), EVERYONE], NotApplicable)
    assert judged.outcome(ports=[2222]) == "opens port 2222 to 0.0.0.0/0"


def test_each_inbound_rule_is_one_resource_with_a_name_people_know(aws: Region) -> None:
    open_group(aws.clients.session, 22)
    found = [identify(aws, sg.inbound_rules, rule) for rule in sg.inbound_rules.stream(aws)]
    arns = {arn.rpartition("-")[0] for arn, _ in found}
    assert arns == {"arn:aws:ec2:eu-west-1:123456789012:security-group-rule/sgr"}
    assert [name for _, name in found] == ["bastion: tcp 22 from 0.0.0.0/0", "bastion: tcp 22 from ::/0"]


def test_groups_that_others_share_are_theirs_with_their_rules(aws: Region) -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/security-group-sharing.html"""
    with Stubber(aws.clients.get("ec2", "eu-west-1")) as stub:
        owners = {"sg-1": aws.account, "sg-2": "210987654321"}
        groups = [{"GroupId": id, "GroupName": "web", "OwnerId": owner} for id, owner in owners.items()]
        rules = [tcp(22) | {"GroupId": id, "GroupOwnerId": owner, "IsEgress": False} for id, owner in owners.items()]
        stub.add_response("describe_security_groups", {"SecurityGroups": groups})
        for rule in rules:
            del rule["rule_name"]
        stub.add_response("describe_security_group_rules", {"SecurityGroupRules": rules})
        assert [rule["GroupId"] for rule in sg.inbound_rules.stream(aws)] == ["sg-1"]


def test_default_groups_are_one_of_each_vpc(aws: Region) -> None:
    vpc = aws.clients.session.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    found = [identify(aws, sg.default_groups, group)[1] for group in sg.default_groups.stream(aws)]
    assert len(found) == 2
    assert f"default of {vpc}" in found


def test_whom_a_prefix_list_lets_in(aws: Region) -> None:
    ec2 = aws.clients.session.client("ec2")
    halves: Any = [{"Cidr": "0.0.0.0/1"}, {"Cidr": "128.0.0.0/1"}]
    made = ec2.create_managed_prefix_list(PrefixListName="halves", AddressFamily="IPv4", MaxEntries=2, Entries=halves)[
        "PrefixList"
    ]["PrefixListId"]
    group = ec2.create_security_group(GroupName="web", Description="web")["GroupId"]
    rule: Any = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListIds": [{"PrefixListId": made}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    assert sg.sources.read(aws, {"PrefixListId": made}) == ["0.0.0.0/1", "128.0.0.0/1"]
    with pytest.raises(Unknown):
        sg.sources.read(aws, {"PrefixListId": "pl-made-since"})


def test_the_addresses_of_the_accounts_own_vpcs_are_not_outside(aws: Region) -> None:
    vpc: Any = {
        "CidrBlockAssociationSet": [{"CidrBlock": "10.1.0.0/16"}],
        "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8:1::/56"}],
    }
    aws.reads.once(vpcs, aws.region, lambda: iter([vpc]))

    def outside(**source: str) -> Any:
        return sg.sources_outside.read(aws, source)

    assert outside(CidrIpv6="2001:db8:1:80::/64") == []
    assert outside(CidrIpv6="2001:db8:2::/56") == ["2001:db8:2::/56"]
    assert outside(CidrIpv6="::/0") == ["::/0"]
    assert outside(CidrIpv4="203.0.113.8/32") == ["203.0.113.8/32"]


def test_default_groups_of_vpcs_that_others_share_are_theirs(aws: Region) -> None:
    def default(owner: str) -> Any:
        return {"GroupName": "default", "GroupId": f"sg-{owner}", "OwnerId": owner, "VpcId": "vpc-1"}

    aws.reads.once(sg.groups, aws.region, lambda: iter([default(aws.account), default("210987654321")]))
    assert [one["OwnerId"] for one in sg.default_groups.stream(aws)] == [aws.account]


def test_who_uses_the_group_is_read_by_its_id(aws: Region) -> None:
    with Stubber(aws.clients.get("ec2", "eu-west-1")) as stub:
        wanted = {"Filters": [{"Name": "group-id", "Values": ["sg-1"]}]}
        stub.add_response("describe_network_interfaces", {"NetworkInterfaces": []}, wanted)
        assert sg.interfaces.read(aws, {"GroupId": "sg-1"}) == []
        stub.assert_no_pending_responses()


TAGS = [{"Key": "ticket", "Value": "SEC-7"}, {"Key": "aws:cloudformation:stack-name", "Value": "shop"}]


def test_the_plan_names_one_rule_and_gives_back_exactly_that_one() -> None:
    rule = tcp(22) | {"Description": "from home", "Tags": TAGS}
    plan = sg.revoke_rule(rule, EVERYONE, [])
    group = {"GroupId": rule["GroupId"]}
    assert plan.do[0].params == group | {"SecurityGroupRuleIds": [rule["SecurityGroupRuleId"]]}
    again = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    assert plan.undo[0].params == group | {
        "IpPermissions": [again | {"IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "from home"}]}],
        "TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": TAGS[:1]}],
    }
    assert rule["SecurityGroupRuleId"] not in str(plan.before)
    assert "No network interface uses this security group now." in plan.notes


def test_the_undo_may_set_the_tags_of_the_rule_it_makes_and_no_others() -> None:
    undo = sg.revoke_rule(tcp(22) | {"Tags": TAGS}, EVERYONE, []).undo
    place = Place("aws", "123456789012", "eu-west-1", "arn:aws:ec2:eu-west-1:123456789012:security-group-rule/sgr-1")
    statements = json.loads(session_policy(undo, place))["Statement"]
    (tagging,) = [one for one in statements if one.get("Action") == ["ec2:CreateTags"]]
    assert tagging["Condition"] == {"StringEquals": {"ec2:CreateAction": "AuthorizeSecurityGroupIngress"}}
    assert tagging["Resource"] == "arn:aws:ec2:eu-west-1:123456789012:security-group-rule/*"


@pytest.mark.parametrize(
    ("source", "ranges"),
    [
        ({"CidrIpv6": "::/0"}, {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}),
        ({"PrefixListId": "pl-1"}, {"PrefixListIds": [{"PrefixListId": "pl-1"}]}),
    ],
)
def test_the_undo_of_other_sources(source: dict[str, str], ranges: dict[str, Any]) -> None:
    rule = RULE | {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1} | source
    undo = sg.revoke_rule(rule, EVERYONE, []).undo[0].params
    assert undo == {"GroupId": rule["GroupId"], "IpPermissions": [{"IpProtocol": "-1"} | ranges]}


def test_no_plan_for_a_rule_that_lets_in_another_group() -> None:
    rule = RULE | {"IpProtocol": "-1", "ReferencedGroupInfo": {"GroupId": "sg-2"}}
    with pytest.raises(NotApplicable):
        sg.revoke_rule(rule, [], [])


def test_the_notes_say_what_depends_on_the_group() -> None:
    used_by: Any = [
        {"Attachment": {"InstanceId": "i-2"}},
        {"Attachment": {"InstanceId": "i-1"}},
        {"Attachment": {"InstanceOwnerId": "amazon-elb"}},
        {},
    ]
    assert "guards i-1, i-2, 2 other network interfaces" in sg.revoke_rule(tcp(22), EVERYONE, used_by).notes[0]


def open_group(aws: boto3.Session, port: int, source: str = "0.0.0.0/0") -> None:
    """A group with one port open to everyone twice over, with a description and tags; the default groups emptied."""
    ec2 = aws.client("ec2", region_name="eu-west-1")
    group = ec2.create_security_group(GroupName="bastion", Description="SSH")["GroupId"]
    ports = {"IpProtocol": "-1"} if port < 0 else {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    described = {"IpRanges": [{"CidrIp": source, "Description": "from home, temporary"}]}
    tags = [{"ResourceType": "security-group-rule", "Tags": TAGS[:1]}]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[ports | described],  # type: ignore[list-item]
        TagSpecifications=tags,  # type: ignore[arg-type]
    )
    sixth: Any = ports | {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[sixth])


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    sg.rule_does_not_open_every_port.id: lambda aws: open_group(aws, -1),
    sg.rule_keeps_admin_ports_closed.id: lambda aws: open_group(aws, 22),
    sg.rule_keeps_database_ports_closed.id: lambda aws: open_group(aws, 5432),
    sg.rule_keeps_file_sharing_ports_closed.id: lambda aws: open_group(aws, 445),
    HIGH.id: lambda aws: open_group(aws, 23),
    WEB.id: lambda aws: open_group(aws, 25565),
    NAMED.id: lambda aws: open_group(aws, -1, OFFICE[0]),
    sg.default_security_group_has_no_rules.id: lambda aws: None,  # a new VPC's has some
}


def test_the_tags_of_the_group_speak_for_its_rules(aws: Region) -> None:
    """A group that is protected, or that CloudFormation owns, is so with all its rules."""
    open_group(aws.clients.session, 22)
    ec2 = aws.clients.session.client("ec2")
    rule = next(iter(sg.inbound_rules.stream(aws)))
    ec2.create_tags(Resources=[rule["GroupId"]], Tags=[{"Key": "do-not-touch", "Value": "true"}])
    hands = FixAws(load(), lambda: aws)
    arn = identify(aws, sg.inbound_rules, rule)[0]
    seen = hands.look(aws, FIXES[sg.rule_keeps_admin_ports_closed.id], aws.region, arn)
    tags = hands.tags(aws, aws.region, arn, seen.within)
    assert tags is not None
    assert ("do-not-touch", "true") in tags
