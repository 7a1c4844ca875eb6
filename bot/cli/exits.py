"""What the command's exit codes mean, and the sentence for each error."""

from __future__ import annotations

OK = 0
CANNOT = 1
USAGE = 2
FAILS = 3
UNKNOWN = 4
INTERRUPTED = 130
BROKEN_PIPE = 141

MEANINGS = {
    OK: "Done. For `scan`: it ran to its end, whatever it found.",
    CANNOT: "It could not be done, or not to its end; the sentence on stderr says why.",
    USAGE: "The command line or a setting is wrong.",
    FAILS: "Done, and the answer is bad: a failure (`scan --exit-code`), forgery (`audit verify`), trouble (`doctor`).",
    UNKNOWN: "`scan --exit-code` found no failure, but could not read everything.",
    INTERRUPTED: "Ctrl-C.",
    BROKEN_PIPE: "Whoever read the output stopped reading, as `head` does.",
}
"""The documentation's table is made of this."""


class Failed(Exception):
    """The command cannot do what it was asked; the text is the sentence for the person."""


def sentence(error: Exception) -> tuple[str, int]:
    """The words and the exit code for an error that ended a command. Imported late: most commands end well."""
    from bot.aws_errors import AWS_ERRORS, CallError, error_code
    from bot.recording import CannotScan
    from bot.settings import BadSettings
    from bot.slack_errors import CannotRun
    from bot.store import StoreError

    if isinstance(error, BadSettings):
        return str(error), USAGE
    if isinstance(error, Failed | CannotScan | CannotRun | CallError | StoreError):
        return str(error), CANNOT
    if isinstance(error, AWS_ERRORS):
        return f"AWS could not be used ({error_code(error)}): `aws-sec doctor` looks for the reason", CANNOT
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the system'}: {error.strerror}", CANNOT
    return f"an error of aws-sec itself ({type(error).__name__}): `aws-sec --verbose ...` shows where", CANNOT
