"""sqlite-utils without numpy and pandas.

It imports both where they are installed, for columns of their types, of which the store has none. numpy came with the
charts, which a process of their own draws; in every other it would cost 17 MB and an eighth of a second.
"""

from __future__ import annotations

import sys

UNUSED = ("numpy", "pandas")

hidden = [name for name in UNUSED if name not in sys.modules]
for name in hidden:  # None makes an import fail: https://docs.python.org/3/reference/import.html#the-module-cache
    sys.modules[name] = None  # type: ignore[assignment]
import sqlite_utils as sqlite_utils  # noqa: E402, PLC0414  # the one import of it that comes first

for name in hidden:
    del sys.modules[name]
