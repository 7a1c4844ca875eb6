"""What good looks like: every check and fix, by id. `load` is what registers them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from checks.kit import CHECKS, FIXES, AnyCheck, Fix

RENAMED: Mapping[str, str] = {}
"""Old check id -> the id it has now. Ids live on in databases, mutes and audit rows."""


def load() -> tuple[Mapping[str, AnyCheck], Mapping[str, Fix]]:
    """Every check and every fix by check id, in a stable order."""
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")
    return dict(sorted(CHECKS.items())), dict(sorted(FIXES.items()))
