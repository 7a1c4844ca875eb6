"""Elastic IP addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import ec2_addresses
from checks.kit import NotApplicable
from tests.checks.cases import Case

USED = ec2_addresses.address_is_used
ADDRESS = {"AllocationId": "eipalloc-1", "PublicIp": "198.51.100.7"}

CASES = [
    Case(USED, [ADDRESS | {"AssociationId": "eipassoc-1"}], None),
    Case(USED, [ADDRESS], "is associated with nothing"),
    Case(USED, [ADDRESS | {"AssociationId": ""}], "is associated with nothing"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


@pytest.mark.parametrize("more", [{"AssociationId": "eipassoc-1"}, {"ServiceManaged": "alb"}])
def test_no_plan_for_an_address_in_use_or_of_a_service(more: dict[str, str]) -> None:
    with pytest.raises(NotApplicable):
        ec2_addresses.release_address.plan(ADDRESS | more)


def spare_address(aws: boto3.Session) -> None:
    aws.client("ec2", region_name="eu-west-1").allocate_address(Domain="vpc")


def test_what_an_address_is_called(aws: Region) -> None:
    spare_address(aws.clients.session)
    [found] = ec2_addresses.addresses.stream(aws)
    arn = f"arn:aws:ec2:eu-west-1:123456789012:elastic-ip/{found['AllocationId']}"
    assert identify(aws, ec2_addresses.addresses, found) == (arn, found["PublicIp"])


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {USED.id: spare_address}
