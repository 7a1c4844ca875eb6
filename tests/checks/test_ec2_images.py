"""AMIs: who may start them, and machines that run from old ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import ec2_images
from checks.kit import NotApplicable
from tests.checks.cases import NOW, Case

PRIVATE, CURRENT = ec2_images.image_is_private, ec2_images.instance_image_is_not_deprecated
RUNNING = {"State": {"Name": "running"}, "ImageId": "ami-1"}


def deprecated(when: str) -> dict[str, str]:
    return {"ImageId": "ami-1", "DeprecationTime": when}


CASES = [
    Case(PRIVATE, [{"ImageId": "ami-1", "Public": False}], None),
    Case(PRIVATE, [{"ImageId": "ami-1", "Public": True}], "can be started by every AWS account"),
    Case(CURRENT, [RUNNING, {"ImageId": "ami-1"}, NOW], None),
    Case(CURRENT, [RUNNING, deprecated("2026-03-03T00:00:00.000Z"), NOW], None),
    Case(CURRENT, [RUNNING, deprecated("2026-03-01T00:00:00.000Z"), NOW], "runs from ami-1, deprecated on 2026-03-01"),
    Case(CURRENT, [RUNNING, deprecated("2026-02-01T00:00:00.000Z"), NOW], None, {"days": 30}),
    Case(CURRENT, [RUNNING, {}, NOW], NotApplicable),
    Case(CURRENT, [{"State": {"Name": "terminated"}}, {"ImageId": "ami-1"}, NOW], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_the_images_of_all_machines_in_one_call(aws: Region) -> None:
    machine = {"InstanceId": "i-1", "ImageId": "ami-1"}
    machines = {"Reservations": [{"Instances": [machine, machine | {"ImageId": "ami-2"}, machine]}]}
    asked = {"Filters": [{"Name": "image-id", "Values": ["ami-1", "ami-2"]}], "IncludeDeprecated": True}
    with Stubber(aws.clients.get("ec2", "eu-west-1")) as stub:
        stub.add_response("describe_instances", machines)
        stub.add_response("describe_images", {"Images": [{"ImageId": "ami-2"}]}, asked)
        given: Any = {"ImageId": "ami-2"}
        assert ec2_images.image.read(aws, given) == {"ImageId": "ami-2"}
        assert ec2_images.image.read(aws, given | {"ImageId": "ami-1"}) == {}


def public_image(aws: boto3.Session) -> None:
    ec2 = aws.client("ec2", region_name="eu-west-1")
    made = ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    image = ec2.create_image(InstanceId=made, Name="shop-web-2026")["ImageId"]
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"Group": "all"}]})


def test_the_undo_of_an_image_where_the_region_blocks_it() -> None:
    image = {"ImageId": "ami-1", "Public": True}
    assert ec2_images.make_image_private.plan(image, False).undo
    blocked = ec2_images.make_image_private.plan(image, True)
    assert not blocked.undo
    assert "no undo" in blocked.notes[-1]
    with pytest.raises(NotApplicable):
        ec2_images.make_image_private.plan(image | {"Public": False}, False)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {PRIVATE.id: public_image}
