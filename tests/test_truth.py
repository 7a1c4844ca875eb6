"""Whatever AWS refuses, delays, garbles or does not answer: no verdict turns into another, it becomes unknown, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError

import checks
from bot.demo.aws import REGIONS
from bot.permissions import action
from bot.scan import Outcome, Status, scan
from checks.kit import AnyCheck, Collector, Extra
from tests.conftest import forget_own, point_at
from tests.recorded import Answer, Recorded
from tests.test_calls import NOT_MADE

CHECKS = checks.load()[0]
CALLS = sorted({call for check in CHECKS.values() for call in check.calls})
NEVER_MADE = {call for module, call in NOT_MADE} - {
    call for check in CHECKS.values() for call in check.calls if (check.id.partition(".")[0], call) not in NOT_MADE
}

KNOWN_WITHOUT: Mapping[tuple[str, str], str] = dict.fromkeys(
    (
        ("trails.account_notices_unusual_calls", "cloudtrail:GetEventSelectors"),
        ("trails.account_notices_unusual_calls", "cloudtrail:GetTrailStatus"),
    ),
    "no trail looks for unusual activity, whatever it records",
)
"""(check, call) -> why the verdict holds although the call, which the check makes, fails."""

Reader: TypeAlias = Collector[Any] | Extra[Any, Any]
Verdicts = Mapping[tuple[str, str, str], tuple[Status, str]]
"""(check, region, resource) -> status and words."""


def error(status: int, code: str, message: str = "no") -> Callable[[], Answer]:
    parsed = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return lambda: (status, parsed)


def no_answer(exception: Exception) -> Callable[[], Answer]:
    def fail() -> Answer:
        raise exception

    return fail


URL = "https://aws.example"
FAILURES: Mapping[str, Callable[[], Answer]] = {
    "denied": error(403, "AccessDenied"),
    "denied, as EC2 says it": error(403, "UnauthorizedOperation"),
    "throttled past the retries": error(400, "ThrottlingException"),
    "an error of AWS": error(500, "InternalError"),
    "timed out": no_answer(ReadTimeoutError(endpoint_url=URL)),
    "connection lost": no_answer(ConnectionClosedError(endpoint_url=URL)),
    "nobody there": no_answer(EndpointConnectionError(endpoint_url=URL)),
    "a region that is off": error(403, "InvalidClientTokenId"),
    "a token that expired": error(403, "ExpiredToken"),
    "a garbled answer": no_answer(ResponseParserError("not XML")),
    "an operation the endpoint does not know": error(404, "UnknownOperationException"),
}


def verdicts(recorded: Recorded, some: Iterable[AnyCheck], regions: Sequence[str] = REGIONS) -> Verdicts:
    outcomes = (event for event in scan(recorded.home(), some, regions) if isinstance(event, Outcome))
    return {(o.check.id, o.region, o.resource): (o.status, o.text) for o in outcomes}


@pytest.fixture(scope="module")
def recorded(wrong_account_url: str) -> Iterator[Recorded]:
    """The account where all is wrong, every answer of a full scan already recorded."""
    with pytest.MonkeyPatch.context() as patch:
        forget_own(patch)
        point_at(patch, wrong_account_url)
        recorded = Recorded()
        verdicts(recorded, CHECKS.values())
        yield recorded


@pytest.fixture(scope="module")
def truth(recorded: Recorded) -> Verdicts:
    return verdicts(recorded, CHECKS.values())


@pytest.fixture(autouse=True)
def _each_alone(recorded: Recorded, wrong_account_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    point_at(monkeypatch, wrong_account_url)
    yield
    recorded.failing.clear()


def places(check: AnyCheck) -> Iterator[Reader]:
    """The collectors and extras that a check's answers come from."""
    pending: list[Reader] = [check.over, *check.extras]
    while pending:
        reader = pending.pop()
        yield reader
        pending += reader.needs


def one_of_each_place(call: str, concerned: Iterable[AnyCheck], truth: Verdicts) -> list[AnyCheck]:
    """Of the checks that make a call, one for each place in the code that makes it: the one with the least to judge."""
    sizes = Counter(id for id, _, _ in truth)
    chosen: dict[Reader, AnyCheck] = {}
    for check in sorted(concerned, key=lambda one: sizes[one.id]):
        for place in places(check):
            if call in place.calls:
                chosen.setdefault(place, check)
    return list({check.id: check for check in chosen.values()}.values())


def assert_unknown_in_words(call: str, failure: str, found: Verdicts, truth: Verdicts) -> set[str]:
    """Returns the checks that could not say what they say otherwise."""
    changed = {key: verdict for key, verdict in found.items() if truth.get(key) != verdict}
    assert {status for status, _ in changed.values()} == {Status.UNKNOWN}, failure
    for _, words in changed.values():
        assert call in words, failure
        assert failure != "denied" or f"grant {action(call)}" in words
    return {id for id, _, _ in changed}


def gives_occasion(check: AnyCheck, call: str) -> bool:
    return (check.id.partition(".")[0], call) not in NOT_MADE and (check.id, call) not in KNOWN_WITHOUT


@pytest.mark.parametrize("call", [call for call in CALLS if call not in NEVER_MADE])
def test_a_denied_call_makes_what_needs_it_unknown_and_nothing_else(
    call: str, recorded: Recorded, truth: Verdicts
) -> None:
    concerned = [check for check in CHECKS.values() if call in check.calls]
    near = {place for check in concerned for place in places(check)}
    neighbours = [check for check in CHECKS.values() if not near.isdisjoint(places(check))]
    recorded.failing[call] = FAILURES["denied"]
    unknown = assert_unknown_in_words(call, "denied", verdicts(recorded, neighbours), truth)
    assert unknown <= {check.id for check in concerned}, "it does not make the call"
    assert unknown >= {check.id for check in concerned if gives_occasion(check, call)}, "it makes the call"


@pytest.mark.parametrize("failure", [failure for failure in FAILURES if failure != "denied"])
@pytest.mark.parametrize("call", [call for call in CALLS if call not in NEVER_MADE])
def test_a_failed_call_makes_what_needs_it_unknown(
    call: str, failure: str, recorded: Recorded, truth: Verdicts
) -> None:
    concerned = [check for check in CHECKS.values() if call in check.calls and gives_occasion(check, call)]
    some = one_of_each_place(call, concerned, truth)
    recorded.failing[call] = FAILURES[failure]
    assert assert_unknown_in_words(call, failure, verdicts(recorded, some), truth) == {check.id for check in some}


def test_when_the_token_expires_in_the_middle_what_was_not_read_is_unknown(recorded: Recorded, truth: Verdicts) -> None:
    for call in CALLS[::2]:
        recorded.failing[call] = FAILURES["a token that expired"]
    found = verdicts(recorded, CHECKS.values())
    changed = {key: verdict for key, verdict in found.items() if truth.get(key) != verdict}
    assert {status for status, _ in changed.values()} == {Status.UNKNOWN}
    assert all("the AWS credentials have expired" in words for _, words in changed.values())


def test_everything_could_be_read(truth: Verdicts) -> None:
    assert {key: words for key, (status, words) in truth.items() if status is Status.UNKNOWN} == {}
