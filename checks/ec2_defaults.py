"""What a region does with what is made next: machines, images and snapshots.

Encryption of new volumes is in `ec2_volumes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from checks.ec2_volumes import public_sharing
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
    fix,
)

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import GetImageBlockPublicAccessStateResultTypeDef as Images
    from types_boto3_ec2.type_defs import GetSnapshotBlockPublicAccessStateResultTypeDef as Snapshots
    from types_boto3_ec2.type_defs import InstanceMetadataDefaultsResponseTypeDef as Metadata

BLOCKED = "block-new-sharing"
ALL_BLOCKED = "block-all-sharing"


@collector("ec2:GetInstanceMetadataDefaults", arn=ACCOUNT_ARN, name="{region}")
def metadata_defaults(aws: Aws) -> Iterator[Metadata]:
    """The region's one answer; empty where nothing was ever set."""
    yield cast("Metadata", aws.call("ec2:GetInstanceMetadataDefaults").get("AccountLevel") or {})


@collector("ec2:GetImageBlockPublicAccessState", arn=ACCOUNT_ARN, name="{region}")
def image_sharing(aws: Aws) -> Iterator[Images]:
    """The region's one answer."""
    yield aws.call("ec2:GetImageBlockPublicAccessState")


@check(metadata_defaults, practice=Practice.ROLES, severity=Severity.MEDIUM)
def region_requires_imdsv2(defaults: Metadata) -> Verdict:
    """Region requires IMDSv2 of new instances.

    Without the default, whoever forgets to say so starts machines that give their role's credentials to IMDSv1.

    Fix: Set the region's default for the metadata version to "V2 only". Machines that run stay as they are.
    See: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
    """
    return expect(defaults.get("HttpTokens") == "required", "does not require IMDSv2 of new instances")


@fix(region_requires_imdsv2, "ec2:ModifyInstanceMetadataDefaults", risk=Risk.CUTS_ACCESS)
def require_imdsv2(defaults: Metadata) -> Plan:
    """Require IMDSv2 of new instances in the region.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataDefaults.html
    """
    if defaults.get("ManagedBy") == "declarative-policy":
        raise NotApplicable("a declarative policy of the organization sets it: change it there")
    before = defaults.get("HttpTokens", "no-preference")
    return Plan(
        do=[Call("ec2:ModifyInstanceMetadataDefaults", {"HttpTokens": "required"})],
        undo=[Call("ec2:ModifyInstanceMetadataDefaults", {"HttpTokens": before})],
        before={"HttpTokens": before},
        after={"HttpTokens": "required"},
        notes=[
            "Machines that run stay as they are; a launch or launch template that says otherwise still wins.",
            "Programs on new machines that still use IMDSv1 get no credentials.",
        ],
    )


@check(image_sharing, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def region_blocks_public_images(sharing: Images) -> Verdict:
    """Region blocks public sharing of AMIs.

    Without the block one wrong click gives a copy of a machine, with what is stored on it, to every AWS account.

    Fix: Block new public sharing of AMIs in the region. Images that are public already stay so.
    See: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html
    """
    return expect(sharing["ImageBlockPublicAccessState"] == BLOCKED, "does not block public sharing of AMIs")


@fix(
    region_blocks_public_images,
    "ec2:EnableImageBlockPublicAccess",
    "ec2:DisableImageBlockPublicAccess",
    risk=Risk.SAFE,
    patience=600,  # "up to 10 minutes", says AWS
)
def block_public_images(sharing: Images) -> Plan:
    """Block new public sharing of AMIs in the region.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImageBlockPublicAccess.html
    """
    if sharing.get("ManagedBy") == "declarative-policy":
        raise NotApplicable("a declarative policy of the organization sets it: change it there")
    return Plan(
        do=[Call("ec2:EnableImageBlockPublicAccess", {"ImageBlockPublicAccessState": BLOCKED})],
        undo=[Call("ec2:DisableImageBlockPublicAccess", {})],
        before={"public sharing of AMIs": sharing["ImageBlockPublicAccessState"]},
        after={"public sharing of AMIs": BLOCKED},
        notes=["Images that are public already stay so. AWS takes up to ten minutes. It costs nothing."],
    )


@check(public_sharing, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def region_blocks_public_snapshots(sharing: Snapshots) -> Verdict:
    """Region blocks public sharing of EBS snapshots.

    Without the block one wrong click gives a copy of a disk to every AWS account.

    Fix: Block public sharing of snapshots in the region: all of it, which also hides those that are public now.
    See: https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots.html
    """
    return expect(sharing["State"] in (BLOCKED, ALL_BLOCKED), "does not block public sharing of EBS snapshots")


@fix(
    region_blocks_public_snapshots,
    "ec2:EnableSnapshotBlockPublicAccess",
    "ec2:DisableSnapshotBlockPublicAccess",
    risk=Risk.SAFE,
)
def block_public_snapshots(sharing: Snapshots) -> Plan:
    """Block new public sharing of EBS snapshots in the region.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableSnapshotBlockPublicAccess.html
    """
    if sharing.get("ManagedBy") == "declarative-policy":
        raise NotApplicable("a declarative policy of the organization sets it: change it there")
    if sharing["State"] == ALL_BLOCKED:
        raise NotApplicable("all of it is blocked")
    return Plan(
        do=[Call("ec2:EnableSnapshotBlockPublicAccess", {"State": BLOCKED})],
        undo=[Call("ec2:DisableSnapshotBlockPublicAccess", {})],
        before={"public sharing of snapshots": sharing["State"]},
        after={"public sharing of snapshots": BLOCKED},
        notes=["Snapshots that are public already stay so, and are findings of their own. It costs nothing."],
    )
