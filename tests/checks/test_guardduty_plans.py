"""GuardDuty's protection plans: on, off, not offered, and where there is nothing to protect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import guardduty_plans as plans
from checks.guardduty import detection
from checks.kit import NotApplicable
from tests.checks.cases import Case

PLANS = {
    plans.detector_watches_s3: ("S3_DATA_EVENTS", "S3 Protection"),
    plans.detector_watches_eks_audit_logs: ("EKS_AUDIT_LOGS", "EKS Protection"),
    plans.detector_watches_database_sign_ins: ("RDS_LOGIN_EVENTS", "RDS Protection"),
    plans.detector_watches_lambda: ("LAMBDA_NETWORK_LOGS", "Lambda Protection"),
    plans.detector_scans_for_malware: ("EBS_MALWARE_PROTECTION", "Malware Protection for EC2"),
    plans.detector_watches_runtime: ("RUNTIME_MONITORING", "Runtime Monitoring"),
}
ON, OFF = "ENABLED", "DISABLED"
RUNTIME = plans.detector_watches_runtime
AGENTS, AI = plans.detector_installs_its_agents, plans.detector_watches_ai_workloads


def feature(name: str, status: str = ON, **agents: str) -> dict[str, Any]:
    more = [{"Name": agent, "Status": state} for agent, state in agents.items()]
    return {"Name": name, "Status": status} | ({"AdditionalConfiguration": more} if more else {})


def watching(*features: dict[str, Any], status: str = ON) -> dict[str, Any]:
    return {"detectors": [{"Status": status, "Features": list(features)}], "ids": ["12abc34d567e8fa901bc2d34e56789f0"]}


NONE: dict[str, Any] = {"detectors": [], "ids": []}
CASES = [
    case
    for check, (name, plan) in PLANS.items()
    for case in (
        Case(check, [watching(feature(name)), True], None),
        Case(check, [watching(feature(name, OFF)), True], f"has GuardDuty's {plan} off"),
        Case(check, [watching(feature(name, OFF)), False], NotApplicable),
        Case(check, [watching(feature("FLOW_LOGS")), True], NotApplicable),
        Case(check, [watching(feature(name, OFF), status=OFF), True], NotApplicable),
        Case(check, [NONE, True], NotApplicable),
    )
]
CASES += [
    Case(
        RUNTIME,
        [watching(feature("RUNTIME_MONITORING", OFF), feature("EKS_RUNTIME_MONITORING")), True],
        "has GuardDuty's Runtime Monitoring off, but for EKS alone",
    ),
    Case(AGENTS, [watching(feature("RUNTIME_MONITORING", EC2_AGENT_MANAGEMENT=ON)), ["EC2_AGENT_MANAGEMENT"]], None),
    Case(
        AGENTS,
        [watching(feature("RUNTIME_MONITORING", EC2_AGENT_MANAGEMENT=OFF)), ["EKS_ADDON_MANAGEMENT", "EC2_AGENT_MANAGEMENT"]],
        "has GuardDuty leave its agents to people (EKS_ADDON_MANAGEMENT, EC2_AGENT_MANAGEMENT)",
    ),
    Case(AGENTS, [watching(feature("RUNTIME_MONITORING")), []], NotApplicable),
    Case(AGENTS, [watching(feature("RUNTIME_MONITORING", OFF)), ["EC2_AGENT_MANAGEMENT"]], NotApplicable),
    Case(AGENTS, [NONE, ["EC2_AGENT_MANAGEMENT"]], NotApplicable),
    Case(AI, [watching(feature("AI_PROTECTION", OFF))], NotApplicable),
    Case(AI, [watching(feature("AI_PROTECTION", OFF))], "has GuardDuty's AI Protection off", {"uses_ai": True}),
    Case(AI, [watching(feature("AI_PROTECTION"))], None, {"uses_ai": True}),
    Case(AI, [watching(feature("FLOW_LOGS"))], NotApplicable, {"uses_ai": True}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_how_agents_are_installed_stays_as_it_is() -> None:
    given = watching(feature("RUNTIME_MONITORING", OFF, EC2_AGENT_MANAGEMENT=ON))
    [call] = plans.watch_runtime.plan(given, True).do
    assert call.params["Features"] == [feature("RUNTIME_MONITORING", ON, EC2_AGENT_MANAGEMENT=ON)]


@pytest.mark.parametrize(
    "given",
    [
        watching(feature("RUNTIME_MONITORING", OFF), feature("EKS_RUNTIME_MONITORING")),
        watching(feature("RUNTIME_MONITORING", OFF) | {"ManagedBy": "GUARDDUTY_POLICY"}),
    ],
)
def test_what_aws_would_refuse_is_not_planned(given: dict[str, Any]) -> None:
    with pytest.raises(NotApplicable):
        plans.watch_runtime.plan(given, True)


def test_agents_are_wanted_where_there_is_something_to_put_them_on(aws: Region) -> None:
    [found] = detection.stream(aws)
    assert plans.agents_wanted.read(aws, found) == []
    region_in_use(aws.clients.session)
    assert plans.agents_wanted.read(Region(aws.clients, aws.account, aws.region), found) == list(plans.AGENTS)


def region_in_use(aws: boto3.Session) -> None:
    """One of each kind that a plan protects."""
    aws.client("s3").create_bucket(Bucket="orders", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    subnets = aws.client("ec2").describe_subnets()["Subnets"]
    aws.client("ec2").run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)
    role = "arn:aws:iam::123456789012:role/service"
    in_vpc: Any = {"subnetIds": [subnet["SubnetId"] for subnet in subnets[:2]]}
    aws.client("eks").create_cluster(name="shop", roleArn=role, resourcesVpcConfig=in_vpc)
    aws.client("ecs").create_cluster(clusterName="jobs")
    aws.client("rds").create_db_instance(
        DBInstanceIdentifier="shop",
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="northwind",
        MasterUserPassword="not-a-real-password",
    )


def off(*names: str) -> Callable[[boto3.Session], None]:
    def setup(aws: boto3.Session) -> None:
        region_in_use(aws)
        features: Any = [{"Name": name, "Status": OFF} for name in names]
        aws.client("guardduty").create_detector(Enable=True, Features=features)

    return setup


def off_with_a_function(aws: boto3.Session) -> None:
    aws.client("iam").create_role(RoleName="resize", AssumeRolePolicyDocument="{}")
    aws.client("lambda").create_function(
        FunctionName="resize",
        Role="arn:aws:iam::123456789012:role/resize",
        Code={"ImageUri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/resize@sha256:" + "0" * 64},
        PackageType="Image",
    )
    off("LAMBDA_NETWORK_LOGS")(aws)


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {
    check.id: off_with_a_function if check is plans.detector_watches_lambda else off(name)
    for check, (name, _) in PLANS.items()
}
