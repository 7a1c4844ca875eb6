"""`aws-sec permissions`: the IAM policies that scans and fixes need."""

from __future__ import annotations

import json
import sys
from typing import Any

import checks as catalogue
from bot.cli.exits import OK
from bot.fixing import BUCKET_TAG_CALL, TAG_CALL
from bot.permissions import policy
from bot.recording import SCAN_CALLS


def permissions(*, fixes: bool) -> int:
    """Print the policy, ready to be attached."""
    sys.stdout.write(json.dumps(document(fixes=fixes), indent=2) + "\n")
    return OK


def document(*, fixes: bool) -> dict[str, Any]:
    """The IAM policy, worked out from what every check or fix declares."""
    checks, repairs = catalogue.load()
    if fixes:
        return policy(call for fix in repairs.values() for call in fix.calls)
    reads = {call for check in checks.values() for call in check.calls}
    reads |= {call for fix in repairs.values() for call in fix.read_calls}
    return policy({*SCAN_CALLS, TAG_CALL, BUCKET_TAG_CALL, *reads})
