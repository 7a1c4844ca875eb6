"""Passwords and the number of keys of IAM users, as the credential report tells.

AWS writes the report anew at most every four hours, so what it says may be that old.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias, cast

from checks.kit import (
    Aws,
    Call,
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
    now,
)

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import MFADeviceTypeDef as Device

Row: TypeAlias = Mapping[str, str]
"""One user's line of the report, by column."""

NO_PASSWORD = "the user has no password"  # noqa: S105
ROOT = "<root_account>"
NEVER = ("N/A", "no_information", "not_supported", "")
PAUSES = (0.0, 0.25, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each time of asking: AWS takes a few to write a new report."""


@collector("iam:GenerateCredentialReport", "iam:GetCredentialReport", arn="{arn}", name="{user}", scope=Scope.ACCOUNT)
def credential_report(aws: Aws) -> Iterator[Row]:
    """Every line of the report, root's too. Raises Unknown when AWS does not finish writing it in time."""
    for seconds in PAUSES:
        aws.pause(seconds)
        if aws.call("iam:GenerateCredentialReport")["State"] == "COMPLETE":
            break
    else:
        raise Unknown("AWS is still writing the credential report: it is read at the next scan")
    yield from rows(aws.call("iam:GetCredentialReport")["Content"].decode())


@collector(arn="{arn}", name="{user}", scope=Scope.ACCOUNT, needs=(credential_report,))
def reported_users(aws: Aws) -> Iterator[Row]:
    yield from (row for row in aws.read(credential_report) if row["user"] != ROOT)


@collector(arn="{arn}", name="{user}", scope=Scope.ACCOUNT, needs=(credential_report,))
def console_users(aws: Aws) -> Iterator[Row]:
    """The users with a password, as far as the report knows."""
    yield from (row for row in aws.read(credential_report) if row["user"] != ROOT and on(row, "password_enabled"))


def rows(report: str) -> Iterator[Row]:
    """The lines of a report's CSV."""
    yield from csv.DictReader(io.StringIO(report))


def on(row: Row, column: str) -> bool:
    """Whether a column says yes; AWS documents TRUE and sends true."""
    return row[column].lower() == "true"


def keys(row: Row) -> int:
    """How many access keys the user has, active or not."""
    return sum(row[f"access_key_{slot}_last_rotated"] not in NEVER for slot in (1, 2))


def when(row: Row, column: str) -> datetime | None:
    """A column's date; None where the report has none."""
    return None if row[column] in NEVER else datetime.fromisoformat(row[column])


@extra("iam:GetLoginProfile")
def password(aws: Aws, row: Row) -> bool:
    """Whether the user still has a password: the report may be hours old."""
    return bool(aws.call("iam:GetLoginProfile", UserName=row["user"], absent="NoSuchEntity"))


@extra("iam:ListMFADevices")
def mfa(aws: Aws, row: Row) -> bool:
    """Whether the user has an MFA device now; asked only where the report knows of none."""
    return on(row, "mfa_active") or bool(mfa_of(aws, row["user"]))


def mfa_of(aws: Aws, user: str) -> Sequence[Device]:
    """A user's MFA devices: eight at most, so the first page of `iam:ListMFADevices` has them all.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    return cast("Sequence[Device]", aws.once("iam:ListMFADevices", UserName=user)["MFADevices"])


@check(console_users, later(password), mfa, practice=Practice.MFA, severity=Severity.HIGH)
def user_with_password_has_mfa(row: Row, password: Callable[[], bool], mfa: bool) -> Verdict:
    """User with a password has MFA.

    A password alone can be guessed, phished or reused; with MFA it is not enough to sign in.

    Fix: Let the user register a passkey, security key or authenticator app, or delete the password if nobody signs in.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa.html
    """
    return expect(mfa or not password(), "can sign in with a password alone")


@check(console_users, later(password), now, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def unused_password_is_removed(row: Row, password: Callable[[], bool], now: datetime, *, days: int = 45) -> Verdict:
    """Unused password is removed.

    Nobody notices when somebody else signs in with a password that its owner has forgotten.

    Fix: Delete the user's console password (login profile); if the user has left, delete the user.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_finding-unused.html
    """
    used, changed = when(row, "password_last_used"), when(row, "password_last_changed")
    last = used or changed
    if last and now - last < timedelta(days=days):
        return None
    if not password():
        return None  # it was removed since
    if last is None:
        raise Unknown("the credential report does not say when the password was set or used")
    return f"has a password last used on {last:%Y-%m-%d}" if used else f"has a password set on {last:%Y-%m-%d}, unused"


@fix(user_with_password_has_mfa, "iam:DeleteLoginProfile", risk=Risk.CUTS_ACCESS)
def delete_password_alone(row: Row, password: bool, mfa: bool) -> Plan:
    """Delete the password that opens the console without MFA."""
    if mfa:
        raise NotApplicable("the user has MFA")
    return _delete_password(row, password, "Whoever still needs the console should rather register MFA: ask the user.")


@fix(unused_password_is_removed, "iam:DeleteLoginProfile", risk=Risk.CUTS_ACCESS)
def delete_unused_password(row: Row, password: bool, now: datetime) -> Plan:
    """Delete the console password."""
    return _delete_password(row, password)


def _delete_password(row: Row, password: bool, *notes: str) -> Plan:
    if not password:
        raise NotApplicable(NO_PASSWORD)
    used = when(row, "password_last_used")
    last = f"signed in last on {used:%Y-%m-%d}" if used else "never signed in with it, as far as AWS remembers"
    return Plan(
        do=[Call("iam:DeleteLoginProfile", {"UserName": row["user"]})],
        undo=[],
        before={"password": "set"},
        after={"password": "none"},
        notes=[
            f"The user {last}. Access keys and permissions stay.",
            "There is no undo, as nobody knows the password: an administrator can give the user a new one.",
            *notes,
        ],
    )


@check(reported_users, now, practice=Practice.ROLES, severity=Severity.MEDIUM)
def user_has_one_active_access_key(row: Row, now: datetime, *, days: int = 7) -> Verdict:
    """User has one active access key at most.

    A second key is for the days of a rotation; one that stays is another secret to leak, which nobody looks after.

    Fix: Move what uses the older key to the newer one, deactivate the older, and delete it when nothing broke.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html
    """
    active = [on(row, f"access_key_{slot}_active") for slot in (1, 2)]
    if not any(active):
        raise NotApplicable("the user has no active access key")
    if not all(active):
        return None
    made = [date for slot in (1, 2) if (date := when(row, f"access_key_{slot}_last_rotated"))]
    if made and now - max(made) < timedelta(days=days):
        raise NotApplicable(f"its second key is younger than {days} days: a rotation is under way")
    return "has two active access keys"


@check(reported_users, practice=Practice.ROLES, severity=Severity.MEDIUM)
def user_works_without_access_keys(row: Row) -> Verdict:
    """User works without access keys.

    A key is good wherever it turns up, until somebody switches it off; what a role hands out ends within hours.

    Fix: Let programs in AWS use the role of their instance, function or task, those outside an OIDC provider or IAM
    Roles Anywhere, and people IAM Identity Center. Then deactivate the key, and delete it when nothing broke.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/security-creds-programmatic-access.html
    """
    active = [slot for slot in (1, 2) if on(row, f"access_key_{slot}_active")]
    return expect(not active, f"signs with an access key, {' and '.join(_use(row, slot) for slot in active)}")


def _use(row: Row, slot: int) -> str:
    last = when(row, f"access_key_{slot}_last_used_date")
    if last is None:
        return "never used so far"
    return f"last used on {last:%Y-%m-%d} for {row[f'access_key_{slot}_last_used_service']}"
