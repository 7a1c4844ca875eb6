"""AWS Config: the history of what every resource looked like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict

from checks.iam_roles import organization
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Scope,
    Severity,
    Verdict,
    check,
    collector,
    expect,
    extra,
    fix,
)

if TYPE_CHECKING:
    from types_boto3_config.type_defs import ConfigurationRecorderOutputTypeDef as Recorder
    from types_boto3_config.type_defs import ConfigurationRecorderStatusTypeDef as Status
    from types_boto3_config.type_defs import DeliveryChannelTypeDef as Channel

GLOBAL_TYPES = {f"AWS::IAM::{kind}" for kind in ("Group", "Policy", "Role", "User")}
"""Recorded in one region, they may be left out in the others.
https://docs.aws.amazon.com/config/latest/developerguide/select-resources.html"""


CONTROL_TOWER = "/aws-controltower-"
"""How the role begins that Control Tower gives the recorders of its accounts.
https://docs.aws.amazon.com/controltower/latest/controlreference/mandatory-controls.html"""
SERVICE_ROLE = "/aws-service-role/config.amazonaws.com/"
ADMINISTRATOR = "config.amazonaws.com"
START, STOP = "config:StartConfigurationRecorder", "config:StopConfigurationRecorder"


class Aggregation(TypedDict):
    """Where an organization's AWS Config comes together, as its management account sees it."""

    organization: bool
    manages: bool
    administrators: list[str]
    aggregates: bool


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
    found = aws.items("config:DescribeConfigurationRecorders", "ConfigurationRecorders")
    recorders = [one for one in found if not one.get("servicePrincipal")]
    known = aws.items("config:DescribeConfigurationRecorderStatus", "ConfigurationRecordersStatus") if recorders else ()
    yield {"recorders": recorders, "statuses": [one for one in known if not one.get("servicePrincipal")]}


@extra("config:DescribeDeliveryChannels")
def channels(aws: Aws, recording: Recording) -> list[Channel]:
    """None where there is no recorder that could use one."""
    return list(aws.items("config:DescribeDeliveryChannels", "DeliveryChannels")) if recording["recorders"] else []


@collector("ec2:DescribeRegions", arn=ACCOUNT_ARN, scope=Scope.ACCOUNT)
def regions(aws: Aws) -> Iterator[str]:
    """The names of the regions that are enabled for the account."""
    for region in aws.items("ec2:DescribeRegions", "Regions"):
        if region.get("OptInStatus") != "not-opted-in":
            yield region["RegionName"]


@collector(
    "organizations:ListDelegatedAdministrators",
    "config:DescribeConfigurationAggregators",
    arn=ACCOUNT_ARN,
    name="account {account}",
    scope=Scope.ACCOUNT,
    needs=(organization, regions),
)
def aggregations(aws: Aws) -> Iterator[Aggregation]:
    """An aggregator may be in any region: all are asked where no administrator is named."""
    management = next((found["MasterAccountId"] for found in aws.read(organization)), "")
    found: Aggregation = {
        "organization": bool(management),
        "manages": management == aws.account,
        "administrators": [],
        "aggregates": False,
    }
    if found["manages"]:
        listed = "organizations:ListDelegatedAdministrators"
        named = aws.items(listed, "DelegatedAdministrators", ServicePrincipal=ADMINISTRATOR)
        found["administrators"] = [one["Id"] for one in named]
        found["aggregates"] = not found["administrators"] and any(map(_aggregates, everywhere(aws)))
    yield found


def everywhere(aws: Aws) -> Iterator[Aws]:
    """The account in each region that is enabled for it. Whoever calls it needs `regions`."""
    return (aws.at(name) for name in aws.read(regions))


def _aggregates(aws: Aws) -> bool:
    """Whether an aggregator of the region takes in all regions of the whole organization."""
    found = aws.items("config:DescribeConfigurationAggregators", "ConfigurationAggregators")
    return any(one.get("OrganizationAggregationSource", {}).get("AllAwsRegions") for one in found)


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


@fix(region_records_configuration, START, STOP, risk=Risk.SAFE, reads=(channels,))
def start_recorder(recording: Recording, channels: list[Channel]) -> Plan:
    """Start the region's AWS Config recorder."""
    if not recording["recorders"]:
        raise NotApplicable("there is no recorder: setting one up takes a role and a bucket")
    if not channels:
        raise NotApplicable("the recorder has no delivery channel, without which AWS does not start it")
    runs = any(status["recording"] for status in recording["statuses"])
    if runs:
        raise NotApplicable("the recorder runs: what it leaves out, or why it fails, is for people to decide")
    whose = {"ConfigurationRecorderName": recording["recorders"][0]["name"]}
    return Plan(
        do=[Call(START, whose)],
        undo=[Call(STOP, whose)],
        before={"AWS Config recorder": "stopped"},
        after={"AWS Config recorder": "recording"},
        notes=["It costs money by the change it records, and more where rules look at each."],
    )


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


@check(recordings, practice=Practice.CONFIG, severity=Severity.LOW)
def recorder_has_the_service_role(recording: Recording) -> Verdict:
    """AWS Config records with its service-linked role.

    AWS adds what new resource types need to that role; one of your own falls behind, and what it misses is not seen.

    Fix: Choose the role AWSServiceRoleForConfig for the recorder.
    See: https://docs.aws.amazon.com/config/latest/developerguide/using-service-linked-roles.html
    """
    if not recording["recorders"]:
        raise NotApplicable("AWS Config records nothing there")
    role = recording["recorders"][0]["roleARN"]
    if CONTROL_TOWER in role:
        raise NotApplicable("Control Tower set it up, and lets nobody else change it")
    return expect(SERVICE_ROLE in role, f"has AWS Config record with {role.rpartition(':')[2]}")


@check(aggregations, practice=Practice.CONFIG, severity=Severity.LOW)
def organization_sees_all_configuration(aggregation: Aggregation) -> Verdict:
    """AWS Config of the organization comes together at one place.

    After an incident nobody has the time to look into each account and region, one by one.

    Fix: Name a delegated administrator for AWS Config, and give it an aggregator of all accounts and regions.
    See: https://docs.aws.amazon.com/config/latest/developerguide/aggregate-data.html
    """
    if not aggregation["manages"]:
        where = "another account manages it" if aggregation["organization"] else "the account is in no organization"
        raise NotApplicable(where)
    brought_together = aggregation["administrators"] or aggregation["aggregates"]
    return expect(brought_together, "has no administrator and no aggregator of all accounts and regions for AWS Config")
