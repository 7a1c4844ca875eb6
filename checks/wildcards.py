"""Patterns in which `*` stands for any text, as AWS's policies and filters write them."""

from __future__ import annotations

import re
from functools import lru_cache

ONE = "[^*]"
"""What `?` stands for: where patterns are compared with patterns, one character is no `*`."""


@lru_cache(maxsize=4096)
def wildcard(pattern: str, *, one: str = r"\?", ignore_case: bool = False) -> re.Pattern[str]:
    """The expression that matches what a pattern does, in time that grows with the text and not with its stars.

    Whoever may write a policy chooses the pattern and the text: a plain `.*` for each star could take for ever.
    """
    first, *rest = (re.escape(piece).replace(r"\?", one) for piece in re.split(r"\*+", pattern))
    # The leftmost place of a piece leaves most for those after it, so it need not be tried anywhere else: atomic.
    stars = "".join(f"(?>.*?{piece})" for piece in rest[:-1]) + f".*{rest[-1]}" if rest else ""
    return re.compile(first + stars, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
