"""The emulated AWS account: moto's server as its own process on loopback, and clients that reach it."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from bot.aws import account_out_of_host
from bot.demo.processes import Child, DemoError, Processes, fetch, require_free, wait_until

ACCOUNT = "123456789012"
REGIONS = ("eu-west-1", "us-east-1")
HISTORY = "/demo/history"  # where bot.demo.moto_server takes what no AWS API can set
SERVER = "bot.demo.moto_server"
MOTO = {
    "MOTO_ACCOUNT_ID": ACCOUNT,
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # otherwise AWS's own policies do not exist and none can be attached
    "MOTO_ACM_VALIDATION_WAIT": "0",  # otherwise certificates are issued a minute after they were asked for
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # otherwise about 1,300 snapshots of AMIs show up as the account's own
}


def start_aws(children: Processes, port: int, env: Mapping[str, str], *, server: str = SERVER) -> Child:
    """Starts the emulator on 127.0.0.1. Raises DemoError when the port is taken or moto is not installed."""
    if importlib.util.find_spec("moto") is None:
        raise DemoError("The demo emulates AWS with moto, which is not installed: pip install 'aws-sec[demo]'.")
    require_free(port, host="127.0.0.1", option="--aws-port", what="the emulated AWS account")
    return children.start("emulated-aws", [sys.executable, "-m", server, str(port)], env={**env, **MOTO})


def wait_for_aws(child: Child, url: str) -> None:
    """Waits until the emulator answers. Raises DemoError when it does not."""
    wait_until(lambda: fetch(f"{url}/moto-api/") is not None, child, seconds=60, doing="starting")


class Emulated:
    """Clients of the emulated account, one per service and region, blind to the person's own AWS profile."""

    def __init__(self, url: str) -> None:
        self.url = url
        nothing = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
        core = botocore.session.Session(session_vars=nothing)
        self._session = boto3.Session("testing", "testing", region_name=REGIONS[0], botocore_session=core)
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = REGIONS[0]) -> Any:
        """A boto3 client; Any, because the script that fills the account uses some twenty services."""
        if (service, region) not in self._clients:
            config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, proxies={})
            make: Any = self._session.client
            made = make(service, region, endpoint_url=self.url, config=config)
            if service == "s3control":
                made.meta.events.register("before-sign.s3-control", account_out_of_host)
            self._clients[service, region] = made
        return self._clients[service, region]

    def remember(self, history: dict[str, Any]) -> None:
        """Tells the emulator what no AWS API can set. Raises DemoError when it does not take it."""
        if fetch(self.url + HISTORY, json.dumps(history).encode()) is None:
            raise DemoError("The emulated AWS account did not take the users' history.")
