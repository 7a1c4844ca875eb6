"""Access keys: their age, their use, and switching one off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from bot.aws import Region
from bot.demo.aws import ACCOUNT, Emulated
from bot.fixing import FixAws
from bot.people import Person
from bot.recording import connect, record, select, target
from bot.remediate import Refusal, Remediator
from bot.scan import identify
from bot.settings import load
from bot.store import Store
from bot.store.findings import Filter
from checks import iam_keys
from checks.iam_keys import access_keys, last_used
from checks.kit import FIXES, NotApplicable
from tests.checks.cases import NOT_ASKED, NOW, Case

ROTATED = iam_keys.access_key_is_rotated
DELETED = iam_keys.inactive_access_key_is_deleted
UNUSED = iam_keys.unused_access_key_is_inactive


def key(days: int, status: str = "Active", used: int | None = None) -> dict[str, Any]:
    return {
        "UserName": "deploy",
        "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "Status": status,
        "CreateDate": NOW - timedelta(days=days),
        "used": None if used is None else NOW - timedelta(days=used),
    }


def used(days: int) -> dict[str, Any]:
    return {"LastUsedDate": NOW - timedelta(days=days), "ServiceName": "s3", "Region": "eu-west-1"}


NEVER = {"ServiceName": "N/A", "Region": "N/A"}

# NOW is 2026-03-02 12:00.
CASES = [
    Case(ROTATED, [key(90), NOW], None),
    Case(ROTATED, [key(91), NOW], "has been active since 2025-12-01"),
    Case(ROTATED, [key(900, "Inactive"), NOW], NotApplicable),
    Case(UNUSED, [key(900), used(44), NOW], None),
    Case(UNUSED, [key(900), used(45), NOW], "is active but was last used on 2026-01-16 for s3 in eu-west-1"),
    Case(UNUSED, [key(900, used=60), used(44), NOW], None),
    Case(UNUSED, [key(900, used=45), used(45), NOW], "is active but was last used on 2026-01-16 for s3 in eu-west-1"),
    Case(UNUSED, [key(44), NOT_ASKED, NOW], None),
    Case(UNUSED, [key(900, used=44), NOT_ASKED, NOW], None),
    Case(UNUSED, [key(900, used=44), used(20), NOW], "is active but was last used on 2026-02-10 for s3 in eu-west-1", {"days": 20}),
    Case(UNUSED, [key(45), NEVER, NOW], "is active but was never used since 2026-01-16"),
    Case(UNUSED, [key(900, "Inactive"), NOT_ASKED, NOW], None),
    Case(DELETED, [key(900, "Inactive"), used(89), NOW], None),
    Case(DELETED, [key(30, "Inactive"), NOT_ASKED, NOW], None),
    Case(DELETED, [key(900, "Inactive", used=89), NOT_ASKED, NOW], None),
    Case(DELETED, [key(900, "Inactive"), NEVER, NOW], "is inactive and was never used since 2023-09-14"),
    Case(
        DELETED,
        [key(900, "Inactive"), used(400), NOW],
        "is inactive and was last used on 2025-01-26 for s3 in eu-west-1",
    ),
    Case(DELETED, [key(900), NOT_ASKED, NOW], NotApplicable),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_the_plan_says_who_may_miss_the_key() -> None:
    plan = iam_keys.deactivate.plan(key(900), used(45), NOW)
    assert plan.notes == [
        "The key was last used on 2026-01-16 for s3 in eu-west-1. Whatever still signs with it will be refused."
    ]
    with pytest.raises(NotApplicable):
        iam_keys.deactivate.plan(key(900, "Inactive"), used(400), NOW)


def test_reads_the_keys_of_every_user(aws: Region) -> None:
    iam = boto3.client("iam")
    made = []
    for name in ("ana", "ben"):
        iam.create_user(UserName=name, Tags=[{"Key": "team", "Value": "data"}])
        made += [iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"] for _ in range(2)]
    found = list(access_keys.stream(aws))
    assert [one["AccessKeyId"] for one in found] == made
    assert identify(aws, access_keys, found[0]) == (
        f"arn:aws:iam::123456789012:access-key/{made[0]}",
        f"{made[0]} of ana",
    )
    assert found[0]["tags"] == [{"Key": "team", "Value": "data"}]
    assert last_used.read(aws, found[0]) == NEVER


MADE, USED = "2025-01-01T00:00:00+00:00", "2026-02-27T10:00:00+00:00"


def row(first: str, second: str, *uses: str) -> dict[str, str]:
    made = {"access_key_1_last_rotated": first, "access_key_2_last_rotated": second}
    return made | {f"access_key_{slot}_last_used_date": use for slot, use in enumerate(uses, 1)}


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        (row(MADE, "N/A", USED, "N/A"), USED),
        (row("2025-03-01T00:00:00Z", MADE, "N/A", USED), USED),
        (row(MADE, "N/A", "N/A", "N/A"), None),
        (row(MADE, MADE, USED, USED), None),  # which of the two it is cannot be told
        (row("2025-01-01T00:00:01Z", "N/A", USED, "N/A"), None),  # another key, or one that was changed since
    ],
)
def test_the_report_tells_of_a_use_only_where_it_knows_the_key(reported: Any, expected: str | None) -> None:
    use = iam_keys.reported_use(reported, datetime.fromisoformat(MADE))
    assert use == (datetime.fromisoformat(expected) if expected else None)


def unused_key(aws: boto3.Session) -> None:
    """A key of long ago; the emulator is told so on the side, because AWS has no API for that."""
    iam = aws.client("iam")
    iam.create_user(UserName="deploy")
    iam.create_access_key(UserName="deploy")
    made = (datetime.now(UTC) - timedelta(days=400)).isoformat(timespec="seconds")
    past = {"deploy": {"created": made, "keys": [{"created": made}]}}
    Emulated(iam.meta.endpoint_url).remember({"account": ACCOUNT, "root": None, "users": past})


def test_the_tags_of_its_user_protect_a_key(moto_url: str, store: Store) -> None:
    unused_key(boto3.Session())
    boto3.client("iam").tag_user(UserName="deploy", Tags=[{"Key": "do-not-touch", "Value": "true"}])
    settings = load(regions=["us-east-1"], protected_tags=["do-not-touch"])
    where = target(settings, connect(settings))
    record(settings, store, where, select(settings, [UNUSED.id]), requested_by="test", complete_scope=True)
    (finding,) = store.findings.search(Filter(), datetime.now(UTC))
    bot = Remediator(settings, store, FIXES, FixAws(settings, lambda: connect(settings)))
    with pytest.raises(Refusal, match="protected by its tag do-not-touch"):
        bot.propose(finding.id, Person("T1", "UANA"))


def old_inactive_key(aws: boto3.Session) -> None:
    unused_key(aws)
    iam = aws.client("iam")
    (found,) = iam.list_access_keys(UserName="deploy")["AccessKeyMetadata"]
    iam.update_access_key(UserName="deploy", AccessKeyId=found["AccessKeyId"], Status="Inactive")


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {UNUSED.id: unused_key, DELETED.id: old_inactive_key}
