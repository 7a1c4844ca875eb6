"""Amazon GuardDuty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict

from checks.kit import ACCOUNT_ARN, Aws, Practice, Severity, Verdict, check, collector, expect

if TYPE_CHECKING:
    from types_boto3_guardduty.type_defs import GetDetectorResponseTypeDef as Detector


class Detection(TypedDict):
    """GuardDuty in one region: one detector, or none."""

    detectors: list[Detector]


@collector("guardduty:ListDetectors", "guardduty:GetDetector", arn=ACCOUNT_ARN, name="{region}")
def detection(aws: Aws) -> Iterator[Detection]:
    ids = list(aws.items("guardduty:ListDetectors", "DetectorIds"))
    yield {"detectors": [aws.call("guardduty:GetDetector", DetectorId=id) for id in ids]}


@check(detection, practice=Practice.MONITORING, severity=Severity.HIGH)
def region_has_guardduty(detection: Detection) -> Verdict:
    """GuardDuty watches the region.

    It reads CloudTrail, DNS and network logs and tells of stolen credentials, mining and calls to known bad hosts.

    Fix: Enable GuardDuty in the region, best for the whole organization. It costs money by the amount of logs.
    See: https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_settingup.html
    """
    if not detection["detectors"]:
        return "has no GuardDuty detector"
    return expect(any(one["Status"] == "ENABLED" for one in detection["detectors"]), "has GuardDuty suspended")
