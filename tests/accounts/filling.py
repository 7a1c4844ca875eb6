"""How accounts for tests are filled beyond AWS's APIs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.demo.aws import Emulated
from bot.demo.processes import fetch
from tests.accounts.server import ANSWERS


class Filled(Emulated):
    """Clients of an account for tests, which also takes what its emulator cannot be told otherwise."""

    def answer(self, call: str, says: Mapping[str, Any], region: str = "", about: str = "") -> None:
        """From now on `says` is the answer to a call: in one region or in all, to requests that contain `about`."""
        one = {"call": call, "says": says, "region": region, "about": about}
        assert fetch(self.url + ANSWERS, json.dumps([one]).encode()) is not None, f"{call} was not taken"
