"""VPC endpoints: whom they trust, and what a VPC reaches by them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.scan import identify
from checks import vpc_endpoints
from checks.kit import NotApplicable
from tests.checks.cases import Case

POLICY, ZONES, ADMITS, REACHES = (
    vpc_endpoints.endpoint_policy_is_limited,
    vpc_endpoints.endpoint_spans_zones,
    vpc_endpoints.endpoint_service_admits_known_accounts,
    vpc_endpoints.vpc_reaches_services_privately,
)
ALL = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
OURS = {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}
OTHER = "210987654321"
DENY = ALL | {"Effect": "Deny"}
EVERYTHING = "lets everyone do everything through it"


def endpoint(*statements: dict[str, Any], type: str = "Gateway", subnets: int = 2) -> dict[str, Any]:
    document = {"PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": statements})} if statements else {}
    standing = {"VpcEndpointType": type, "State": "available"}
    return standing | {"SubnetIds": [f"subnet-{n}" for n in range(subnets)]} | document


def service(*, by_hand: bool = True) -> dict[str, Any]:
    return {"ServiceId": "vpce-svc-1", "AcceptanceRequired": by_hand, "owner": "123456789012"}


def root(account: str) -> dict[str, str]:
    return {"Principal": f"arn:aws:iam::{account}:root"}


CASES = [
    Case(POLICY, [endpoint(ALL)], "lets everyone do everything through it"),
    Case(POLICY, [endpoint(ALL, type="Interface")], "lets everyone do everything through it"),
    Case(POLICY, [endpoint(ALL | {"Condition": OURS})], None),
    Case(POLICY, [endpoint(ALL | {"Condition": {"StringEquals": {"aws:ResourceOrgID": "o-1234567890"}}})], None),
    Case(POLICY, [endpoint(ALL | {"Condition": {"StringLike": {"aws:ResourceOrgID": "*"}}})], EVERYTHING),
    Case(POLICY, [endpoint(ALL, DENY | {"Condition": {"StringNotEquals": {"aws:ResourceAccount": OTHER}}})], None),
    Case(POLICY, [endpoint(ALL, DENY | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}})], EVERYTHING),
    Case(POLICY, [endpoint(ALL) | {"RequesterManaged": True}], NotApplicable),
    Case(POLICY, [endpoint(ALL) | {"State": "deleting"}], NotApplicable),
    Case(ZONES, [endpoint(type="Interface", subnets=1) | {"RequesterManaged": True}], NotApplicable),
    Case(POLICY, [endpoint(ALL | {"Resource": "arn:aws:s3:::northwind-exports/*"})], None),
    Case(POLICY, [endpoint(ALL | {"Action": "s3:GetObject"})], None),
    Case(POLICY, [endpoint(ALL | {"Principal": {"AWS": "123456789012"}})], None),
    Case(POLICY, [endpoint(type="Interface")], NotApplicable),
    Case(POLICY, [endpoint(type="GatewayLoadBalancer")], NotApplicable),
    Case(ZONES, [endpoint(type="Interface")], None),
    Case(ZONES, [endpoint(type="Interface", subnets=1)], "stands in one Availability Zone only"),
    Case(ZONES, [endpoint(type="Interface", subnets=0)], "stands in no subnet"),
    Case(ZONES, [endpoint(type="Gateway", subnets=0)], NotApplicable),
    Case(ADMITS, [service(), []], None),
    Case(ADMITS, [service(), [root("123456789012")]], None),
    Case(ADMITS, [service(), [{"Principal": "*"}]], "admits every account, after somebody accepts it"),
    Case(ADMITS, [service(by_hand=False), [{"Principal": "*"}]], "admits every account"),
    Case(ADMITS, [service(), [root(OTHER)]], f"admits account {OTHER}, which the settings do not name"),
    Case(ADMITS, [service(), [root(OTHER)]], None, {"trusted_accounts": [OTHER]}),
    Case(REACHES, [{}, {"ec2", "ecr.api", "ecr.dkr", "ssm", "s3"}], None),
    Case(REACHES, [{}, {"ssm"}], "has no interface endpoint for ec2, ecr.api, ecr.dkr"),
    Case(REACHES, [{}, {"ssm"}], None, {"services": ["ssm"]}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_the_services_that_a_vpc_with_machines_reaches(aws: Region) -> None:
    ec2 = aws.clients.session.client("ec2")
    ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1)
    ec2.create_vpc(CidrBlock="10.1.0.0/16")  # with nothing in it
    [vpc] = vpc_endpoints.vpcs_with_instances.stream(aws)
    assert vpc["IsDefault"]
    for kind, name in (("Interface", "ecr.api"), ("Gateway", "s3")):
        ec2.create_vpc_endpoint(
            VpcId=vpc["VpcId"],
            VpcEndpointType=kind,  # type: ignore[arg-type]
            ServiceName=f"com.amazonaws.eu-west-1.{name}",
        )
    assert vpc_endpoints.private_services.read(aws, vpc) == {"ecr.api"}
    found = list(vpc_endpoints.endpoints.stream(aws))
    arn = f"arn:aws:ec2:eu-west-1:123456789012:vpc-endpoint/{found[0]['VpcEndpointId']}"
    assert identify(aws, vpc_endpoints.endpoints, found[0])[0] == arn


def open_service(aws: boto3.Session) -> None:
    ec2, elb = aws.client("ec2", region_name="eu-west-1"), aws.client("elbv2", region_name="eu-west-1")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    balancer = elb.create_load_balancer(Name="partners", Subnets=[subnet], Type="network")["LoadBalancers"][0]
    made = ec2.create_vpc_endpoint_service_configuration(NetworkLoadBalancerArns=[balancer["LoadBalancerArn"]])
    id = made["ServiceConfiguration"]["ServiceId"]
    ec2.modify_vpc_endpoint_service_permissions(ServiceId=id, AddAllowedPrincipals=["*"])


def test_whom_a_service_admits(aws: Region) -> None:
    open_service(aws.clients.session)
    [found] = vpc_endpoints.endpoint_services.stream(aws)
    assert found["owner"] == aws.account
    assert [one["Principal"] for one in vpc_endpoints.admitted.read(aws, found)] == ["*"]


def test_no_plan_where_accounts_are_named() -> None:
    with pytest.raises(NotApplicable):
        vpc_endpoints.stop_admitting_everyone.plan(service(), [root(OTHER)])


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {ADMITS.id: open_service}
