"""Wherever the bot dies: what it says after the next start is true, nothing is written twice, no row is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.crash_lives import LIVES

ROOT = Path(__file__).parents[1]


def walked(life: str, folder: Path) -> list[dict[str, Any]]:
    """Every death of this life, in order, and the examination of the one that is lived to its end."""
    program = [sys.executable, "-W", "error", "-m", "tests.crash_walk", life]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.mark.parametrize("life", LIVES)
def test_after_every_death_all_is_true_and_nothing_is_missing(
    life: str,
    moto_url: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    *deaths, lived = walked(life, tmp_path)
    record_property("crash points", len(deaths))  # in a JUnit report; with -s also here
    print(f"{life}: {len(deaths)} crash points walked")  # noqa: T201
    assert [death for death in [*deaths, lived] if death["wrong"]] == []
    assert lived["died"] == "nowhere"
    assert len(deaths) >= 2 * LIVES[life].at_least, "a point before and a point after each commit and each write"
