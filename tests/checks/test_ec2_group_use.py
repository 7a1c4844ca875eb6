"""Security groups as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from bot.aws import Region
from checks import ec2_group_use
from checks.kit import NotApplicable
from tests.checks.cases import Case

USED, PURPOSE, FEW = (
    ec2_group_use.group_is_used,
    ec2_group_use.group_is_made_on_purpose,
    ec2_group_use.group_has_few_rules,
)
IS_USED = True


def group(name: str = "web", **more: Any) -> dict[str, Any]:
    return {"GroupId": "sg-1", "GroupName": name, "IpPermissions": [], "IpPermissionsEgress": []} | more


def rules(count: int) -> list[dict[str, Any]]:
    return [{"IpRanges": [{"CidrIp": f"10.0.0.{n}/32"} for n in range(count)]}, {"UserIdGroupPairs": []}]


CASES = [
    Case(USED, [group(), IS_USED], None),
    Case(USED, [group(), not IS_USED], "guards no network interface, and no rule or launch template names it"),
    Case(USED, [group("default"), not IS_USED], NotApplicable),
    Case(USED, [group("d-1234567890_controllers"), not IS_USED], NotApplicable),
    Case(USED, [group("default_elb_b05343af-181e-4989"), not IS_USED], NotApplicable),
    Case(PURPOSE, [group()], None),
    Case(PURPOSE, [group("launch-wizard-4")], "was made by the launch wizard"),
    Case(FEW, [group(IpPermissions=rules(50))], None),
    Case(FEW, [group(IpPermissions=rules(51))], "has 51 inbound rules"),
    Case(FEW, [group(IpPermissions=rules(51), IpPermissionsEgress=rules(60))], "has 51 inbound and 60 outbound rules"),
    Case(FEW, [group(IpPermissions=rules(51))], None, {"rules": 60}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_what_uses_a_group(aws: Region) -> None:
    """An interface, the rule of another group or a launch template; not a rule of its own."""
    ec2 = aws.clients.session.client("ec2")
    [vpc] = [one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]]
    made = {
        name: ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("on-a-machine", "named-in-a-rule", "in-a-template", "itself", "nothing")
    }
    ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1, SecurityGroupIds=[made["on-a-machine"]])
    for owner, named in (("on-a-machine", "named-in-a-rule"), ("itself", "itself")):
        rule: Any = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": made[named]}]}
        ec2.authorize_security_group_ingress(GroupId=made[owner], IpPermissions=[rule])
    ec2.create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"SecurityGroupIds": [made["in-a-template"]]}
    )
    found = {
        one["GroupName"]
        for one in ec2_group_use.own_groups.stream(aws)
        if ec2_group_use.is_used.read(aws, one) and one["GroupName"] != "default"
    }
    assert found == {"on-a-machine", "named-in-a-rule", "in-a-template"}
