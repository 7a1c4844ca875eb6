"""AWS Config: the history of what every resource looked like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict

from checks.kit import ACCOUNT_ARN, Aws, NotApplicable, Practice, Severity, Verdict, check, collector, expect, extra

if TYPE_CHECKING:
    from types_boto3_config.type_defs import ConfigurationRecorderOutputTypeDef as Recorder
    from types_boto3_config.type_defs import ConfigurationRecorderStatusTypeDef as Status
    from types_boto3_config.type_defs import DeliveryChannelTypeDef as Channel

GLOBAL_TYPES = {f"AWS::IAM::{kind}" for kind in ("Group", "Policy", "Role", "User")}
"""Recorded in one region, they may be left out in the others.
https://docs.aws.amazon.com/config/latest/developerguide/select-resources.html"""


class Recording(TypedDict):
    """The account's own recorder in one region, if it has one, and what it is doing."""

    recorders: list[Recorder]
    statuses: list[Status]


@collector(
    "config:DescribeConfigurationRecorders",
    "config:DescribeConfigurationRecorderStatus",
    arn=ACCOUNT_ARN,
    name="{region}",
)
def recordings(aws: Aws) -> Iterator[Recording]:
    """Leaves out recorders that AWS services run for themselves."""
    recorders = aws.items("config:DescribeConfigurationRecorders", "ConfigurationRecorders")
    statuses = aws.items("config:DescribeConfigurationRecorderStatus", "ConfigurationRecordersStatus")
    yield {
        "recorders": [one for one in recorders if not one.get("servicePrincipal")],
        "statuses": [one for one in statuses if not one.get("servicePrincipal")],
    }


@extra("config:DescribeDeliveryChannels")
def channels(aws: Aws, recording: Recording) -> list[Channel]:
    """None where there is no recorder that could use one."""
    return list(aws.items("config:DescribeDeliveryChannels", "DeliveryChannels")) if recording["recorders"] else []


@check(recordings, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def region_records_configuration(recording: Recording) -> Verdict:
    """AWS Config records all resources in the region.

    The record tells what changed, when, and what it was before: the first questions after an incident.

    Fix: Set up AWS Config in the region with a recorder for all resource types, and start it.
    See: https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html
    """
    if not recording["recorders"]:
        return "has no AWS Config recorder"
    if not any(status["recording"] for status in recording["statuses"]):
        return "has its AWS Config recorder stopped"
    failures = [status for status in recording["statuses"] if status.get("lastStatus") == "Failure"]
    if failures:
        return f"has an AWS Config recorder that fails: {failures[0].get('lastErrorCode', 'AWS does not say why')}"
    return _left_out(recording["recorders"][0])


def _left_out(recorder: Recorder) -> Verdict:
    group = recorder.get("recordingGroup", {})
    if group.get("allSupported"):
        return None
    if group.get("recordingStrategy", {}).get("useOnly") == "EXCLUSION_BY_RESOURCE_TYPES":
        excluded = set[str](group.get("exclusionByResourceTypes", {}).get("resourceTypes", [])) - GLOBAL_TYPES
        return f"leaves {', '.join(sorted(excluded))} out of AWS Config" if excluded else None
    return f"has AWS Config record only {len(group.get('resourceTypes', []))} resource types"


@check(recordings, channels, practice=Practice.CONFIG, severity=Severity.MEDIUM)
def region_delivers_configuration(recording: Recording, channels: list[Channel]) -> Verdict:
    """AWS Config delivers what it records to a bucket.

    Without a delivery channel the recorder cannot run, and no history is kept where you can read it.

    Fix: Give AWS Config a delivery channel to a bucket in the region, or to one of a logging account.
    See: https://docs.aws.amazon.com/config/latest/developerguide/manage-delivery-channel.html
    """
    if not recording["recorders"]:
        raise NotApplicable("AWS Config records nothing there")
    return expect(any(channel.get("s3BucketName") for channel in channels), "has no AWS Config delivery channel")
