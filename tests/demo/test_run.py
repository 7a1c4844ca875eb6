"""`aws-sec demo`: with a local Slack, or without one the same picture in the terminal; it ends as it is told."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from bot.demo.processes import is_free
from bot.demo.run import OURS, environment, run_demo
from bot.demo.slack import Machine
from bot.settings import load
from tests.conftest import free_port

STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in_bot.py")))
MAC = Machine("Darwin", "arm64", "")
LINUX = Machine("Linux", "x86_64", "glibc")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "aws-sec" / "demo"


def console() -> Console:
    return Console(highlight=False, width=300)


def test_where_there_is_no_local_slack_the_same_account_is_shown_in_the_terminal(
    cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    assert run_demo(aws_port=port, machine=MAC, console=console()) == 0
    shown = capfd.readouterr().out
    assert "The local Slack runs on Linux x64 with glibc only, and this is Darwin arm64 without glibc." in shown
    assert "Here is the same account in the terminal:" in shown
    assert "Account 123456789012, scanned just now" in shown
    assert "Multi-factor authentication" in shown
    assert is_free(port, "127.0.0.1"), "the emulator is gone"


def test_when_npm_fails_the_same_account_is_shown_in_the_terminal(
    cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ended = run_demo(
        port=free_port(), aws_port=free_port(), machine=LINUX, npm=["false"], bot=STAND_IN, console=console()
    )
    shown = capfd.readouterr().out
    assert ended == 0
    assert "npm could not fetch the local Slack (exit code 1; log: " in shown
    assert shown.endswith("11 buckets\n")
    assert "not to be seen" not in shown


@pytest.mark.parametrize("option", ["--port", "--aws-port"])
def test_a_busy_port_is_a_sentence_and_1(option: str, cache: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        taken = {option.strip("-").replace("-", "_"): listening.getsockname()[1]}
        ports = {"port": free_port(), "aws_port": free_port()} | taken
        assert run_demo(**ports, machine=LINUX, npm=["false"], console=console()) == 1
    shown = capfd.readouterr().out
    assert re.search(rf"is in use\. Stop what uses it, or try {option} \d+\.\n", shown)
    assert is_free(ports["aws_port"], "127.0.0.1") or option == "--aws-port"


def test_the_demo_never_reaches_what_is_the_persons_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "SLACK_SIGNING_SECRET", "BOTO_CONFIG", "AWS_SEC_ROLE_ARN"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    env = environment(3900, 5566, tmp_path)
    assert "mine" not in env.values()
    assert env["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5566"
    assert env["AWS_CONFIG_FILE"] == os.devnull
    assert "127.0.0.1" in env["NO_PROXY"]


def test_the_bot_accepts_every_setting_of_the_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env = environment(3900, 5566, tmp_path)
    for name, value in env.items():
        if name.startswith(OURS):
            monkeypatch.setenv(name, value)
    settings = load()
    assert settings.fix_mode == "on"
    assert settings.approvers == ["U02BEN", "U03CHIARA"]


@pytest.mark.e2e
def test_with_a_local_slack_it_runs_until_ctrl_c_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port, aws_port = free_port(), free_port()
    script = f"import sys; from bot.demo.run import run_demo; sys.exit(run_demo(port={port}, aws_port={aws_port}, bot={STAND_IN!r}))"
    said = tmp_path / "said"
    with said.open("w") as output:
        demo = subprocess.Popen([sys.executable, "-c", script], stdout=output, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 120
    while "Ctrl-C ends all of it." not in said.read_text():
        assert demo.poll() is None, said.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert f"http://localhost:{port}" in said.read_text()
    demo.send_signal(signal.SIGINT)
    assert demo.wait(30) == 0
    assert said.read_text().endswith("The demo has ended.\n")
    assert is_free(port, "")
    assert is_free(aws_port, "127.0.0.1")
