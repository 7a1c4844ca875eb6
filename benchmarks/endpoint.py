"""An AWS endpoint that counts what passes, adds latency, and hands it on: `python -m benchmarks.endpoint PORT TO`."""

from __future__ import annotations

import argparse
import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple
from urllib.parse import parse_qs

from aiohttp import ClientSession, web
from yarl import URL

CONTROL = "/benchmark"
"""GET: what was counted. POST: the latency to add from now on, in milliseconds; counting begins anew."""
SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/")
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
OWN = {"host", "connection", "transfer-encoding", "content-length"}
"""Headers that belong to one connection, not to the message."""


class Call(NamedTuple):
    """A call as AWS tells them apart: two that are equal ask the same thing twice."""

    service: str
    region: str
    operation: str
    parameters: str


def call_of(method: str, path: str, headers: Mapping[str, str], body: str) -> Call:
    """Which call a request makes: its operation is in a header, in the body, or is the path itself."""
    scope = SCOPE.search(headers.get("Authorization", ""))
    region, service = scope.groups() if scope else ("", "")
    if target := headers.get("X-Amz-Target"):
        return Call(service, region, target.rpartition(".")[2], body)
    if action := parse_qs(body).get("Action"):
        return Call(service, region, action[0], body)
    return Call(service, region, f"{method} {path}", body)


class Endpoint:
    """One endpoint in front of another. All calls that passed are in `calls`."""

    def __init__(self, to: str) -> None:
        self.to = to
        self.latency = 0.0
        self.calls: Counter[Call] = Counter()

    def application(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024**2)
        app.cleanup_ctx.append(self._session)
        app.router.add_get(CONTROL, self._counted)
        app.router.add_post(CONTROL, self._begin)
        app.router.add_route("*", "/{path:.*}", self._forward)
        return app

    async def _session(self, _app: web.Application) -> AsyncIterator[None]:
        async with ClientSession(auto_decompress=False) as self._client:
            yield

    async def _counted(self, _request: web.Request) -> web.Response:
        duplicates = {" ".join(call[:3]): times - 1 for call, times in self.calls.items() if times > 1}
        return web.json_response({"calls": self.calls.total(), "duplicates": duplicates})

    async def _begin(self, request: web.Request) -> web.Response:
        self.latency = float(await request.text()) / 1000
        self.calls.clear()
        return web.Response(status=204)

    async def _forward(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.calls[call_of(request.method, request.raw_path, request.headers, body.decode(errors="replace"))] += 1
        await asyncio.sleep(self.latency)
        url = URL(f"{self.to}{request.raw_path}", encoded=True)
        sent = {name: value for name, value in request.headers.items() if name.lower() not in OWN}
        async with self._client.request(request.method, url, headers=sent, data=body) as answer:
            got = [(name, value) for name, value in answer.headers.items() if name.lower() not in OWN]
            return web.Response(status=answer.status, headers=got, body=await answer.read())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("to")
    arguments = parser.parse_args()
    web.run_app(
        Endpoint(arguments.to).application(), host="127.0.0.1", port=arguments.port, print=None, shutdown_timeout=0
    )
