"""The demo's account behind the project's own recording endpoint: what is measured where the reference bench is not."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.endpoint import CONTROL
from benchmarks.measure import OwnEndpoint, environment
from bot.demo.account import fill
from bot.demo.aws import REGIONS as HOME_REGIONS
from bot.demo.aws import start_aws, wait_for_aws
from bot.demo.processes import Processes, fetch, wait_until

REGIONS = (*HOME_REGIONS, "us-west-2", "ap-southeast-2")
"""Where the demo's account has resources, and two regions where it has next to none."""


@dataclass(frozen=True)
class DemoAccount(OwnEndpoint):
    """The demo's account. moto is always there, so `fill` has nothing to do."""

    size: int = 1
    regions: tuple[str, ...] = REGIONS
    filled: bool = True

    def fill(self) -> None:
        """Nothing: it is filled."""


@contextmanager
def demo_account(children: Processes) -> Iterator[DemoAccount]:
    """The filled account behind an endpoint that records. Raises DemoError."""
    aws_port, port = free_port(), free_port()
    behind, front = f"http://127.0.0.1:{aws_port}", f"http://localhost:{port}"
    aws = start_aws(children, aws_port, environment("", HOME_REGIONS[0]))
    wait_for_aws(aws, behind)
    fill(behind)
    command = [sys.executable, "-m", "benchmarks.endpoint", str(port), behind, "--record"]
    endpoint = children.start("endpoint", command, env=environment("", HOME_REGIONS[0]))
    wait_until(lambda: fetch(front + CONTROL) is not None, endpoint, seconds=20, doing="starting")
    yield DemoAccount(front)


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
