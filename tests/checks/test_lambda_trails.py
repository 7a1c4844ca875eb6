"""Whether trails record invocations of Lambda functions."""

from __future__ import annotations

from typing import Any

import pytest

from bot.aws import Region
from checks import lambda_trails
from checks.kit import Unknown
from tests.checks.cases import Case
from tests.checks.test_lambda_functions import create

RECORDS = lambda_trails.region_records_invocations
NONE = "has no trail that records invocations of all functions"


def trail(selectors: dict[str, Any], *, logging: bool = True, unread: str = "") -> dict[str, Any]:
    told = {"Name": "everything", "IsMultiRegionTrail": True}
    return {"trail": told, "status": {"IsLogging": logging}, "selectors": selectors, "unread": unread}


def basic(arn: str = "arn:aws:lambda", what: str = "All") -> dict[str, Any]:
    resources = [{"Type": "AWS::Lambda::Function", "Values": [arn]}]
    return {"EventSelectors": [{"ReadWriteType": what, "DataResources": resources}]}


def advanced(*fields: dict[str, Any]) -> dict[str, Any]:
    category = {"Field": "eventCategory", "Equals": ["Data"]}
    kind = {"Field": "resources.type", "Equals": ["AWS::Lambda::Function"]}
    return {"AdvancedEventSelectors": [{"FieldSelectors": [category, kind, *fields]}]}


def watch(*trails: dict[str, Any]) -> Any:
    return {"trails": list(trails)}


ONE = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
HERE: Any = {"functions": 3}
LEFT_OUT = f"{NONE}: everything leaves some or all out"

CASES = [
    Case(RECORDS, [HERE, watch()], NONE),
    Case(RECORDS, [HERE, watch(trail({}))], LEFT_OUT),
    Case(RECORDS, [HERE, watch(trail(basic()))], None),
    Case(RECORDS, [HERE, watch(trail(basic(ONE)))], LEFT_OUT),
    Case(RECORDS, [HERE, watch(trail(basic(what="ReadOnly")))], LEFT_OUT),  # an invocation is no read
    Case(RECORDS, [HERE, watch(trail(advanced()))], None),
    Case(RECORDS, [HERE, watch(trail(advanced({"Field": "readOnly", "Equals": ["true"]})))], LEFT_OUT),
    Case(RECORDS, [HERE, watch(trail(advanced({"Field": "resources.ARN", "Equals": [ONE]})))], LEFT_OUT),
    Case(RECORDS, [HERE, watch(trail(basic(), logging=False))], f"{NONE}: everything does not log"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_a_trail_that_cannot_be_read_may_be_the_one() -> None:
    with pytest.raises(Unknown):
        RECORDS.judge(HERE, watch(trail({}, unread="denied")))


def test_only_regions_with_functions_are_asked_about(aws: Region) -> None:
    assert list(lambda_trails.regions.stream(aws)) == []
    create(aws.clients.session)
    again = Region(aws.clients, aws.account, aws.region)  # what was read once stays as it was
    [region] = lambda_trails.regions.stream(again)
    assert region == {"functions": 1}
    assert lambda_trails.trails.read(again, region) == {"trails": []}
