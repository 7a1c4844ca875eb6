"""Help: every command and option says what it does; what is mistyped is answered with the nearest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from bot.cli import app
from bot.cli.exits import MEANINGS
from tests.cli.conftest import AwsSec


def commands() -> Iterator[tuple[str, ...]]:
    """The words of every command, found by walking from the top."""
    pending: list[tuple[tuple[str, ...], Any]] = [((), typer.main.get_command(app))]
    while pending:
        words, command = pending.pop()
        yield words
        pending += [((*words, name), sub) for name, sub in getattr(command, "commands", {}).items()]


COMMANDS = sorted(commands())


def test_the_commands_are_those_people_know() -> None:
    assert {" ".join(words) for words in COMMANDS} == {
        "", "scan", "status", "checks", "explain", "findings", "export", "compliance", "digest", "permissions", "run", "demo", "doctor",
        "audit", "audit verify", "audit rotate", "audit ship", "audit export",
    }  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words) or "aws-sec")
def test_every_command_says_what_it_does_and_what_each_option_is_for(words: tuple[str, ...], aws_sec: AwsSec) -> None:
    ran = aws_sec(*words, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: {' '.join(('aws-sec', *words))} ")
    command: Any = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    assert command.help
    assert command.help.rstrip().endswith(".") or words == ("scan",)
    for parameter in command.params:
        assert getattr(parameter, "hidden", False) or parameter.help, f"{parameter.name} says nothing"


def test_without_a_command_it_prints_its_help(aws_sec: AwsSec) -> None:
    assert aws_sec() == aws_sec("--help")


def test_help_lists_the_exit_codes_a_script_cares_about(aws_sec: AwsSec) -> None:
    printed = " ".join(aws_sec("--help").out.split())
    for code in sorted(MEANINGS)[1:5]:
        assert f", {code} " in printed


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        (("statsu",), "status"),
        (("scan", "--practice", "mfaa"), "mfa"),
        (("findings", "--practice", "encrypt"), "encryption"),
        (("scan", "--check", "s3.bucket_block_public_access"), "s3.bucket_blocks_public_access"),
        (("scan", "--check", "s3.blocks_public_access"), "s3.bucket_blocks_public_access"),
        (("findings", "--check", "S3.Bucket_Blocks_Public_Access"), "s3.bucket_blocks_public_access"),
    ],
)
def test_a_mistyped_name_is_answered_with_the_nearest(mistyped: tuple[str, ...], meant: str, aws_sec: AwsSec) -> None:
    ran = aws_sec(*mistyped)
    assert ran.code == 2
    assert f"id you mean {meant}?" in ran.sentence.replace("'", "")


@pytest.mark.parametrize(
    "wrong",
    [
        ("nothing-like-it",),
        ("scan", "--format", "xml"),
        ("scan", "too", "many"),
        ("scan", "--no-such-option"),
        ("scan", "--check", "qqqq"),
        ("findings", "--limit", "0"),
        ("findings", "--severity", "terrible"),
        ("permissions",),
        ("permissions", "everything"),
        ("demo", "--port", "70000"),
        ("audit", "--last", "0"),
        ("audit", "nothing"),
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_one_sentence_and_2(wrong: tuple[str, ...], aws_sec: AwsSec) -> None:
    ran = aws_sec(*wrong)
    assert (ran.code, ran.out) == (2, "")
    assert ran.sentence


def test_help_does_not_wait_for_boto3(aws_sec_process: AwsSec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    ran = aws_sec_process("--help")
    assert ran.code == 0
    imported = {line.rpartition("|")[2].strip() for line in ran.err.splitlines()}
    assert "typer" in imported
    assert not imported & {"boto3", "botocore", "slack_sdk", "sqlite_utils", "pydantic"}
