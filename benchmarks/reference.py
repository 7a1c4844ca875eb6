"""The reference bench beside the project, where there is one: a larger account of any size, recorded once and kept.

Its `populate.py` fills moto, its `awsreplay.py` answers and counts; both run in an environment of their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import ROOT, Counted, asked, parsed
from bot.demo.aws import MOTO
from bot.demo.processes import DemoError, Processes, fetch, require_free, wait_until

FOLDER = ROOT.parent / "shared" / "bench"
REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "ap-southeast-2")
PACKAGES = ("moto[server,all]", "boto3", "uvloop")
ENDPOINTS, EMULATORS = 5700, 5800
"""Ports, to which the account's size is added. A stored answer may name its port, so they are the same each time."""


@dataclass
class ReplayedAccount:
    """An account of the reference bench, answered from its store; moto is started only for what is not in there."""

    children: Processes
    python: Path
    store: Path
    size: int
    regions: tuple[str, ...] = REGIONS
    filled: bool = field(default=False, init=False)

    @property
    def url(self) -> str:
        return f"http://localhost:{ENDPOINTS + self.size}"

    def begin(self, latency: int) -> None:
        asked(f"{self.url}/_config?latency_ms={latency}", b"")
        asked(f"{self.url}/_reset", b"")

    def counted(self) -> Counted:
        seen = parsed(asked(f"{self.url}/_stats?top=0"))
        return Counted(
            seen["total"],
            seen["duplicates_by_operation"],
            seen["misses"],
            seen["max_concurrency"],
            seen["first_at"],
            seen["last_at"],
        )

    def fill(self) -> None:
        """Starts the emulator and fills it, once. Raises DemoError."""
        if self.filled:
            return
        port = EMULATORS + self.size
        require_free(port, host="127.0.0.1", option="another size than", what="the emulator")
        env = os.environ | MOTO | {"PYTHONHASHSEED": "0"}
        moto = self.children.start(
            f"moto-{self.size}", [str(self.python.with_name("moto_server")), "-p", str(port)], env=env
        )
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: fetch(f"{url}/moto-api/") is not None, moto, seconds=60, doing="starting")
        filling = [str(self.python), str(FOLDER / "populate.py"), "--endpoint", url, "--size", str(self.size)]
        if self.children.run(f"populate-{self.size}", filling, env=env):
            raise DemoError(f"the account could not be filled (log: {self.children.logs}/populate-{self.size}.log)")
        self.filled = True


@contextmanager
def replayed(children: Processes, python: Path, cache: Path, size: int) -> Iterator[ReplayedAccount]:
    """The account while it is answered. Raises DemoError."""
    account = ReplayedAccount(children, python, cache / f"size{size}.jsonl.gz", size)
    port = ENDPOINTS + size
    require_free(port, host="127.0.0.1", option="another size than", what="the recorded account")
    if not account.store.exists():
        account.fill()
    command = [str(python), str(FOLDER / "awsreplay.py"), "--port", str(port), "--store", str(account.store)]
    upstream = ["--upstream", f"127.0.0.1:{EMULATORS + size}"]
    child = children.start(f"awsreplay-{size}", [*command, *upstream], env=os.environ)
    wait_until(lambda: fetch(f"{account.url}/_stats") is not None, child, seconds=60, doing="starting")
    try:
        yield account
    finally:
        if child.running:
            asked(f"{account.url}/_save", b"")  # at its end it has 5 seconds only
