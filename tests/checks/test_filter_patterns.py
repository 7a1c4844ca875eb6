"""Filter patterns: which events one matches, and which patterns are not understood."""

from __future__ import annotations

import time
from typing import Any

import pytest

from checks.filter_patterns import parse

ROOT = {
    "eventName": "ConsoleLogin",
    "eventType": "AwsConsoleSignIn",
    "userIdentity": {"type": "Root", "arn": "arn:aws:iam::111122223333:root", "sessionContext": None},
    "readOnly": False,
}


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.userIdentity.type = "Root" }', True),
        ("{$.userIdentity.type=Root}", True),
        ('  {($.userIdentity.type   =  "Root")}  ', True),
        ('{ $.userIdentity.type = "R*t" }', True),
        ("{ $.userIdentity.type = * }", True),
        ("{ $.userIdentity.arn = *:root }", True),
        ('{ $.userIdentity.type = "root" }', False),
        ('{ $.userIdentity.type != "Root" }', False),
        ("{ $.userIdentity.type = %^Ro+t$% }", True),
        ("{ $.userIdentity.type = %Admin% }", False),
        ("{ $.userIdentity.invokedBy NOT EXISTS }", True),
        ("{ $.userIdentity.type not exists }", False),
        ("{ $.userIdentity.invokedBy = * }", False),
        ("{ $.userIdentity.invokedBy != x }", False),
        ("{ $.userIdentity.sessionContext IS NULL }", True),
        ("{ $.readOnly IS FALSE }", True),
        ("{ $.readOnly IS TRUE }", False),
        ("{ $.eventName.part = x }", False),
        ("{ $.userIdentity = * }", False),
        ("{ $.userIdentity.type = %^A.*|^R.+o[a-z]?t*$% }", True),
        ('{ $.eventType != "AwsServiceEvent" && $.userIdentity.type = "Root" }', True),
        ('{ $.eventName = "CreateUser" || $.userIdentity.type = "Root" }', True),
        ('{ $.eventName = "CreateUser" && $.userIdentity.type = "Root" || $.readOnly IS FALSE }', True),
        ('{ $.eventName = "CreateUser" && ($.userIdentity.type = "Root" || $.readOnly IS FALSE) }', False),
    ],
)
def test_matches(pattern: str, matches: bool) -> None:
    event: dict[str, Any] = ROOT
    assert parse(pattern)(event) is matches


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "Root",
        "[ip, user, status = 200]",
        "{ }",
        "{ $.a }",
        "{ a = b }",
        "{ $.a[0] = b }",
        "{ $.a > 3 }",
        "{ $.a IS BLUE }",
        "{ ($.a = b }",
        "{ $.a = b ) }",
        "{ $.a = %(% }",
        "{ $.a = %(a|b)% }",
        "{ $.a = %" + ".*" * 5 + "x% }",
        "{ " + "(" * 400 + "$.a = b" + ")" * 400 + " }",
        "{ $.a = b & $.c = d }",
    ],
)
def test_is_not_understood(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(pattern)


def test_a_hostile_pattern_is_tried_in_no_time() -> None:
    began = time.monotonic()
    for value in ("*:" * 400 + "x", "%" + ".{1,99}" * 4 + "#%", "%" + ".*" * 4 + "#%"):
        assert not parse(f"{{ $.a = {value} }}")({"a": "arn:aws:iam::" * 6})
    assert time.monotonic() - began < 2
