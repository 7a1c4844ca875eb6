"""Security groups: each inbound rule by itself, so that exactly one rule is judged, revoked and given back.

A rule that opens every port is judged once, by `rule_does_not_open_every_port`; the port checks leave it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from checks.kit import (
    Aws,
    Call,
    Collector,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Unknown,
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
    everyone_among,
    is_public_range,
    open_ports,
    opened,
    opens_every_port,
    ports_in_words,
    services_in_words,
    without,
)
from checks.vpc import vpcs

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import NetworkInterfaceTypeDef as Interface
    from types_boto3_ec2.type_defs import SecurityGroupTypeDef as Group

Rule: TypeAlias = Mapping[str, Any]
"""AWS's SecurityGroupRule with two keys of ours: `group_name`, and `rule_name`, what people call the rule."""


class PrefixList(TypedDict):
    PrefixListId: str
    ranges: Sequence[str]


GROUP_ARN = "arn:{partition}:ec2:{region}:{account}:security-group/{GroupId}"
RULE_ARN = "arn:{partition}:ec2:{region}:{account}:security-group-rule/{SecurityGroupRuleId}"

DATABASE_PORTS = (1433, 1521, 3306, 5432, 5439, 5984, 6379, 7000, 8086, 9042, 9200, 11211, 27017)
FILE_SHARING_PORTS = (445,)
HIGH_RISK_PORTS = (
    20, 21, 23, 25, 88, 110, 111, 135, 137, 138, 139, 143, 389, 464, 636, 873, 1434, 2049, 2181, 2375, 2483, 2484, 3000,
    4333, 5000, 5500, 5601, 5900, 5985, 5986, 7001, 7199, 8080, 8088, 8888, 9092, 9160, 9300, 27018)  # fmt: skip
"""What EC2.19 of Security Hub names beside the ports above, and what answers whoever asks."""
AUTHORIZED_PORTS = (80, 443)
JUDGED = {*ADMIN_PORTS, *DATABASE_PORTS, *FILE_SHARING_PORTS, *HIGH_RISK_PORTS}

groups: Collector[Group] = collect(
    "ec2:DescribeSecurityGroups", "SecurityGroups", arn=GROUP_ARN, name="{GroupName} ({GroupId})"
)


@collector(arn=GROUP_ARN, name="{GroupName} of {VpcId}", needs=(groups,))
def default_groups(aws: Aws) -> Iterator[Group]:
    """Every VPC of the account has one; nobody else may use its name. Those of VPCs that others share are theirs."""
    return (one for one in aws.read(groups) if one["GroupName"] == "default" and one["OwnerId"] == aws.account)


@collector("ec2:DescribeSecurityGroupRules", arn=RULE_ARN, name="{rule_name}", needs=(groups,), within=GROUP_ARN)
def inbound_rules(aws: Aws) -> Iterator[Rule]:
    """The account's own: groups that others share with it are theirs to change."""
    names = {group["GroupId"]: group["GroupName"] for group in aws.read(groups)}
    for rule in aws.items("ec2:DescribeSecurityGroupRules", "SecurityGroupRules"):
        # .get: AWS always sends the owner, the emulator never does.
        if not rule["IsEgress"] and rule.get("GroupOwnerId", aws.account) == aws.account:
            group = names.get(rule["GroupId"], rule["GroupId"])  # made since the groups were listed: its id will do
            yield rule | {"group_name": group, "rule_name": f"{group}: {ports_in_words(rule)} from {_source(rule)}"}


@collector(
    "ec2:GetManagedPrefixListEntries",
    arn="arn:{partition}:ec2:{region}:{account}:prefix-list/{PrefixListId}",
    needs=(groups,),
)
def prefix_lists(aws: Aws) -> Iterator[PrefixList]:
    """Those that inbound rules name, each read once, with their `ranges`."""
    rules = (permission for group in aws.read(groups) for permission in group["IpPermissions"])
    ids = sorted({str(one["PrefixListId"]) for rule in rules for one in rule.get("PrefixListIds", [])})

    def whole(id: str) -> PrefixList:
        entries = aws.items("ec2:GetManagedPrefixListEntries", "Entries", PrefixListId=id)
        return {"PrefixListId": id, "ranges": [str(entry["Cidr"]) for entry in entries]}

    yield from aws.each(whole, ids)


def ranges_of(aws: Aws, id: str) -> Sequence[str]:
    """The ranges of addresses in a prefix list that inbound rules name. Raises Unknown when it was not read."""
    for one in aws.read(prefix_lists):
        if one["PrefixListId"] == id:
            return one["ranges"]
    raise Unknown(f"prefix list {id} was not there yet when the others were read")


@extra(needs=(prefix_lists,))
def sources(aws: Aws, rule: Rule) -> Sequence[str]:
    """The ranges of addresses a rule lets in; none when it lets in another security group."""
    if "PrefixListId" in rule:
        return ranges_of(aws, rule["PrefixListId"])
    return [rule[key] for key in ("CidrIpv4", "CidrIpv6") if key in rule]


@extra(needs=(prefix_lists, vpcs))
def sources_outside(aws: Aws, rule: Rule) -> Sequence[str]:
    """The same without what is inside the account's own VPCs here: their IPv6 addresses are public ones."""
    own = [one["CidrBlock"] for vpc in aws.read(vpcs) for one in vpc.get("CidrBlockAssociationSet", [])]
    own += [one["Ipv6CidrBlock"] for vpc in aws.read(vpcs) for one in vpc.get("Ipv6CidrBlockAssociationSet", [])]
    return [cidr for cidr in sources.read(aws, rule) if without(cidr, own)]


@extra("ec2:DescribeNetworkInterfaces")
def interfaces(aws: Aws, rule: Rule) -> Sequence[Interface]:
    """The network interfaces that the rule's group guards."""
    of_group = [{"Name": "group-id", "Values": [rule["GroupId"]]}]
    return list(aws.items("ec2:DescribeNetworkInterfaces", "NetworkInterfaces", Filters=of_group))


@check(inbound_rules, sources, practice=Practice.NETWORK, severity=Severity.HIGH)
def rule_does_not_open_every_port(rule: Rule, sources: Sequence[str]) -> Verdict:
    """Security group rule does not open every port to everyone.

    Whatever listens on the machines, now or later, can be reached and attacked from the whole internet.

    Fix: Remove the rule. Allow the ports that are needed, from the addresses that need them.
    See: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    if not opens_every_port(rule):
        raise NotApplicable("it opens some ports only")
    everyone = everyone_among(sources)
    return expect(not everyone, f"opens every port to {', '.join(everyone)}")


@check(inbound_rules, sources, practice=Practice.NETWORK, severity=Severity.HIGH)
def rule_keeps_admin_ports_closed(rule: Rule, sources: Sequence[str], *, ports: Sequence[int] = ADMIN_PORTS) -> Verdict:
    """Security group rule keeps administration ports closed.

    SSH and RDP that the whole internet can reach are guessed at day and night; one weak password is enough.

    Fix: Remove the rule. Use Session Manager or EC2 Instance Connect, or allow your own addresses only.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-13
    """
    return _keeps_closed(rule, sources, ports)


@check(inbound_rules, sources, practice=Practice.NETWORK, severity=Severity.HIGH)
def rule_keeps_database_ports_closed(
    rule: Rule, sources: Sequence[str], *, ports: Sequence[int] = DATABASE_PORTS
) -> Verdict:
    """Security group rule keeps database ports closed.

    A database or cache that the whole internet can reach is one guessed password, or none, away from being copied.

    Fix: Remove the rule. Allow the security group of the application that uses the database.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-19
    """
    return _keeps_closed(rule, sources, ports)


@check(inbound_rules, sources, practice=Practice.NETWORK, severity=Severity.HIGH)
def rule_keeps_file_sharing_ports_closed(
    rule: Rule, sources: Sequence[str], *, ports: Sequence[int] = FILE_SHARING_PORTS
) -> Verdict:
    """Security group rule keeps file sharing ports closed.

    Windows file shares (CIFS, SMB) that the whole internet can reach are how worms and ransomware get in.

    Fix: Remove the rule. Allow the addresses or security groups that use the share, or reach it over a VPN.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-19
    """
    return _keeps_closed(rule, sources, ports)


@check(inbound_rules, sources, practice=Practice.NETWORK, severity=Severity.HIGH)
def rule_keeps_high_risk_ports_closed(
    rule: Rule, sources: Sequence[str], *, ports: Sequence[int] = HIGH_RISK_PORTS
) -> Verdict:
    """Security group rule keeps other high-risk ports closed.

    FTP, Telnet, mail, directories, Kafka, Kibana, Docker and test servers send in clear text or ask for no password.

    Fix: Remove the rule. Allow the addresses or security groups that use the service, or reach it over a VPN.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-19
    """
    return _keeps_closed(rule, sources, ports)


@check(inbound_rules, sources, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def rule_opens_web_ports_only(
    rule: Rule, sources: Sequence[str], *, ports: Sequence[int] = AUTHORIZED_PORTS
) -> Verdict:
    """Security group rule opens web ports only to everyone.

    What the whole internet may reach should be there on purpose: each more port is one more program to keep patched.

    Fix: Remove the rule, or allow those who need it only. A port that is meant for everyone goes into the threshold.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-18
    """
    if opens_every_port(rule) or opened(rule, JUDGED):
        raise NotApplicable("other checks judge the ports it opens")
    if not open_ports(rule):
        raise NotApplicable("it opens no port of TCP or UDP")
    everyone = everyone_among(sources)
    more = set(open_ports(rule)) - set(ports)
    return expect(not everyone or not more, f"opens {ports_in_words(rule)} to {', '.join(everyone)}")


@check(inbound_rules, sources_outside, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def rule_names_ports_for_public_addresses(rule: Rule, sources: Sequence[str]) -> Verdict:
    """Security group rule names ports for public addresses.

    Whoever gets hold of one machine of a partner or an office reaches everything that listens behind the group.

    Fix: Allow the ports that those addresses need, and remove the rule.
    See: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    if not opens_every_port(rule):
        raise NotApplicable("it opens some ports only")
    if everyone_among(sources):
        raise NotApplicable("it lets in everyone, which another check judges")
    public = [cidr for cidr in sources if is_public_range(cidr)]
    return expect(not public, f"opens every port to {', '.join(public)}")


@check(default_groups, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def default_security_group_has_no_rules(group: Group) -> Verdict:
    """Default security group has no rules.

    What is started without a security group gets this one, so whatever it allows is allowed by oversight.

    Fix: Give what uses it a group of its own, then remove all inbound and outbound rules of the default group.
    See: https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
    """
    kinds = {"inbound": group["IpPermissions"], "outbound": group["IpPermissionsEgress"]}
    found = " and ".join(kind for kind, permissions in kinds.items() if permissions)
    return expect(not found, f"has {found} rules")


@fix(
    default_security_group_has_no_rules,
    "ec2:RevokeSecurityGroupIngress",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:AuthorizeSecurityGroupEgress",
    risk=Risk.CUTS_ACCESS,
    reads=(interfaces,),
)
def empty_default_group(group: Group, used_by: Sequence[Interface]) -> Plan:
    """Remove all rules of the default security group."""
    ways = [("Ingress", group["IpPermissions"]), ("Egress", group["IpPermissionsEgress"])]
    found = [(way, [_bare(one) for one in permissions]) for way, permissions in ways if permissions]
    if not found:
        raise NotApplicable("it has none")
    which = {"GroupId": group["GroupId"]}
    return Plan(
        do=[Call(f"ec2:RevokeSecurityGroup{way}", which | {"IpPermissions": given}) for way, given in found],
        undo=[Call(f"ec2:AuthorizeSecurityGroup{way}", which | {"IpPermissions": given}) for way, given in found],
        before={f"{way.lower()} rules": "; ".join(sorted(map(_in_words, given))) for way, given in found},
        after={f"{way.lower()} rules": "none" for way, _ in found},
        notes=[
            _users(used_by),
            "Undo makes the same rules again; AWS gives them new rule ids, and they lose their tags.",
        ],
    )


def revoke_rule(rule: Rule, sources: Sequence[str], used_by: Sequence[Interface]) -> Plan:
    """Remove exactly this rule from the security group."""
    group = {"GroupId": rule["GroupId"]}
    tags = [tag for tag in rule.get("Tags", []) if not tag["Key"].startswith("aws:")]  # AWS sets those itself
    tagged = {"TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": tags}]} if tags else {}
    back = group | {"IpPermissions": [_permission(rule)]} | tagged
    name = "inbound rule"  # not its id: the undo gives it another one, and is recognised by what it allows
    allows = f"{rule['rule_name']} ({rule['Description']})" if rule.get("Description") else str(rule["rule_name"])
    return Plan(
        do=[
            Call("ec2:RevokeSecurityGroupIngress", group | {"SecurityGroupRuleIds": [rule["SecurityGroupRuleId"]]}),
        ],
        undo=[Call("ec2:AuthorizeSecurityGroupIngress", back)],
        before={"security group": rule["GroupId"], name: allows},
        after={"security group": rule["GroupId"], name: "removed"},
        notes=[_users(used_by), "Undo makes the same rule again; AWS gives it a new rule id."],
    )


for _repaired in (
    rule_does_not_open_every_port,
    rule_keeps_admin_ports_closed,
    rule_keeps_database_ports_closed,
    rule_keeps_file_sharing_ports_closed,
    rule_keeps_high_risk_ports_closed,
    rule_opens_web_ports_only,
    rule_names_ports_for_public_addresses,
):
    fix(
        _repaired,
        "ec2:RevokeSecurityGroupIngress",
        "ec2:AuthorizeSecurityGroupIngress",
        risk=Risk.CUTS_ACCESS,
        reads=(interfaces,),
    )(revoke_rule)


def _keeps_closed(rule: Rule, sources: Sequence[str], ports: Sequence[int]) -> Verdict:
    reached = opened(rule, ports)
    if not reached:
        raise NotApplicable("it opens none of these ports")
    if opens_every_port(rule):
        raise NotApplicable("it opens every port, which another check judges")
    everyone = everyone_among(sources)
    return expect(not everyone, f"opens {services_in_words(reached)} to {', '.join(everyone)}")


def _source(rule: Rule) -> str:
    """Whom a rule lets in, as AWS writes it."""
    known = [str(rule[key]) for key in ("CidrIpv4", "CidrIpv6", "PrefixListId") if key in rule]
    return known[0] if known else str(rule["ReferencedGroupInfo"]["GroupId"])


def _permission(rule: Rule) -> dict[str, Any]:
    """The IpPermission that makes this very rule again.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
    """
    described = {"Description": rule["Description"]} if rule.get("Description") else {}
    ports = {key: rule[key] for key in ("FromPort", "ToPort") if key in rule and rule["IpProtocol"] != "-1"}
    kinds = {
        "CidrIpv4": ("IpRanges", "CidrIp"),
        "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
        "PrefixListId": ("PrefixListIds", "PrefixListId"),
    }
    for key, (ranges, name) in kinds.items():
        if key in rule:
            return {"IpProtocol": rule["IpProtocol"]} | ports | {ranges: [{name: rule[key]} | described]}
    raise NotApplicable("it lets in another security group, not everyone")


def _bare(permission: Any) -> dict[str, Any]:
    """A permission without the empty lists that AWS sends along."""
    return {key: value for key, value in permission.items() if value != []}


def _in_words(permission: Mapping[str, Any]) -> str:
    names = {
        "IpRanges": "CidrIp",
        "Ipv6Ranges": "CidrIpv6",
        "PrefixListIds": "PrefixListId",
        "UserIdGroupPairs": "GroupId",
    }
    whom = [str(one[name]) for kind, name in names.items() for one in permission.get(kind, [])]
    return f"{ports_in_words(permission)} with {', '.join(whom)}"


def _users(used_by: Sequence[Interface]) -> str:
    if not used_by:
        return "No network interface uses this security group now."
    instances = sorted({i["Attachment"]["InstanceId"] for i in used_by if "InstanceId" in i.get("Attachment", {})})
    others = sum("InstanceId" not in interface.get("Attachment", {}) for interface in used_by)
    parts = [*instances, *([f"{others} other network interface{'s' if others > 1 else ''}"] if others else [])]
    return f"The security group guards {', '.join(parts)}: whoever reaches them through this rule loses that."
