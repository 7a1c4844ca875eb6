"""Stands in for `python -m bot.cli` in tests of the demo: `run` connects to Slack, `scan` and `status` read AWS."""

from __future__ import annotations

import asyncio
import os
import sys

import boto3
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient


async def connect() -> None:
    web = AsyncWebClient(base_url=os.environ["SLACK_API_URL"])
    client = SocketModeClient(app_token=os.environ["SLACK_APP_TOKEN"], web_client=web)
    await client.connect()  # type: ignore[no-untyped-call]
    await asyncio.Event().wait()


def count_buckets() -> int:
    return len(boto3.client("s3").list_buckets()["Buckets"])


match sys.argv[1]:
    case "run":
        asyncio.run(connect())
    case "scan":
        sys.stdout.write("not to be seen\n")
        sys.exit(1)  # as a scan that found something may
    case "status":
        sys.stdout.write(f"{count_buckets()} buckets\n")
