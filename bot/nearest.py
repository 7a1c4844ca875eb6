"""What somebody who mistyped a name probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(given: str, known: Iterable[str]) -> str:
    """The known name that is most like the given one, or that it is a part of; empty when none is."""
    names = {name.lower(): name for name in known}
    low = given.lower()
    near = get_close_matches(low, names, n=1, cutoff=0.6) or sorted((name for name in names if low in name), key=len)
    return names[near[0]] if near and low else ""


def did_you_mean(given: str, known: Iterable[str], otherwise: str = "") -> str:
    """The end of a sentence about a name that does not exist: the nearest that does, or what to do otherwise."""
    near = nearest(given, known)
    return f": did you mean {near}?" if near else otherwise
