"""AppStream: what the judge says of fleets, and how these are read."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import identify
from checks import appstream
from tests.checks.cases import Case

INTERNET = appstream.fleet_has_no_default_internet


CASES = [
    Case(INTERNET, [{"EnableDefaultInternetAccess": False}], None),
    Case(INTERNET, [{}], None),
    Case(INTERNET, [{"EnableDefaultInternetAccess": True}], "has default internet access"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_reads_every_page(aws: Region) -> None:
    def named(name: str) -> dict[str, Any]:
        arn = f"arn:aws:appstream:eu-west-1:123456789012:fleet/{name}"
        status = {"Desired": 1}
        needed = {"DisplayName": name, "InstanceType": "stream.standard.medium", "State": "RUNNING"}
        return {"Arn": arn, "Name": name, "ComputeCapacityStatus": status, **needed}

    with Stubber(aws.clients.get("appstream", aws.region)) as stub:
        stub.add_response("describe_fleets", {"Fleets": [named("one")], "NextToken": "more"}, {})
        stub.add_response("describe_fleets", {"Fleets": [named("two")]}, {"NextToken": "more"})
        found = [identify(aws, appstream.fleets, one)[1] for one in appstream.fleets.stream(aws)]
    assert found == ["one", "two"]
