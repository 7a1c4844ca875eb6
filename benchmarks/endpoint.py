"""An AWS endpoint in front of another, which counts calls and adds latency: `python -m benchmarks.endpoint PORT TO`.

It hands each call on; with `--record` only those it has no answer to yet, so that what is timed is not the emulator.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
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
TRANSIENT = re.compile(rb"ReportNotPresent|ReportInProgress|<State>(STARTED|INPROGRESS)<")
"""Answers that tell to come back later, and so are not kept.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateCredentialReport.html"""
FAILED, NOT_THERE = 500, 501
"""An emulator that fails is not AWS that fails: 501 is what boto3 does not ask again for."""


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


class Answer(NamedTuple):
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Endpoint:
    """One endpoint in front of another. `record`: whether answers are kept, and given again without asking."""

    def __init__(self, to: str, *, record: bool = False) -> None:
        self.to = to
        self.record = record
        self.latency = 0.0
        self.kept: dict[Call, Answer] = {}
        self._zero()

    def _zero(self) -> None:
        self.calls: Counter[Call] = Counter()
        self.misses = self.in_flight = self.most = 0
        self.first = self.last = 0.0

    def application(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024**2)
        app.cleanup_ctx.append(self._session)
        app.router.add_get(CONTROL, self._counted)
        app.router.add_post(CONTROL, self._begin)
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _session(self, _app: web.Application) -> AsyncIterator[None]:
        async with ClientSession(auto_decompress=False) as self._client:
            yield

    async def _counted(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "calls": self.calls.total(),
                "duplicates": {" ".join(call[:3]): times - 1 for call, times in self.calls.items() if times > 1},
                "misses": self.misses,
                "most": self.most,
                "first": self.first,
                "last": self.last,
            }
        )

    async def _begin(self, request: web.Request) -> web.Response:
        self.latency = float(await request.text()) / 1000
        self._zero()
        return web.Response(status=204)

    async def _answer(self, request: web.Request) -> web.Response:
        came = time.monotonic()  # one clock for all processes of a machine
        self.first = self.first or came
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            answer = await self._found(request, came)
        finally:
            self.in_flight -= 1
            self.last = time.monotonic()
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def _found(self, request: web.Request, came: float) -> Answer:
        body = await request.read()
        call = call_of(request.method, request.raw_path, request.headers, body.decode(errors="replace"))
        self.calls[call] += 1
        if kept := self.kept.get(call):
            await asyncio.sleep(came + self.latency - time.monotonic())
            return kept
        self.misses += 1
        await asyncio.sleep(self.latency)
        answer = await self._asked(request, body)
        if not self.record:
            return answer
        if answer.status >= FAILED:
            answer = answer._replace(status=NOT_THERE)
        if not TRANSIENT.search(answer.body):
            self.kept[call] = answer
        return answer

    async def _asked(self, request: web.Request, body: bytes) -> Answer:
        url = URL(f"{self.to}{request.raw_path}", encoded=True)
        sent = {name: value for name, value in request.headers.items() if name.lower() not in OWN}
        async with self._client.request(request.method, url, headers=sent, data=body) as answer:
            got = tuple((name, value) for name, value in answer.headers.items() if name.lower() not in OWN)
            return Answer(answer.status, got, await answer.read())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("to")
    parser.add_argument("--record", action="store_true", help="keep each answer, and give it again without asking")
    arguments = parser.parse_args()
    served = Endpoint(arguments.to, record=arguments.record).application()
    web.run_app(served, host="127.0.0.1", port=arguments.port, print=None, shutdown_timeout=0)
