"""The demo's children: they say why they ended, and never outlive the demo, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.demo.processes import (
    DemoError,
    Processes,
    cache_folder,
    fetch,
    is_free,
    processes,
    require_free,
    wait_until,
)
from tests.conftest import free_port

SLEEP = ("sleep", "60")
STUBBORN = ("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done")
PARENT = """
import os, sys
from pathlib import Path
from bot.demo.processes import processes
with processes(Path(sys.argv[1])) as children:
    for name in ("one", "two"):
        print(children.start(name, ["sleep", "60"], env=os.environ).process.pid, flush=True)
    children.first_gone()
"""


def gone(pid: int) -> bool:
    """Whether a process has ended; one that only waits to be reaped has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Processes]:
    with processes(tmp_path) as mine:
        yield mine


@pytest.fixture
def busy() -> Iterator[int]:
    """A port somebody else listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield int(listening.getsockname()[1])


def test_a_busy_port_is_a_sentence_with_another_port_that_is_free(busy: int) -> None:
    with pytest.raises(DemoError) as refused:
        require_free(busy, host="127.0.0.1", option="--aws-port", what="the emulated AWS account")
    said = str(refused.value)
    assert said.startswith(f"Port {busy}, where the emulated AWS account would listen, is in use.")
    option, other = said.rstrip(".").split()[-2:]
    assert option == "--aws-port"
    assert is_free(int(other), "127.0.0.1")
    require_free(int(other), host="127.0.0.1", option="--aws-port", what="it")


def test_a_port_that_another_takes_on_loopback_alone_is_busy_for_all_interfaces(busy: int) -> None:
    assert not is_free(busy, "")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word on the parent's death is Linux's")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda s: s.name)
def test_children_end_with_the_demo_whatever_ends_it(number: signal.Signals, tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout is not None
    pids = [int(parent.stdout.readline()) for _ in range(2)]
    assert soon(lambda: all(Path(f"/proc/{pid}/comm").read_text() == "sleep\n" for pid in pids))
    parent.send_signal(number)
    parent.wait(10)
    parent.stdout.close()
    assert soon(lambda: all(gone(pid) for pid in pids))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word on the parent's death is Linux's")
def test_a_child_whose_parent_is_gone_before_it_began_does_not_begin(tmp_path: Path) -> None:
    from bot.demo.processes import TETHER

    written = tmp_path / "written"
    nobody = subprocess.Popen(["true"])
    nobody.wait()
    command = [sys.executable, "-I", "-S", str(TETHER), str(nobody.pid), "touch", str(written)]
    assert subprocess.run(command, check=False).returncode == 1
    assert not written.exists()


def test_children_end_with_the_block_also_by_an_error(tmp_path: Path) -> None:
    started = []

    def fail_in_the_middle() -> None:
        with processes(tmp_path) as children:
            started.append(children.start("one", SLEEP, env=os.environ))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_in_the_middle()
    assert not started[0].running


def test_a_child_that_will_not_end_is_made_to(children: Processes) -> None:
    child = children.start("stubborn", STUBBORN, env=os.environ)
    wait_until(lambda: child.last_words() == "ready", child, seconds=10, doing="starting")
    child.stop(patience=0.2)
    assert child.process.returncode == -signal.SIGKILL


def test_what_a_child_itself_started_ends_with_it(children: Processes, tmp_path: Path) -> None:
    child = children.start("family", ["sh", "-c", "sleep 60 & echo $!; wait"], env=os.environ)
    wait_until(lambda: child.last_words() != "", child, seconds=10, doing="starting")
    grandchild = int(child.last_words())
    children.stop()
    assert soon(lambda: gone(grandchild))


def test_a_child_that_ends_while_it_is_waited_for_is_a_sentence_with_its_last_words(children: Processes) -> None:
    child = children.start("talker", ["sh", "-c", "echo first; echo; echo no disk left; echo"], env=os.environ)
    with pytest.raises(DemoError) as ended:
        wait_until(lambda: False, child, seconds=10, doing="starting")
    assert str(ended.value) == f"talker stopped while starting: no disk left (log: {child.log})"


def test_a_child_that_never_gets_ready_is_a_sentence(children: Processes) -> None:
    child = children.start("sleeper", SLEEP, env=os.environ)
    with pytest.raises(DemoError, match=r"sleeper took more than 0 seconds connecting \(log: .*sleeper\.log\)"):
        wait_until(lambda: False, child, seconds=0.1, doing="connecting")


def test_a_program_that_is_not_there_is_said_in_its_log(children: Processes) -> None:
    assert children.run("npm", ["/no/such/npm", "ci"], env=os.environ) == 1
    assert (children.logs / "npm.log").read_text() == "/no/such/npm cannot be run: No such file or directory\n"


def test_the_first_that_is_gone_is_named(children: Processes) -> None:
    children.start("stays", SLEEP, env=os.environ)
    goes = children.start("goes", ["sh", "-c", "echo bye"], env=os.environ)
    assert children.first_gone(pause=0.01) is goes


def test_nobody_answers() -> None:
    assert fetch(f"http://127.0.0.1:{free_port()}/") is None


def test_a_cache_that_cannot_be_written_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cache_folder() == tmp_path / "cache" / "aws-sec" / "demo"
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(DemoError, match=r"The demo cannot write to .*: Not a directory. Set XDG_CACHE_HOME"):
        cache_folder()
