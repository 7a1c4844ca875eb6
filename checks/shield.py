"""AWS Shield Advanced: what an account that pays for it has left unprotected."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, TypedDict

from checks import cloudfront, elb, elbv2, route53
from checks.ec2_addresses import addresses
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    NotApplicable,
    Practice,
    Scope,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    extra,
)

if TYPE_CHECKING:
    from types_boto3_cloudfront.type_defs import DistributionSummaryTypeDef as Distribution
    from types_boto3_ec2.type_defs import AddressTypeDef as Address
    from types_boto3_elb.type_defs import LoadBalancerDescriptionTypeDef as ClassicLoadBalancer
    from types_boto3_elbv2.type_defs import LoadBalancerTypeDef as LoadBalancer

SHIELD_IN, ACCELERATOR_IN = "us-east-1", "us-west-2"
"""Where the one endpoint of each is. https://docs.aws.amazon.com/general/latest/gr/shield.html
https://docs.aws.amazon.com/general/latest/gr/global_accelerator.html"""

UNPROTECTED = "is not among what Shield Advanced protects"


class Coverage(TypedDict):
    """Whether the account subscribes to Shield Advanced, and the ARNs of what it protects."""

    subscribed: bool
    arns: Collection[str]


@collector("shield:DescribeSubscription", "shield:ListProtections", arn=ACCOUNT_ARN, scope=Scope.ACCOUNT)
def coverage(aws: Aws) -> Iterator[Coverage]:
    subscribed = bool(aws.call("shield:DescribeSubscription", absent="ResourceNotFoundException"))
    found = aws.items("shield:ListProtections", "Protections") if subscribed else ()
    yield {"subscribed": subscribed, "arns": frozenset(one["ResourceArn"] for one in found)}


@extra(needs=(coverage,))
def covered(aws: Aws, _: Any) -> Coverage:
    [found] = aws.at(SHIELD_IN).read(coverage)
    return found


@collector(
    "globalaccelerator:ListAccelerators",
    arn="{AcceleratorArn}",
    name="{Name}",
    scope=Scope.ACCOUNT,
    needs=(coverage,),
)
def accelerators(aws: Aws) -> Iterator[Any]:
    """None where nobody subscribes: then nothing is asked of them."""
    if covered.read(aws, None)["subscribed"]:
        yield from aws.at(ACCELERATOR_IN).items("globalaccelerator:ListAccelerators", "Accelerators")


@check(addresses, covered, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def shield_protects_elastic_ip(address: Address, covered: Coverage) -> Verdict:
    """Shield Advanced protects Elastic IP address in use.

    The subscription is paid for, but only what is named as protected gets its response team and cost protection.

    Fix: Add the Elastic IP address to the protected resources of Shield Advanced.
    See: https://docs.aws.amazon.com/waf/latest/developerguide/configure-new-protection.html
    """
    _subscribed(covered)
    if "AssociationId" not in address:
        raise NotApplicable("nothing uses it")
    wanted = f":eip-allocation/{address['AllocationId']}"
    return expect(any(arn.endswith(wanted) for arn in covered["arns"]), UNPROTECTED)


@check(elb.load_balancers, covered, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def shield_protects_classic_load_balancer(balancer: ClassicLoadBalancer, covered: Coverage) -> Verdict:
    """Shield Advanced protects Classic Load Balancer.

    The subscription is paid for, but only what is named as protected gets its response team and cost protection.

    Fix: Add the load balancer to the protected resources of Shield Advanced.
    See: https://docs.aws.amazon.com/waf/latest/developerguide/configure-new-protection.html
    """
    _subscribed(covered)
    if balancer["Scheme"] == "internal":
        raise NotApplicable("it is not reached from the internet")
    wanted = f":loadbalancer/{balancer['LoadBalancerName']}"
    return expect(any(arn.endswith(wanted) for arn in covered["arns"]), UNPROTECTED)


@check(elbv2.load_balancers, covered, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def shield_protects_load_balancer(balancer: LoadBalancer, covered: Coverage) -> Verdict:
    """Shield Advanced protects Application Load Balancer.

    The subscription is paid for, but only what is named as protected gets its response team and cost protection.

    Fix: Add the load balancer to the protected resources of Shield Advanced.
    See: https://docs.aws.amazon.com/waf/latest/developerguide/configure-new-protection.html
    """
    _subscribed(covered)
    if balancer["Type"] != elbv2.APPLICATION or balancer["Scheme"] == "internal":
        raise NotApplicable("it is internal, or of a type that is protected through its Elastic IP addresses")
    return expect(balancer["LoadBalancerArn"] in covered["arns"], UNPROTECTED)


@check(cloudfront.distributions, covered, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def shield_protects_distribution(distribution: Distribution, covered: Coverage) -> Verdict:
    """Shield Advanced protects CloudFront distribution.

    The subscription is paid for, but only what is named as protected gets its response team and cost protection.

    Fix: Add the distribution to the protected resources of Shield Advanced.
    See: https://docs.aws.amazon.com/waf/latest/developerguide/configure-new-protection.html
    """
    _subscribed(covered)
    cloudfront.in_use(distribution)
    if distribution.get("Staging"):
        raise NotApplicable("Shield Advanced protects it with the distribution that it stages")
    return expect(distribution["ARN"] in covered["arns"], UNPROTECTED)


@check(route53.zones, covered, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def shield_protects_hosted_zone(zone: route53.Zone, covered: Coverage) -> Verdict:
    """Shield Advanced protects public hosted zone.

    The subscription is paid for, but only what is named as protected gets its response team and cost protection.

    Fix: Add the hosted zone to the protected resources of Shield Advanced.
    See: https://docs.aws.amazon.com/waf/latest/developerguide/configure-new-protection.html
    """
    _subscribed(covered)
    if zone["Config"]["PrivateZone"]:
        raise NotApplicable("it is private")
    wanted = f":hostedzone/{zone['zone_id']}"
    return expect(any(arn.endswith(wanted) for arn in covered["arns"]), UNPROTECTED)


@check(accelerators, covered, practice=Practice.NETWORK, severity=Severity.MEDIUM)
def shield_protects_accelerator(accelerator: Any, covered: Coverage) -> Verdict:
    """Shield Advanced protects Global Accelerator.

    The subscription is paid for, but only what is named as protected gets its response team and cost protection.

    Fix: Add the accelerator to the protected resources of Shield Advanced.
    See: https://docs.aws.amazon.com/waf/latest/developerguide/configure-new-protection.html
    """
    _subscribed(covered)
    if not accelerator["Enabled"]:
        raise NotApplicable("it is disabled")
    return expect(accelerator["AcceleratorArn"] in covered["arns"], UNPROTECTED)


def _subscribed(covered: Coverage) -> None:
    if not covered["subscribed"]:
        raise NotApplicable("the account does not subscribe to Shield Advanced")
