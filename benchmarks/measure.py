"""One run of a command on a recorded account, and what it cost; many runs, and what they say together."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchmarks.endpoint import CONTROL
from bot.demo.processes import DemoError, fetch

OURS = ("AWS_", "SLACK_", "BOTO_")  # a person's own settings must not reach a run
ROOT = Path(__file__).parents[1]
AWS_SEC = (sys.executable, "-m", "bot.cli")


@dataclass(frozen=True)
class Counted:
    """What an endpoint saw. `misses`: what it had to ask the emulator for. `first`, `last`: monotonic seconds."""

    calls: int
    duplicates: Mapping[str, int]
    misses: int
    most: int
    first: float
    last: float


class Counting(Protocol):
    """An endpoint that counts."""

    @property
    def url(self) -> str: ...

    def begin(self, latency: int) -> None:
        """Counts anew, and answers after so many milliseconds from now on. Raises DemoError."""

    def counted(self) -> Counted:
        """What was counted since. Raises DemoError."""


@dataclass(frozen=True)
class OwnEndpoint:
    """`benchmarks.endpoint`."""

    url: str

    def begin(self, latency: int) -> None:
        asked(self.url + CONTROL, str(latency).encode())

    def counted(self) -> Counted:
        return Counted(**json.loads(asked(self.url + CONTROL)))


@dataclass(frozen=True)
class Run:
    """One run: seconds, megabytes, calls. `before`: from the start of the process to its first call."""

    exit: int
    wall: float
    cpu: float
    peak_mb: float
    calls: int
    misses: int
    most: int
    before: float
    window: float
    duplicates: Mapping[str, int] = field(default_factory=dict)

    @property
    def again(self) -> int:
        """Calls that asked what had been asked."""
        return sum(self.duplicates.values())

    @property
    def after(self) -> float:
        """From the last answer to the end of the process."""
        return self.wall - self.before - self.window


def measure(command: Sequence[str], env: Mapping[str, str], endpoint: Counting, latency: int, *, folder: Path) -> Run:
    """Runs a command once, however it ends, its output in `folder`. Raises DemoError when the endpoint is gone."""
    endpoint.begin(latency)
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        began = time.monotonic()
        process = subprocess.Popen(command, env=dict(env), cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)  # what this child alone used
        wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    seen = endpoint.counted()
    return Run(
        exit=process.returncode,
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        peak_mb=used.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024),
        calls=seen.calls,
        misses=seen.misses,
        most=seen.most,
        before=seen.first - began if seen.calls else 0.0,
        window=seen.last - seen.first,
        duplicates=seen.duplicates,
    )


def timed(command: Sequence[str], env: Mapping[str, str], folder: Path) -> float:
    """Seconds that a command takes which asks no endpoint. Raises CalledProcessError when it fails."""
    began = time.monotonic()
    subprocess.run(command, env=dict(env), cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return time.monotonic() - began


def environment(url: str, region: str, *, ours: bool = True) -> dict[str, str]:
    """What a run is started with: the recorded account, nothing of the person's own, and this package if `ours`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(OURS) and name != "PORT"}
    own.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program does not compile itself at each start
    own.pop("PYTHONPATH", None)
    return own | ({"PYTHONPATH": str(ROOT)} if ours else {}) | {
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip


def median(runs: Sequence[Run], what: str) -> float:
    """The median of one figure of several runs."""
    return float(statistics.median(getattr(run, what) for run in runs))


def asked(url: str, data: bytes | None = None) -> bytes:
    """The answer of a server of ours. Raises DemoError when there is none."""
    answer = fetch(url, data)
    if answer is None:
        raise DemoError(f"{url} does not answer")
    return answer


def ratio(theirs: float, ours: float) -> float | None:
    """How many times ours theirs is; None when ours is nothing."""
    return theirs / ours if ours else None


def parsed(answer: bytes) -> dict[str, Any]:
    """A JSON object."""
    found: dict[str, Any] = json.loads(answer)
    return found
