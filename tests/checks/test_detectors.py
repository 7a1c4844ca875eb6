"""GuardDuty and Security Hub: what the judges say, and what is read where they are on and off."""

from __future__ import annotations

import pytest

from bot.aws import Region
from checks import guardduty, securityhub
from tests.checks.cases import Case

CASES = [
    Case(guardduty.region_has_guardduty, [{"detectors": [{"Status": "ENABLED"}]}], None),
    Case(guardduty.region_has_guardduty, [{"detectors": [{"Status": "DISABLED"}]}], "has GuardDuty suspended"),
    Case(guardduty.region_has_guardduty, [{"detectors": []}], "has no GuardDuty detector"),
    Case(securityhub.region_has_security_hub, [{"hub_arn": "arn:aws:securityhub:..."}], None),
    Case(securityhub.region_has_security_hub, [{"hub_arn": ""}], "has Security Hub CSPM off"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_guardduty_is_read_where_it_is_off_on_and_suspended(aws: Region) -> None:
    judge, ours = guardduty.region_has_guardduty.judge, aws.clients.session.client("guardduty")
    assert [judge(one) for one in guardduty.detection.stream(aws)] == ["has no GuardDuty detector"]
    detector = ours.create_detector(Enable=True)["DetectorId"]
    assert [judge(one) for one in guardduty.detection.stream(aws)] == [None]
    ours.update_detector(DetectorId=detector, Enable=False)
    assert [judge(one) for one in guardduty.detection.stream(aws)] == ["has GuardDuty suspended"]


def test_security_hub_is_off_until_the_account_subscribes(aws: Region) -> None:
    judge = securityhub.region_has_security_hub.judge
    assert [judge(one) for one in securityhub.hubs.stream(aws)] == ["has Security Hub CSPM off"]
    aws.clients.session.client("securityhub").enable_security_hub()
    assert [judge(one) for one in securityhub.hubs.stream(aws)] == [None]
