"""AWS's answer in place of the emulator's, through botocore's own events: what an emulator does not refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse


def register_on_every_client(monkeypatch: pytest.MonkeyPatch, event: str, handler: Callable[..., Any]) -> None:
    make = boto3.Session.client

    def client(self: boto3.Session, *args: Any, **more: Any) -> Any:
        made = make(self, *args, **more)
        made.meta.events.register(event, handler)
        return made

    monkeypatch.setattr(boto3.Session, "client", client)


def answer_instead(monkeypatch: pytest.MonkeyPatch, service: str, operation: str, status: int, body: bytes) -> None:
    """AWS's answer to one operation, in place of the emulator's, through botocore's own before-send event."""

    class Raw:
        def stream(self, **_: Any) -> Iterator[bytes]:
            yield body

    def answer(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, status, {"content-type": "text/xml"}, Raw())  # type: ignore[arg-type]

    register_on_every_client(monkeypatch, f"before-send.{service}.{operation}", answer)


def error(code: str) -> bytes:
    """An error as AWS's XML APIs write it."""
    return f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>".encode()
