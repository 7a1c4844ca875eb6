"""Directory Service: what the judges say of directories, and what is read of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from bot.aws import Region
from bot.scan import identify
from checks import directoryservice as ds
from checks.kit import NotApplicable
from tests.checks.cases import NOW, Case

MICROSOFT: Any = {"DirectoryId": "d-1234567890", "Type": "MicrosoftAD", "Stage": "Active"}
SIMPLE = MICROSOFT | {"Type": "SimpleAD"}
CONNECTOR = MICROSOFT | {"Type": "ADConnector"}
LOGS, MFA, CERTIFICATES, ROOM = (
    ds.directory_forwards_logs,
    ds.directory_asks_for_mfa,
    ds.directory_certificates_are_valid,
    ds.directory_has_room_for_snapshots,
)


def lasts(days: int, state: str = "Registered") -> dict[str, Any]:
    return {"State": state, "ExpiryDateTime": NOW + timedelta(days=days)}


CASES = [
    Case(LOGS, [MICROSOFT, True], None),
    Case(LOGS, [MICROSOFT, False], "sends its security log nowhere"),
    Case(LOGS, [SIMPLE, False], NotApplicable),
    Case(MFA, [MICROSOFT | {"RadiusStatus": "Completed"}], None),
    Case(MFA, [CONNECTOR | {"RadiusStatus": "Failed"}], "asks for no second factor"),
    Case(MFA, [MICROSOFT], "asks for no second factor"),
    Case(MFA, [SIMPLE], NotApplicable),
    Case(CERTIFICATES, [MICROSOFT, [lasts(31)], NOW], None),
    Case(CERTIFICATES, [MICROSOFT, [lasts(3), lasts(300)], NOW], None),
    Case(CERTIFICATES, [MICROSOFT, [lasts(30)], NOW], "has no LDAPS certificate that lasts beyond 2026-04-01"),
    Case(CERTIFICATES, [MICROSOFT, [lasts(300, "Deregistering")], NOW], NotApplicable),
    Case(CERTIFICATES, [MICROSOFT, [], NOW], NotApplicable),
    Case(ROOM, [MICROSOFT, {"ManualSnapshotsLimitReached": False}], None),
    Case(ROOM, [SIMPLE, {"ManualSnapshotsLimitReached": True}], "has as many manual snapshots as AWS allows"),
    Case(ROOM, [CONNECTOR, {}], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_directories_of_others_and_those_in_the_making_are_left_out(aws: Region) -> None:
    def described(id: str, **more: Any) -> Any:
        return MICROSOFT | {"DirectoryId": id, "Name": "corp.northwind.example"} | more

    listed = [
        described("d-0000000001"),
        described("d-0000000002", Type="SharedMicrosoftAD"),
        described("d-0000000003", Stage="Creating"),
    ]
    logs = {"LogSubscriptions": [{"DirectoryId": "d-0000000001", "LogGroupName": "/aws/directoryservice"}]}
    with Stubber(aws.clients.get("ds", aws.region)) as stub:
        stub.add_response("describe_directories", {"DirectoryDescriptions": listed})
        stub.add_response("list_log_subscriptions", logs)
        [found] = ds.directories.stream(aws)
        assert ds.forwards.read(aws, found)
    assert identify(aws, ds.directories, found) == (
        "arn:aws:ds:eu-west-1:123456789012:directory/d-0000000001",
        "corp.northwind.example (d-0000000001)",
    )


def test_certificates_and_limits_are_asked_of_directories_that_have_them(aws: Region) -> None:
    """The emulator has neither: AWS's answers are played back."""
    which = {"DirectoryId": MICROSOFT["DirectoryId"]}
    with Stubber(aws.clients.get("ds", aws.region)) as stub:
        stub.add_response("list_certificates", {"CertificatesInfo": [lasts(5)], "NextToken": "more"}, which)
        stub.add_response("list_certificates", {"CertificatesInfo": [lasts(6)]}, which | {"NextToken": "more"})
        stub.add_response("get_snapshot_limits", {"SnapshotLimits": {"ManualSnapshotsLimitReached": True}}, which)
        assert len(ds.certificates.read(aws, MICROSOFT)) == 2
        assert ds.limits.read(aws, MICROSOFT) == {"ManualSnapshotsLimitReached": True}
        assert ds.certificates.read(aws, SIMPLE) == []
        assert ds.limits.read(aws, CONNECTOR) == {}
