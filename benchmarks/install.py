"""Programs that the comparison needs and the project does not, each in an environment of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.demo.processes import Processes


def installed(children: Processes, cache: Path, name: str, program: str, packages: Sequence[str]) -> Path | None:
    """A program in an environment of its own below `cache`, made on first use; None when that failed (see the log)."""
    found = cache / name / "bin" / program
    if found.exists():
        return found
    made = children.run(f"venv-{name}", [sys.executable, "-m", "venv", str(cache / name)], env=os.environ)
    pip = [str(found.with_name("python")), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if made or children.run(f"pip-{name}", [*pip, *packages], env=os.environ) or not found.exists():
        return None
    return found
