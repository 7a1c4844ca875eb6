"""Shield Advanced: what the judges say, and that only who subscribes is asked anything."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Region
from checks import shield
from checks.kit import NotApplicable
from tests.checks.cases import Case

ADDRESS, CLASSIC, BALANCER = (
    shield.shield_protects_elastic_ip,
    shield.shield_protects_classic_load_balancer,
    shield.shield_protects_load_balancer,
)
DISTRIBUTION, ZONE, ACCELERATOR = (
    shield.shield_protects_distribution,
    shield.shield_protects_hosted_zone,
    shield.shield_protects_accelerator,
)
ELB = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/"
EIP = {"AllocationId": "eipalloc-1", "AssociationId": "eipassoc-1"}
OLD = {"LoadBalancerName": "old-shop", "Scheme": "internet-facing"}
ALB = {"Type": "application", "Scheme": "internet-facing", "LoadBalancerArn": f"{ELB}app/shop/1"}
SITE = {"ARN": "arn:aws:cloudfront::123456789012:distribution/E1", "Enabled": True}
PUBLIC = {"zone_id": "Z1", "Config": {"PrivateZone": False}}
FAST = {"AcceleratorArn": "arn:aws:globalaccelerator::123456789012:accelerator/1", "Enabled": True}
NAKED = "is not among what Shield Advanced protects"
PAIRS: list[tuple[Any, dict[str, Any], str, dict[str, Any]]] = [
    (ADDRESS, EIP, "arn:aws:ec2:eu-west-1:123456789012:eip-allocation/eipalloc-1", {"AllocationId": "eipalloc-2"}),
    (CLASSIC, OLD, f"{ELB}old-shop", OLD | {"Scheme": "internal"}),
    (BALANCER, ALB, f"{ELB}app/shop/1", ALB | {"Type": "network"}),
    (DISTRIBUTION, SITE, SITE["ARN"], SITE | {"Enabled": False}),  # type: ignore[list-item]
    (DISTRIBUTION, SITE, SITE["ARN"], SITE | {"Staging": True}),  # type: ignore[list-item]
    (ZONE, PUBLIC, "arn:aws:route53:::hostedzone/Z1", {"zone_id": "Z2", "Config": {"PrivateZone": True}}),
    (ACCELERATOR, FAST, FAST["AcceleratorArn"], FAST | {"Enabled": False}),  # type: ignore[list-item]
]


def covers(*arns: str, subscribed: bool = True) -> dict[str, Any]:
    return {"subscribed": subscribed, "arns": arns}


CASES = [
    case
    for check, resource, arn, beside in PAIRS
    for case in (
        Case(check, [resource, covers(arn)], None),
        Case(check, [resource, covers(arn + "0")], NAKED),
        Case(check, [resource, covers(subscribed=False)], NotApplicable),
        Case(check, [beside, covers()], NotApplicable),
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_who_does_not_subscribe_is_asked_for_nothing_more(aws: Region) -> None:
    assert shield.covered.read(aws, None) == covers(subscribed=False) | {"arns": frozenset()}
    with Stubber(aws.clients.get("globalaccelerator", shield.ACCELERATOR_IN)):
        assert list(shield.accelerators.stream(aws)) == []


def test_reads_what_is_protected_and_the_accelerators_of_a_subscriber(aws: Region) -> None:
    client = aws.clients.session.client("shield", "us-east-1")
    client.create_subscription()
    client.create_protection(Name="site", ResourceArn=str(SITE["ARN"]))
    assert shield.covered.read(aws, None) == {"subscribed": True, "arns": frozenset({SITE["ARN"]})}
    with Stubber(aws.clients.get("globalaccelerator", shield.ACCELERATOR_IN)) as stub:
        stub.add_response("list_accelerators", {"Accelerators": [FAST]})
        assert [one["AcceleratorArn"] for one in shield.accelerators.stream(aws)] == [FAST["AcceleratorArn"]]
