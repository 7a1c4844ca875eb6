"""One account, one scan of it, and stages on which the bot plays. Needs strictslack beside the project, or skips all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.demo.account import fill
from bot.demo.aws import start_aws, wait_for_aws
from bot.demo.processes import cache_folder, processes
from bot.demo.run import environment
from bot.demo.slack import fetch_slack, find_npm
from tests.conftest import free_port
from tests.e2e.acknowledgements import SEEN

if TYPE_CHECKING:
    from tests.e2e.stage import Account, Stage

HERE = Path(__file__).parent
STRICTSLACK = HERE.parents[2] / "shared" / "slack"
BROWSER = "test_browser.py"  # needs the local Slack alone
if STRICTSLACK.is_dir():
    sys.path.append(str(STRICTSLACK))
    collect_ignore: list[str] = []
else:
    collect_ignore = [module.name for module in HERE.glob("test_*.py") if module.name != BROWSER]

SPARE_BUCKETS = 120
MakeStage = Callable[..., "Stage"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "allow_violations(*codes): what Slack would reject and the test provokes")


@pytest.fixture(scope="session")
def local_slack_binary(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The local Slack, from the cache or, the first time, from npm."""
    with processes(tmp_path_factory.mktemp("npm")) as children:
        return str(fetch_slack(children, cache_folder(), find_npm(), os.environ))


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The demo's account with some more in it, scanned once."""
    from tests.e2e import more
    from tests.e2e.stage import OURS, Account

    folder = tmp_path_factory.mktemp("account")
    with processes(folder) as children:
        port = free_port()
        child = start_aws(children, port, os.environ)
        url = f"http://127.0.0.1:{port}"
        wait_for_aws(child, url)
        fill(url)
        spare = more.fill(url, SPARE_BUCKETS)
        env = environment(3900, port, folder) | OURS
        command = [sys.executable, "-m", "bot.cli", "scan"]
        subprocess.run(command, env=env, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=120)
        yield Account(url, child.log, Path(env["AWS_SEC_DATABASE"]), spare)


@pytest.fixture(scope="session")
def _shared_stage(
    account: Account, local_slack_binary: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    from tests.e2e.stage import opened

    with opened(account, local_slack_binary, tmp_path_factory.mktemp("stage"), options={}, env={}) as stage:
        stage.start()
        yield stage


@pytest.fixture
def stage(_shared_stage: Stage, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A running bot in an emptied workspace. Fails when the bot did what Slack would reject, or wrote a traceback."""
    _shared_stage.slack.reset()
    already = len(_shared_stage.log())
    yield _shared_stage
    _judge(_shared_stage, request, already)


@pytest.fixture
def make_stage(
    account: Account, local_slack_binary: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[MakeStage]:
    """Makes a stage with settings of its own, for tests that end the bot. The bot is not started yet."""
    from tests.e2e.stage import opened

    with ExitStack() as stages:
        made: list[Stage] = []

        def make(*, http: bool = False, options: dict[str, Any] | None = None, **env: str) -> Stage:
            folder = tmp_path / f"stage-{len(made)}"
            folder.mkdir()
            stage = opened(account, local_slack_binary, folder, options=options or {}, env=env, http=http)
            made.append(stages.enter_context(stage))
            return made[-1]

        yield make
        for stage in made:
            _judge(stage, request, 0)


def _judge(stage: Stage, request: pytest.FixtureRequest, already: int) -> None:
    stage.settle()
    violations = stage.slack.violations()
    request.config.stash[SEEN].add(stage.strict.recorder.deliveries, violations)
    marker = request.node.get_closest_marker("allow_violations")
    allowed = marker.args if marker else ()
    unexpected = [v for v in violations if v["code"] not in allowed]
    assert not unexpected, f"Slack would have rejected: {unexpected}"
    log = stage.log()[already:]
    assert "Traceback" not in log, log[-5000:]
