"""Environment variables in which programs are handed passwords and keys.

Only names are kept. A value is looked at once, to tell a secret from a reference to where the secret is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

AWS_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ECS_ENGINE_AUTH_DATA")
"""What Security Hub looks for. https://docs.aws.amazon.com/config/latest/developerguide/ecs-no-environment-secrets.html"""

SECRET = re.compile(
    r"(^|_)(PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET|TOKEN|CREDENTIALS?|(API|ACCESS|SECRET|PRIVATE|ENCRYPTION|SIGNING)_?KEY)$"
)
"""The last word counts: DB_PASSWORD is one, DB_PASSWORD_ARN and TOKEN_TTL are none."""

SWITCH = re.compile(r"(true|false|yes|no|on|off|\d{1,4})?", re.IGNORECASE)
REFERENCE = re.compile(
    r"(?i:arn:|/|\{\{resolve:|\$|https?://|(ssm|secretsmanager|vault|sm)[:/])|[a-z][a-z0-9._-]*(/[a-z0-9._-]+)+\Z"
)
"""How a value begins that says where a secret is, or that is filled in later; also a whole path in small letters."""

HOLDS = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/@:]*:(?![$<{*])[^\s/@]+@[^\s@]"  # a password in a connection string
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
"""What is a credential whatever the variable's name."""

MOST_NAMED = 3


def secrets_among(variables: Iterable[tuple[str, str]]) -> list[str]:
    """The names, sorted, of the variables that hold a credential as it is; never a value."""
    return sorted({name for name, value in variables if HOLDS.search(value) or (_names_one(name) and _is_given(value))})


def in_words(names: list[str]) -> str:
    """The first of them: "DB_PASSWORD, API_KEY and 2 more"."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _names_one(name: str) -> bool:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper().replace("-", "_").replace(".", "_")
    return words in AWS_KEYS or SECRET.search(words) is not None


def _is_given(value: str) -> bool:
    return not (SWITCH.fullmatch(value) or REFERENCE.match(value))
