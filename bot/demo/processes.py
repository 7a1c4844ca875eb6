"""The demo's child processes: started, waited for, and never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

TETHER = Path(__file__).with_name("tether.py")
CAPTURED_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class DemoError(Exception):
    """The demo cannot go on; the message is a sentence for the person who started it."""


def cache_folder() -> Path:
    """Where the demo keeps its download, logs and database: XDG_CACHE_HOME or ~/.cache, then aws-sec/demo.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "aws-sec" / "demo"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "Set XDG_CACHE_HOME to a folder it may use."
        raise DemoError(f"The demo cannot write to {folder}: {error.strerror}. {hint}") from error
    return folder


def is_free(port: int, host: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT can be taken
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def require_free(port: int, *, host: str, option: str, what: str) -> None:
    """Raises DemoError, naming the port, the option and a port to use instead, when `port` is taken."""
    if is_free(port, host):
        return
    other = next((near for near in range(port + 1, port + 50) if near < 65536 and is_free(near, host)), None)
    instead = f"{option} {other}" if other else f"another {option}"
    raise DemoError(f"Port {port}, where {what} would listen, is in use. Stop what uses it, or try {instead}.")


@dataclass
class Child:
    """A running child process, its log and its process group."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def last_words(self) -> str:
        """The last line of the log that says something, or nothing."""
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines()]
        return next((line for line in reversed(lines) if line), "")

    def stop(self, patience: float = 5) -> None:
        """Ends the child and what it started: asks first, insists after `patience` seconds."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        self._signal(signal.SIGKILL)  # also what the child itself left behind in its group
        self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # all of the group may be gone already
            os.killpg(self.process.pid, number)


@dataclass
class Processes:
    """The children of one demo, in the order they were started."""

    logs: Path
    children: list[Child] = field(default_factory=list)

    def start(self, name: str, command: Sequence[str], *, env: Mapping[str, str], cwd: Path | None = None) -> Child:
        """Starts a child, which dies when this process does, with its output in `<logs>/<name>.log`."""
        log = self.logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *command],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the parent alone, which then ends them in order
            )
        child = Child(name, process, log)
        self.children.append(child)
        return child

    def run(self, name: str, command: Sequence[str], *, env: Mapping[str, str], cwd: Path | None = None) -> int:
        """Runs a child to its end; returns its exit code."""
        child = self.start(name, command, env=env, cwd=cwd)
        code = child.process.wait()
        self.children.remove(child)
        return code

    def stop(self) -> None:
        """Ends every child, the last started first."""
        while self.children:
            self.children.pop().stop()

    def first_gone(self, pause: float = 0.3) -> Child:
        """Waits until one of the children has ended, and returns it."""
        while True:
            for child in self.children:
                if not child.running:
                    return child
            time.sleep(pause)


@contextmanager
def processes(logs: Path) -> Iterator[Processes]:
    """Children that end with the block: by its end, by Ctrl-C, by a signal or by an error."""
    mine = Processes(logs)
    with _signals_as_ctrl_c():
        try:
            yield mine
        finally:
            mine.stop()


def wait_until(condition: Callable[[], bool], child: Child, *, seconds: float, doing: str) -> None:
    """Waits for `condition`. Raises DemoError when the child ends first or the time is over; both name the log."""
    deadline = time.monotonic() + seconds
    while not condition():
        if not child.running:
            said = child.last_words() or "it said nothing"
            raise DemoError(f"{child.name} stopped while {doing}: {said} (log: {child.log})")
        if time.monotonic() > deadline:
            raise DemoError(f"{child.name} took more than {seconds:.0f} seconds {doing} (log: {child.log})")
        time.sleep(0.05)


def fetch(url: str, data: bytes | None = None) -> bytes | None:
    """The body of a GET (or a POST of `data`) on this machine; None when nobody answers or the answer is an error."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a person's proxy is not for loopback
    try:
        with direct.open(url, data, timeout=10) as answer:
            return bytes(answer.read())
    except OSError:
        return None


@contextmanager
def _signals_as_ctrl_c() -> Iterator[None]:
    """SIGTERM and a closed terminal end the block as Ctrl-C does, so that its children are stopped in order."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in CAPTURED_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
