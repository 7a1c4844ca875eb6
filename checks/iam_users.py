"""IAM users who are administrators, and what they sign in with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypedDict

from checks.iam import full_policies, grants_all, groups, is_bounded, users
from checks.iam_credentials import credential_report, mfa_of, on
from checks.iam_escalation import Standing, standings
from checks.iam_policies import detach
from checks.kit import (
    Aws,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Scope,
    Severity,
    Unknown,
    Verdict,
    check,
    collector,
    expect,
    extra,
    fix,
    later,
)

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import MFADeviceTypeDef as Device


class Administrator(TypedDict):
    """A user who may do everything. `has_password`: None when the credential report does not know the user yet."""

    arn: str
    name: str
    has_password: bool | None


@collector(arn="{arn}", name="{name}", scope=Scope.ACCOUNT, needs=(users, groups, full_policies, credential_report))
def administrators(aws: Aws) -> Iterator[Administrator]:
    """The users who are allowed everything by a policy of their own or of a group of theirs."""
    full = {policy["Arn"] for policy in aws.read(full_policies)}
    mighty = {
        group["GroupName"]
        for group in aws.read(groups)
        if grants_all(group.get("AttachedManagedPolicies", []), group.get("GroupPolicyList", []), full)
    }
    passwords = {row["arn"]: on(row, "password_enabled") for row in aws.read(credential_report)}
    for user in aws.read(users):
        own = grants_all(user.get("AttachedManagedPolicies", []), user.get("UserPolicyList", []), full)
        if (own or mighty.intersection(user.get("GroupList", []))) and not is_bounded(user, full):
            yield {"arn": user["Arn"], "name": user["UserName"], "has_password": passwords.get(user["Arn"])}


@collector(arn="{arn}", name="{name}", scope=Scope.ACCOUNT, needs=(standings,))
def user_standings(aws: Aws) -> Iterator[Standing]:
    """Every user, and what makes an administrator of some."""
    yield from (standing for standing in aws.read(standings) if ":user/" in standing["arn"])


@extra("iam:ListMFADevices")
def mfa_devices(aws: Aws, user: Administrator) -> Sequence[Device]:
    return mfa_of(aws, user["name"])


@check(administrators, later(mfa_devices), practice=Practice.MFA, severity=Severity.MEDIUM)
def administrator_signs_in_with_hardware(user: Administrator, mfa: Callable[[], Sequence[Device]]) -> Verdict:
    """Administrator signs in with a passkey or hardware key only.

    A code from an app can be phished along with the password; a passkey or security key answers only to AWS's own site.

    Fix: Register a passkey or security key for the user, then remove the virtual MFA device.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_fido.html
    """
    if user["has_password"] is None:
        raise Unknown("the credential report does not know this user yet: it is read again at the next scan")
    if not user["has_password"]:
        raise NotApplicable("the user has no password")
    devices = mfa()
    if not devices:
        return "is an administrator without MFA"
    virtual = any(_is_virtual(device["SerialNumber"]) for device in devices)
    return expect(not virtual, "is an administrator who may sign in with a virtual MFA device")


@check(user_standings, practice=Practice.LEAST_PRIVILEGE, severity=Severity.HIGH)
def user_is_no_administrator(standing: Standing) -> Verdict:
    """User is no administrator.

    A user's password and keys are good until somebody changes them: one that leaks opens all of the account for ever.

    Fix: Let administrators take a role, through IAM Identity Center, for the hours they need it. Mute this for a
    user that is kept for emergencies.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
    """
    if not standing["by"] and standing["unread"]:
        raise Unknown(f"AWS did not list what {', '.join(standing['unread'])} allows")
    return expect(not standing["by"], f"is an administrator by {' and '.join(standing['by'])}")


@fix(user_is_no_administrator, "iam:DetachUserPolicy", "iam:AttachUserPolicy", risk=Risk.CUTS_ACCESS)
def take_administrator(standing: Standing) -> Plan:
    """Detach from the user what makes it an administrator."""
    if not standing["by"]:
        raise NotApplicable("the user is no administrator")
    if len(standing["attached"]) != len(standing["by"]):
        raise NotApplicable("a group or an inline policy makes it an administrator: detaching others would not help")
    return detach(standing["attached"], [standing["arn"]], "See first that somebody else can administer the account.")


def _is_virtual(serial: str) -> bool:
    """Virtual devices have ARNs of `mfa` (or once `sms-mfa`), passkeys and security keys of `u2f`, others none.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_MFADevice.html
    """
    return ":mfa/" in serial or ":sms-mfa/" in serial
