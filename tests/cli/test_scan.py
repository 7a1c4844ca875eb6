"""`aws-sec scan`: what it prints for people and for programs, and what it says of what it could not read."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import checks
from bot.cli.output import console, plain
from checks.kit import Practice, Severity
from tests.aws_answers import answer_instead, error
from tests.cli.conftest import DATABASE, EXECUTABLE, AwsSec
from tests.endpoints import counted, endpoint

CHECK = "s3.bucket_blocks_public_access"
KNOWN = checks.load()[0]
OBJECT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["check", "practice", "severity", "status", "account", "region", "resource", "text"],
    "properties": {
        "check": {"enum": list(KNOWN)},
        "practice": {"enum": [practice.key for practice in Practice]},
        "severity": {"enum": [severity.word for severity in Severity]},
        "status": {"enum": ["pass", "fail", "unknown", "not_applicable"]},
        "account": {"const": "123456789012"},
        "region": {"enum": ["eu-west-1", "us-east-1"]},
        "resource": {"type": "string", "pattern": "^(arn:aws:.*)?$"},
        "text": {"type": "string", "minLength": 1},
    },
}


def scan_json(aws_sec: AwsSec, *arguments: str) -> list[dict[str, Any]]:
    ran = aws_sec("scan", "--no-store", "--format", "json", *arguments)
    assert (ran.code, ran.err) == (0, "")
    found: list[dict[str, Any]] = json.loads(ran.out)
    return found


def test_json_is_one_array_of_one_object_for_each_check_and_resource(northwind: str, aws_sec: AwsSec) -> None:
    found = scan_json(aws_sec, "--region", "eu-west-1")
    jsonschema.validate(found, {"type": "array", "minItems": 10, "items": OBJECT})
    assert len({(o["check"], o["region"], o["resource"]) for o in found}) == len(found)
    failed = [o for o in found if o["check"] == CHECK and o["status"] == "fail"]
    assert len(failed) == 4
    exports = next(o for o in failed if o["resource"] == "arn:aws:s3:::northwind-traders-exports")
    assert exports["text"].startswith("northwind-traders-exports leaves BlockPublicAcls")
    for one in found:
        assert one["practice"] == KNOWN[one["check"]].practice.key
        assert one["severity"] == KNOWN[one["check"]].severity.word
        assert one["resource"] or one["status"] in ("unknown", "not_applicable")


def test_only_the_checks_practices_and_regions_that_are_asked_for(northwind: str, aws_sec: AwsSec) -> None:
    assert {o["check"] for o in scan_json(aws_sec, "--check", CHECK)} == {CHECK}
    mine = scan_json(aws_sec, "--practice", "least_privilege", "--region", "us-east-1")
    assert {o["practice"] for o in mine} == {"least_privilege"}
    assert {o["region"] for o in mine} == {"us-east-1"}


def test_a_region_named_twice_is_read_once(northwind: str, aws_sec: AwsSec) -> None:
    once = scan_json(aws_sec, "--region", "eu-west-1", "--practice", "network")
    assert len(scan_json(aws_sec, *["--region", "eu-west-1"] * 2, "--practice", "network")) == len(once)


def test_the_table_lists_what_fails_and_counts_the_rest(northwind: str, aws_sec: AwsSec) -> None:
    ran = aws_sec("scan", "--check", CHECK, "--region", "eu-west-1", "--no-store")
    assert (ran.code, ran.err) == (0, "")
    heading, *lines = ran.out.splitlines()
    assert heading == f"high  {CHECK}"
    assert sum("northwind-traders-" in line for line in lines) == 4
    assert "Account 123456789012, 1 check in 1 region: 7 pass, 4 fail, 0 unknown, 0 not applicable" in ran.out
    assert ran.out.endswith(f"Next: aws-sec explain {CHECK}\n")


@pytest.mark.parametrize("columns", [40, 80, 140])
def test_nothing_is_cut_off_in_a_narrow_terminal(
    northwind: str, aws_sec: AwsSec, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    ran = aws_sec("scan", "--region", "eu-west-1", "--practice", "least_privilege", "--practice", "network")
    printed = re.sub(r"\s", "", ran.out)
    assert all(len(line) <= columns for line in ran.out.splitlines())
    assert "…" not in printed
    assert CHECK in printed
    assert "RestrictPublicBuckets" in printed


def test_a_name_of_a_resource_is_printed_and_never_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    console().print(plain("[bold]x[/] :smile: \x1b[31mred\x07"))
    assert capsys.readouterr().out == "[bold]x[/] :smile: \N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}\n"


def test_it_is_stored_unless_told_otherwise(northwind: str, aws_sec: AwsSec, tmp_path: Path) -> None:
    aws_sec("scan", "--check", CHECK, "--no-store")
    assert not (tmp_path / DATABASE).exists()
    aws_sec("scan", "--check", CHECK)
    assert "4 findings" in aws_sec("findings").out


def test_exit_code_3_when_something_fails_and_it_is_asked_for(northwind: str, aws_sec: AwsSec) -> None:
    assert aws_sec("scan", "--exit-code", "--check", CHECK).code == 3
    assert aws_sec("scan", "--check", CHECK).code == 0


def test_exit_code_0_when_all_is_well(moto_url: str, aws_sec: AwsSec) -> None:
    ran = aws_sec("scan", "--exit-code", "--check", CHECK)
    assert ran.code == 0
    assert "0 pass, 0 fail, 0 unknown" in ran.out
    assert scan_json(aws_sec, "--check", CHECK) == []


def test_a_denied_call_is_unknown_and_names_the_action_to_grant(
    northwind: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_instead(monkeypatch, "s3", "ListBuckets", 403, error("AccessDenied"))
    ran = aws_sec("scan", "--check", CHECK)
    assert ran.code == 0
    assert "Could not be read, so neither pass nor fail:" in ran.out
    assert "s3:ListBuckets was denied in us-east-1: grant s3:ListAllMyBuckets" in ran.out
    assert "0 pass, 0 fail, 1 unknown" in ran.out
    assert aws_sec("scan", "--check", CHECK, "--exit-code").code == 4
    (only,) = scan_json(aws_sec, "--check", CHECK)
    assert (only["status"], only["resource"]) == ("unknown", "")
    assert "grant s3:ListAllMyBuckets" in only["text"]
    assert "grant s3:ListAllMyBuckets" in aws_sec("status").out


def test_a_denied_read_of_one_resource_is_unknown_for_that_resource(
    northwind: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_instead(monkeypatch, "s3", "GetPublicAccessBlock", 403, error("AccessDenied"))
    ran = aws_sec("scan", "--check", CHECK)
    assert "grant s3:GetBucketPublicAccessBlock  (11 times)" in ran.out
    found = scan_json(aws_sec, "--check", CHECK)
    assert {o["status"] for o in found} == {"unknown"}
    assert all(o["resource"].startswith("arn:aws:s3:::northwind-") for o in found)


def test_a_region_that_is_off_is_left_out_and_said(northwind: str, aws_sec: AwsSec) -> None:
    ran = aws_sec("scan", "--check", CHECK, "--region", "eu-west-1", "--region", "me-south-1")
    assert (ran.code, ran.err) == (0, "Note: not enabled: me-south-1\n")


def test_regions_that_cannot_be_listed_can_be_named(
    northwind: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_instead(monkeypatch, "ec2", "DescribeRegions", 403, error("UnauthorizedOperation"))
    ran = aws_sec("scan", "--check", CHECK)
    assert (ran.code, ran.out) == (1, "")
    assert "grant ec2:DescribeRegions; or name the regions in AWS_SEC_REGIONS" in ran.sentence
    assert "4 fail" in aws_sec("scan", "--check", CHECK, "--region", "eu-west-1").out


def test_a_terminal_shows_progress_and_is_left_clean(northwind: str) -> None:
    code, shown = in_terminal("scan", "--check", CHECK, "--region", "eu-west-1")
    assert code == 0
    assert "0/1" in shown or "1/1" in shown
    assert "\x1b[?25h" in shown, "the cursor is back"
    assert "4 fail" in shown


def test_a_pipe_gets_no_progress_and_no_colour(northwind: str, aws_sec_process: AwsSec) -> None:
    ran = aws_sec_process("scan", "--check", CHECK, "--region", "eu-west-1")
    assert (ran.code, ran.err) == (0, "")
    assert "\x1b" not in ran.out
    assert "4 fail" in ran.out


def in_terminal(*arguments: str) -> tuple[int, str]:
    """Runs the executable with both streams on a terminal of its own; the exit code and all that was shown."""
    terminal, side = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen([EXECUTABLE, *arguments], stdin=side, stdout=side, stderr=side, env=environment)
    os.close(side)
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:  # Linux's way to say that the other side is closed
        pass
    os.close(terminal)
    return process.wait(20), shown.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ("scan", "--no-store", "--region", "eu-west-1"),
        ("scan", "--no-store", "--format", "json", "--region", "eu-west-1"),
        ("checks",),
        ("checks", "--format", "json"),
        ("--help",),
    ],
    ids=" ".join,
)
def test_a_reader_that_stops_reading_is_no_error_to_speak_of(arguments: tuple[str, ...], northwind: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run([EXECUTABLE, *arguments], stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.fixture
def slow(northwind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The demo's account, a fifth of a second away."""
    with endpoint(northwind, tmp_path, latency=200) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield url


@pytest.mark.parametrize("how", ["table", "json"])
def test_ctrl_c_is_one_sentence_130_and_soon(how: str, slow: str, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [EXECUTABLE, "scan", "--format", how, "--region", "eu-west-1", "--region", "us-east-1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while counted(slow)["calls"] < 6:  # it is in the middle of reading
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "aws-sec: stopped by Ctrl-C\n")
    assert time.monotonic() - asked < 15, "what is on its way is waited for, nothing else is begun"
    if how == "json":
        with pytest.raises(json.JSONDecodeError):
            json.loads(out or "[")
    else:
        assert out == ""
    database = sqlite3.connect(tmp_path / DATABASE)
    assert database.execute("SELECT state FROM scans").fetchall() == [("interrupted",)]
    database.close()


def test_events_tell_the_bot_how_far_it_is_and_how_it_ended(northwind: str, aws_sec_process: AwsSec) -> None:
    ran = aws_sec_process("scan", "--events", "--check", CHECK, "--requested-by", "T1/U1")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert lines[0] == {"progress": {"done": 0, "total": 1, "reading": "", "failed": 0}}
    assert lines[-2] == {"progress": {"done": 1, "total": 1, "reading": "s3:ListBuckets in us-east-1", "failed": 4}}
    assert lines[-1] == {"result": {"ok": True, "account": "123456789012", "note": ""}}


def test_events_say_why_a_scan_did_not_begin(aws_sec_process: AwsSec) -> None:
    ran = aws_sec_process("scan", "--events")
    (line,) = ran.out.splitlines()
    assert ran.code == 1
    assert "no AWS credentials were found" in json.loads(line)["result"]["note"]


def test_one_denial_in_many_regions_is_told_once(
    northwind: str, aws_sec: AwsSec, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_instead(monkeypatch, "ec2", "DescribeSecurityGroupRules", 403, error("UnauthorizedOperation"))
    only = ("--check", "ec2_security_groups.rule_does_not_open_every_port")
    two = aws_sec("scan", *only, "--region", "us-east-1", "--region", "eu-west-1").out
    denied = "ec2:DescribeSecurityGroupRules was denied in {}: grant ec2:DescribeSecurityGroupRules"
    assert denied.format("eu-west-1, us-east-1") + "  (2 times)" in two
    assert denied.format("20 regions") + "  (20 times)" in aws_sec("scan", *only).out
    assert denied.format("20 regions") in aws_sec("status").out
