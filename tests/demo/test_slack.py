"""Where the local Slack can be had, and the sentence where it cannot."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.demo.processes import Processes, processes
from bot.demo.slack import Machine, NoLocalSlack, fetch_slack, find_npm

NPM = "mkdir -p node_modules/local-slack-linux-x64/bin && touch node_modules/local-slack-linux-x64/bin/local-slack"


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Processes]:
    with processes(tmp_path) as mine:
        yield mine


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (Machine("Darwin", "arm64", ""), "this is Darwin arm64 without glibc."),
        (Machine("Windows", "AMD64", ""), "this is Windows AMD64 without glibc."),
        (Machine("Linux", "aarch64", "glibc"), "this is Linux aarch64."),
        (Machine("Linux", "x86_64", ""), "this is Linux x86_64 without glibc."),
        (Machine("Linux", "x86_64", "musl"), "this is Linux x86_64 musl."),
    ],
)
def test_another_machine_is_told_what_is_needed_and_what_it_is(machine: Machine, words: str) -> None:
    with pytest.raises(NoLocalSlack) as refused:
        machine.require_supported()
    assert str(refused.value) == f"The local Slack runs on Linux x64 with glibc only, and {words}"


def test_linux_x64_with_glibc_will_do() -> None:
    Machine("Linux", "x86_64", "glibc").require_supported()


def test_without_npm(children: Processes, cache: Path) -> None:
    with pytest.raises(NoLocalSlack, match="there is no npm here: install Node"):
        fetch_slack(children, cache, [], os.environ)


def test_npm_that_fails_leaves_nothing_half_done(children: Processes, cache: Path) -> None:
    npm = ["sh", "-c", f"{NPM}; echo ENOTFOUND >&2; exit 7"]
    with pytest.raises(NoLocalSlack) as failed:
        fetch_slack(children, cache, npm, os.environ)
    log = children.logs / "npm.log"
    assert str(failed.value) == f"npm could not fetch the local Slack (exit code 7; log: {log})."
    assert "ENOTFOUND" in log.read_text()
    assert list(cache.iterdir()) == []


def test_what_npm_fetched_is_kept_and_fetched_once(children: Processes, cache: Path) -> None:
    first = fetch_slack(children, cache, ["sh", "-c", NPM], os.environ)
    assert first.is_file()
    assert fetch_slack(children, cache, ["false"], os.environ) == first


def test_npm_checks_what_it_fetches_and_runs_no_scripts(children: Processes, cache: Path) -> None:
    npm = ["sh", "-c", f'echo "$@"; ls; {NPM}', "npm"]
    fetch_slack(children, cache, npm, os.environ)
    said = (children.logs / "npm.log").read_text()
    assert said.startswith("ci --ignore-scripts ")
    assert "package-lock.json" in said


def test_a_machine_without_node_has_the_npm_of_the_demo_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert find_npm()[:2] == [sys.executable, "-c"]
