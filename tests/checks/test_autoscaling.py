"""Auto Scaling groups and the launch configurations they still use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import autoscaling
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import Case

HEALTH, ZONES, TYPES, SPOT, TEMPLATE, TOKENS, ADDRESS = (
    autoscaling.group_uses_load_balancer_health,
    autoscaling.group_spans_zones,
    autoscaling.group_mixes_instance_types,
    autoscaling.group_rebalances_spot,
    autoscaling.group_uses_launch_template,
    autoscaling.launch_configuration_requires_imdsv2,
    autoscaling.launch_configuration_gives_no_public_address,
)
BALANCED = {"TargetGroupARNs": ["arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"]}
CLASSIC = {"LoadBalancerNames": ["web"]}
USED, UNUSED = ["web"], list[str]()


def group(**more: Any) -> dict[str, Any]:
    return {"AutoScalingGroupName": "web", "HealthCheckType": "EC2", "HealthCheckGracePeriod": 300} | more


def mixed(*overrides: dict[str, Any], demand: int | None = None) -> dict[str, Any]:
    share = {} if demand is None else {"OnDemandPercentageAboveBaseCapacity": demand}
    return group(
        MixedInstancesPolicy={"LaunchTemplate": {"Overrides": list(overrides)}, "InstancesDistribution": share}
    )


def configuration(**more: Any) -> dict[str, Any]:
    return {"LaunchConfigurationName": "web-7"} | more


CASES = [
    Case(HEALTH, [group(HealthCheckType="ELB", **BALANCED)], None),
    Case(HEALTH, [group(HealthCheckType="EBS,ELB", **CLASSIC)], None),
    Case(HEALTH, [group(**BALANCED)], "does not replace machines that its load balancer finds unhealthy"),
    Case(HEALTH, [group(**CLASSIC)], "does not replace machines that its load balancer finds unhealthy"),
    Case(HEALTH, [group()], NotApplicable),
    Case(ZONES, [group(AvailabilityZones=["eu-west-1a", "eu-west-1b"])], None),
    Case(ZONES, [group(AvailabilityZones=["eu-west-1a"])], "starts machines in eu-west-1a only"),
    Case(TYPES, [mixed({"InstanceType": "t3.small"}, {"InstanceType": "t3a.small"})], None),
    Case(TYPES, [mixed({"InstanceRequirements": {}})], None),
    Case(
        TYPES, [mixed({"InstanceType": "t3.small"}, {"InstanceType": "t3.small"})], "can start one instance type only"
    ),
    Case(TYPES, [group()], "can start one instance type only"),
    Case(SPOT, [mixed(demand=20) | {"CapacityRebalance": True}], None),
    Case(SPOT, [mixed(demand=20)], "waits for Spot machines to be taken before it starts others"),
    Case(SPOT, [mixed()], NotApplicable),
    Case(SPOT, [group()], NotApplicable),
    Case(TEMPLATE, [group()], None),
    Case(TEMPLATE, [group(LaunchConfigurationName="web-7")], "uses the launch configuration web-7"),
    Case(TOKENS, [configuration(MetadataOptions={"HttpTokens": "required"}), USED, "optional"], None),
    Case(TOKENS, [configuration(MetadataOptions={"HttpEndpoint": "disabled"}), USED, "optional"], None),
    Case(TOKENS, [configuration(), USED, "required"], None),
    Case(TOKENS, [configuration(), USED, "optional"], "lets machines answer IMDSv1 (used by web)"),
    Case(
        TOKENS,
        [configuration(MetadataOptions={"HttpTokens": "optional"}), USED, "required"],
        "lets machines answer IMDSv1 (used by web)",
    ),
    Case(TOKENS, [configuration(), UNUSED, "optional"], NotApplicable),
    Case(ADDRESS, [configuration(), USED], None),
    Case(
        ADDRESS,
        [configuration(AssociatePublicIpAddress=True), USED],
        "gives machines a public IPv4 address (used by web)",
    ),
    Case(ADDRESS, [configuration(AssociatePublicIpAddress=True), UNUSED], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def scaling(aws: boto3.Session, **more: Any) -> None:
    client = aws.client("autoscaling", region_name="eu-west-1")
    client.create_launch_configuration(LaunchConfigurationName="web-7", ImageId="ami-1", InstanceType="t3.small")
    given: dict[str, Any] = {"LaunchConfigurationName": "web-7"} | more
    client.create_auto_scaling_group(
        AutoScalingGroupName="web", MinSize=0, MaxSize=0, AvailabilityZones=["eu-west-1a"], **given
    )


def test_which_groups_use_a_launch_configuration(aws: Region) -> None:
    scaling(aws.clients.session)
    [found] = autoscaling.launch_configurations.stream(aws)
    assert autoscaling.used_by.read(aws, found) == ["web"]
    assert autoscaling.used_by.read(aws, found | {"LaunchConfigurationName": "web-6"}) == []
    assert autoscaling.default_tokens.read(aws, found) == "unread", "its image is gone"


def test_an_image_that_is_gone_may_have_required_imdsv2() -> None:
    given: Any = configuration(ImageId="ami-1")
    with pytest.raises(Unknown):
        TOKENS.judge(given, USED, "unread")


def test_the_plan_keeps_other_health_checks() -> None:
    plan = autoscaling.heed_load_balancer.plan(group(HealthCheckType="EBS", **BALANCED))
    assert plan.do[0].params["HealthCheckType"] == "EBS,ELB"
    assert plan.undo[0].params["HealthCheckType"] == "EBS"


@pytest.mark.parametrize("given", [group(), group(HealthCheckType="ELB", **BALANCED)])
def test_no_plan_without_a_load_balancer_or_where_it_is_heeded(given: dict[str, Any]) -> None:
    with pytest.raises(NotApplicable):
        autoscaling.heed_load_balancer.plan(given)


def balanced(aws: boto3.Session) -> None:
    vpc = aws.client("ec2", region_name="eu-west-1").describe_vpcs()["Vpcs"][0]["VpcId"]
    made = aws.client("elbv2", region_name="eu-west-1").create_target_group(
        Name="web", Protocol="HTTP", Port=80, VpcId=vpc
    )
    scaling(aws, TargetGroupARNs=[made["TargetGroups"][0]["TargetGroupArn"]], HealthCheckType="EC2")


def spot(aws: boto3.Session) -> None:
    ec2 = aws.client("ec2", region_name="eu-west-1")
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"InstanceType": "t3.small"})
    policy = {
        "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateName": "web", "Version": "$Default"}},
        "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 20},
    }
    aws.client("autoscaling", region_name="eu-west-1").create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=0,
        MaxSize=0,
        AvailabilityZones=["eu-west-1a"],
        MixedInstancesPolicy=policy,  # type: ignore[arg-type]
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {HEALTH.id: balanced, SPOT.id: spot}
