"""VPCs: what the judges say, and which flow logs and interfaces are a VPC's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Reads, Region
from bot.scan import identify
from checks import vpc
from checks.kit import NotApplicable
from tests.checks.cases import Case


def log(status: str = "ACTIVE", traffic: str = "ALL", **more: str) -> dict[str, Any]:
    return {"FlowLogStatus": status, "TrafficType": traffic} | more


CASES = [
    Case(vpc.vpc_has_flow_logs, [{}, [log()], True], None),
    Case(vpc.vpc_has_flow_logs, [{}, [log(traffic="REJECT")], True], None),
    Case(vpc.vpc_has_flow_logs, [{}, [log(DeliverLogsStatus="SUCCESS")], True], None),
    Case(vpc.vpc_has_flow_logs, [{}, [log(DeliverLogsStatus="FAILED"), log()], True], None),
    Case(vpc.vpc_has_flow_logs, [{}, [log()], False], None),
    Case(vpc.vpc_has_flow_logs, [{}, [], True], "has no flow log"),
    Case(vpc.vpc_has_flow_logs, [{}, [log("INACTIVE")], True], "has no active flow log"),
    Case(vpc.vpc_has_flow_logs, [{}, [log(traffic="ACCEPT")], True], "logs accepted traffic only"),
    Case(vpc.vpc_has_flow_logs, [{}, [log("INACTIVE"), log(traffic="ACCEPT")], True], "logs accepted traffic only"),
    Case(
        vpc.vpc_has_flow_logs,
        [{}, [log(DeliverLogsStatus="FAILED")], True],
        "has a flow log that cannot be delivered",
    ),
    Case(vpc.vpc_has_flow_logs, [{}, [], False], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_log_of_a_subnet_does_not_cover_the_vpc(aws: Region) -> None:
    ec2 = aws.clients.session.client("ec2")
    logged, other = (ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in (1, 2))
    subnet = ec2.create_subnet(VpcId=other, CidrBlock="10.2.1.0/24")["Subnet"]["SubnetId"]
    aws.clients.session.client("s3", region_name="us-east-1").create_bucket(Bucket="northwind-flow-logs")
    for kind, id in (("VPC", logged), ("Subnet", subnet)):
        ec2.create_flow_logs(
            ResourceIds=[id],
            ResourceType=kind,  # type: ignore[arg-type]
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination="arn:aws:s3:::northwind-flow-logs",
        )
    found = {one["VpcId"]: vpc.logs.read(aws, one) for one in vpc.vpcs.stream(aws)}
    assert [one["ResourceId"] for one in found[logged]] == [logged]
    assert found[other] == []


def test_a_default_vpc_is_used_when_an_interface_is_in_it(aws: Region) -> None:
    [default] = vpc.vpcs.stream(aws)
    assert identify(aws, vpc.vpcs, default)[1] == default["VpcId"]
    assert not vpc.is_used.read(aws, default)
    assert vpc.is_used.read(aws, default | {"IsDefault": False})
    aws.clients.session.client("ec2").run_instances(ImageId="ami-0a1b2c3d4e5f60718", MinCount=1, MaxCount=1)
    assert vpc.is_used.read(replace(aws, reads=Reads()), default)


def test_vpcs_that_others_share_are_theirs(aws: Region) -> None:
    with Stubber(aws.clients.get("ec2", "eu-west-1")) as stub:
        both = [{"VpcId": "vpc-1", "OwnerId": aws.account}, {"VpcId": "vpc-2", "OwnerId": "210987654321"}]
        stub.add_response("describe_vpcs", {"Vpcs": both})
        assert [one["VpcId"] for one in vpc.vpcs.stream(aws)] == ["vpc-1"]


def logged_vpc(aws: boto3.Session) -> None:
    """One VPC whose flow logs go to a bucket; the default one has a machine in it and no flow log."""
    ec2 = aws.client("ec2", region_name="eu-west-1")
    ec2.run_instances(ImageId="ami-0a1b2c3d4e5f60718", MinCount=1, MaxCount=1)
    logged = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    aws.client("s3", region_name="us-east-1").create_bucket(Bucket="northwind-flow-logs")
    ec2.create_flow_logs(
        ResourceIds=[logged],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::northwind-flow-logs",
    )


MODEL = {"ResourceId": "vpc-2", "FlowLogStatus": "ACTIVE", "LogDestinationType": "cloud-watch-logs"}


def test_a_plan_sends_the_log_where_anothers_goes() -> None:
    role = "arn:aws:iam::123456789012:role/flow-logs"
    model = MODEL | {"LogGroupName": "/vpc", "DeliverLogsPermissionArn": role}
    plan = vpc.log_rejected_traffic.plan({"VpcId": "vpc-1"}, [], True, [model])
    assert plan.do[0].params["LogGroupName"] == "/vpc"
    assert plan.do[0].params["DeliverLogsPermissionArn"] == role


@pytest.mark.parametrize(
    ("logs", "others"), [([], []), ([log()], [MODEL]), ([], [MODEL | {"LogDestinationType": "kinesis-data-firehose"}])]
)
def test_no_plan_where_no_destination_is_known_or_the_log_is_there(logs: Any, others: Any) -> None:
    with pytest.raises(NotApplicable):
        vpc.log_rejected_traffic.plan({"VpcId": "vpc-1"}, logs, True, others)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {vpc.vpc_has_flow_logs.id: logged_vpc}
