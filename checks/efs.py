"""Amazon EFS file systems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from checks.ec2_names import with_name
from checks.kit import Aws, Practice, Severity, Verdict, check, collector, expect


class FileSystem(TypedDict):
    """What is used of AWS's FileSystemDescription."""

    FileSystemArn: str
    FileSystemId: str
    Encrypted: bool


@collector("efs:DescribeFileSystems", arn="{FileSystemArn}", name="{known_as}")
def file_systems(aws: Aws) -> Iterator[FileSystem]:
    return (with_name(one, one["FileSystemId"]) for one in aws.items("efs:DescribeFileSystems", "FileSystems"))


@check(file_systems, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def file_system_is_encrypted(file_system: FileSystem) -> Verdict:
    """EFS file system is encrypted.

    Encryption covers the files, their names and their backups; without the key nobody reads what leaks.

    Fix: It cannot be turned on later: make an encrypted file system, copy the files with DataSync and mount that one.
    See: https://docs.aws.amazon.com/efs/latest/ug/encryption-at-rest.html
    """
    return expect(file_system["Encrypted"], "is not encrypted")
