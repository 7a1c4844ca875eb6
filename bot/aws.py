"""The one maker of boto3 clients: accounts, roles, regions, paging, retries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import boto3
from botocore import xform_name
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from checks.kit import Aws, Collector

R = TypeVar("R")

DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "UnauthorizedOperation",
        "UnauthorizedException",
        "NotAuthorized",
        "Client.UnauthorizedOperation",
        "403",
    }
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
INVALID = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "SignatureDoesNotMatch", "InvalidAccessKeyId"}
)
THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "SlowDown",
        "LimitExceededException",
        "PriorRequestNotComplete",
    }
)

AWS_ERRORS = (ClientError, BotoCoreError, ResponseParserError)
"""Everything boto3 raises for a call that did not work; ResponseParserError is not a BotoCoreError."""

READ_CONFIG = Config(
    retries={"mode": "adaptive", "max_attempts": 5},
    max_pool_connections=64,
    connect_timeout=5,
    read_timeout=30,
    user_agent_extra="aws-sec",
)


class Reads:
    """What one scan has read and shares: each (collector, region) at most once, whoever asks first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[int, str], Future[Sequence[Any]]] = {}

    def once(self, shared: Collector[R], region: str, stream: Callable[[], Iterator[R]]) -> Sequence[R]:
        """The resources of a shared collector; whoever comes later waits for the first and shares its failure."""
        with self._lock:
            key = (id(shared), region)
            first = key not in self._held
            held = self._held.setdefault(key, Future())
        if first:
            try:
                held.set_result(list(stream()))
            except BaseException as error:  # handed on, not handled: `result` raises it for everyone who waits
                held.set_exception(error)
        return held.result()


class Clients:
    """boto3 clients of one set of credentials, made once per service and region, shared by all threads."""

    def __init__(self, session: boto3.Session, *, endpoint: str = "", config: Config = READ_CONFIG) -> None:
        self.session = session
        self.endpoint = endpoint
        self._config = config
        self._lock = threading.Lock()  # making a client is not thread-safe; using one is
        self._made: dict[tuple[str, str], Any] = {}

    def get(self, service: str, region: str) -> Any:
        """The client; raises BotoCoreError when there are no credentials or no such region."""
        with self._lock:
            key = (service, region)
            if key not in self._made:
                self._made[key] = self._make(service, region)
            return self._made[key]

    def _make(self, service: str, region: str) -> Any:
        client = self.session.client(  # type: ignore[call-overload]  # the service's name is data here
            service, region_name=region, config=self._config, endpoint_url=self.endpoint or None
        )
        if service == "s3control" and self.endpoint:
            client.meta.events.register("before-sign.s3-control", _account_out_of_host)
        return client


def _account_out_of_host(request: AWSRequest, **_: Any) -> None:
    """S3 Control puts the account id before the host name, which no local endpoint resolves."""
    account = request.headers.get("x-amz-account-id")
    if account and request.url:
        request.url = request.url.replace(f"//{account}.", "//", 1)


@dataclass(frozen=True)
class Region:
    """One account in one region: what collectors and extras read through. Thread-safe."""

    clients: Clients
    account: str
    region: str
    partition: str = "aws"
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    reads: Reads = field(default_factory=Reads)

    def call(self, call: str, /, *, absent: str | tuple[str, ...] = (), **params: Any) -> Any:
        """The answer of one call; `{}` when AWS answers with an error code in `absent`."""
        client, method = self._method(call)
        try:
            return getattr(client, method)(**params)
        except ClientError as error:
            if error.response["Error"]["Code"] in ((absent,) if isinstance(absent, str) else absent):
                return {}
            raise

    def items(self, call: str, path: str, /, **params: Any) -> Iterator[Any]:
        """Every item under `path` of every page; a mapping there counts as one item."""
        client, method = self._method(call)
        pages = (
            client.get_paginator(method).paginate(**params)
            if client.can_paginate(method)
            else [getattr(client, method)(**params)]
        )
        for page in pages:
            found: Any = page
            for step in path.split("."):
                found = found.get(step) or []
                if not found:
                    break
            yield from found if isinstance(found, list) else [found]

    def read(self, shared: Collector[R]) -> Sequence[R]:
        """All resources of a shared collector in this region, read once per scan."""
        return self.reads.once(shared, self.region, lambda: shared.stream(self))

    def at(self, region: str) -> Aws:
        """The same account, clients and shared reads in another region."""
        return Region(self.clients, self.account, region, self.partition, self.now, self.reads)

    def _method(self, call: str) -> tuple[Any, str]:
        service, operation = call.split(":")
        return self.clients.get(service, self.region), xform_name(operation)


def error_code(error: Exception) -> str:
    """AWS's error code, or the class of an error that never got an answer."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code") or error.response["ResponseMetadata"]["HTTPStatusCode"])
    return type(error).__name__


def is_denied(error: Exception) -> bool:
    """Whether AWS refused for want of a permission. Codes differ by service; HTTP 403 without a better code counts."""
    if not isinstance(error, ClientError):
        return False
    code = error_code(error)
    if code in DENIED:
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status == 403 and code not in EXPIRED | INVALID | THROTTLED
