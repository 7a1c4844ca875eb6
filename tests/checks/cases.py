"""A row of a judges' table: a check, what it is handed, and what it must say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from checks.kit import AnyCheck, NotApplicable, Verdict

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""The moment every row is judged at."""


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
            return check.judge(*self.given, **{**self.where, **thresholds})
        except NotApplicable:
            return NotApplicable

    def __str__(self) -> str:
        check: AnyCheck = self.check
        return f"{check.id}-{self.expected or 'pass'}"
