"""EC2 instances: what the judges say, and the instance that the fix is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import ec2_instances as ec2
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import NOW, Case


def instance(state: str = "running", tokens: str = "required", endpoint: str = "enabled") -> dict[str, Any]:
    return {
        "InstanceId": "i-0123456789abcdef0",
        "State": {"Name": state},
        "MetadataOptions": {"HttpTokens": tokens, "HttpEndpoint": endpoint},
    }


PROFILE = {"IamInstanceProfile": {"Arn": "arn:aws:iam::123456789012:instance-profile/web", "Id": "AIPAEXAMPLE"}}

SCALES = {"Tags": [{"Key": "aws:autoscaling:groupName", "Value": "shop-web"}]}  # in a warm pool

ADDRESS = {"PublicIpAddress": "198.51.100.7"}


def stopped(since: str) -> dict[str, Any]:
    return instance("stopped") | {"StateTransitionReason": f"User initiated ({since} GMT)"}


def kind(virtualization: str, type: str = "m1.small") -> dict[str, Any]:
    return {"VirtualizationType": virtualization, "InstanceType": type}


def link(subnet: str, **more: Any) -> dict[str, Any]:
    return {"NetworkInterfaceId": "eni-1", "SubnetId": subnet, "SourceDestCheck": True} | more


def interfaces(*links: dict[str, Any]) -> dict[str, Any]:
    return {"NetworkInterfaces": list(links)}


CASES = [
    Case(ec2.instance_requires_imdsv2, [instance()], None),
    Case(ec2.instance_requires_imdsv2, [instance("stopped")], None),
    Case(ec2.instance_requires_imdsv2, [instance(tokens="optional", endpoint="disabled")], None),
    Case(ec2.instance_requires_imdsv2, [instance(tokens="optional")], "answers IMDSv1 requests"),
    Case(ec2.instance_requires_imdsv2, [instance("stopped", "optional")], "answers IMDSv1 requests"),
    Case(ec2.instance_requires_imdsv2, [instance("terminated", "optional")], NotApplicable),
    Case(ec2.instance_requires_imdsv2, [instance("shutting-down", "optional")], NotApplicable),
    Case(ec2.instance_has_a_role, [instance() | PROFILE], None),
    Case(ec2.instance_has_a_role, [instance()], "has no IAM role"),
    Case(ec2.instance_has_a_role, [instance("terminated")], NotApplicable),
    Case(ec2.instance_has_no_public_address, [instance() | interfaces()], None),
    Case(
        ec2.instance_has_no_public_address,
        [instance() | ADDRESS | interfaces(link("subnet-1", Association={"PublicIp": "198.51.100.7"}))],
        "has the public address 198.51.100.7",
    ),
    Case(
        ec2.instance_has_no_public_address,
        [
            instance()
            | interfaces(
                link("subnet-1"),
                link("subnet-1", PrivateIpAddresses=[{"Association": {"PublicIp": "198.51.100.8"}}]),
                link("subnet-1", Association={"PublicIp": "198.51.100.9"}),
            )
        ],
        "has the public addresses 198.51.100.9, 198.51.100.8",
    ),
    Case(ec2.instance_has_no_public_address, [instance("terminated") | ADDRESS], NotApplicable),
    Case(ec2.stopped_instance_is_not_forgotten, [stopped("2026-02-20 09:00:00"), NOW], None),
    Case(ec2.stopped_instance_is_not_forgotten, [stopped("2026-01-31 12:00:00"), NOW], None),
    Case(ec2.stopped_instance_is_not_forgotten, [stopped("2026-01-30 11:00:00"), NOW], "is stopped since 31 days"),
    Case(ec2.stopped_instance_is_not_forgotten, [instance(), NOW], NotApplicable),
    Case(ec2.stopped_instance_is_not_forgotten, [stopped("2025-01-30 11:00:00") | SCALES, NOW], NotApplicable),
    Case(ec2.instance_is_not_paravirtual, [instance() | kind("hvm")], None),
    Case(ec2.instance_is_not_paravirtual, [instance() | kind("paravirtual", "t3.small")], None),
    Case(
        ec2.instance_is_not_paravirtual,
        [instance() | kind("paravirtual")],
        "is paravirtual, on the type m1.small",
    ),
    Case(ec2.instance_is_not_paravirtual, [instance("terminated") | kind("paravirtual")], NotApplicable),
    Case(ec2.instance_stands_in_one_subnet, [instance() | interfaces(link("subnet-1"))], None),
    Case(ec2.instance_stands_in_one_subnet, [instance() | interfaces(link("subnet-1"), link("subnet-1"))], None),
    Case(
        ec2.instance_stands_in_one_subnet,
        [instance() | interfaces(link("subnet-2"), link("subnet-1"))],
        "has network interfaces in subnet-1 and subnet-2",
    ),
    Case(
        ec2.instance_stands_in_one_subnet,
        [instance() | interfaces(link("subnet-1"), link("subnet-2", Description="aws-K8S-i-1"))],
        None,
    ),
    Case(
        ec2.instance_stands_in_one_subnet,
        [instance() | interfaces(link("subnet-1"), link("subnet-2", Description="aws-k8s-trunk-eni"))],
        None,
    ),
    Case(ec2.instance_stands_in_one_subnet, [instance("terminated") | interfaces()], NotApplicable),
    Case(ec2.instance_checks_source_and_destination, [instance() | interfaces(link("subnet-1"))], None),
    Case(
        ec2.instance_checks_source_and_destination,
        [instance() | interfaces(link("subnet-1"), link("subnet-1", SourceDestCheck=False))],
        "does not check source and destination on eni-1",
    ),
    Case(ec2.instance_checks_source_and_destination, [instance("terminated") | interfaces()], NotApplicable),
    Case(ec2.instance_has_detailed_monitoring, [instance() | {"Monitoring": {"State": "enabled"}}], None),
    Case(ec2.instance_has_detailed_monitoring, [instance() | {"Monitoring": {"State": "pending"}}], None),
    Case(
        ec2.instance_has_detailed_monitoring,
        [instance() | {"Monitoring": {"State": "disabled"}}],
        "has a metric only every five minutes",
    ),
    Case(ec2.instance_has_detailed_monitoring, [instance("terminated")], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_no_plan_for_an_instance_that_a_service_manages() -> None:
    """Of EKS Auto Mode, say: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html"""
    managed = {"Operator": {"Managed": True, "Principal": "eks.amazonaws.com"}}
    with pytest.raises(NotApplicable, match=r"eks\.amazonaws\.com manages it"):
        ec2.require_imdsv2.plan(instance(tokens="optional") | managed)
    with pytest.raises(NotApplicable):
        ec2.monitor_in_detail.plan(instance() | {"Monitoring": {"State": "disabled"}} | managed)
    assert ec2.require_imdsv2.plan(instance(tokens="optional") | {"Operator": {"Managed": False}})


def test_the_plan_says_that_an_auto_scaling_group_starts_the_next_ones_as_before() -> None:
    group = {"Tags": [{"Key": "aws:autoscaling:groupName", "Value": "shop-web"}]}
    assert "shop-web" in ec2.require_imdsv2.plan(instance(tokens="optional") | group).notes[-1]
    assert len(ec2.require_imdsv2.plan(instance(tokens="optional")).notes) == 2


def test_since_when_an_instance_is_stopped_may_be_unknown() -> None:
    with pytest.raises(Unknown):
        ec2.stopped_instance_is_not_forgotten.judge(instance("stopped") | {"StateTransitionReason": ""}, NOW)


def start(aws: boto3.Session, tokens: Literal["optional", "required"] = "optional") -> str:
    made = aws.client("ec2", region_name="eu-west-1").run_instances(
        ImageId="ami-0a1b2c3d4e5f60718", MinCount=1, MaxCount=1, MetadataOptions={"HttpTokens": tokens}
    )
    return made["Instances"][0]["InstanceId"]


def test_instances_of_all_reservations(aws: Region) -> None:
    made = {start(aws.clients.session), start(aws.clients.session, "required")}
    found = {identify(aws, ec2.instances, one) for one in ec2.instances.stream(aws)}
    assert found == {(f"arn:aws:ec2:eu-west-1:123456789012:instance/{id}", id) for id in made}


def test_an_instance_is_known_by_its_name_tag(aws: Region) -> None:
    made = start(aws.clients.session)
    aws.clients.session.client("ec2").create_tags(Resources=[made], Tags=[{"Key": "Name", "Value": "shop-web-1"}])
    [found] = ec2.instances.stream(aws)
    assert identify(aws, ec2.instances, found)[1] == f"shop-web-1 ({made})"


def one_open_instance(aws: boto3.Session) -> None:
    start(aws)


def one_router(aws: boto3.Session) -> None:
    start(aws)
    ec2 = aws.client("ec2", region_name="eu-west-1")
    [interface] = ec2.describe_network_interfaces()["NetworkInterfaces"]
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=interface["NetworkInterfaceId"], SourceDestCheck={"Value": False}
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    ec2.instance_requires_imdsv2.id: one_open_instance,
    ec2.instance_has_detailed_monitoring.id: one_open_instance,
    ec2.instance_checks_source_and_destination.id: one_router,
}
