"""The `aws-sec` command: its words, options and help. What each does is in a module beside this one.

Those are imported by the command that is run: `aws-sec --help` need not wait for boto3.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bot.cli.exits import BROKEN_PIPE, INTERRUPTED, OK, sentence
from bot.cli.output import LOG_FORMAT, Format
from bot.nearest import did_you_mean
from checks.kit import Practice, Severity

log = logging.getLogger(__name__)

PRACTICES = [practice.key for practice in Practice]


class Level(StrEnum):
    """Severities, as options take them."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Policy(StrEnum):
    """Whose IAM policies."""

    SCAN = "scan"
    FIX = "fix"
    CLOUDFORMATION = "cloudformation"
    HOST = "host"


class Commands(TyperGroup):
    """All commands. A reader that stops reading, as `head` does, is no error to speak of."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        try:
            return super().make_context(*args, **more)
        except BrokenPipeError:  # from --help
            raise typer.Exit(BROKEN_PIPE) from None

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise typer.Exit(BROKEN_PIPE) from None


def _known_practice(given: str) -> str:
    return _known("practice", given, PRACTICES)


def _known_practices(given: list[str]) -> list[str]:
    return [_known_practice(one) for one in given]


def _known_check(given: str) -> str:
    if not given:
        return given
    import checks

    return _known("check", checks.RENAMED.get(given, given), checks.load()[0])


def _known_checks(given: list[str]) -> list[str]:
    return [_known_check(one) for one in given]


def _known_framework(given: str) -> str:
    import checks

    return _known("framework", given, checks.frameworks())


def _known_format(given: str) -> str:
    from bot.export import FORMATS

    if given not in FORMATS:
        hint = did_you_mean(given, FORMATS, f": {', '.join(FORMATS)}")
        raise typer.BadParameter(f"there is no format {given!r}{hint}")
    return given


def _known_frameworks(given: list[str]) -> list[str]:
    return [_known_framework(one) for one in given]


def _known(what: str, given: str, known: Collection[str]) -> str:
    if given and given not in known:
        hint = did_you_mean(given, known, ": `aws-sec checks` lists what there is")
        raise typer.BadParameter(f"there is no {what} {given!r}{hint}")
    return given


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="How safe an AWS account is, in the terminal and in Slack."
    " Settings come from the environment and aws-sec.toml.",
    epilog="Exit codes: 0 done, 1 could not be done, 2 wrong option or setting, 3 done and the answer is bad,"
    " 4 could not read all of it.",
)
audit_app = typer.Typer(
    rich_markup_mode=None, invoke_without_command=True, help="Show, verify, export or copy the audit log."
)
app.add_typer(audit_app, name="audit")

Checks = Annotated[
    list[str], typer.Option("--check", metavar="ID", callback=_known_checks, help="Only this check. May be repeated.")
]
Practices = Annotated[
    list[str],
    typer.Option(
        "--practice",
        metavar="KEY",
        callback=_known_practices,
        help=f"Only this practice ({', '.join(PRACTICES)}). May be repeated.",
    ),
]
Frameworks = Annotated[
    list[str],
    typer.Option(
        "--framework",
        metavar="NAME",
        callback=_known_frameworks,
        help="Only what a framework asks for, as cis_5.0 or fsbp. May be repeated.",
    ),
]
How = Annotated[Format, typer.Option("--format", help="A table to read, or one JSON array.")]


@app.callback(invoke_without_command=True)
def aws_sec(
    ctx: typer.Context,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print the log on stderr, with stack traces.")
    ] = False,
) -> None:
    if verbose:
        logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    else:
        logging.basicConfig(handlers=[logging.NullHandler()])
    if ctx.invoked_subcommand is None:
        sys.stdout.write(f"{ctx.get_help()}\n")


@app.command()
def scan(
    region: Annotated[
        list[str], typer.Option("--region", metavar="NAME", help="Only this region. May be repeated.")
    ] = [],  # noqa: B006  # typer copies it
    check: Checks = [],  # noqa: B006
    practice: Practices = [],  # noqa: B006
    framework: Frameworks = [],  # noqa: B006
    format: How = Format.TABLE,
    store: Annotated[
        bool, typer.Option("--store/--no-store", help="Record what was read, so that `status` and Slack know it.")
    ] = True,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 3 when something fails, with 4 when something is unknown.")
    ] = False,
    events: Annotated[bool, typer.Option("--events", hidden=True)] = False,
    requested_by: Annotated[str, typer.Option("--requested-by", hidden=True)] = "",
) -> int:
    """Read the account and say what fails.

    With --format json: one array, one object per check and resource, with check, practice, severity, status
    (pass, fail, unknown, not_applicable), account, region, resource (its ARN; empty when not even a list could be
    read) and text. A scan that could not run to its end leaves the array open, so that half a result never parses.
    """
    from bot.cli import scanning

    request = scanning.Request(region, check, practice, framework, store, requested_by)
    if events:
        logging.basicConfig(force=True, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
        return scanning.events(request)
    return scanning.scan(request, format, exit_code=exit_code)


@app.command()
def status() -> int:
    """Say how the account stands.

    The twelve practices, what is open, what could not be read and how old it is, from the last scan.
    """
    from bot.cli import stored

    return stored.status()


@app.command()
def checks(practice: Practices = [], format: How = Format.TABLE) -> int:  # noqa: B006
    """List every check.

    With --format json: one array of objects with id, title, why, practice, severity, calls, fix (what aws-sec can
    do about it, or null), frameworks (name and version to control ids), how (what a person can do) and page.
    """
    from bot.cli import catalogue

    return catalogue.checks(practice, format)


@app.command()
def explain(
    what: Annotated[str, typer.Argument(metavar="CHECK|FINDING", help="A check's id, or a finding's number.")],
) -> int:
    """Say why a check matters and what to do."""
    from bot.cli import catalogue

    return catalogue.explain(what)


@app.command()
def findings(
    text: Annotated[str, typer.Argument(help="Part of a resource's name, its ARN or a check's id.")] = "",
    check: Annotated[str, typer.Option("--check", metavar="ID", callback=_known_check, help="Only this check.")] = "",
    practice: Annotated[
        str, typer.Option("--practice", metavar="KEY", callback=_known_practice, help="Only this practice.")
    ] = "",
    region: Annotated[str, typer.Option("--region", metavar="NAME", help="Only this region.")] = "",
    severity: Annotated[Level, typer.Option("--severity", help="This severity and worse.")] = Level.LOW,
    muted: Annotated[bool, typer.Option("--muted", help="Only those that a mute hides.")] = False,
    resolved: Annotated[bool, typer.Option("--resolved", help="Those that are over, not the open ones.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
    format: How = Format.TABLE,
) -> int:
    """List what is wrong, worst first."""
    from bot.cli import stored
    from bot.store.findings import Filter

    which = Filter(
        state="resolved" if resolved else "open",
        practice=practice,
        check_id=check,
        region=region,
        min_severity=Severity[severity.name],
        muted=None if resolved else muted,
        text=text,
    )
    return stored.findings(which, format, limit)


@app.command("export")
def export_findings(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", callback=_known_format, help="As csv, ocsf or sarif.")],
    resolved: Annotated[bool, typer.Option("--resolved", help="Those that are over, not the open ones.")] = False,
) -> int:
    """Write findings to stdout for other tools: csv, json, html, ocsf, asff or sarif.

    Muted ones are among them and marked so. They are streamed, however many there are.
    """
    from bot.cli import stored

    return stored.export(kind, resolved=resolved)


@app.command()
def compliance(
    name: Annotated[
        str, typer.Argument(metavar="FRAMEWORK", callback=_known_framework, help="As cis_5.0, cis_7.0 or fsbp.")
    ],
    format: How = Format.TABLE,
) -> int:
    """Say how the account stands on a framework, control by control.

    From the last scan: pass, fail, unknown, not applicable, or not covered, and then why. With --format json: one
    array of objects with control, status, failed, checks and why.
    """
    from bot.cli import stored

    return stored.compliance(name, format)


@app.command()
def digest() -> int:
    """Print a digest of now, posting nothing."""
    from bot.cli import stored

    return stored.digest()


@audit_app.callback()
def audit(
    ctx: typer.Context, last: Annotated[int, typer.Option("--last", min=1, help="How many of the newest rows.")] = 20
) -> int:
    if ctx.invoked_subcommand is not None:
        return OK
    from bot.cli import auditing

    return auditing.show(last)


@audit_app.command()
def verify(
    head: Annotated[
        str,
        typer.Option("--head", metavar="NUMBER:HASH", help="A head seen in a digest; without it, the last digest's."),
    ] = "",
    bucket: Annotated[
        bool, typer.Option("--bucket", help="Compare every row with the copy in AWS_SEC_AUDIT_BUCKET as well.")
    ] = False,
) -> int:
    """Prove that no row was changed, removed or reordered. Exits with 3 when one was."""
    from bot.cli import auditing

    return auditing.verify(head, bucket=bucket)


@audit_app.command()
def rotate() -> int:
    """Go on with AWS_SEC_AUDIT_KEY, where AWS_SEC_AUDIT_OLD_KEYS has the key so far. Stop the bot first."""
    from bot.cli import auditing

    return auditing.rotate()


@audit_app.command()
def ship() -> int:
    """Copy the rows that are not there yet to AWS_SEC_AUDIT_BUCKET and AWS_SEC_AUDIT_LOG_STREAM.

    The bot does it every 5 minutes.
    """
    from bot.cli import auditing

    return auditing.ship()


@audit_app.command()
def export() -> int:
    """Print every row as a line of JSON, oldest first."""
    from bot.cli import auditing

    return auditing.export()


@app.command()
def permissions(
    whose: Annotated[
        Policy,
        typer.Argument(
            metavar="scan|fix|cloudformation|host",
            help="The read-only role, the write role, a template that makes both, or what the bot runs as.",
        ),
    ],
    part: Annotated[int | None, typer.Option(min=1, help="This policy alone: AWS limits how long one may be.")] = None,
) -> int:
    """Print the IAM policies to attach, as a list.

    They allow the calls that checks or fixes declare, and no others. A fix's session may do less: one plan's calls, on
    what the plan touches. The host's is worked out from the settings: its roles, and the copies of the audit log.
    """
    from bot.cli import policies

    if whose is Policy.CLOUDFORMATION:
        return policies.cloudformation()
    if whose is Policy.HOST:
        return policies.host()
    return policies.permissions(fixes=whose is Policy.FIX, part=part)


@app.command()
def run() -> int:
    """Run the bot until it is stopped.

    Its log goes to stderr.
    """
    from bot.cli import service

    return service.run()


@app.command()
def demo(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the local Slack.")] = 3900,
    aws_port: Annotated[int, typer.Option("--aws-port", min=1, max=65535, help="Port of the emulated AWS.")] = 5566,
) -> int:
    """Try it all, without an account.

    Starts an emulated AWS account, a local Slack and the bot. Reaches no real account; Ctrl-C ends all of it.
    """
    from bot.cli import service

    return service.demo(port, aws_port)


@app.command()
def doctor() -> int:
    """Try every setting, token and permission.

    Says what to do about each that fails, and changes nothing. Exits with 3 when one fails.
    """
    from bot.cli import service

    return service.doctor()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code. Every error becomes one sentence on stderr."""
    try:
        code = app(arguments, prog_name="aws-sec", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _say(error.format_message(), error.exit_code)
    except BrokenPipeError:
        code = BROKEN_PIPE
    except Exception as error:  # the boundary to a person: a sentence, and the trace in the log
        log.exception("the command failed")
        return _say(*sentence(error))
    if code == INTERRUPTED:
        return _say("stopped by Ctrl-C", INTERRUPTED)
    if code == BROKEN_PIPE:  # what is still buffered has nowhere to go, at exit neither
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(code or OK)


def _say(words: str, code: int) -> int:
    sys.stderr.write(f"aws-sec: {' '.join(words.split())}\n")
    return code
