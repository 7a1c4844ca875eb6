"""EFS: what the judge says of file systems, and what they are called."""

from __future__ import annotations

import pytest

from bot.aws import Region
from bot.scan import identify
from checks import efs
from tests.checks.cases import Case

CASES = [
    Case(efs.file_system_is_encrypted, [{"Encrypted": True}], None),
    Case(efs.file_system_is_encrypted, [{"Encrypted": False}], "is not encrypted"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_what_a_file_system_is_called(aws: Region) -> None:
    client = aws.clients.session.client("efs")
    named = client.create_file_system(CreationToken="a", Encrypted=True, Tags=[{"Key": "Name", "Value": "shares"}])
    plain = client.create_file_system(CreationToken="b", Encrypted=False)
    found = {identify(aws, efs.file_systems, one): one["Encrypted"] for one in efs.file_systems.stream(aws)}
    assert found == {
        (named["FileSystemArn"], f"shares ({named['FileSystemId']})"): True,
        (plain["FileSystemArn"], plain["FileSystemId"]): False,
    }
