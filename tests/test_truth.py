"""Whatever AWS refuses, delays, garbles or does not answer: no verdict turns into another, it becomes unknown, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError

import checks
from bot.demo.aws import REGIONS
from bot.permissions import action
from bot.scan import Outcome, Status, scan
from checks.kit import AnyCheck
from tests.conftest import forget_own, point_at
from tests.recorded import Answer, Recorded
from tests.test_calls import NOT_MADE

CHECKS = checks.load()[0]
CALLS = sorted({call for check in CHECKS.values() for call in check.calls})
NEVER_MADE = {call for module, call in NOT_MADE} - {
    call for check in CHECKS.values() for call in check.calls if (check.id.partition(".")[0], call) not in NOT_MADE
}

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


def verdicts(recorded: Recorded, some: Iterable[AnyCheck]) -> Verdicts:
    outcomes = (event for event in scan(recorded.home(), some, REGIONS) if isinstance(event, Outcome))
    return {(o.check.id, o.region, o.resource): (o.status, o.text) for o in outcomes}


@pytest.fixture(scope="module")
def recorded(wrong_account_url: str) -> Any:
    """The demo's account, every answer of a full scan already recorded."""
    with pytest.MonkeyPatch.context() as patch:
        forget_own(patch)
        point_at(patch, wrong_account_url)
        recorded = Recorded(given={"accessanalyzer:ListAnalyzers": (200, {"analyzers": []})})
        verdicts(recorded, CHECKS.values())
        yield recorded


@pytest.fixture(scope="module")
def truth(recorded: Recorded) -> Verdicts:
    return verdicts(recorded, CHECKS.values())


@pytest.fixture(autouse=True)
def _each_alone(recorded: Recorded, wrong_account_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    point_at(monkeypatch, wrong_account_url)
    yield
    recorded.failing.clear()


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("call", [call for call in CALLS if call not in NEVER_MADE])
def test_a_failed_call_makes_what_needs_it_unknown_and_nothing_else(
    call: str, failure: str, recorded: Recorded, truth: Verdicts
) -> None:
    concerned = [check for check in CHECKS.values() if call in check.calls]
    recorded.failing[call] = FAILURES[failure]
    found = verdicts(recorded, concerned)
    changed = {key: verdict for key, verdict in found.items() if truth.get(key) != verdict}
    assert {status for status, _ in changed.values()} == {Status.UNKNOWN}
    assert {check_id for check_id, _, _ in changed} >= {
        check.id for check in concerned if (check.id.partition(".")[0], call) not in NOT_MADE
    }
    for _, words in changed.values():
        assert call in words
        assert failure != "denied" or f"grant {action(call)}" in words


@pytest.mark.parametrize("call", [call for call in CALLS if call not in NEVER_MADE])
def test_a_denied_call_changes_nothing_for_checks_that_do_not_make_it(
    call: str, recorded: Recorded, truth: Verdicts
) -> None:
    recorded.failing[call] = FAILURES["denied"]
    found = verdicts(recorded, CHECKS.values())
    others = {id for id, check in CHECKS.items() if call not in check.calls}
    assert {k: v for k, v in found.items() if k[0] in others} == {k: v for k, v in truth.items() if k[0] in others}


def test_when_the_token_expires_in_the_middle_what_was_not_read_is_unknown(recorded: Recorded, truth: Verdicts) -> None:
    for call in CALLS[::2]:
        recorded.failing[call] = FAILURES["a token that expired"]
    found = verdicts(recorded, CHECKS.values())
    changed = {key: verdict for key, verdict in found.items() if truth.get(key) != verdict}
    assert {status for status, _ in changed.values()} == {Status.UNKNOWN}
    assert all("the AWS credentials have expired" in words for _, words in changed.values())


def test_everything_could_be_read(truth: Verdicts) -> None:
    assert {key: words for key, (status, words) in truth.items() if status is Status.UNKNOWN} == {}
