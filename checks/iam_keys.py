"""Access keys of IAM users, key by key: their age, their last use, and how to switch one off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from checks.iam import users
from checks.iam_credentials import NEVER, Row, credential_report, when
from checks.kit import (
    Aws,
    Call,
    NotApplicable,
    Plan,
    Practice,
    Risk,
    Scope,
    Severity,
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
    from types_boto3_iam.type_defs import AccessKeyLastUsedTypeDef as LastUsed
    from types_boto3_iam.type_defs import AccessKeyMetadataTypeDef, TagTypeDef
    from types_boto3_iam.type_defs import UserDetailTypeDef as User

    class Key(AccessKeyMetadataTypeDef):
        """`used`: the last use that the credential report knows of: the last of all is that or a later one."""

        tags: Sequence[TagTypeDef]
        used: datetime | None


INACTIVE = "the key is inactive"
MADE = ("access_key_1_last_rotated", "access_key_2_last_rotated")
"""Columns of the credential report that tell when a key was made; no date where there is none."""


# A key has no ARN of its own. The credential report has every key's dates but no ids, and is up to four hours old.
@collector(
    "iam:ListAccessKeys",
    arn="arn:{partition}:iam::{account}:access-key/{AccessKeyId}",
    name="{AccessKeyId} of {UserName}",
    scope=Scope.ACCOUNT,
    needs=(users, credential_report),
)
def access_keys(aws: Aws) -> Iterator[Key]:
    """Every key with the tags of its user, which AWS's tagging API does not tell.

    Users without a key in the credential report are not asked: a key younger than the report is neither old nor unused.

    Source: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
    """

    def of(user: User) -> list[Key]:
        found = aws.items("iam:ListAccessKeys", "AccessKeyMetadata", UserName=user["UserName"])
        tags, row = user.get("Tags", []), report.get(user["Arn"])
        return [
            cast("Key", {**key, "tags": tags, "used": row and reported_use(row, key["CreateDate"])}) for key in found
        ]

    report = {row["arn"]: row for row in aws.read(credential_report)}
    without = {arn for arn, row in report.items() if all(row[made] in NEVER for made in MADE)}
    for keys in aws.each(of, (user for user in aws.read(users) if user["Arn"] not in without)):
        yield from keys


def reported_use(row: Row, made: datetime) -> datetime | None:
    """When the key that was made then was last used, says the report; None where it does not tell for certain."""
    slots = [slot for slot, column in enumerate(MADE, 1) if when(row, column) == made]
    return when(row, f"access_key_{slots[0]}_last_used_date") if len(slots) == 1 else None


@extra("iam:GetAccessKeyLastUsed")
def last_used(aws: Aws, key: Key) -> LastUsed:
    return cast("LastUsed", aws.call("iam:GetAccessKeyLastUsed", AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"])


@check(access_keys, now, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def access_key_is_rotated(key: Key, now: datetime, *, days: int = 90) -> Verdict:
    """Active access key is rotated.

    Keys end up in files, images and repositories; the older a key, the more places it may have leaked from.

    Fix: Use a role if you can. Otherwise make a second key, move everything to it, and delete the first.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html
    """
    if key["Status"] != "Active":
        raise NotApplicable(INACTIVE)
    made = key["CreateDate"]
    return expect(now - made <= timedelta(days=days), f"has been active since {made:%Y-%m-%d}")


@check(access_keys, later(last_used), now, practice=Practice.PASSWORDS, severity=Severity.MEDIUM)
def unused_access_key_is_inactive(key: Key, last: Callable[[], LastUsed], now: datetime, *, days: int = 45) -> Verdict:
    """Unused access key is inactive.

    A key nobody needs can still be stolen and used, and nobody would notice.

    Fix: Deactivate the key; delete it once nobody has missed it.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_finding-unused.html
    """
    since = now - timedelta(days=days)
    if key["Status"] != "Active" or _needed(key, last, since):
        return None
    return f"is active but {_use(key, last())}"


@fix(unused_access_key_is_inactive, "iam:UpdateAccessKey", risk=Risk.CUTS_ACCESS)
def deactivate(key: Key, last: LastUsed, now: datetime) -> Plan:
    """Deactivate the access key."""
    if key["Status"] != "Active":
        raise NotApplicable(INACTIVE)
    which = {"UserName": key["UserName"], "AccessKeyId": key["AccessKeyId"]}
    return Plan(
        do=[Call("iam:UpdateAccessKey", which | {"Status": "Inactive"})],
        undo=[Call("iam:UpdateAccessKey", which | {"Status": "Active"})],
        before={key["AccessKeyId"]: "Active"},
        after={key["AccessKeyId"]: "Inactive"},
        notes=[f"The key {_use(key, last)}. Whatever still signs with it will be refused."],
    )


@check(access_keys, later(last_used), now, practice=Practice.PASSWORDS, severity=Severity.LOW)
def inactive_access_key_is_deleted(key: Key, last: Callable[[], LastUsed], now: datetime, *, days: int = 90) -> Verdict:
    """Inactive access key is deleted.

    Whoever may change the user can switch it on again, and a copy that leaked long ago works once more.

    Fix: Delete the key: nothing has used it for months.
    See: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-keys-admin-managed.html
    """
    if key["Status"] == "Active":
        raise NotApplicable("the key is active")
    since = now - timedelta(days=days)
    return None if _needed(key, last, since) else f"is inactive and {_use(key, last())}"


@fix(inactive_access_key_is_deleted, "iam:DeleteAccessKey", risk=Risk.SAFE)
def delete(key: Key, last: LastUsed, now: datetime) -> Plan:
    """Delete the inactive access key."""
    if key["Status"] == "Active":
        raise NotApplicable("the key is active: deactivate it first")
    return Plan(
        do=[Call("iam:DeleteAccessKey", {"UserName": key["UserName"], "AccessKeyId": key["AccessKeyId"]})],
        undo=[],
        before={key["AccessKeyId"]: "Inactive"},
        after={key["AccessKeyId"]: "deleted"},
        notes=[f"The key {_use(key, last)}.", "There is no undo: AWS makes new keys only."],
    )


def _needed(key: Key, last: Callable[[], LastUsed], since: datetime) -> bool:
    """Whether the key was made or used after a moment. AWS is asked only where the report does not settle it."""
    known = max(key["CreateDate"], key["used"] or key["CreateDate"])
    return known > since or last().get("LastUsedDate", known) > since


def _use(key: Key, last: LastUsed) -> str:
    date = last.get("LastUsedDate")
    if date is None:
        return f"was never used since {key['CreateDate']:%Y-%m-%d}"
    return f"was last used on {date:%Y-%m-%d} for {last['ServiceName']} in {last['Region']}"
