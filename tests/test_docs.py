"""The user guide is true: its lists are the code's, its links lead somewhere, its examples run."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import checks
from bot import recording, settings
from bot.blocks.help import COMMANDS
from bot.cli import main
from bot.cli.policies import documents
from bot.settings import Settings, variable
from docs.gallery import heading
from docs.generate import cell, command_helps, pages
from docs.pictures import FOLDER as PICTURES
from docs.pictures import hash_of, shown_by
from tests.blocks.examples import ORDINARY, all_of

ROOT = Path(__file__).parents[1]
CHECKS, FIXES = checks.load()
TEXTS = {
    # what is done by hand is held to AWS's models and schemas by tests/test_guides.py
    path.relative_to(ROOT).as_posix(): re.sub(r"<details>.*?</details>", "", path.read_text(), flags=re.DOTALL)
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
}
GENERATED = pages()
HOSTS = {
    "api.slack.com", "console.aws.amazon.com", "docs.aws.amazon.com", "docs.slack.dev", "keepachangelog.com",
    "slack.com",
}  # fmt: skip
PLACES = ("/srv/aws-sec", "/etc/systemd/system/", "/slack/events")
READS_DATA = {
    "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "ec2:GetConsoleOutput", "ec2:GetPasswordData",
    "ec2:DescribeInstanceAttribute", "kms:Decrypt", "lambda:GetFunction", "logs:FilterLogEvents", "logs:GetLogEvents",
    "s3:GetObject", "secretsmanager:GetSecretValue", "sqs:ReceiveMessage", "ssm:GetParameter", "ssm:GetParameters",
    "ssm:GetParametersByPath", "ssm:GetParameterHistory",
}  # fmt: skip

every_page = pytest.mark.parametrize("page", TEXTS)


def blocks(language: str) -> list[Any]:
    """Every fenced block of a language, each with the page it is on."""
    fence = re.compile(rf"^( *)```{language}\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
    return [pytest.param(found[2], id=page) for page, text in TEXTS.items() for found in fence.finditer(text)]


def inline(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


# --- what is generated ---------------------------------------------------------------


@pytest.mark.parametrize("name", GENERATED)
def test_generated_pages_are_as_the_code_is(name: str) -> None:
    path = ROOT / "docs" / name
    assert path.exists(), "run make docs"
    assert path.read_text() == GENERATED[name], "run make docs"


def test_every_check_and_fix_is_documented() -> None:
    for check in CHECKS.values():
        page = f"checks/{check.practice.key}.md"
        assert f"({page}#{check.id})" in GENERATED["checks.md"]
        assert f'<a id="{check.id}"></a>' in GENERATED[page]
        assert check.page in GENERATED[page]
    for check_id, fix in FIXES.items():
        page = f"checks/{fix.repairs.practice.key}.md"
        assert f"({page}#{check_id})" in GENERATED["fixes.md"]
        assert f"(fixes.md#{check_id})" in GENERATED["checks.md"]
        assert f"(../fixes.md#{check_id})" in GENERATED[page]


def test_every_setting_is_documented_and_says_what_it_is() -> None:
    for name, field in Settings.model_fields.items():
        assert f"| `{variable(name)}` | `{name}` |" in GENERATED["settings.md"]
        assert field.description


def test_every_command_is_documented() -> None:
    for name, _ in command_helps():
        assert f"\n## {name}\n" in GENERATED["commands.md"]
    for words in COMMANDS:
        assert f"| {cell(f'`/aws-sec {words}`')} |" in GENERATED["commands.md"]


def test_every_message_is_shown_and_nothing_of_slack_s_markup_is_left() -> None:
    page = GENERATED["messages.md"]
    for name, _ in all_of(ORDINARY):
        assert f"\n## {heading(name)}\n" in page
    bare = re.sub(r"```.*?```|`[^`\n]*`", "", page, flags=re.DOTALL)
    assert re.findall(r"<(?!/?(?:kbd|sub|details|summary)>|!-- )[^>]*>", bare) == []


def test_every_message_has_its_picture_as_it_is_now() -> None:
    """`make pictures` takes those that are out of date."""
    shown = {picture.stem: shown_by(picture) for picture in PICTURES.glob("*.png")}
    assert shown == {name: hash_of(payload) for name, payload in all_of(ORDINARY)}


# --- the policies --------------------------------------------------------------------


@pytest.mark.parametrize("fixes", [False, True], ids=["scan", "fix"])
def test_the_page_names_every_policy_and_its_commands_attach_them(fixes: bool) -> None:
    whose, page = ("fix", "scan")[not fixes], TEXTS["docs/permissions.md"]
    known = [f"{whose}-{number}.json" for number, _ in enumerate(documents(fixes=fixes), 1)]
    assert re.findall(rf"\]\(permissions/({whose}-\d\.json)\)", page) == known
    attached = known[:-1] if fixes else known  # the last of fixes gives access: its section says when to attach it
    (parts,) = re.findall(rf"for part in ([\d ]+); do\n +aws-sec permissions {whose} ", page)
    assert [f"{whose}-{part}.json" for part in parts.split()] == attached
    assert not fixes or f"The last policy, `{known[-1]}`," in page


def test_scans_may_not_read_what_people_store() -> None:
    allowed = {action for one in documents(fixes=False) for statement in one["Statement"]
               for action in statement["Action"]}  # fmt: skip
    assert not allowed & READS_DATA
    assert not [action for action in allowed if "*" in action]


# --- what is written by hand ---------------------------------------------------------


@every_page
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]):
        if target.startswith("https://"):
            assert target.split("/")[2] in HOSTS
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / page).parent / path if path else ROOT / page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text()), target


def anchors(text: str) -> set[str]:
    """What a link may point at: marks, and headings as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    return named | set(re.findall(r'<a id="([^"]+)">', text))


@every_page
def test_variables_exist(page: str) -> None:
    known = {variable(name) for name in Settings.model_fields}
    assert {*re.findall(r"\b(?:AWS_SEC|SLACK)_[A-Z_]*[A-Z]\b", TEXTS[page])} <= known


MISTYPED = {ORDINARY.text.split()[0]}
"""What the gallery's answer to a typo is about."""


@every_page
def test_commands_that_are_named_exist(page: str) -> None:
    known = {name.removeprefix("aws-sec ") for name, _ in command_helps()}
    slack = {usage.split()[0] for usage in COMMANDS}
    targets = {*re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)}
    for code in inline(TEXTS[page]):
        words = code.removeprefix(".venv/bin/").split()
        if words[0] == "aws-sec" and len(words) > 1:
            assert words[1] in known or words[1].startswith("-"), code
        elif words[0] == "/aws-sec" and len(words) > 1:
            assert words[1] in slack | MISTYPED, code
        elif words[0] == "make" and len(words) > 1:
            assert words[1] in targets, code


@pytest.mark.parametrize("block", blocks("sh"))
def test_shell_lines_are_understood(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    for line in block.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0].removeprefix(".venv/bin/") == "aws-sec":
            arguments = [*words[1 : words.index(">") if ">" in words else None], "--help"]
            assert main(arguments) == 0, capsys.readouterr().err


@pytest.mark.parametrize("block", blocks("console"))
def test_console_examples_print_what_they_show(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    for example in block.split("$ aws-sec ")[1:]:
        command, *shown = example.splitlines()
        assert main(shlex.split(command)) == 0
        printed = capsys.readouterr().out
        for line in shown:
            assert line.strip() in printed


def test_the_settings_of_the_readme_are_enough_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (first, second), (secrets,) = (
        [block.values[0] for block in blocks(language) if block.id == "README.md"] for language in ("toml", "dotenv")
    )
    (tmp_path / settings.FILE).write_text(first)
    for line in secrets.split():
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value)
    settings.needed_to_run(settings.load())
    (tmp_path / settings.FILE).write_text(first + second)
    assert settings.load().fix_mode is settings.FixMode.ON


@pytest.mark.parametrize("block", blocks("toml"))
def test_settings_in_the_text_are_accepted(block: str, tmp_path: Path) -> None:
    (tmp_path / settings.FILE).write_text(block)
    assert recording.select(settings.load())


@pytest.mark.parametrize("block", blocks("json"))
def test_policies_in_the_text_are_policies(block: str) -> None:
    policy = json.loads(block)
    assert policy["Version"] == "2012-10-17"
    assert all(statement["Effect"] == "Allow" for statement in policy["Statement"])


def test_troubleshooting_names_what_the_code_says() -> None:
    said = "\n".join(sources())
    section = TEXTS["docs/operating.md"].partition("## Troubleshooting")[2]
    for row in re.findall(r"^\| (.+?) \|", section, re.MULTILINE)[2:]:
        for piece in (piece.strip() for code in inline(row) for piece in code.split("...")):
            assert piece.startswith("/") or piece in said or piece in GENERATED["settings.md"], piece


def sources() -> Iterator[str]:
    """Every text in the code, the variable parts of a text left out."""
    for path in [*ROOT.glob("bot/**/*.py"), *ROOT.glob("handlers/*.py"), *ROOT.glob("checks/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_pages_that_the_code_names_exist() -> None:
    for name in {found for text in sources() for found in re.findall(r"docs/[\w/.-]+\.\w+", text)}:
        assert (ROOT / name).exists(), name


@every_page
def test_no_page_names_another_place(page: str) -> None:
    assert {*re.findall(r"https?://([\w.-]+)", TEXTS[page])} <= HOSTS
    for path in re.findall(r"(?<![\w:/.>`*-])/[a-z]+(?:/[\w.-]+)+", TEXTS[page]):
        assert path.startswith(PLACES), path
