"""Launch templates: what the judges say, and the template that the fix is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest

from bot.aws import Reads, Region
from checks import ec2_launch_templates as lt
from checks.ec2_images import UNREAD, tokens_by_default
from checks.kit import NotApplicable, Risk, Unknown
from tests.checks.cases import Case

TOKENS, ADDRESS, DISKS = lt.template_requires_imdsv2, lt.template_gives_no_public_address, lt.template_encrypts_volumes


def template(**data: Any) -> dict[str, Any]:
    return {
        "LaunchTemplateId": "lt-1",
        "DefaultVersionNumber": 2,
        "LatestVersionNumber": 4,
        "version": {"LaunchTemplateData": data},
    }


def tokens(value: str, **more: str) -> dict[str, Any]:
    return template(MetadataOptions={"HttpTokens": value} | more)


def disk(**ebs: Any) -> dict[str, Any]:
    return template(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": ebs}])


ENCRYPTS = True
BY_EKS = {"CreatedBy": "arn:aws:sts::123456789012:assumed-role/AWSServiceRoleForAmazonEKSNodegroup/EKS"}
IMAGE = {"ImageId": "ami-1", "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": False}}]}
ENCRYPTED_IMAGE = {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}]}
OPEN = "lets machines answer IMDSv1 requests"

CASES = [
    Case(TOKENS, [tokens("required"), ""], None),
    Case(TOKENS, [tokens("optional"), ""], OPEN),
    Case(TOKENS, [template(), ""], OPEN),
    Case(TOKENS, [tokens("optional") | BY_EKS, ""], NotApplicable),
    Case(TOKENS, [template(), "required"], None),
    Case(TOKENS, [tokens("optional"), "required"], OPEN),
    Case(TOKENS, [tokens("optional", HttpEndpoint="disabled"), ""], None),
    Case(ADDRESS, [template()], None),
    Case(ADDRESS, [template(NetworkInterfaces=[{"AssociatePublicIpAddress": False}, {}])], None),
    Case(
        ADDRESS,
        [template(NetworkInterfaces=[{"AssociatePublicIpAddress": True}])],
        "gives machines a public IPv4 address",
    ),
    Case(DISKS, [disk(Encrypted=True), not ENCRYPTS, {}], None),
    Case(DISKS, [disk(SnapshotId="snap-1"), not ENCRYPTS, {}], None),
    Case(DISKS, [disk(VolumeSize=20), not ENCRYPTS, IMAGE], "does not encrypt /dev/xvda"),
    Case(DISKS, [disk(VolumeSize=20), not ENCRYPTS, ENCRYPTED_IMAGE], None),
    Case(DISKS, [disk(VolumeSize=20), not ENCRYPTS, {"ImageId": "ami-2"}], "does not encrypt /dev/xvda"),  # a new disk
    Case(DISKS, [disk(VolumeSize=20), not ENCRYPTS, {}], NotApplicable),
    Case(DISKS, [disk(Encrypted=False), not ENCRYPTS, ENCRYPTED_IMAGE], "does not encrypt /dev/xvda"),
    Case(DISKS, [disk(Encrypted=False), ENCRYPTS, {}], NotApplicable),
    Case(DISKS, [disk(Encrypted=False) | BY_EKS, not ENCRYPTS, {}], NotApplicable),
    Case(DISKS, [template(), not ENCRYPTS, {}], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_the_plan_keeps_the_other_options_and_names_the_next_version() -> None:
    plan = lt.require_imdsv2.plan(tokens("optional", HttpPutResponseHopLimit="2", State="applied"), "")
    made, default = plan.do
    assert made.params["SourceVersion"] == "2"
    assert made.params["LaunchTemplateData"] == {
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": "2"}
    }
    assert default.params["DefaultVersion"] == "5"
    assert plan.undo[0].params["DefaultVersion"] == "2"


def test_what_is_read_of_a_network_interface_and_cannot_be_written_is_left_out() -> None:
    shown = {"AssociatePublicIpAddress": True, "Ipv6Addresses": [{"Ipv6Address": "2001:db8::1", "IsPrimaryIpv6": True}]}
    [made, _] = lt.give_no_public_address.plan(template(NetworkInterfaces=[shown])).do
    [later] = made.params["LaunchTemplateData"]["NetworkInterfaces"]
    assert later == {"AssociatePublicIpAddress": False, "Ipv6Addresses": [{"Ipv6Address": "2001:db8::1"}]}


def test_a_key_that_new_machines_may_not_use_is_told_of() -> None:
    assert lt.encrypt_volumes.risk is Risk.CUTS_ACCESS
    disk = {"DeviceName": "/dev/sdb", "Ebs": {"Encrypted": False}}
    plan = lt.encrypt_volumes.plan(template(BlockDeviceMappings=[disk]), False, {})
    assert "Auto Scaling" in plan.notes[-1]


def test_no_plan_for_a_template_that_a_service_manages() -> None:
    managed = {"Operator": {"Managed": True, "Principal": "eks.amazonaws.com"}}
    with pytest.raises(NotApplicable, match=r"eks\.amazonaws\.com"):
        lt.require_imdsv2.plan(template() | managed, "")
    with pytest.raises(NotApplicable, match="EKSNodegroup"):
        lt.require_imdsv2.plan(tokens("optional") | BY_EKS, "")
    with pytest.raises(NotApplicable):
        lt.require_imdsv2.plan(tokens("required"), "")


def test_what_decides_where_a_template_says_nothing() -> None:
    """First the region, then the image: that of Amazon Linux 2023 requires IMDSv2."""
    images: Any = {"ami-1": {"ImdsSupport": "v2.0"}, "ami-2": {"ImageId": "ami-2"}, "ami-3": {}}
    assert tokens_by_default("required", "ami-2", images) == "required"
    assert tokens_by_default("optional", "ami-1", images) == "optional"
    for says in ("", "no-preference"):
        assert tokens_by_default(says, "ami-1", images) == "required"
        assert tokens_by_default(says, "ami-2", images) == "optional"
        assert tokens_by_default(says, "", images) == "optional"
        assert tokens_by_default(says, "ami-3", images) == UNREAD, "it is gone"
        assert tokens_by_default(says, "resolve:ssm:/aws/service/ami", images) == UNREAD
    with pytest.raises(Unknown, match="ami-3"):
        TOKENS.judge(template(ImageId="ami-3"), UNREAD)


def test_the_groups_that_templates_name() -> None:
    named = template(SecurityGroupIds=["sg-1"], NetworkInterfaces=[{"Groups": ["sg-2"]}, {}])
    assert lt.groups_named([named, template()]) == {"sg-1", "sg-2"}


def open_template(aws: boto3.Session) -> None:
    ec2 = aws.client("ec2", region_name="eu-west-1")
    ec2.create_launch_template(
        LaunchTemplateName="shop-web", LaunchTemplateData={"MetadataOptions": {"HttpTokens": "optional"}}
    )


def test_each_template_with_its_default_version(aws: Region) -> None:
    open_template(aws.clients.session)
    ec2 = aws.clients.session.client("ec2")
    ec2.create_launch_template_version(
        LaunchTemplateName="shop-web", LaunchTemplateData={"MetadataOptions": {"HttpTokens": "required"}}
    )
    [found] = lt.launch_templates.stream(aws)
    assert found["version"]["VersionNumber"] == 1
    assert lt.default_tokens.read(aws, found) == "optional"
    assert lt.image.read(aws, found) == {}
    assert lt.region_encrypts.read(aws, found) is False
    ec2.modify_instance_metadata_defaults(HttpTokens="required")
    assert lt.default_tokens.read(replace(aws, reads=Reads()), found) == "required"


def public_template(aws: boto3.Session) -> None:
    interface: Any = {"DeviceIndex": 0, "AssociatePublicIpAddress": True, "Groups": ["sg-1"]}
    aws.client("ec2", region_name="eu-west-1").create_launch_template(
        LaunchTemplateName="shop-web", LaunchTemplateData={"ImageId": "ami-1", "NetworkInterfaces": [interface]}
    )


def plain_template(aws: boto3.Session) -> None:
    disks: Any = [{"DeviceName": "/dev/sdb", "Ebs": {"VolumeSize": 8, "Encrypted": False}}]
    aws.client("ec2", region_name="eu-west-1").create_launch_template(
        LaunchTemplateName="shop-web", LaunchTemplateData={"ImageId": "ami-1", "BlockDeviceMappings": disks}
    )


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    TOKENS.id: open_template,
    ADDRESS.id: public_template,
    DISKS.id: plain_template,
}
