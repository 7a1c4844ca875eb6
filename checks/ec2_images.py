"""AMIs: who may start machines from the account's own, and whether machines run from ones that are past their time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from checks.ec2_defaults import BLOCKED, image_sharing
from checks.ec2_instances import GONE, instances
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    extra,
    fix,
    now,
)

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import ImageTypeDef as Image
    from types_boto3_ec2.type_defs import InstanceTypeDef as Instance

Images: TypeAlias = "Mapping[str, Image | Mapping[str, str]]"
"""Images by their ids."""

IMAGE_ARN = "arn:{partition}:ec2:{region}::image/{ImageId}"
FILTER_VALUES = 200
"""The most values AWS takes in one filter."""
UNREAD = "unread"


@collector("ec2:DescribeImages", arn=IMAGE_ARN, name="{Name} ({ImageId})")
def images(aws: Aws) -> Iterator[Image]:
    """The account's own."""
    return aws.items("ec2:DescribeImages", "Images", Owners=["self"])


@collector("ec2:DescribeImages", arn=ACCOUNT_ARN, needs=(instances,))
def images_in_use(aws: Aws) -> Iterator[Images]:
    """One for the region: those that machines run from, whoever owns them; empty ones that are gone or not shared."""
    yield by_id(aws, {one["ImageId"] for one in aws.read(instances)})


def by_id(aws: Aws, ids: Iterable[str]) -> Images:
    """Each of the images, empty where it is gone or not shared with the account. Calls ec2:DescribeImages."""
    wanted_ids = sorted(ids)
    asked = iter(wanted_ids)
    found: dict[str, Image | Mapping[str, str]] = {id: {} for id in wanted_ids}
    while batch := list(islice(asked, FILTER_VALUES)):
        wanted = [{"Name": "image-id", "Values": batch}]
        for one in aws.items("ec2:DescribeImages", "Images", Filters=wanted, IncludeDeprecated=True):
            found[one["ImageId"]] = one
    return found


def tokens_by_default(region_says: str, image_id: str, images: Images) -> str:
    """HttpTokens of a machine whose launch says nothing of them; UNREAD where an image that is not known decides.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html
    """
    if region_says not in ("", "no-preference"):
        return region_says
    image = images.get(image_id, {})
    if image_id and not image:
        return UNREAD
    return "required" if image.get("ImdsSupport") == "v2.0" else "optional"


@extra(needs=(images_in_use,))
def image(aws: Aws, instance: Instance) -> Image | Mapping[str, str]:
    """What the instance was started from; empty when it is gone or no longer shared."""
    [found] = aws.read(images_in_use)
    return found.get(instance["ImageId"], {})


@extra(needs=(image_sharing,))
def region_blocks(aws: Aws, _: Image) -> bool:
    return any(one["ImageBlockPublicAccessState"] == BLOCKED for one in aws.read(image_sharing))


@check(images, practice=Practice.LEAST_PRIVILEGE, severity=Severity.CRITICAL)
def image_is_private(image: Image) -> Verdict:
    """AMI is private.

    Everyone can start a public image and read what is on its disks: code, keys, customers' data.

    Fix: Make the image private. Treat what was on it as leaked: change its passwords and keys.
    See: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-intro.html
    """
    return expect(not image["Public"], "can be started by every AWS account")


@fix(image_is_private, "ec2:ModifyImageAttribute", risk=Risk.CUTS_ACCESS, reads=(region_blocks,))
def make_image_private(image: Image, blocked: bool) -> Plan:
    """Take the AMI back from the public."""
    if not image["Public"]:
        raise NotApplicable("it is private")
    who = {"ImageId": image["ImageId"]}
    return Plan(
        do=[Call("ec2:ModifyImageAttribute", who | {"LaunchPermission": {"Remove": [{"Group": "all"}]}})],
        undo=[]
        if blocked
        else [Call("ec2:ModifyImageAttribute", who | {"LaunchPermission": {"Add": [{"Group": "all"}]}})],
        before={"who may start it": "everyone"},
        after={"who may start it": "accounts it is shared with"},
        notes=[
            "Copies that others made already stay theirs. Accounts it is shared with by number keep it.",
            *(["There is no undo: the region blocks public sharing of AMIs."] if blocked else []),
        ],
    )


@check(instances, image, now, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def instance_image_is_not_deprecated(
    instance: Instance, image: Image | Mapping[str, str], now: datetime, *, days: int = 0
) -> Verdict:
    """EC2 instance runs from an AMI that is kept up.

    An image past its deprecation date gets no more fixes: what is started from it lacks the latest ones.

    Fix: Build the machine anew from a current image, and change launch templates that name the old one.
    See: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html
    """
    if instance["State"]["Name"] in GONE:
        raise NotApplicable(f"it is {instance['State']['Name']}")
    if not image:
        raise NotApplicable("its image is gone or no longer shared: AWS tells nothing of it")
    ended = image.get("DeprecationTime")  # AWS leaves the key out when there is no such date
    if not ended:
        return None
    age = (now - datetime.fromisoformat(ended)).days
    return expect(age < days, f"runs from {image['ImageId']}, deprecated on {ended[:10]}")
