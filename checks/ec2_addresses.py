"""Elastic IP addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.ec2_names import with_name
from checks.kit import Aws, Call, NotApplicable, Plan, Practice, Risk, Severity, Verdict, check, collector, expect, fix

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import AddressTypeDef as Address


@collector(
    "ec2:DescribeAddresses",
    arn="arn:{partition}:ec2:{region}:{account}:elastic-ip/{AllocationId}",
    name="{known_as}",
)
def addresses(aws: Aws) -> Iterator[Address]:
    return (with_name(one, one["PublicIp"]) for one in aws.items("ec2:DescribeAddresses", "Addresses"))


@check(addresses, practice=Practice.NETWORK, severity=Severity.LOW)
def address_is_used(address: Address) -> Verdict:
    """Elastic IP address is in use.

    AWS charges for it, and a name in DNS or a partner's firewall may still point at it when it is forgotten.

    Fix: Take it out of DNS and others' firewalls, then release it, or associate it with what it was meant for.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-12
    """
    return expect(_used(address), "is associated with nothing")


@fix(address_is_used, "ec2:ReleaseAddress", risk=Risk.CUTS_ACCESS)
def release_address(address: Address) -> Plan:
    """Release the Elastic IP address.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html
    """
    if _used(address):
        raise NotApplicable("it is in use")
    if address.get("ServiceManaged"):
        raise NotApplicable(f"{address['ServiceManaged']} manages it")
    return Plan(
        do=[Call("ec2:ReleaseAddress", {"AllocationId": address["AllocationId"]})],
        undo=[],
        before={address["PublicIp"]: "allocated"},
        after={address["PublicIp"]: "released"},
        notes=[
            "There is no undo: AWS may give the address to somebody else at once.",
            "First take it out of DNS records and others' firewalls, or its next owner receives what is meant for you.",
            "AWS no longer charges for it.",
        ],
    )


def _used(address: Address) -> bool:
    return bool(address.get("AssociationId"))  # AWS leaves the key out when there is none
