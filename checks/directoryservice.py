"""AWS Directory Service directories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NotRequired, TypedDict, cast

from checks.kit import Aws, NotApplicable, Practice, Severity, Verdict, check, collector, expect, extra, now

MICROSOFT, SIMPLE, CONNECTOR = "MicrosoftAD", "SimpleAD", "ADConnector"
COMES_OR_GOES = ("Requested", "Creating", "Deleting", "Deleted")


class Directory(TypedDict):
    """What is used of AWS's DirectoryDescription."""

    DirectoryId: str
    Name: str
    Type: str
    Stage: str
    RadiusStatus: NotRequired[str]


class Subscription(TypedDict):
    DirectoryId: str


class Certificate(TypedDict):
    State: str
    ExpiryDateTime: datetime


class Limits(TypedDict, total=False):
    ManualSnapshotsLimitReached: bool


@collector(
    "ds:DescribeDirectories", arn="arn:{partition}:ds:{region}:{account}:directory/{DirectoryId}", name="{known_as}"
)
def directories(aws: Aws) -> Iterator[Directory]:
    """Leaves out those that other accounts share with this one, and those being made or deleted."""
    for one in aws.items("ds:DescribeDirectories", "DirectoryDescriptions"):
        if one["Type"] != "SharedMicrosoftAD" and one["Stage"] not in COMES_OR_GOES:
            yield cast("Directory", {**one, "known_as": f"{one['Name']} ({one['DirectoryId']})"})


@collector(
    "ds:ListLogSubscriptions", arn="arn:{partition}:ds:{region}:{account}:directory/{DirectoryId}", name="{DirectoryId}"
)
def subscriptions(aws: Aws) -> Iterator[Subscription]:
    return aws.items("ds:ListLogSubscriptions", "LogSubscriptions")


@extra(needs=(subscriptions,))
def forwards(aws: Aws, directory: Directory) -> bool:
    return any(one["DirectoryId"] == directory["DirectoryId"] for one in aws.read(subscriptions))


@extra("ds:ListCertificates")
def certificates(aws: Aws, directory: Directory) -> Sequence[Certificate]:
    """Not asked of a Simple AD, which has none."""
    if directory["Type"] not in (MICROSOFT, CONNECTOR):
        return []
    return list(aws.items("ds:ListCertificates", "CertificatesInfo", DirectoryId=directory["DirectoryId"]))


@extra("ds:GetSnapshotLimits")
def limits(aws: Aws, directory: Directory) -> Limits:
    """Not asked of an AD Connector, which has no data of its own."""
    if directory["Type"] not in (MICROSOFT, SIMPLE):
        return {}
    return cast("Limits", aws.call("ds:GetSnapshotLimits", DirectoryId=directory["DirectoryId"])["SnapshotLimits"])


@check(directories, forwards, practice=Practice.MONITORING, severity=Severity.MEDIUM)
def directory_forwards_logs(directory: Directory, forwards: bool) -> Verdict:
    """Directory sends its security log to CloudWatch Logs.

    Sign-ins, refusals and new administrators stand in the domain controllers' security log, which AWS does not show.

    Fix: Turn on log forwarding of the directory to a log group.
    See: https://docs.aws.amazon.com/directoryservice/latest/admin-guide/ms_ad_enable_log_forwarding.html
    """
    if directory["Type"] != MICROSOFT:
        raise NotApplicable("AWS forwards logs of AWS Managed Microsoft AD only")
    return expect(forwards, "sends its security log nowhere")


@check(directories, practice=Practice.MFA, severity=Severity.MEDIUM)
def directory_asks_for_mfa(directory: Directory) -> Verdict:
    """Directory asks for MFA by RADIUS.

    People sign in to WorkSpaces and the console with the directory's passwords; a stolen one is then enough.

    Fix: Connect the directory to a RADIUS server that asks for a second factor.
    See: https://docs.aws.amazon.com/directoryservice/latest/admin-guide/ms_ad_mfa.html
    """
    if directory["Type"] == SIMPLE:
        raise NotApplicable("AWS does not offer MFA for Simple AD")
    return expect(directory.get("RadiusStatus") == "Completed", "asks for no second factor")  # .get: never set up


@check(directories, certificates, now, practice=Practice.ENCRYPTION, severity=Severity.MEDIUM)
def directory_certificates_are_valid(
    directory: Directory, certificates: Sequence[Certificate], now: datetime, *, days: int = 30
) -> Verdict:
    """Directory's LDAPS certificates do not expire soon.

    When the last one has expired, LDAPS ends: clients fail, or go on without encryption.

    Fix: Register a new certificate of the certificate authority with the directory.
    See: https://docs.aws.amazon.com/directoryservice/latest/admin-guide/ms_ad_ldap_client_side.html
    """
    ends = [one["ExpiryDateTime"] for one in certificates if one["State"] == "Registered"]
    if not ends:
        raise NotApplicable("it has no certificates")
    last = max(ends)
    return expect(last - now > timedelta(days=days), f"has no LDAPS certificate that lasts beyond {last:%Y-%m-%d}")


@check(directories, limits, practice=Practice.BACKUP, severity=Severity.LOW)
def directory_has_room_for_snapshots(directory: Directory, limits: Limits) -> Verdict:
    """Directory has room for another manual snapshot.

    At the limit no snapshot can be made before a risky change, and making room means deleting an older one in a hurry.

    Fix: Delete manual snapshots that nobody needs any more.
    See: https://docs.aws.amazon.com/directoryservice/latest/admin-guide/ms_ad_snapshots.html
    """
    if not limits:
        raise NotApplicable("it has no snapshots")
    return expect(not limits["ManualSnapshotsLimitReached"], "has as many manual snapshots as AWS allows")
