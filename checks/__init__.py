"""What good looks like: every check and fix, by id. `load` is what registers them."""

from __future__ import annotations

import importlib
import pkgutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from checks.kit import CHECKS, FIXES, AnyCheck, Fix

RENAMED: Mapping[str, str] = {}
"""Old check id -> the id it has now. Ids live on in databases, mutes and audit rows."""


@dataclass(frozen=True)
class Framework:
    """Controls that somebody asks for -> ids of the checks that speak to each, or why none does."""

    title: str
    controls: Mapping[str, tuple[str, ...]]
    not_covered: Mapping[str, str]


@dataclass(frozen=True)
class Guide:
    """How a person does what a check asks for; UPPER_CASE is to fill in. Where a way is missing, `only` says why.

    `cloudformation`: resources in YAML, parted by `---`. `cli`: commands of the AWS CLI. `terraform`: HCL.
    `steps`: what only a person can do, in order; `link`: the console's page where they begin.
    """

    console: str
    cli: str = ""
    cloudformation: str = ""
    terraform: str = ""
    only: str = ""
    steps: tuple[str, ...] = ()
    link: str = ""

    @property
    def code(self) -> Mapping[str, str]:
        """The ways that are text to copy, by the name of what reads it."""
        ways = {"AWS CLI": self.cli, "CloudFormation": self.cloudformation, "Terraform": self.terraform}
        return {name: text for name, text in ways.items() if text}


@cache
def guides() -> Mapping[str, Guide]:
    """Every guide by check id, from `checks/guides/`, one file for each module of checks."""
    return {
        f"{file.name.removesuffix('.toml')}.{name}": Guide(**{way: _stripped(said) for way, said in ways.items()})
        for file in sorted(files(__name__).joinpath("guides").iterdir(), key=str)
        for name, ways in tomllib.loads(file.read_text()).items()
    }


def _stripped(said: str | list[str]) -> Any:
    return said.strip() if isinstance(said, str) else tuple(map(str.strip, said))


@cache
def frameworks() -> Mapping[str, Framework]:
    """Every framework by name and version, from `checks/frameworks/`."""
    tables = sorted((f for f in files(__name__).joinpath("frameworks").iterdir() if f.name.endswith(".toml")), key=str)
    return {table.name.removesuffix(".toml"): _framework(tomllib.loads(table.read_text())) for table in tables}


def _framework(table: Mapping[str, Any]) -> Framework:
    controls = {control: tuple(ids) for control, ids in table["controls"].items()}
    return Framework(table["title"], controls, table.get("not_covered", {}))


def references(check_id: str) -> dict[str, list[str]]:
    """Framework -> the controls that a check speaks to; frameworks that do not ask for it are left out."""
    found = {
        name: [control for control, ids in framework.controls.items() if check_id in ids]
        for name, framework in frameworks().items()
    }
    return {name: controls for name, controls in found.items() if controls}


def load() -> tuple[Mapping[str, AnyCheck], Mapping[str, Fix]]:
    """Every check and every fix by check id, in a stable order."""
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")
    return dict(sorted(CHECKS.items())), dict(sorted(FIXES.items()))
