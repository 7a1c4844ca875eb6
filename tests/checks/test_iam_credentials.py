"""The credential report: reading it, and what its columns say of a user."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from bot.aws import Region
from checks import iam_credentials
from checks.iam_credentials import credential_report, reported_users, rows, when
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import NOW, Case

MFA = iam_credentials.user_with_password_has_mfa
UNUSED = iam_credentials.unused_password_is_removed
ONE_KEY = iam_credentials.user_has_one_active_access_key


def password(used: str = "N/A", changed: str = "2024-05-01T00:00:00+00:00") -> dict[str, str]:
    return {"password_enabled": "true", "password_last_used": used, "password_last_changed": changed}


def keys(first: str, second: str) -> dict[str, str]:
    return {"access_key_1_active": first, "access_key_2_active": second}


# NOW is 2026-03-02 12:00.
CASES = [
    Case(MFA, [{"password_enabled": "true", "mfa_active": "true"}], None),
    Case(MFA, [{"password_enabled": "TRUE", "mfa_active": "TRUE"}], None),
    Case(MFA, [{"password_enabled": "true", "mfa_active": "false"}], "can sign in with a password alone"),
    Case(MFA, [{"password_enabled": "false", "mfa_active": "false"}], NotApplicable),
    Case(UNUSED, [password(used="2026-03-01T08:00:00+00:00"), NOW], None),
    Case(UNUSED, [password(used="2026-01-16T12:00:01+00:00"), NOW], None),
    Case(UNUSED, [password(used="2026-01-16T12:00:00Z"), NOW], "has a password last used on 2026-01-16"),
    # Setting a new password is not using it.
    Case(
        UNUSED,
        [password(used="2025-08-01T00:00:00+00:00", changed="2026-03-01T00:00:00+00:00"), NOW],
        "has a password last used on 2025-08-01",
    ),
    Case(UNUSED, [password(used="no_information"), NOW], "has a password set on 2024-05-01, unused"),
    Case(UNUSED, [password(changed="2026-02-20T00:00:00+00:00"), NOW], None),
    Case(UNUSED, [password() | {"password_enabled": "false"}, NOW], NotApplicable),
    Case(ONE_KEY, [keys("true", "false")], None),
    Case(ONE_KEY, [keys("false", "true")], None),
    Case(ONE_KEY, [keys("true", "true")], "has two active access keys"),
    Case(ONE_KEY, [keys("false", "false")], NotApplicable),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_days_can_be_set() -> None:
    assert Case(UNUSED, [password(used="2026-01-16T12:00:00Z"), NOW], None).outcome(days=90) is None


def test_a_password_of_unknown_age_is_unknown() -> None:
    with pytest.raises(Unknown):
        Case(UNUSED, [password(changed="N/A"), NOW], None).outcome()


REPORT = """user,arn,password_enabled,password_last_used
<root_account>,arn:aws:iam::123456789012:root,not_supported,2026-01-02T03:04:05+00:00
"o'neil, ana",arn:aws:iam::123456789012:user/ana,true,no_information
"""


def test_reads_the_csv() -> None:
    root, ana = rows(REPORT)
    assert root["user"] == iam_credentials.ROOT
    assert when(root, "password_last_used") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert ana["user"] == "o'neil, ana"
    assert when(ana, "password_last_used") is None


def test_asks_until_the_report_is_there_and_leaves_root_out_of_the_users(aws: Region) -> None:
    boto3.client("iam").create_user(UserName="ana", Path="/people/")
    assert [row["user"] for row in credential_report.stream(aws)] == ["ana"]
    (user,) = reported_users.stream(aws)
    assert user["arn"] == "arn:aws:iam::123456789012:user/people/ana"


class Writing:
    """An account whose report AWS goes on writing."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.waited = 0.0

    def call(self, call: str, /, **params: Any) -> Any:
        self.calls.append(call)
        return {"State": "INPROGRESS"}

    def pause(self, seconds: float, /) -> None:
        self.waited += seconds


def test_gives_up_in_words_when_aws_goes_on_writing() -> None:
    aws = Writing()
    stream: Iterator[Any] = credential_report.stream(aws)  # type: ignore[arg-type]  # only what the collector uses
    with pytest.raises(Unknown, match="still writing the credential report"):
        next(stream)
    assert set(aws.calls) == {"iam:GenerateCredentialReport"}
    assert aws.waited < 20
