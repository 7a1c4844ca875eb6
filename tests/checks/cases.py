"""A row of a judges' table: a check, what it is handed, and what it must say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from checks.kit import AnyCheck, NotApplicable, Verdict

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""The moment every row is judged at."""


NOT_ASKED: Any = object()
"""In place of an extra for later: the judge must not ask for it."""


class Case(NamedTuple):
    """`given`: the resource, then the check's extras. `expected`: the words, None, or NotApplicable.

    `where`: thresholds as the settings have them, where the defaults leave the question out.
    """

    check: Any  # Check[...] of any shape: rows of one table differ in theirs
    given: list[Any]
    expected: Verdict | type[NotApplicable]
    where: Mapping[str, Any] = {}

    def outcome(self, **thresholds: Any) -> Verdict | type[NotApplicable]:
        """What the judge says of what it is given."""
        check: AnyCheck = self.check
        try:
            return check.judge(*_handed(check, *self.given), **{**self.where, **thresholds})
        except NotApplicable:
            return NotApplicable

    def __str__(self) -> str:
        check: AnyCheck = self.check
        return f"{check.id}-{self.expected or 'pass'}"


def _handed(check: AnyCheck, resource: Any, *extras: Any) -> list[Any]:
    """The arguments of a judge: for an extra for later, the call that gives it."""
    return [resource, *(partial(_asked, x) if of.later else x for of, x in zip(check.extras, extras, strict=True))]


def _asked(value: Any) -> Any:
    assert value is not NOT_ASKED, "asked for what does not change the verdict"
    return value
