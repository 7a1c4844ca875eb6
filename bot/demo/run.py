"""`aws-sec demo`: an emulated AWS account, a local Slack and the bot, all started here and ended by Ctrl-C."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bot.demo import slack
from bot.demo.account import fill
from bot.demo.aws import ACCOUNT, REGIONS, start_aws, wait_for_aws
from bot.demo.history import make_up
from bot.demo.processes import DemoError, Processes, cache_folder, processes, require_free, wait_until
from bot.store import open_store

BOT = (sys.executable, "-m", "bot.demo.bot")
OURS = ("AWS_", "SLACK_", "BOTO_")  # a person's own settings must never reach the demo, nor the demo a real account


def run_demo(
    *,
    port: int = 3900,
    aws_port: int = 5566,
    bot: Sequence[str] = BOT,
    machine: slack.Machine | None = None,
    npm: Sequence[str] | None = None,
    console: Console | None = None,
) -> int:
    """Runs the demo until Ctrl-C; returns the exit code: 0 when the person ended it, 1 when something else did.

    Where the local Slack cannot run, scans the emulated account and prints its status instead. `bot` is the
    command that is run as the bot; `machine` and `npm` are what the local Slack is judged by and fetched with.
    """
    console = console or Console(highlight=False)
    try:
        folder = cache_folder()
        run = folder / f"port-{port}"
        run.mkdir(exist_ok=True)
        with processes(run) as children:
            return _demo(children, folder, port, aws_port, bot, machine or slack.Machine.this(), npm, console)
    except DemoError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("\nThe demo has ended.")
        return 0


def environment(port: int, aws_port: int, run: Path) -> dict[str, str]:
    """What the bot is started with: the demo's account and workspace, and nothing of the person's own."""
    root = Path(__file__).parents[2]  # the children find this package wherever the demo was started from
    own = {name: value for name, value in os.environ.items() if not name.startswith(OURS) and name != "PORT"}
    return own | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")])),
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws_port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGIONS[0],
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SLACK_API_URL": f"http://localhost:{port}/api/",
        "SLACK_BOT_TOKEN": slack.BOT_TOKEN,
        "SLACK_APP_TOKEN": slack.APP_TOKEN,
        "AWS_SEC_CHANNEL": slack.CHANNEL,
        "AWS_SEC_APPROVALS_CHANNEL": slack.APPROVALS,
        "AWS_SEC_DIGEST_CHANNEL": slack.DIGEST,
        "AWS_SEC_APPROVERS": json.dumps(slack.APPROVERS),
        "AWS_SEC_REGIONS": json.dumps(REGIONS),
        "AWS_SEC_FIX_MODE": "on",
        "AWS_SEC_FIX_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/aws-sec-fix",
        "AWS_SEC_PROTECTED_TAGS": json.dumps(["do-not-touch=true"]),
        "AWS_SEC_DATABASE": str(run / "demo.sqlite"),
        "AWS_SEC_DIGEST_TIME": "09:00",
        "AWS_SEC_TIMEZONE": "Europe/London",
    }


def _demo(
    children: Processes,
    cache: Path,
    port: int,
    aws_port: int,
    bot: Sequence[str],
    machine: slack.Machine,
    npm: Sequence[str] | None,
    console: Console,
) -> int:
    env = environment(port, aws_port, children.logs)
    for old in children.logs.glob("demo.sqlite*"):
        old.unlink()
    no_slack, binary = "", Path()
    with console.status("Starting an emulated AWS account …") as status:
        aws = start_aws(children, aws_port, env)
        try:
            machine.require_supported()
            require_free(port, host="", option="--port", what="the local Slack")
            status.update("Fetching a local Slack (once, about 35 MB) …")
            binary = slack.fetch_slack(children, cache, slack.find_npm() if npm is None else npm, env)
        except slack.NoLocalSlack as reason:
            no_slack = str(reason)
        status.update("Filling the account of Northwind Traders …")
        wait_for_aws(aws, env["AWS_ENDPOINT_URL"])
        fill(env["AWS_ENDPOINT_URL"])
        with closing(open_store(env["AWS_SEC_DATABASE"])) as store:
            make_up(store, datetime.now(UTC))
        if not no_slack:
            status.update("Starting the local Slack and the bot …")
            slack.start_slack(children, binary, port, env)
            child = children.start("bot", [*bot, "run"], env=env, cwd=children.logs)
            wait_until(lambda: slack.is_connected(port), child, seconds=60, doing="connecting")
    if no_slack:
        return _terminal(bot, env, no_slack, children.logs, console)
    _say_how_to_use(port, aws_port, children.logs, console)
    gone = children.first_gone()
    raise DemoError(f"{gone.name} stopped: {gone.last_words() or 'it said nothing'} (log: {gone.log})")


def _terminal(bot: Sequence[str], env: dict[str, str], reason: str, run: Path, console: Console) -> int:
    """The same picture without Slack; returns the exit code of `aws-sec status`."""
    console.print(f"{reason}\nHere is the same account in the terminal:\n", markup=False, soft_wrap=True)
    subprocess.run([*bot, "scan"], env=env, cwd=run, stdout=subprocess.DEVNULL, check=False)  # status prints the result
    return subprocess.run([*bot, "status"], env=env, cwd=run, check=False).returncode


def _say_how_to_use(port: int, aws_port: int, run: Path, console: Console) -> None:
    console.print(
        f"""
[bold]aws-sec demo[/] · the AWS account of Northwind Traders, a made-up shop

  Open   [bold link]http://localhost:{port}[/]
  Type   [bold]/aws-sec status[/] in #security

You act as Ana Ribeiro, who may ask for fixes. To approve one in #security-approvals, choose
Ben Okafor or Chiara Conti under [bold]Act as[/], top right. Dan Kowalski may not approve.

[yellow]The local Slack listens on all interfaces, port {port}, without a password:
use it on a network you trust.[/] The account is emulated on 127.0.0.1:{aws_port}; no real one is reached.
What /aws-sec trend shows of the days before today is made up.

Logs   {run}
Ctrl-C ends all of it.""",
        soft_wrap=True,
    )
