"""EC2 instances: what the judges say, and the instance that the fix is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import ec2_instances as ec2
from checks.kit import NotApplicable
from tests.checks.cases import Case


def instance(state: str = "running", tokens: str = "required", endpoint: str = "enabled") -> dict[str, Any]:
    return {
        "InstanceId": "i-0123456789abcdef0",
        "State": {"Name": state},
        "MetadataOptions": {"HttpTokens": tokens, "HttpEndpoint": endpoint},
    }


PROFILE = {"IamInstanceProfile": {"Arn": "arn:aws:iam::123456789012:instance-profile/web", "Id": "AIPAEXAMPLE"}}

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
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_no_plan_for_an_instance_that_a_service_manages() -> None:
    """Of EKS Auto Mode, say: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html"""
    managed = {"Operator": {"Managed": True, "Principal": "eks.amazonaws.com"}}
    with pytest.raises(NotApplicable, match=r"eks\.amazonaws\.com manages it"):
        ec2.require_imdsv2.plan(instance(tokens="optional") | managed)
    assert ec2.require_imdsv2.plan(instance(tokens="optional") | {"Operator": {"Managed": False}})


def test_the_plan_says_that_an_auto_scaling_group_starts_the_next_ones_as_before() -> None:
    group = {"Tags": [{"Key": "aws:autoscaling:groupName", "Value": "shop-web"}]}
    assert "shop-web" in ec2.require_imdsv2.plan(instance(tokens="optional") | group).notes[-1]
    assert len(ec2.require_imdsv2.plan(instance(tokens="optional")).notes) == 2


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


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {ec2.instance_requires_imdsv2.id: one_open_instance}
