"""AWS Config: what the judges say, and what is read of a region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.aws import Clients, Region
from checks import config
from checks.kit import NotApplicable
from tests.checks.cases import Case

ROLE = "arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
EVERYTHING = {"name": "default", "roleARN": ROLE, "recordingGroup": {"allSupported": True}}
RUNS = {"name": "default", "recording": True, "lastStatus": "Success"}


def recording(group: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    recorder = EVERYTHING if group is None else {"name": "default", "recordingGroup": group}
    return {"recorders": [recorder], "statuses": [RUNS | status]}


def with_role(role: str) -> dict[str, Any]:
    return {"recorders": [EVERYTHING | {"roleARN": f"arn:aws:iam::123456789012:{role}"}], "statuses": [RUNS]}


def but(*types: str) -> dict[str, Any]:
    return {
        "allSupported": False,
        "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
        "exclusionByResourceTypes": {"resourceTypes": list(types)},
    }


def aggregation(**more: Any) -> dict[str, Any]:
    return {"organization": True, "manages": True, "administrators": [], "aggregates": False} | more


NONE: dict[str, Any] = {"recorders": [], "statuses": []}
SERVICE_ROLE, TOGETHER = config.recorder_has_the_service_role, config.organization_sees_all_configuration
RECORDS, DELIVERS = config.region_records_configuration, config.region_delivers_configuration
CASES = [
    Case(RECORDS, [NONE], "has no AWS Config recorder"),
    Case(RECORDS, [recording()], None),
    Case(RECORDS, [recording(lastStatus="Pending")], None),
    Case(RECORDS, [recording(recording=False)], "has its AWS Config recorder stopped"),
    Case(
        RECORDS,
        [recording(lastStatus="Failure", lastErrorCode="AccessDenied")],
        "has an AWS Config recorder that fails: AccessDenied",
    ),
    Case(
        RECORDS,
        [recording({"allSupported": False, "resourceTypes": ["AWS::EC2::Instance"]})],
        "has AWS Config record only 1 resource types",
    ),
    Case(RECORDS, [recording(but("AWS::IAM::User", "AWS::IAM::Role"))], None),
    Case(RECORDS, [recording(but("AWS::IAM::User", "AWS::S3::Bucket"))], "leaves AWS::S3::Bucket out of AWS Config"),
    Case(SERVICE_ROLE, [NONE], NotApplicable),
    Case(SERVICE_ROLE, [recording()], None),
    Case(SERVICE_ROLE, [with_role("role/aws-controltower-ConfigRecorderRole")], NotApplicable),
    Case(
        SERVICE_ROLE,
        [{"recorders": [EVERYTHING | {"roleARN": "arn:aws:iam::123456789012:role/config"}], "statuses": []}],
        "has AWS Config record with role/config",
    ),
    Case(
        TOGETHER, [aggregation()], "has no administrator and no aggregator of all accounts and regions for AWS Config"
    ),
    Case(TOGETHER, [aggregation(administrators=["210987654321"])], None),
    Case(TOGETHER, [aggregation(aggregates=True)], None),
    Case(TOGETHER, [aggregation(manages=False)], NotApplicable),
    Case(TOGETHER, [aggregation(organization=False, manages=False)], NotApplicable),
    Case(DELIVERS, [NONE, []], NotApplicable),
    Case(DELIVERS, [recording(), []], "has no AWS Config delivery channel"),
    Case(DELIVERS, [recording(), [{"name": "default", "s3BucketName": "config"}]], None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_the_recorder_and_the_channel_of_a_region(aws: Region) -> None:
    [nothing] = config.recordings.stream(aws)
    assert nothing == NONE
    ours = aws.clients.session.client("config")
    role = "arn:aws:iam::123456789012:role/config"
    ours.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": {"allSupported": True}}
    )
    aws.clients.session.client("s3", region_name="us-east-1").create_bucket(Bucket="config")
    ours.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "config"})
    [stopped] = config.recordings.stream(aws)
    assert RECORDS.judge(stopped) == "has its AWS Config recorder stopped"
    ours.start_configuration_recorder(ConfigurationRecorderName="default")
    [running] = config.recordings.stream(aws)
    assert RECORDS.judge(running) is None
    assert DELIVERS.judge(running, config.channels.read(aws, running)) is None


def test_only_a_stopped_recorder_that_could_run_is_started() -> None:
    plan, channel = config.start_recorder.plan, [{"name": "default"}]
    assert plan(recording(recording=False), channel).do[0].params == {"ConfigurationRecorderName": "default"}
    for given, channels in ((NONE, channel), (recording(recording=False), []), (recording(), channel)):
        with pytest.raises(NotApplicable):
            plan(given, channels)


def test_the_management_account_looks_for_an_administrator_then_for_an_aggregator(aws: Region) -> None:
    assert list(config.aggregations.stream(aws)) == [aggregation(organization=False, manages=False)]
    assert list(config.aggregations.stream(managing(aws))) == [aggregation()]
    source: Any = {"RoleArn": ROLE, "AllAwsRegions": True}
    aws.clients.session.client("config", region_name="eu-north-1").put_configuration_aggregator(
        ConfigurationAggregatorName="all", OrganizationAggregationSource=source
    )
    assert list(config.aggregations.stream(managing(aws))) == [aggregation(aggregates=True)]
    found = list(config.aggregations.stream(managing(aws, {"Id": "210987654321"})))
    assert found == [aggregation(administrators=["210987654321"])]


def managing(aws: Region, *administrators: dict[str, Any]) -> Region:
    """The account as one that manages an organization. The emulator knows no administrators of AWS Config."""
    fresh = Region(Clients(aws.clients.session), aws.account, aws.region)
    stub = Stubber(fresh.clients.get("organizations", aws.region))
    stub.add_response("describe_organization", {"Organization": {"MasterAccountId": aws.account}})
    wanted = {"ServicePrincipal": "config.amazonaws.com"}
    stub.add_response("list_delegated_administrators", {"DelegatedAdministrators": list(administrators)}, wanted)
    stub.activate()
    return fresh


def stopped(aws: boto3.Session) -> None:
    aws.client("s3").create_bucket(Bucket="config", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    ours = aws.client("config")
    ours.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": ROLE, "recordingGroup": {"allSupported": True}}
    )
    ours.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "config"})


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {RECORDS.id: stopped}
