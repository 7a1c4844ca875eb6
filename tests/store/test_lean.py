"""What the store does not load."""

from __future__ import annotations

import subprocess
import sys

LOADS = """
import sys, bot.app, bot.cli.scanning
assert "numpy" not in sys.modules, "loaded with the bot"
import numpy
"""


def test_numpy_is_loaded_by_whoever_draws_and_by_nobody_else() -> None:
    done = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
