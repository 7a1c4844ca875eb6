"""The one maker of boto3 clients: accounts, roles, regions, paging, retries."""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import boto3
import botocore.session
from botocore import xform_name
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import InvalidEndpointConfigurationError
from botocore.loaders import JSONFileLoader
from botocore.session import get_session
from botocore.utils import parse_timestamp

from bot.aws_errors import AWS_ERRORS, CallError, error_code
from bot.pace import Pace
from checks.kit import Aws, Collector

R = TypeVar("R")
X = TypeVar("X")

WINDOW = 64
"""Items of one list that are read ahead: what bounds memory."""

AWS_HOST = re.compile(r"\.amazonaws\.com(\.cn)?$|\.api\.aws$")
"""Any other host is an endpoint of the person's own choice (AWS_ENDPOINT_URL)."""

TOKENS = ("NextToken", "nextToken")
"""What AWS calls the way to the next page, in its answers and in requests alike."""

HOME = "us-east-1"
HOMES = {"aws": HOME, "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
"""Where each partition keeps what belongs to a whole account."""

READ_CONFIG = Config(
    retries={"mode": "adaptive", "max_attempts": 5},
    max_pool_connections=64,
    connect_timeout=5,
    read_timeout=30,
    user_agent_extra="aws-sec",
)


class LeanModels(JSONFileLoader):
    """botocore's models of AWS's APIs without their documentation, most of their size: quicker to load, too."""

    def load_file(self, file_path: str) -> Any:
        """The model, or None where there is no such file."""
        for suffix, opened in ((".json", open), (".json.gz", gzip.open)):
            try:
                with opened(file_path + suffix, "rb") as file:
                    return json.loads(file.read(), object_pairs_hook=_undocumented)
            except FileNotFoundError:
                continue
        return None


def _undocumented(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if isinstance(found.get("documentation"), str):  # a field of that name is no documentation
        found["documentation"] = ""  # botocore asks for some
    return found


class Reads:
    """What one scan has read and shares: each collector and call at most once in a region, whoever asks first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[Any, ...], Future[Any]] = {}

    def once(self, shared: Collector[R], region: str, stream: Callable[[], Iterator[R]]) -> Sequence[R]:
        """The resources of a shared collector."""
        return self._first((id(shared), region), lambda: list(stream()))

    def answer(
        self, call: str, region: str, params: Mapping[str, Any], ask: Callable[[], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """The answer of a call, without what tells only of the request."""
        key = (call, region, *sorted(params.items()))
        return self._first(key, lambda: {name: part for name, part in ask().items() if name != "ResponseMetadata"})

    def _first(self, key: tuple[Any, ...], read: Callable[[], X]) -> X:
        """Whoever comes later waits for the first and shares its failure."""
        with self._lock:
            first = key not in self._held
            held: Future[X] = self._held.setdefault(key, Future())
        if first:
            try:
                held.set_result(read())
            except BaseException as error:  # noqa: BLE001  # handed on: `result` raises it for everyone who waits
                held.set_exception(error)
        return held.result()


class Clients:
    """boto3 clients of one set of credentials, made once per service and region, shared by all threads."""

    def __init__(self, session: boto3.Session, *, config: Config = READ_CONFIG, pace: Pace | None = None) -> None:
        self.session = session
        self._config = config
        self._pace = pace
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
        try:
            client = self.session.client(  # type: ignore[call-overload]  # the service's name is data here
                service, region_name=region, config=self._config
            )
        except ValueError as error:  # of an AWS_ENDPOINT_URL that is no address
            raise InvalidEndpointConfigurationError(msg=str(error)) from error
        if self._pace:
            self._pace.govern(client)
        if service == "s3control" and not AWS_HOST.search(client.meta.endpoint_url):
            client.meta.events.register("before-sign.s3-control", account_out_of_host)
        return client


def account_out_of_host(request: AWSRequest, **_: Any) -> None:
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
    pool: Executor | None = None
    """Where `each` reads side by side; without one, one by one."""

    def call(self, call: str, /, *, absent: str | tuple[str, ...] = (), **params: Any) -> Any:
        """The answer of one call; `{}` when AWS answers with an error in `absent`. Raises `CallError`."""
        try:
            client, method = self._method(call)
            return getattr(client, method)(**params)
        except AWS_ERRORS as error:
            if any(_is(error, one) for one in ((absent,) if isinstance(absent, str) else absent)):
                return {}
            raise CallError(call, self.region, error) from error

    def once(self, call: str, /, *, absent: str | tuple[str, ...] = (), **params: Any) -> Any:
        """The same, asked once per scan and region however many ask. Raises `CallError`."""
        return self.reads.answer(call, self.region, params, lambda: self.call(call, absent=absent, **params))

    def items(self, call: str, path: str, /, **params: Any) -> Iterator[Any]:
        """Every item under `path` of every page; a mapping there counts as one item. Raises `CallError`."""
        try:
            yield from self._items(call, path, params)
        except AWS_ERRORS as error:
            raise CallError(call, self.region, error) from error

    def _items(self, call: str, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
        client, method = self._method(call)
        for page in _pages(client, method, params):
            found: Any = page
            for step in path.split("."):
                found = found.get(step) or []
                if not found:
                    break
            yield from found if isinstance(found, list) else [found]

    def read(self, shared: Collector[R]) -> Sequence[R]:
        """All resources of a shared collector in this region, read once per scan."""
        return self.reads.once(shared, self.region, lambda: shared.stream(self))

    def each(self, read: Callable[[X], R], items: Iterable[X], /) -> Iterator[R]:
        """`read` of every item, in order; only a window of them is held."""
        if self.pool is None:
            yield from map(read, items)
            return
        window: deque[Future[R]] = deque()
        for item in items:
            window.append(self.pool.submit(read, item))
            if len(window) >= WINDOW:
                yield window.popleft().result()
        while window:
            yield window.popleft().result()

    def pause(self, seconds: float, /) -> None:
        """Wait for something that AWS is still making (a report, say)."""
        time.sleep(seconds)

    def at(self, region: str) -> Aws:
        """The same account, clients and shared reads in another region."""
        return replace(self, region=region)

    def _method(self, call: str) -> tuple[Any, str]:
        service, operation = call.split(":")
        return self.clients.get(service, self.region), xform_name(operation)


def _pages(client: Any, method: str, params: Mapping[str, Any]) -> Iterator[Any]:
    """Every page, also of an operation that hands out tokens and for which botocore has no paginator."""
    if client.can_paginate(method):
        yield from client.get_paginator(method).paginate(**params)
        return
    page = getattr(client, method)(**params)
    yield page
    while token := {key: page[key] for key in TOKENS if page.get(key)}:
        page = getattr(client, method)(**params, **token)
        yield page


def _is(error: Exception, absent: str) -> bool:
    """Whether AWS's error has this code and, after `: `, these words in its message."""
    code, _, words = absent.partition(": ")
    return error_code(error) == code and words in str(error)


def session(role_arn: str = "", *, external_id: str = "", name: str = "aws-sec") -> boto3.Session:
    """Credentials from the environment, or of a role that they may assume, renewed before they expire.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    base = boto3.Session(botocore_session=_core())
    if not role_arn:
        return base
    request = {"RoleArn": role_arn, "RoleSessionName": name} | ({"ExternalId": external_id} if external_id else {})

    def renew() -> dict[str, str]:
        return _assumed(base, request)

    inner = _core()
    inner._credentials = RefreshableCredentials.create_from_metadata(  # type: ignore[attr-defined]  # noqa: SLF001  # botocore has no public setter
        renew(), refresh_using=renew, method="sts-assume-role"
    )
    return boto3.Session(botocore_session=inner, region_name=base.region_name)


def _core() -> botocore.session.Session:
    core = get_session()
    core.get_component("data_loader").file_loader = LeanModels()
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=moment)
    return core


def moment(value: Any) -> datetime:
    """A date of AWS's. botocore tries every notation there is; most are ISO 8601, which is read 100 times as fast."""
    if isinstance(value, str) and "T" in value:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    return parse_timestamp(value)


def _assumed(base: boto3.Session, request: Mapping[str, Any]) -> dict[str, str]:
    sts = Clients(base).get("sts", base.region_name or HOME)
    try:
        got = sts.assume_role(**request)["Credentials"]
    except AWS_ERRORS as error:
        raise CallError("sts:AssumeRole", base.region_name or HOME, error) from error
    return {
        "access_key": got["AccessKeyId"],
        "secret_key": got["SecretAccessKey"],
        "token": got["SessionToken"],
        "expiry_time": got["Expiration"].isoformat(),
    }


def write_session(role_arn: str, *, policy: str, name: str, external_id: str = "") -> boto3.Session:
    """A session of the write role, narrowed to `policy`, that carries `name` as session name and source identity.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session. Raises `CallError`.
    """
    request = {"RoleArn": role_arn, "RoleSessionName": name, "SourceIdentity": name, "Policy": policy}
    got = _assumed(boto3.Session(), request | ({"ExternalId": external_id} if external_id else {}))
    return boto3.Session(got["access_key"], got["secret_key"], got["token"])


def account(clients: Clients) -> Region:
    """The account behind the credentials, in its partition's home region. Raises `CallError`."""
    start = Region(clients, "", clients.session.region_name or HOME)
    who = start.call("sts:GetCallerIdentity")
    partition = who["Arn"].split(":")[1]
    return Region(clients, who["Account"], HOMES.get(partition, HOME), partition)


def enabled_regions(home: Region) -> list[str]:
    """The regions enabled for the account, in order. Raises `CallError`.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
    """
    wanted = {"opt-in-not-required", "opted-in"}
    found = home.items("ec2:DescribeRegions", "Regions")
    partition_of = home.clients.session.get_partition_for_region
    return sorted(
        region["RegionName"]
        for region in found
        # Emulators list other partitions and regions that are not opted in; AWS sends neither.
        if region.get("OptInStatus", "opted-in") in wanted and partition_of(region["RegionName"]) == home.partition
    )


def offered(home: Region, service: str, region: str) -> bool:
    """Whether AWS offers the service in the region, as far as this boto3 knows; unknown counts as yes."""
    known = home.clients.session.get_available_regions(service, home.partition)
    everywhere = home.clients.session.get_available_regions("ec2", home.partition)
    return not known or region in known or region not in everywhere
