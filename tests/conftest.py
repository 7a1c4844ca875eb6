"""What many tests stand on: an emulated AWS account over HTTP, empty or filled, and a real SQLite file."""

from __future__ import annotations

import os
import socket
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
import pytest_asyncio

from bot import aws as bot_aws
from bot.demo import account
from bot.demo.aws import start_aws, wait_for_aws
from bot.demo.processes import processes
from bot.store import Store, open_store
from tests.accounts import hardened, wrong
from tests.models import parsed_once
from tests.slack.fake import Slack, workspace

pytest_plugins = ["tests.e2e.acknowledgements"]

ACCOUNT = "123456789012"
ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pictures", type=Path, metavar="DIR", help="keep what the browser test saw, as docs/images has it"
    )
    parser.addoption("--interactions", type=int, default=150, help="how long the soak lasts; `make soak` has 2,000")
    parser.addoption("--seed", type=int, default=1, help="of what people do in the soak")


LONGEST = (
    "test_truth.py", "test_dry_run.py", "test_fixes.py", "test_crashes.py", "test_scan.py", "test_remediate.py",
    "test_scan_permissions.py", "test_faults.py", "test_fix_permissions.py", "test_browser.py", "test_forged.py",
    "test_restarts.py", "test_soak.py",
)  # fmt: skip
"""Files that take longest, which begin first: no worker shall be left with one of them when the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a browser test puts its screenshots."""
    kept: Path | None = request.config.getoption("--pictures")
    return request.config.invocation_params.dir / kept if kept else tmp_path / "pictures"


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(autouse=True)
def _nothing_of_the_persons_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    forget_own(monkeypatch)


OWN = ("PORT", "COLUMNS")
"""What a terminal, a platform or a test runner may have set, besides credentials."""


def forget_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have credentials, tokens and settings: none may reach a test."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "SLACK_")) or name in OWN]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session", autouse=True)
def _models_parsed_once() -> Iterator[None]:
    with parsed_once():
        yield


@contextmanager
def _emulator(folder: Path, server: str = "tests.accounts.server") -> Iterator[str]:
    with processes(folder) as children:
        port = free_port()
        child = start_aws(children, port, {**os.environ, "PYTHONPATH": str(ROOT)}, server=server)
        url = f"http://127.0.0.1:{port}"
        wait_for_aws(child, url)
        yield url


@pytest.fixture(scope="session")
def emulator_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """moto's server, shared by all tests that start from nothing."""
    with _emulator(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(scope="session")
def demo_account_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """moto's server with the demo's account in it: for reading only."""
    with _emulator(tmp_path_factory.mktemp("demo-account"), "bot.demo.moto_server") as url:
        account.fill(url)
        yield url


@pytest.fixture(scope="session")
def wrong_account_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """moto's server with an account in which all is wrong that can be: for reading only."""
    with _emulator(tmp_path_factory.mktemp("wrong-account")) as url:
        wrong.fill(url)
        yield url


@pytest.fixture(scope="session")
def hardened_account_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """moto's server with an account as CIS's benchmark wants it: for reading only."""
    with _emulator(tmp_path_factory.mktemp("hardened-account")) as url:
        hardened.fill(url)
        yield url


@pytest.fixture
def moto_url(emulator_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty emulated account, and the environment that points boto3 at it."""
    urllib.request.urlopen(urllib.request.Request(f"{emulator_url}/moto-api/reset", method="POST")).close()
    point_at(monkeypatch, emulator_url)
    return emulator_url


@pytest.fixture
def aws(moto_url: str) -> bot_aws.Region:
    """An empty emulated account in eu-west-1, as collectors read it; `clients.session` is for setting it up."""
    return bot_aws.Region(bot_aws.Clients(boto3.Session(region_name="eu-west-1")), ACCOUNT, "eu-west-1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty database in a file."""
    opened = open_store(tmp_path / "aws-sec.sqlite")
    yield opened
    opened.close()


@pytest_asyncio.fixture
async def slack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Slack]:
    """A workspace in which nothing is slowed down."""
    monkeypatch.setattr("bot.post.POST_SECONDS", 0.0)
    monkeypatch.setattr("handlers.routes.SHOWN_SECONDS", 0.0)
    monkeypatch.setattr("random.random", lambda: 0.0)  # what slack_sdk adds to its pauses
    async with workspace() as slack:
        yield slack


def point_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Environment of a person whose credentials reach the emulated account."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
