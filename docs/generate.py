"""Writes the pages that are lists: what they list is read from the code. `make docs`."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import time
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer
import typer.main
from annotated_types import Ge, Le
from pydantic import SecretStr, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

import checks as catalogue
from bot.blocks.help import COMMANDS
from bot.cli import app
from bot.cli.catalogue import in_order
from bot.cli.exits import MEANINGS
from bot.cli.policies import documents
from bot.cli.roles import template
from bot.permissions import action
from bot.setting_types import DigestTable
from bot.settings import FILE, Freeze, Settings, variable
from bot.words import controls
from checks.inputs import INPUTS
from checks.kit import AnyCheck, Fix, Practice, Severity
from docs.gallery import heading, one_example
from tests.blocks.examples import ORDINARY, all_of

FOLDER = Path(__file__).parent
CHECKS, FIXES = catalogue.load()
EXAMPLE = """\
[thresholds."iam_keys.unused_access_key_is_inactive"]
days = 90

[fix_inputs]
security_contact_email = "security@example.com"

[fix_inputs.trail_log_group]
eu-west-1 = "trails"
us-east-1 = "all-trails"

[[freezes]]
from = 2026-12-19T00:00:00Z
until = 2027-01-04T06:00:00Z
reason = "the shop's busiest weeks"
"""
NOTE = "<!-- Written by `make docs` from the code. Do not edit. -->\n"


def pages() -> dict[str, str]:
    """Every generated file, by its path below docs/."""
    return {
        "checks.md": checks_page(),
        **{f"checks/{practice.key}.md": practice_page(practice, group) for practice, group in by_practice()},
        "fixes.md": fixes_page(),
        "settings.md": settings_page(),
        "commands.md": commands_page(),
        "messages.md": messages_page(),
        **policy_pages(),
    }


def policy_pages() -> dict[str, str]:
    reads, writes = documents(fixes=False), documents(fixes=True)
    return {
        **{f"permissions/scan-{number}.json": as_json(one) for number, one in enumerate(reads, 1)},
        **{f"permissions/fix-{number}.json": as_json(one) for number, one in enumerate(writes, 1)},
        "permissions/roles.json": as_json(template(reads, writes)),
    }


def main() -> None:
    """Write what differs, and say so."""
    for name, text in pages().items():
        path = FOLDER / name
        path.parent.mkdir(exist_ok=True)
        if path.exists() and path.read_text() == text:
            print(f"docs/{name} is as it should be")  # noqa: T201
            continue
        path.write_text(text)
        print(f"wrote docs/{name}")  # noqa: T201


# --- checks and fixes ----------------------------------------------------------------


def checks_page() -> str:
    severities = table(["Severity", "Given when"], [[one.word, one.rule] for one in reversed(Severity)])
    head = (
        f"{NOTE}\n# Checks\n\nThere are {len(CHECKS)}. `aws-sec explain CHECK` prints the same in the terminal,"
        " `/aws-sec explain CHECK` in Slack.\nA threshold is changed with [`AWS_SEC_THRESHOLDS`](settings.md), a check"
        f" is left out with `AWS_SEC_SKIP_CHECKS`.\n\n{severities}"
    )
    parts = [head]
    for practice, group in by_practice():
        rows = [[f"[`{check.id}`]({page_of(check)})", plain(check.title), check.severity.word,
                 f"[yes](fixes.md#{check.id})" if check.id in FIXES else ""] for check in group]  # fmt: skip
        parts.append(f'<a id="{practice.key}"></a>\n\n## {practice.value} (`{practice.key}`)\n')
        parts.append(table(["Check", "Claim", "Severity", "Fix"], rows))
    return "\n".join(parts)


def practice_page(practice: Practice, group: Iterable[AnyCheck]) -> str:
    head = f"{NOTE}\n# {practice.value}\n\nOne of twelve practices: [all checks](../checks.md).\n"
    return "\n".join([head, *map(one_check, group)])


def by_practice() -> list[tuple[Practice, list[AnyCheck]]]:
    return [(practice, [*group]) for practice, group in groupby(in_order(CHECKS), key=lambda check: check.practice)]


def page_of(check: AnyCheck) -> str:
    return f"checks/{check.practice.key}.md#{check.id}"


def one_check(check: AnyCheck) -> str:
    fix = f" · [aws-sec can fix it](../fixes.md#{check.id})" if check.id in FIXES else ""
    facts = [f"AWS calls: {codes(check.calls)}"]
    if check.thresholds:
        facts.append("Thresholds: " + codes(f"{name} = {shown(value)}" for name, value in check.thresholds.items()))
    if named := catalogue.references(check.id):
        facts.append(f"Frameworks: {controls(named)}")
    listed = "\n".join(f"- {fact}" for fact in facts)
    return (
        f'<a id="{check.id}"></a>\n\n## `{check.id}`\n\n**{plain(check.title)}.** {check.severity.word}{fix}\n\n'
        f"{plain(check.why)}\n\n{plain(check.how)} [AWS: how]({check.page})\n\n{listed}\n\n{by_hand(check)}"
    )


def by_hand(check: AnyCheck) -> str:
    guide = catalogue.guides()[check.id]
    languages = {"AWS CLI": "text", "CloudFormation": "yaml", "Terraform": "hcl"}
    ways = [f"**Console**: {plain(guide.console)}\n", *([f"**As code**: {plain(guide.only)}\n"] if guide.only else [])]
    if guide.steps:
        ways.insert(0, "**Steps**\n\n" + "\n".join(f"1. {plain(step)}" for step in guide.steps) + "\n")
    ways += [f"**{name}**\n\n```{languages[name]}\n{text}\n```\n" for name, text in guide.code.items()]
    return "<details><summary>By hand</summary>\n\n" + "\n".join(ways) + "\n</details>\n"


def fixes_page() -> str:
    rows = [one_fix(check_id, fix) for check_id, fix in FIXES.items()]
    return (
        f"{NOTE}\n# Fixes\n\nThere are {len(FIXES)}. Each is asked for with `/aws-sec fix NUMBER` or a button, shown"
        " with its exact calls, and approved by\nsomebody else. What stands in between: [security.md](security.md). The"
        " write role: [permissions.md](permissions.md).\n\n"
        + table(["Service", "Check", "What it does", "Risk", "Undo", "IAM actions"], rows)
        + "\nWhat undoing cannot bring back is in the notes of each plan, before anybody asks or approves.\n\n"
        + inputs_section()
    )


def inputs_section() -> str:
    takers = {name: [check_id for check_id, fix in FIXES.items() if name in fix.inputs] for name in INPUTS}
    rows = [
        [f"`{name}`", plain(one.about), f"`{one.example}`", ", ".join(f"[`{id}`](#{id})" for id in takers[name])]
        for name, one in INPUTS.items()
    ]
    return (
        '<a id="inputs"></a>\n\n## Inputs\n\nWhat no read of the account says, fixes are told by'
        f" [`{variable('fix_inputs')}`](settings.md): one value for all regions, or one for each. A\nfix that lacks one"
        " says which, and offers no plan. An example of both is at the end of [settings.md](settings.md).\n\n"
        + table(["Input", "What it is", "For example", "Fixes"], rows)
    )


def one_fix(check_id: str, fix: Fix) -> list[str]:
    service = fix.calls[0].partition(":")[0]
    one_way = re.search(r"undo=(\[\]|\(\))", inspect.getsource(fix.plan))
    undo = "none; the plan's notes say why" if one_way else "yes"
    check = f'<a id="{check_id}"></a>[`{check_id}`]({page_of(FIXES[check_id].repairs)})'
    return [service, check, plain(fix.title), plain(fix.risk.value), undo, codes({*map(action, fix.calls)})]


# --- settings ------------------------------------------------------------------------


def settings_page() -> str:
    rows = [
        [f"`{variable(name)}`", f"`{name}`", default(field), cell(field.description or ""), cell(allowed(field))]
        for name, field in Settings.model_fields.items()
    ]
    return (
        f"{NOTE}\n# Settings\n\nEach is an environment variable, or a key in `{FILE}` in the folder where `aws-sec` is"
        " started; the variable wins.\nA variable that is empty counts as not set. In a variable, lists and tables"
        ' are JSON, as in `AWS_SEC_APPROVERS=["U012AB3CD"]`.\nKeep tokens and keys out of the file: give them as'
        " variables.\n\nA wrong value, an unknown variable that begins with `AWS_SEC_` and an unknown key end the"
        " command before it begins, with\nexit code 2 and the setting's name; what Kubernetes"
        " sets for a Service named aws-sec is let pass. `aws-sec doctor` tries what is set.\n\n"
        + table(["Variable", f"Key in {FILE}", "Default", "What it is", "Allowed"], rows)
        + "\nAWS credentials and the AWS endpoint are not settings of aws-sec: they are found where boto3 looks for"
        " them (`AWS_PROFILE`,\n`AWS_ACCESS_KEY_ID`, an instance's or a task's role, and so on).\n"
        + f"\nWhat is longer than a line, in the file:\n\n```toml\n{EXAMPLE}```\n"
    )


TABLES = {
    Freeze: "list of windows, each with `from`, `until` and `reason`",
    DigestTable: "list of tables, each with `channel`, and `accounts` or `owner`",
}


def default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr) or value in ("", [], {}):
        return "empty"
    if isinstance(value, time):
        return f"`{value:%H:%M}`"
    return f"`{value}`"


def allowed(field: FieldInfo) -> str:
    """What a person may give, in words."""
    kind = field.annotation
    if get_origin(kind) is list:
        (item,) = get_args(kind)
        return TABLES.get(item) or f"list of: {words(item)}"
    if get_origin(kind) is dict:
        return "table of tables"
    if kind is int:
        low = next((m.ge for m in field.metadata if isinstance(m, Ge)), 0)
        high = next((m.le for m in field.metadata if isinstance(m, Le)), None)
        return f"{low} to {high}" if high else f"{low} or more"
    return words(Annotated[kind, *field.metadata] if field.metadata else kind)


def words(kind: Any) -> str:
    """What a value of one type must be: its own words of refusal, where it has any."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(f"`{one.value}`" for one in kind)
    if kind is time:
        return "a time such as 09:00"
    try:
        TypeAdapter(kind).validate_python("=")
    except ValidationError as error:
        return error.errors()[0]["msg"].removeprefix("Value error, must be ").removeprefix("Input should be ")
    return "text"


# --- commands ------------------------------------------------------------------------


def commands_page() -> str:
    helps = "\n".join(f"## {name}\n\n```\n{text.rstrip()}\n```\n" for name, text in command_helps())
    exits = table(["Code", "Meaning"], [[code, cell(meaning)] for code, meaning in MEANINGS.items()])
    slack = table(["Command", "What it does"], [[cell(f"`/aws-sec {use}`"), what] for use, what in COMMANDS.items()])
    return (
        f"{NOTE}\n# Commands\n\n## In Slack\n\n{slack}\n"
        "`/aws-sec` alone answers with this list. An answer is seen by who asked, except `status` in the channel of"
        " `AWS_SEC_CHANNEL`,\nwhich everybody there reads. A digest goes to the digest channel, a request for a fix to"
        " the approvers' channel and to where\nit was asked for.\n\n"
        f"## Exit codes\n\n{exits}\nAn error is one sentence on stderr.\n\n{helps}"
    )


def command_helps() -> Iterator[tuple[str, str]]:
    """Every command with its --help, from the top."""
    top = typer.main.get_command(app)
    pending = [(top, typer.Context(top, info_name="aws-sec", terminal_width=80))]
    while pending:
        command, context = pending.pop(0)
        yield context.command_path.replace(" [ARGS]...", ""), command.get_help(context)
        subcommands: Mapping[str, Any] = getattr(command, "commands", {})
        pending += [(sub, typer.Context(sub, info_name=name, parent=context)) for name, sub in subcommands.items()]


# --- messages ------------------------------------------------------------------------


def messages_page() -> str:
    examples = dict(all_of(ORDINARY))
    shown = "\n".join(one_example(name, payload) for name, payload in examples.items())
    links = " ·\n".join(f"[{heading(name)}](#{heading(name).replace(' ', '-')})" for name in examples)
    return (
        f"{NOTE}\n# Messages\n\nWhat aws-sec says in Slack, message by message, with made-up names: the examples that"
        " tests hold the messages to, as the\nlocal Slack draws them. In the text, a box is a button or a menu; `____`"
        " stands for what one types; what is chosen beforehand is\nbold; long lists are cut, as Slack does not."
        f"\n\n{links}\n\n{shown}"
    )


# --- Markdown ------------------------------------------------------------------------


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(str(part) for part in line)} |\n" for line in lines)


def plain(text: str) -> str:
    """Words of a check, in which nothing is Markdown."""
    return re.sub(r"([\\`*_<>|\[\]])", r"\\\1", text)


def cell(text: str) -> str:
    """Words that may hold code, inside a table."""
    return text.replace("|", "\\|")


def codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def shown(value: object) -> str:
    """A threshold as settings would give it."""
    return json.dumps([*value] if isinstance(value, tuple) else value)


def as_json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, indent=2) + "\n"


if __name__ == "__main__":
    main()
