"""AWS Config: what the judges say, and what is read of a region."""

from __future__ import annotations

from typing import Any

import pytest

from bot.aws import Region
from checks import config
from checks.kit import NotApplicable
from tests.checks.cases import Case

EVERYTHING = {"name": "default", "recordingGroup": {"allSupported": True}}
RUNS = {"name": "default", "recording": True, "lastStatus": "Success"}


def recording(group: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    recorder = EVERYTHING if group is None else {"name": "default", "recordingGroup": group}
    return {"recorders": [recorder], "statuses": [RUNS | status]}


def but(*types: str) -> dict[str, Any]:
    return {
        "allSupported": False,
        "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
        "exclusionByResourceTypes": {"resourceTypes": list(types)},
    }


NONE: dict[str, Any] = {"recorders": [], "statuses": []}
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
