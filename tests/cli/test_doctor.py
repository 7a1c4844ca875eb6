"""`aws-sec doctor`: tries everything, changes nothing, and says what to do about what fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.store import open_store
from tests.aws_answers import answer_instead, error
from tests.cli.conftest import DATABASE, AwsSec


def test_all_is_well_for_who_uses_the_terminal_alone(scanned: Path, aws_sec: AwsSec) -> None:
    ran = aws_sec("doctor")
    words = " ".join(ran.out.split())
    assert "✓ ok AWS account 123456789012, with the environment's credentials" in words
    assert "✓ ok database aws-sec.sqlite can be read and written" in words
    assert "- not tried Slack settings set SLACK_BOT_TOKEN, " in words
    assert "✗ bad Slack" not in words
    assert ran.err == ""


def test_it_makes_no_database(northwind: str, aws_sec: AwsSec, tmp_path: Path) -> None:
    ran = aws_sec("doctor")
    assert "aws-sec.sqlite is made by the first scan" in ran.out
    assert ran.out.endswith("\nAll that was tried works.\n")
    assert ran.code == 0
    assert not (tmp_path / DATABASE).exists()


def test_a_scan_of_everything_that_is_still_to_come(northwind: str, aws_sec: AwsSec, tmp_path: Path) -> None:
    open_store(tmp_path / DATABASE).close()
    assert "no complete one yet" in aws_sec("doctor").out


def test_a_broken_setting_ends_the_examination(aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SEC_SCAN_HOURS", "0")
    ran = aws_sec("doctor")
    assert ran.code == 3
    assert "AWS_SEC_SCAN_HOURS: Input should be greater than or equal to 1" in ran.out
    assert ran.out.endswith("\n1 to mend.\n")


def test_what_the_last_scan_could_not_read_is_bad_and_how_to_grant_it(
    northwind: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SEC_REGIONS", '["eu-west-1"]')
    with monkeypatch.context() as denied:
        answer_instead(denied, "s3", "ListBuckets", 403, error("AccessDenied"))
        aws_sec("scan")
    ran = aws_sec("doctor")
    assert ran.code == 3
    assert "grant s3:ListAllMyBuckets" in ran.out
    assert "`aws-sec permissions scan` prints the policies that are needed" in " ".join(ran.out.split())


def test_a_region_that_is_off(northwind: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SEC_REGIONS", '["eu-west-1", "me-south-1"]')
    ran = aws_sec("doctor")
    assert (ran.code, "not enabled: me-south-1" in ran.out) == (3, True)


def test_the_write_role_is_tried_with_a_session_that_may_do_nothing(
    northwind: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SEC_FIX_MODE", "on")
    monkeypatch.setenv("AWS_SEC_FIX_ROLE_ARN", "arn:aws:iam::123456789012:role/aws-sec-fix")
    assert "aws-sec-fix can be assumed" in aws_sec("doctor").out
    answer_instead(monkeypatch, "sts", "AssumeRole", 403, error("AccessDenied"))
    ran = aws_sec("doctor")
    assert ran.code == 3
    assert "its trust policy must allow sts:AssumeRole and sts:SetSourceIdentity" in " ".join(ran.out.split())


def test_tags_that_cannot_be_read_refuse_every_fix(
    northwind: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SEC_PROTECTED_TAGS", '["do-not-touch"]')
    assert "tags can be read" in aws_sec("doctor").out
    answer_instead(
        monkeypatch, "resource-groups-tagging-api", "GetResources", 400, b'{"__type": "AccessDeniedException"}'
    )
    assert "without tag:GetResources every fix is refused" in " ".join(aws_sec("doctor").out.split())


def test_half_of_the_slack_settings_is_bad(northwind: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SEC_CHANNEL", "C012AB3CD")
    ran = aws_sec("doctor")
    words = " ".join(ran.out.split())
    assert ran.code == 3
    assert "✗ bad Slack settings set SLACK_BOT_TOKEN, AWS_SEC_APPROVALS_CHANNEL" in words


def test_a_slack_that_cannot_be_reached_is_said_without_the_token(
    northwind: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:1/api/")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-not-to-be-seen")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-not-to-be-seen")
    ran = aws_sec("doctor")
    assert ran.code == 3
    assert "Slack could not be reached" in ran.out
    assert "not-to-be-seen" not in ran.out + ran.err
