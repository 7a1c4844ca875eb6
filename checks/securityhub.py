"""AWS Security Hub CSPM, which AWS called Security Hub until 2025."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from checks.kit import ACCOUNT_ARN, Aws, Practice, Severity, Verdict, check, collector, expect


class Hub(TypedDict):
    """Security Hub CSPM in one region; `hub_arn` is empty where it is off."""

    hub_arn: str


@collector("securityhub:DescribeHub", arn=ACCOUNT_ARN, name="{region}")
def hubs(aws: Aws) -> Iterator[Hub]:
    """Where it is off, the account is not subscribed: AWS answers InvalidAccessException, not a denial.

    Source: https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DescribeHub.html
    """
    got = aws.call("securityhub:DescribeHub", absent=("InvalidAccessException", "ResourceNotFoundException"))
    yield {"hub_arn": got.get("HubArn", "")}


@check(hubs, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def region_has_security_hub(hub: Hub) -> Verdict:
    """Security Hub CSPM is on in the region.

    It gathers what GuardDuty, Inspector, Macie and AWS's own controls find, in one place.

    Fix: Enable Security Hub CSPM in the region and choose a standard. It needs AWS Config and costs money by the check.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-settingup.html
    """
    return expect(hub["hub_arn"], "has Security Hub CSPM off")
