"""Amazon WorkSpaces: the disks of desktops, and the subnets they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.kit import (
    Aws,
    Collector,
    NotApplicable,
    Practice,
    Severity,
    Verdict,
    check,
    collect,
    collector,
    expect,
    extra,
)
from checks.public_subnets import NEEDS, public_among

if TYPE_CHECKING:
    from types_boto3_workspaces.type_defs import WorkspaceDirectoryTypeDef as Directory
    from types_boto3_workspaces.type_defs import WorkspaceTypeDef as Workspace

GOING = ("TERMINATING", "TERMINATED")

directories: Collector[Directory] = collect(
    "workspaces:DescribeWorkspaceDirectories",
    "Directories",
    arn="arn:{partition}:workspaces:{region}:{account}:directory/{DirectoryId}",
    name="{DirectoryId}",
)


@collector(
    "workspaces:DescribeWorkspaces",
    arn="arn:{partition}:workspaces:{region}:{account}:workspace/{WorkspaceId}",
    name="{UserName} ({WorkspaceId})",
)
def workspaces(aws: Aws) -> Iterator[Workspace]:
    found = aws.items("workspaces:DescribeWorkspaces", "Workspaces")
    return (one for one in found if one["State"] not in GOING)


@extra(needs=NEEDS)
def public_subnets(aws: Aws, directory: Directory) -> list[str]:
    """Those of the directory's subnets that lead to an internet gateway."""
    return public_among(aws, directory.get("SubnetIds", []))


@check(workspaces, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def workspace_is_encrypted(workspace: Workspace) -> Verdict:
    """WorkSpace encrypts both its volumes.

    A desktop's disks hold mail, documents and saved passwords, and so do the snapshots that AWS makes of them.

    Fix: A WorkSpace cannot be encrypted later: make a new one with both volumes encrypted, and move the user's files.
    See: https://docs.aws.amazon.com/workspaces/latest/adminguide/encrypt-workspaces.html
    """
    volumes = {"user": "UserVolumeEncryptionEnabled", "root": "RootVolumeEncryptionEnabled"}
    plain = [name for name, key in volumes.items() if not workspace.get(key)]  # absent means off
    return expect(not plain, f"does not encrypt its {' and '.join(plain)} volume{'s' if len(plain) > 1 else ''}")


@check(directories, public_subnets, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def directory_uses_private_subnets(directory: Directory, public_subnets: list[str]) -> Verdict:
    """WorkSpaces directory uses private subnets.

    In a public subnet a desktop may have a public address, one security group rule away from the internet.

    Fix: Register the directory with two private subnets that have a NAT gateway, and make the WorkSpaces anew there.
    See: https://docs.aws.amazon.com/workspaces/latest/adminguide/amazon-workspaces-vpc.html
    """
    if not directory.get("SubnetIds"):
        raise NotApplicable("it has no subnets of the account's")
    return expect(not public_subnets, f"has its desktops in public subnets ({', '.join(public_subnets)})")
