"""The emulated AWS account: moto's server as its own process on loopback, and clients that reach it."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from bot.demo.processes import Child, Processes, answers, require_free, wait_until

HISTORY = "/demo/history"
ACCOUNT = "123456789012"  # moto's own, whichever access key calls it
REGIONS = ("eu-west-1", "us-east-1")
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
MOTO = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # otherwise AWS's own policies do not exist and none can be attached
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # otherwise about 1,300 snapshots of AMIs show up as the account's own
    "MOTO_ACCOUNT_ID": ACCOUNT,
}


def start_aws(children: Processes, port: int) -> Child:
    """Starts the emulator on 127.0.0.1. Raises DemoError when the port is taken."""
    require_free(port, host="127.0.0.1", option="--aws-port", what="the emulated AWS account")
    root = Path(__file__).parents[2]  # the child finds this package wherever the demo was started from
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    env = os.environ | MOTO | {"PYTHONPATH": path}
    return children.start("emulated-aws", [sys.executable, "-m", "bot.demo.moto_server", str(port)], env)


def wait_for_aws(child: Child, url: str) -> None:
    """Waits until the emulator answers. Raises DemoError when it does not."""
    wait_until(lambda: answers(f"{url}/moto-api/"), child, seconds=60, doing="starting")


class Emulated:
    """Clients of the emulated account, one per service and region."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGIONS[0])
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = REGIONS[0]) -> Any:
        """A boto3 client; Any, because the script that fills the account uses some twenty services."""
        if (service, region) not in self._clients:
            config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, proxies={})
            client: Any = self._session.client(service, region, endpoint_url=self.url, config=config)  # type: ignore[call-overload]
            self._clients[service, region] = client
        return self._clients[service, region]

    def remember(self, history: dict[str, Any]) -> None:
        """Tells the emulator what no AWS API can set (see `bot.demo.moto_server`)."""
        request = urllib.request.Request(self.url + HISTORY, json.dumps(history).encode(), method="POST")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        direct.open(request, timeout=10).close()
