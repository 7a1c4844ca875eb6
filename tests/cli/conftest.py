"""The `aws-sec` command as a person runs it, in this process or as one of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli import main
from tests.conftest import forget_own, point_at

EXECUTABLE = Path(sys.executable).with_name("aws-sec")
DATABASE = "aws-sec.sqlite"


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on stderr; nothing else may be printed for an error."""
        (line,) = self.err.splitlines()
        assert line.startswith("aws-sec: ")
        return line.removeprefix("aws-sec: ")


AwsSec = Callable[..., Ran]


@pytest.fixture
def aws_sec(capsys: pytest.CaptureFixture[str]) -> AwsSec:
    """Runs a command in this process, 140 columns wide unless COLUMNS is set."""

    def run(*arguments: str) -> Ran:
        code = main(arguments)
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Ran(code, printed.out, printed.err)

    return run


@pytest.fixture
def aws_sec_process() -> AwsSec:
    """Runs the installed executable."""

    def run(*arguments: str) -> Ran:
        ended = subprocess.run([EXECUTABLE, *arguments], capture_output=True, text=True, check=False, timeout=60)
        assert "Traceback" not in ended.stderr
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def northwind(demo_account_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment of somebody who may read the demo's account, in an empty folder."""
    point_at(monkeypatch, demo_account_url)
    return demo_account_url


@pytest.fixture(scope="session")
def scanned_database(demo_account_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database after one complete scan of the demo's account in one region."""
    folder = tmp_path_factory.mktemp("scanned")
    with pytest.MonkeyPatch.context() as environment:
        forget_own(environment)
        point_at(environment, demo_account_url)
        environment.setenv("AWS_SEC_REGIONS", '["eu-west-1"]')
        subprocess.run([EXECUTABLE, "scan"], cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60)
    return folder / DATABASE


@pytest.fixture
def scanned(scanned_database: Path, tmp_path: Path, northwind: str) -> Path:
    """A folder with a copy of the database of a scan, and the account it is about."""
    return Path(shutil.copy(scanned_database, tmp_path / DATABASE))
