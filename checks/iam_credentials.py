"""Passwords and the number of keys of IAM users, as the credential report tells.

AWS writes the report anew at most every four hours, so what it says may be that old.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from checks.kit import Aws, NotApplicable, Practice, Scope, Severity, Unknown, Verdict, check, collector, expect, now

Row: TypeAlias = Mapping[str, str]
"""One user's line of the report, by column."""

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


def rows(report: str) -> Iterator[Row]:
    """The lines of a report's CSV."""
    yield from csv.DictReader(io.StringIO(report))


def on(row: Row, column: str) -> bool:
    """Whether a column says yes; AWS documents TRUE and sends true."""
    return row[column].lower() == "true"


def when(row: Row, column: str) -> datetime | None:
    """A column's date; None where the report has none."""
    return None if row[column] in NEVER else datetime.fromisoformat(row[column])


@check(reported_users, practice=Practice.MFA, severity=Severity.HIGH)
def user_with_password_has_mfa(row: Row) -> Verdict:
    """User with a password has MFA.

    A password alone can be guessed, phished or reused; with MFA it is not enough to sign in.

    Fix: Let the user register a passkey, security key or authenticator app, or delete the password if nobody signs in.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa.html
    """
    if not on(row, "password_enabled"):
        raise NotApplicable("the user has no password")
    return expect(on(row, "mfa_active"), "can sign in with a password alone")


@check(reported_users, now, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def unused_password_is_removed(row: Row, now: datetime, *, days: int = 45) -> Verdict:
    """Unused password is removed.

    Nobody notices when somebody else signs in with a password that its owner has forgotten.

    Fix: Delete the user's console password (login profile); if the user has left, delete the user.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_finding-unused.html
    """
    if not on(row, "password_enabled"):
        raise NotApplicable("the user has no password")
    used, changed = when(row, "password_last_used"), when(row, "password_last_changed")
    last = used or changed
    if last is None:
        raise Unknown("the credential report does not say when the password was set or used")
    if now - last < timedelta(days=days):
        return None
    return f"has a password last used on {last:%Y-%m-%d}" if used else f"has a password set on {last:%Y-%m-%d}, unused"


@check(reported_users, practice=Practice.ROLES, severity=Severity.MEDIUM)
def user_has_one_active_access_key(row: Row) -> Verdict:
    """User has one active access key at most.

    A second key is for the minutes of a rotation; one that stays is another secret to leak, which nobody looks after.

    Fix: Move what uses the older key to the newer one, deactivate the older, and delete it when nothing broke.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html
    """
    active = [on(row, f"access_key_{slot}_active") for slot in (1, 2)]
    if not any(active):
        raise NotApplicable("the user has no active access key")
    return expect(not all(active), "has two active access keys")
