"""The benchmark's endpoint for tests of processes: it counts the calls, and its latency leaves time to interfere."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.endpoint import CONTROL
from bot.demo.processes import fetch, processes, wait_until
from tests.conftest import free_port

ROOT = Path(__file__).parents[1]


@contextmanager
def endpoint(to: str, folder: Path, *, latency: int = 0) -> Iterator[str]:
    """The endpoint in front of `to`, adding `latency` milliseconds to each call."""
    with processes(folder) as children:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "benchmarks.endpoint", str(port), to]
        child = children.start("endpoint", command, env=os.environ, cwd=ROOT)
        wait_until(lambda: fetch(url + CONTROL) is not None, child, seconds=20, doing="starting")
        fetch(url + CONTROL, str(latency).encode())
        yield url


def counted(url: str) -> dict[str, Any]:
    """How many calls passed, and how often each was asked again."""
    got: dict[str, Any] = json.loads(fetch(url + CONTROL) or b"{}")
    return got
