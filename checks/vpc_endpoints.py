"""VPC endpoints and endpoint services: whom they trust, which services are reached privately, and in how many zones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from checks.documents import DIFFERS, MATCHES, Condition, Principal, public_grants, statements
from checks.ec2_instances import GONE, instances
from checks.ec2_names import with_name
from checks.kit import (
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
)
from checks.vpc import VPC_ARN, vpcs

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import AllowedPrincipalTypeDef as Allowed
    from types_boto3_ec2.type_defs import VpcEndpointTypeDef as Endpoint
    from types_boto3_ec2.type_defs import VpcTypeDef as Vpc

Service: TypeAlias = Mapping[str, Any]
"""AWS's ServiceConfiguration with keys of ours: `known_as` and `owner`."""

ENDPOINT_ARN = "arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{VpcEndpointId}"
STANDING = "available"
PRIVATE_SERVICES = ("ec2", "ecr.api", "ecr.dkr", "ssm")
TWO = 2
OF_RESOURCES = ("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "s3:resourceaccount")
"""Condition keys that say whose the resources are, by which a data perimeter keeps data in.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html"""


@collector("ec2:DescribeVpcEndpoints", arn=ENDPOINT_ARN, name="{known_as}")
def endpoints(aws: Aws) -> Iterator[Endpoint]:
    """The account's own."""
    own = (one for one in aws.items("ec2:DescribeVpcEndpoints", "VpcEndpoints") if one["OwnerId"] == aws.account)
    return (with_name(one, one["VpcEndpointId"]) for one in own)


@collector(
    "ec2:DescribeVpcEndpointServiceConfigurations",
    arn="arn:{partition}:ec2:{region}:{account}:vpc-endpoint-service/{ServiceId}",
    name="{known_as}",
)
def endpoint_services(aws: Aws) -> Iterator[Service]:
    """Each with the account as `owner`: AWS lists the account's own only."""
    found = aws.items("ec2:DescribeVpcEndpointServiceConfigurations", "ServiceConfigurations")
    return (with_name({**one, "owner": aws.account}, one["ServiceId"]) for one in found)


@extra("ec2:DescribeVpcEndpointServicePermissions")
def admitted(aws: Aws, service: Service) -> Sequence[Allowed]:
    call = "ec2:DescribeVpcEndpointServicePermissions"
    return list(aws.items(call, "AllowedPrincipals", ServiceId=service["ServiceId"]))


@collector(arn=VPC_ARN, name="{known_as}", needs=(vpcs, instances))
def vpcs_with_instances(aws: Aws) -> Iterator[Vpc]:
    used = {one.get("VpcId") for one in aws.read(instances) if one["State"]["Name"] not in GONE}
    return (vpc for vpc in aws.read(vpcs) if vpc["VpcId"] in used)


@extra(needs=(endpoints,))
def private_services(aws: Aws, vpc: Vpc) -> set[str]:
    """The last parts of the names of the services that the VPC has an interface endpoint for: `ec2`, `ecr.api`."""
    start = f".{aws.region}."
    return {
        one["ServiceName"].partition(start)[2]
        for one in aws.read(endpoints)
        if one["VpcId"] == vpc["VpcId"] and one["VpcEndpointType"] == "Interface" and one["State"].lower() == STANDING
    }


@check(endpoints, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def endpoint_policy_is_limited(endpoint: Endpoint) -> Verdict:
    """VPC endpoint's policy is limited.

    Under the default policy everyone may do everything: a thief's own keys copy data out, past every firewall.

    Fix: Allow your own accounts or organization, and the resources in use. Keep what AWS's services need for updates.
    See: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    if endpoint["VpcEndpointType"] not in ("Gateway", "Interface"):
        raise NotApplicable(f"an endpoint of the type {endpoint['VpcEndpointType']} has no policy")
    document = endpoint.get("PolicyDocument")  # absent where the service takes no endpoint policy
    if not document:
        raise NotApplicable("its service takes no endpoint policy")
    _is_ours_to_change(endpoint)
    if any(
        not one.allows and one.everyone and one.every_action and _spares_own(one.conditions)
        for one in statements(document)
    ):
        return None
    wide = [
        one
        for one in public_grants(document)
        if one.every_resource and one.every_action and not any(_of_own(c, MATCHES) for c in one.conditions)
    ]
    return expect(not wide, "lets everyone do everything through it")


def _spares_own(conditions: Sequence[Condition]) -> bool:
    """Whether a Deny leaves out resources of known owners alone."""
    return bool(conditions) and all(_of_own(one, DIFFERS) for one in conditions)


def _of_own(condition: Condition, operators: frozenset[str]) -> bool:
    """Whether a condition speaks of whose the resources are, by names and not by a wildcard."""
    named = bool(condition.values) and not any(value.startswith("*") for value in condition.values)
    return condition.key in OF_RESOURCES and condition.operator in operators and named


def _is_ours_to_change(endpoint: Endpoint) -> None:
    if endpoint.get("RequesterManaged"):
        raise NotApplicable("an AWS service made it and manages it")
    if endpoint["State"].lower() != STANDING:
        raise NotApplicable(f"its state is {endpoint['State']}")


@check(endpoints, practice=Practice.BACKUP, severity=Severity.LOW)
def endpoint_spans_zones(endpoint: Endpoint) -> Verdict:
    """Interface endpoint has a network interface in two zones.

    When its one zone is down, nothing in the VPC reaches the service any more.

    Fix: Add a subnet of a second Availability Zone to the endpoint. AWS charges for each by the hour.
    See: https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
    """
    if endpoint["VpcEndpointType"] != "Interface":
        raise NotApplicable(f"an endpoint of the type {endpoint['VpcEndpointType']} has no choice of zones")
    _is_ours_to_change(endpoint)
    count = len(endpoint["SubnetIds"])  # an endpoint has no more than one subnet in a zone
    return expect(count >= TWO, "stands in one Availability Zone only" if count else "stands in no subnet")


@check(endpoint_services, admitted, practice=Practice.LEAST_PRIVILEGE, severity=Severity.MEDIUM)
def endpoint_service_admits_known_accounts(
    service: Service, admitted: Sequence[Allowed], *, trusted_accounts: Sequence[str] = ()
) -> Verdict:
    """Endpoint service admits known accounts only.

    Whoever may connect reaches what stands behind the service, over a way that no internet firewall sees.

    Fix: Name the accounts that use the service in place of `*`; trust the others in the settings.
    See: https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html
    """
    named = [str(one["Principal"]) for one in admitted]
    if "*" in named:
        by_hand = service["AcceptanceRequired"]
        return "admits every account" + (", after somebody accepts it" if by_hand else "")
    unknown = sorted({Principal("AWS", one).account for one in named} - {*trusted_accounts, service["owner"], ""})
    return expect(not unknown, f"admits account {', '.join(unknown)}, which the settings do not name")


@fix(endpoint_service_admits_known_accounts, "ec2:ModifyVpcEndpointServicePermissions", risk=Risk.CUTS_ACCESS)
def stop_admitting_everyone(
    service: Service, admitted: Sequence[Allowed], *, trusted_accounts: Sequence[str] = ()
) -> Plan:
    """Stop admitting every account to the endpoint service.

    Source: https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html
    """
    named = [str(one["Principal"]) for one in admitted]
    if "*" not in named:
        raise NotApplicable("which of the accounts it names are to be trusted is yours to say")
    which = {"ServiceId": service["ServiceId"]}
    others = ", ".join(sorted(set(named) - {"*"})) or "nobody"
    return Plan(
        do=[Call("ec2:ModifyVpcEndpointServicePermissions", which | {"RemoveAllowedPrincipals": ["*"]})],
        undo=[Call("ec2:ModifyVpcEndpointServicePermissions", which | {"AddAllowedPrincipals": ["*"]})],
        before={"who may connect": "every account"},
        after={"who may connect": others},
        notes=["Endpoints that are connected stay so. An account that is not named makes no new ones."],
    )


@check(vpcs_with_instances, private_services, practice=Practice.NETWORK, severity=Severity.LOW)
def vpc_reaches_services_privately(
    vpc: Vpc, private_services: set[str], *, services: Sequence[str] = PRIVATE_SERVICES
) -> Verdict:
    """VPC reaches the APIs of AWS's services privately.

    Without interface endpoints machines need a way to the internet just to call AWS: a way out for stolen data as well.

    Fix: Make interface endpoints for the services in use, and name those in the threshold. AWS charges for each.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-10
    """
    missing = [one for one in services if one not in private_services]
    return expect(not missing, f"has no interface endpoint for {', '.join(missing)}")
