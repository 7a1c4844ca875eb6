"""`aws-sec permissions`: the IAM policies that scans and fixes need, and both roles as a CloudFormation template."""

from __future__ import annotations

import json
import sys
from typing import Any

import checks as catalogue
from bot import settings
from bot.account_tags import ACCOUNT_TAG_CALL
from bot.cli.exits import OK, Failed
from bot.cli.roles import template
from bot.fixing import BUCKET_TAG_CALL, TAG_CALL
from bot.host_policy import host_statements
from bot.ownership import STACK_CALL
from bot.permissions import read_policies, write_policies
from bot.recording import SCAN_CALLS


def permissions(*, fixes: bool, part: int | None) -> int:
    """Print the policies as a list, or one of them, ready to be attached. Raises Failed."""
    found = documents(fixes=fixes)
    if part is None:
        return _print(found)
    if part > len(found):
        raise Failed(f"the last part is {len(found)}")
    return _print(found[part - 1])


def cloudformation() -> int:
    """Print a template that makes both roles."""
    return _print(template(documents(fixes=False), documents(fixes=True)))


def host() -> int:
    """Print the policy of what the bot runs as, worked out from the settings. Raises BadSettings and Failed."""
    statements = host_statements(settings.load())
    if not statements:
        raise Failed("without AWS_SEC_ROLE_ARN the host needs what scans need: `aws-sec permissions scan`")
    return _print({"Version": "2012-10-17", "Statement": statements})


def documents(*, fixes: bool) -> list[dict[str, Any]]:
    """The IAM policies, worked out from what every check or fix declares."""
    checks, repairs = catalogue.load()
    if fixes:
        return write_policies({call for fix in repairs.values() for call in fix.calls})
    reads = {call for check in checks.values() for call in check.calls}
    reads |= {call for fix in repairs.values() for call in fix.read_calls}
    return read_policies({*SCAN_CALLS, TAG_CALL, BUCKET_TAG_CALL, ACCOUNT_TAG_CALL, STACK_CALL, *reads})


def _print(data: Any) -> int:
    sys.stdout.write(json.dumps(data, indent=2) + "\n")
    return OK
