"""The root user: no keys, MFA, and hardly ever used.

A member account whose root credentials were removed by its organization has neither a password nor keys.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from checks.iam_credentials import ROOT, Row, credential_report, when
from checks.iam_roles import organization
from checks.kit import (
    ACCOUNT_ARN,
    Aws,
    NotApplicable,
    Practice,
    Scope,
    Severity,
    Unknown,
    Verdict,
    check,
    collector,
    expect,
    extra,
    now,
)

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import VirtualMFADeviceTypeDef as Device

Summary: TypeAlias = Mapping[str, int]

NO_PASSWORD = "root has no password, so nobody can sign in as root"  # noqa: S105
NEVER_TURNED_ON = ("ServiceAccessNotEnabledException", "OrganizationNotInAllFeaturesModeException")
USES = ("password_last_used", "access_key_1_last_used_date", "access_key_2_last_used_date")


class RootAccess(TypedDict):
    """Whether an account manages its organization, and what it then controls of the root users in it."""

    manages: bool
    features: list[str]


@collector("iam:GetAccountSummary", arn=ACCOUNT_ARN, name="root user", scope=Scope.ACCOUNT)
def root(aws: Aws) -> Iterator[Summary]:
    """What the account's summary says of its root user. In AWS GovCloud nobody can sign in as root.

    Source: https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-iam.html
    """
    summary = aws.call("iam:GetAccountSummary")["SummaryMap"]
    yield summary | ({"AccountPasswordPresent": 0} if aws.partition == "aws-us-gov" else {})


@extra("iam:ListVirtualMFADevices")
def virtual_devices(aws: Aws, summary: Summary) -> Sequence[Device]:
    """Root's devices that are an app; hardware devices of root are in no list."""
    devices = aws.items("iam:ListVirtualMFADevices", "VirtualMFADevices", AssignmentStatus="Assigned")
    return [device for device in devices if _is_of_root(device)]


@extra(needs=(credential_report,))
def reported_root(aws: Aws, summary: Summary) -> Row | None:
    """Root's line of the credential report."""
    return next((row for row in aws.read(credential_report) if row["user"] == ROOT), None)


@collector(
    "iam:ListOrganizationsFeatures", arn=ACCOUNT_ARN, name="{account}", scope=Scope.ACCOUNT, needs=(organization,)
)
def root_access(aws: Aws) -> Iterator[RootAccess]:
    """AWS tells the features to the management account, and to one that administers IAM on its behalf.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html
    """
    manages = any(one["MasterAccountId"] == aws.account for one in aws.read(organization))
    features = aws.call("iam:ListOrganizationsFeatures", absent=NEVER_TURNED_ON) if manages else {}
    yield {"manages": manages, "features": features.get("EnabledFeatures", [])}


@check(root, practice=Practice.ROOT, severity=Severity.CRITICAL)
def root_has_no_access_keys(summary: Summary) -> Verdict:
    """Root user has no access keys.

    A root key can do everything, no policy can limit it, and it works without MFA.

    Fix: Sign in as root, delete its access keys, and use a role for whatever used them.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html
    """
    return expect(not summary["AccountAccessKeysPresent"], "has an access key")


@check(root, practice=Practice.ROOT, severity=Severity.CRITICAL)
def root_has_mfa(summary: Summary) -> Verdict:
    """Root user has MFA.

    Whoever gets into root's mailbox can reset its password; only MFA then stands before the whole account.

    Fix: Register two passkeys or security keys for root, or let the organization remove its password.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/enable-mfa-for-root.html
    """
    _must_have_password(summary)
    return expect(summary["AccountMFAEnabled"], "has no MFA")


@check(root, virtual_devices, practice=Practice.ROOT, severity=Severity.HIGH)
def root_has_hardware_mfa(summary: Summary, virtual: Sequence[Device]) -> Verdict:
    """Root user signs in with hardware MFA only.

    A code from an app can be phished or copied along with a phone's backup; a key in a safe cannot.

    Fix: Register security keys or passkeys for root, then remove its virtual MFA device.
    See: https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-6
    """
    _must_have_password(summary)
    if not summary["AccountMFAEnabled"]:
        return "has no MFA at all"
    return expect(not virtual, "may sign in with a virtual MFA device")


@check(root, reported_root, now, practice=Practice.ROOT, severity=Severity.HIGH)
def root_is_not_used(summary: Summary, row: Row | None, now: datetime, *, days: int = 30) -> Verdict:
    """Root user is not used.

    Everyday work as root has no limits, and the log does not tell who it was.

    Fix: Find out who used root and for what, and give them a role that can do it.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html
    """
    if row is None:
        raise Unknown("the credential report has no line for root")
    used = [date for column in USES if (date := when(row, column))]
    return expect(not used or now - max(used) >= timedelta(days=days), f"was used on {max(used, default=now):%Y-%m-%d}")


@check(root_access, practice=Practice.ROOT, severity=Severity.MEDIUM)
def organization_manages_root_credentials(access: RootAccess) -> Verdict:
    """Organization manages its accounts' root credentials.

    Root passwords and keys of member accounts can then be removed, and new accounts come without any.

    Fix: Enable centralized root access in IAM of the management account, then remove the root credentials of members.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html#id_root-user-access-management
    """
    if not access["manages"]:
        raise NotApplicable("it is not the management account of an organization")
    return expect("RootCredentialsManagement" in access["features"], "leaves each member account its root user")


def _must_have_password(summary: Summary) -> None:
    if not summary.get("AccountPasswordPresent", 1):  # emulators leave it out
        raise NotApplicable(NO_PASSWORD)


def _is_of_root(device: Device) -> bool:
    owner = device.get("User", {}).get("Arn", "")
    return owner.endswith(":root") or device["SerialNumber"].endswith(":mfa/root-account-mfa-device")
