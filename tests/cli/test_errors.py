"""Whatever goes wrong, a person reads one sentence that says what to do, on stderr, and never a stack trace."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.aws_answers import answer_instead, error
from tests.cli.conftest import EXECUTABLE, AwsSec

CHECK = "s3.bucket_blocks_public_access"


def test_no_credentials(aws_sec: AwsSec) -> None:
    ran = aws_sec("scan")
    assert (ran.code, ran.out) == (1, "")
    assert ran.sentence == ("no AWS credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or run with a role")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredToken", "the AWS credentials have expired (sts:GetCallerIdentity in eu-west-1): renew them"),
        ("InvalidClientTokenId", "(InvalidClientTokenId): wrong credentials, or the region is not enabled"),
        ("AccessDenied", "sts:GetCallerIdentity was denied in eu-west-1: grant sts:GetCallerIdentity"),
    ],
)
def test_credentials_that_aws_refuses(
    code: str, words: str, northwind: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_instead(monkeypatch, "sts", "GetCallerIdentity", 403, error(code))
    ran = aws_sec("scan", "--check", CHECK)
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.sentence


def test_a_role_that_may_not_be_assumed(northwind: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SEC_ROLE_ARN", "arn:aws:iam::123456789012:role/aws-sec")
    answer_instead(monkeypatch, "sts", "AssumeRole", 403, error("AccessDenied"))
    assert aws_sec("scan").sentence == "sts:AssumeRole was denied in eu-west-1: grant sts:AssumeRole"


@pytest.mark.parametrize("region", ["mars-1", "me-south-1", "eu-west"])
def test_a_region_that_is_not_there_or_off(region: str, northwind: str, aws_sec: AwsSec) -> None:
    ran = aws_sec("scan", "--region", region)
    assert (ran.code, ran.out) == (1, "")
    assert ran.sentence.startswith(f"not enabled for account 123456789012: {region}; enabled: af-south-1, ")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("AWS_PROFILE", "nobody", "AWS cannot be used: The config profile (nobody) could not be found"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1", "sts:GetCallerIdentity got no answer in eu-west-1"),
        ("AWS_ENDPOINT_URL", "nonsense", "Invalid endpoint: nonsense"),
        ("AWS_DEFAULT_REGION", "no region", "Provided region_name 'no region' doesn't match a supported format"),
    ],
)
def test_an_environment_that_boto3_cannot_use(
    name: str, value: str, words: str, northwind: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    ran = aws_sec("scan", "--check", CHECK)
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.sentence
    assert words in " ".join(aws_sec("doctor").out.split())


@pytest.mark.parametrize("command", [("scan",), ("status",), ("findings",), ("digest",), ("audit",), ("run",)], ids=str)
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("AWS_SEC_TIMEZONE", "Mars/Olympus", "AWS_SEC_TIMEZONE: must be a time zone; use a name such as Europe/London"),
        ("AWS_SEC_APPROVERS", "U012AB3CD", "AWS_SEC_APPROVERS must be JSON"),
        ("AWS_SEC_PROTECTED_TAG", "x", "AWS_SEC_PROTECTED_TAG is not a setting: did you mean AWS_SEC_PROTECTED_TAGS?"),
    ],
)
def test_a_wrong_setting_is_2_and_named(
    command: tuple[str, ...], name: str, value: str, words: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    ran = aws_sec(*command)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.sentence


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "AWS_SEC_SKIP_CHECKS",
            '["s3.bucket_blocks_public_acess"]',
            f"AWS_SEC_SKIP_CHECKS: there is no 's3.bucket_blocks_public_acess': did you mean {CHECK}?",
        ),
        ("AWS_SEC_THRESHOLDS", '{"qqqq": {}}', "there is no 'qqqq': `aws-sec checks` lists what there is"),
        ("AWS_SEC_THRESHOLDS", f'{{"{CHECK}": {{"days": 3}}}}', f"AWS_SEC_THRESHOLDS[{CHECK}]: there is no 'days'"),
    ],
)
def test_a_setting_about_a_check_that_does_not_exist(
    name: str, value: str, words: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    ran = aws_sec("scan")
    assert ran.code == 2
    assert words in ran.sentence


def test_when_every_check_is_left_out(aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SEC_SKIP_CHECKS", f'["{CHECK}"]')
    ran = aws_sec("scan", "--check", CHECK)
    assert ran.code == 2
    assert ran.sentence.startswith("no check is left to run")


def test_an_unknown_key_in_the_file(aws_sec: AwsSec, tmp_path: Path) -> None:
    (tmp_path / "aws-sec.toml").write_text('aprovers = ["U012AB3CD"]\n')
    ran = aws_sec("status")
    assert ran.code == 2
    assert ran.sentence == "aprovers in aws-sec.toml is not a setting: did you mean approvers?"


def test_the_bot_without_settings_says_what_to_set(aws_sec: AwsSec) -> None:
    ran = aws_sec("run")
    assert (ran.code, ran.out) == (2, "")
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "AWS_SEC_CHANNEL", "AWS_SEC_APPROVALS_CHANNEL"):
        assert name in ran.sentence


def test_the_trace_is_there_for_who_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "aws-sec.toml").write_text("no toml")
    ended = subprocess.run([EXECUTABLE, "--verbose", "status"], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 2
    assert "Traceback" in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("aws-sec: aws-sec.toml is not valid TOML")


def test_the_installed_command_is_the_same(aws_sec_process: AwsSec) -> None:
    ran = aws_sec_process("explain", "s3.bucket_block_public_access")
    assert (ran.code, ran.out) == (1, "")
    assert ran.sentence == f"there is no check 's3.bucket_block_public_access': did you mean {CHECK}?"
