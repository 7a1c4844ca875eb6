"""The credential report: reading it, and what its columns say of a user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from bot.aws import Reads, Region
from bot.demo.aws import ACCOUNT, Emulated
from checks import iam_credentials
from checks.iam_credentials import console_users, credential_report, reported_users, rows, when
from checks.kit import NotApplicable, Unknown
from tests.checks.cases import NOT_ASKED, NOW, Case

MFA = iam_credentials.user_with_password_has_mfa
UNUSED = iam_credentials.unused_password_is_removed
KEYLESS = iam_credentials.user_works_without_access_keys
ONE_KEY = iam_credentials.user_has_one_active_access_key


def password(used: str = "N/A", changed: str = "2024-05-01T00:00:00+00:00") -> dict[str, str]:
    user = {"user": "ana", "password_enabled": "true"}
    return user | {"password_last_used": used, "password_last_changed": changed}


def keys(first: str, second: str, made: str = "2026-02-20T12:00:00+00:00") -> dict[str, str]:
    dates = {"access_key_1_last_rotated": "2025-01-01T00:00:00+00:00", "access_key_2_last_rotated": made}
    return {"access_key_1_active": first, "access_key_2_active": second} | dates


def used(first: str, second: str = "N/A", service: str = "s3") -> dict[str, str]:
    dates = {"access_key_1_last_used_date": first, "access_key_2_last_used_date": second}
    return dates | {"access_key_1_last_used_service": service, "access_key_2_last_used_service": "N/A"}


# NOW is 2026-03-02 12:00.
CASES = [
    Case(MFA, [{"password_enabled": "true"}, NOT_ASKED, True], None),
    Case(MFA, [{"mfa_active": "TRUE"}, NOT_ASKED, True], None),
    Case(MFA, [password(), True, False], "can sign in with a password alone"),
    Case(UNUSED, [password(used="2026-03-01T08:00:00+00:00"), NOT_ASKED, NOW], None),
    Case(UNUSED, [password(used="2026-01-16T12:00:01+00:00"), NOT_ASKED, NOW], None),
    Case(UNUSED, [password(used="2026-01-16T12:00:00Z"), True, NOW], "has a password last used on 2026-01-16"),
    # Setting a new password is not using it.
    Case(
        UNUSED,
        [password(used="2025-08-01T00:00:00+00:00", changed="2026-03-01T00:00:00+00:00"), True, NOW],
        "has a password last used on 2025-08-01",
    ),
    Case(UNUSED, [password(used="no_information"), True, NOW], "has a password set on 2024-05-01, unused"),
    Case(UNUSED, [password(changed="2026-02-20T00:00:00+00:00"), NOT_ASKED, NOW], None),
    # The report is older than that.
    Case(UNUSED, [password(), False, NOW], None),
    Case(UNUSED, [password(changed="N/A"), False, NOW], None),
    Case(MFA, [password(), False, False], None),
    Case(ONE_KEY, [keys("true", "false"), NOW], None),
    Case(ONE_KEY, [keys("false", "true"), NOW], None),
    Case(ONE_KEY, [keys("true", "true"), NOW], "has two active access keys"),
    Case(ONE_KEY, [keys("true", "true", "2026-02-23T12:00:01+00:00"), NOW], NotApplicable),
    Case(ONE_KEY, [keys("true", "true", "2026-02-23T12:00:01+00:00"), NOW], "has two active access keys", {"days": 1}),
    Case(ONE_KEY, [keys("false", "false"), NOW], NotApplicable),
    Case(KEYLESS, [keys("false", "false")], None),
    Case(
        KEYLESS,
        [keys("true", "true") | used("2026-03-01T08:00:00+00:00")],
        "signs with an access key, last used on 2026-03-01 for s3 and never used so far",
    ),
    Case(KEYLESS, [keys("false", "true") | used("N/A")], "signs with an access key, never used so far"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_judges(case: Case) -> None:
    assert case.outcome() == case.expected


def test_days_can_be_set() -> None:
    assert Case(UNUSED, [password(used="2026-01-16T12:00:00Z"), True, NOW], None).outcome(days=90) is None


def test_a_password_of_unknown_age_is_unknown() -> None:
    with pytest.raises(Unknown):
        Case(UNUSED, [password(changed="N/A"), True, NOW], None).outcome()


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


def test_asks_again_what_the_report_may_not_know_yet(aws: Region) -> None:
    iam = boto3.client("iam")
    row = {"user": "ana", "password_enabled": "true", "mfa_active": "false"}
    iam.create_user(UserName="ana")
    assert not iam_credentials.password.read(aws, row)
    assert not iam_credentials.mfa.read(aws, row)
    iam.create_login_profile(UserName="ana", Password="not-a-real-Passw0rd")
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName="ana", SerialNumber="GAHT12345678", **codes)
    aws = replace(aws, reads=Reads())
    assert iam_credentials.password.read(aws, row)
    assert iam_credentials.mfa.read(aws, row)
    assert [one["user"] for one in console_users.stream(aws)] == ["ana"]


def test_the_plan_says_when_the_user_was_last_there() -> None:
    row = {"user": "ana", "password_last_used": "2026-02-01T00:00:00+00:00"}
    plan = iam_credentials.delete_password_alone.plan(row, True, False)
    assert plan.notes[0] == "The user signed in last on 2026-02-01. Access keys and permissions stay."
    for given in ([row, False, False], [row, True, True]):
        with pytest.raises(NotApplicable):
            iam_credentials.delete_password_alone.plan(*given)


def console_user(aws: boto3.Session) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName="ana")
    iam.create_login_profile(UserName="ana", Password="not-a-real-Passw0rd")


def forgotten_password(aws: boto3.Session) -> None:
    """A password of long ago; the emulator is told so on the side, because AWS has no API for that."""
    console_user(aws)
    made = (datetime.now(UTC) - timedelta(days=400)).isoformat(timespec="seconds")
    past = {"ana": {"created": made, "password_changed": made, "keys": []}}
    Emulated(aws.client("iam").meta.endpoint_url).remember({"account": ACCOUNT, "root": None, "users": past})


BROKEN: Mapping[str, Callable[[boto3.Session], None]] = {MFA.id: console_user, UNUSED.id: forgotten_password}
