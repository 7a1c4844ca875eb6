"""CloudWatch Logs filter patterns for JSON events: whether one matches an event.

Language: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from checks.wildcards import wildcard

Event: TypeAlias = Mapping[str, Any]
Test: TypeAlias = Callable[[Event], bool]

TOKEN = re.compile(r'\s*(&&|\|\||[()]|!=|<=|>=|[=<>]|"[^"]*"|%[^%]*%|[^\s()=!<>&|"]+)')
SELECTOR = re.compile(r"\$(\.\w+)+")
QUANTIFIER = re.compile(r"[*+?{]")
MOST_QUANTIFIERS = 4
"""In one alternative of a regular expression: whoever writes the filter could make Python try more for ever."""
MOST_BRACKETS = 64
"""Each may be inside the one before, and Python's stack is not endless."""
MISSING = object()


def parse(pattern: str) -> Test:
    """What a pattern in braces asks of an event. Raises ValueError for every other kind of pattern."""
    inner = pattern.strip()
    if not (inner.startswith("{") and inner.endswith("}")):
        raise ValueError("not a pattern for JSON events")
    tokens = _tokens(inner[1:-1].strip())
    if tokens.count("(") > MOST_BRACKETS:
        raise ValueError("there are too many brackets")
    test = _either(tokens)
    if tokens:
        raise ValueError(f"{tokens[0]} is not expected")
    return test


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise ValueError(f"{text[at:]} is not understood")
        found.append(match[1])
        at = match.end()
    return found


def _either(tokens: list[str]) -> Test:
    tests = [_both(tokens)]
    while tokens[:1] == ["||"]:
        tokens.pop(0)
        tests.append(_both(tokens))
    return lambda event: any(test(event) for test in tests)


def _both(tokens: list[str]) -> Test:
    tests = [_one(tokens)]
    while tokens[:1] == ["&&"]:
        tokens.pop(0)
        tests.append(_one(tokens))
    return lambda event: all(test(event) for test in tests)


def _one(tokens: list[str]) -> Test:
    if tokens[:1] == ["("]:
        tokens.pop(0)
        test = _either(tokens)
        if tokens[:1] != [")"]:
            raise ValueError("a bracket is not closed")
        tokens.pop(0)
        return test
    if len(tokens) < 3 or not SELECTOR.fullmatch(tokens[0]):
        raise ValueError("a field, an operator and a value are expected")
    selector, operator, value = tokens.pop(0), tokens.pop(0).upper(), tokens.pop(0)
    compare = _comparison(operator, value)
    return lambda event: compare(_value(event, selector))


def _value(event: Event, selector: str) -> Any:
    found: Any = event
    for key in selector.split(".")[1:]:
        found = found.get(key, MISSING) if isinstance(found, Mapping) else MISSING
    return found


def _comparison(operator: str, value: str) -> Callable[[Any], bool]:
    """A field that is not there equals nothing and differs from nothing: only NOT EXISTS holds."""
    if (operator, value.upper()) == ("NOT", "EXISTS"):
        return lambda given: given is MISSING
    if operator == "IS" and value.upper() in ("NULL", "TRUE", "FALSE"):
        wanted = {"NULL": None, "TRUE": True, "FALSE": False}[value.upper()]
        return lambda given: given is wanted
    if operator in ("=", "!="):
        matches = _matcher(value)
        return lambda given: _is_value(given) and matches(given) is (operator == "=")
    raise ValueError(f"{operator} {value} is not understood")  # comparing numbers says nothing about who acts


def _is_value(given: Any) -> bool:
    return given is not MISSING and not isinstance(given, Mapping)


def _matcher(value: str) -> Callable[[Any], bool]:
    if value.startswith("%"):
        if any(len(QUANTIFIER.findall(one)) > MOST_QUANTIFIERS for one in value.split("|")) or "(" in value:
            raise ValueError(f"{value} is not understood")
        try:
            expression = re.compile(value.strip("%"))
        except re.error as error:
            raise ValueError(f"{value} is not understood") from error
        return lambda given: bool(expression.search(str(given)))
    return lambda given: bool(wildcard(value.strip('"')).fullmatch(str(given)))
