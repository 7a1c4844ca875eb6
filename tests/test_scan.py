"""The engine: one read per collector, regions side by side, unreadable answers unknown, nothing left running."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from bot.aws import Clients, Region
from bot.scan import Event, Outcome, Status, UnitDone, scan
from checks.kit import (
    AnyCheck,
    Aws,
    Check,
    Collector,
    Extra,
    NotApplicable,
    Practice,
    Scope,
    Severity,
    Unknown,
    Verdict,
    later,
)


class Account:
    """A handful of collectors that count how often they are read."""

    def __init__(self) -> None:
        self.reads: Counter[str] = Counter()
        self.broken: dict[str, Exception] = {}
        self.listed: Collector[Any] = Collector(("sqs:ListQueues",), self._stream("listed"), "arn:{id}", "{id}")
        self.joined: Collector[Any] = Collector(("sns:ListTopics",), self._join, "arn:join:{id}", needs=(self.listed,))
        self.global_: Collector[Any] = Collector(
            ("iam:ListUsers",), self._stream("global"), "arn:{id}", scope=Scope.ACCOUNT
        )

    def _stream(self, name: str) -> Any:
        def stream(aws: Aws) -> Iterator[dict[str, Any]]:
            self.reads[f"{name} {aws.region}"] += 1
            yield {"id": f"{name}-1", "n": 1}
            if name in self.broken:
                raise self.broken[name]
            yield {"id": f"{name}-2", "n": 2}

        return stream

    def _join(self, aws: Aws) -> Iterator[dict[str, Any]]:
        for resource in aws.read(self.listed):
            yield resource | {"id": f"joined-{resource['id']}"}


def check(over: Collector[Any], judge: Any, *extras: Extra[Any, Any], id: str = "t.check") -> AnyCheck:
    made: AnyCheck = Check(id, id, "why", "how", "page", Practice.MFA, Severity.LOW, over, extras, judge)
    return made


def odd_fails(resource: dict[str, Any], *_: Any) -> Verdict:
    return "is odd" if resource["n"] % 2 else None


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def home() -> Region:
    return Region(Clients(boto3.Session("testing", "testing", region_name="us-east-1")), "123456789012", "us-east-1")


def outcomes(events: list[Event]) -> list[tuple[str, str, str, str]]:
    found = [event for event in events if isinstance(event, Outcome)]
    return sorted((o.check.id, o.region, o.resource, o.status.value) for o in found)


def run(home: Region, *checks: AnyCheck, regions: tuple[str, ...] = ("eu-west-1",)) -> list[Event]:
    return list(scan(home, checks, regions))


def test_every_resource_of_every_region_is_judged_by_every_check(account: Account, home: Region) -> None:
    one, two = check(account.listed, odd_fails, id="t.one"), check(account.global_, odd_fails, id="t.two")
    assert outcomes(run(home, one, two, regions=("eu-west-1", "eu-west-2"))) == [
        ("t.one", "eu-west-1", "arn:listed-1", "fail"),
        ("t.one", "eu-west-1", "arn:listed-2", "pass"),
        ("t.one", "eu-west-2", "arn:listed-1", "fail"),
        ("t.one", "eu-west-2", "arn:listed-2", "pass"),
        ("t.two", "us-east-1", "arn:global-1", "fail"),
        ("t.two", "us-east-1", "arn:global-2", "pass"),
    ]


def test_a_collector_is_read_once_however_many_ask(account: Account, home: Region) -> None:
    shared_extra: Extra[Any, int] = Extra((), lambda aws, r: account.reads.update(["extra"]) or 1)
    checks = [
        check(account.listed, odd_fails, id="t.one"),
        check(account.listed, odd_fails, shared_extra, id="t.two"),
        check(account.listed, odd_fails, shared_extra, id="t.three"),
        check(account.joined, odd_fails, id="t.four"),
    ]
    run(home, *checks)
    assert account.reads == {"listed eu-west-1": 1, "extra": 2}, "and an extra once for each resource"


def test_what_is_for_later_is_read_where_a_judge_asks_and_never_twice(account: Account, home: Region) -> None:
    asked: Extra[Any, int] = Extra((), lambda aws, r: account.reads.update([r["id"]]) or 1)

    def odd_asks(resource: dict[str, Any], ask: Callable[[], int]) -> Verdict:
        return None if resource["n"] % 2 == 0 else f"is {ask()} and still {ask()}"

    lazy = [check(account.listed, odd_asks, later(asked), id=id) for id in ("t.one", "t.two")]
    said = {o.text for o in run(home, *lazy) if isinstance(o, Outcome)}
    assert said == {"", "is 1 and still 1"}
    assert account.reads == {"listed eu-west-1": 1, "listed-1": 1}
    run(home, *lazy, check(account.listed, odd_fails, asked, id="t.eager"))
    assert account.reads == {"listed eu-west-1": 2, "listed-1": 2, "listed-2": 1}


def test_an_extra_that_cannot_be_read_is_unknown_to_all_who_ask_and_asked_once(account: Account, home: Region) -> None:
    def read(aws: Aws, resource: dict[str, Any]) -> int:
        account.reads["denied"] += 1
        raise Unknown("denied")

    denied: Extra[Any, int] = Extra((), read)
    eager = check(account.listed, odd_fails, denied, id="t.eager")
    lazy = check(account.listed, lambda r, ask: ask(), later(denied), id="t.lazy")
    assert [o[3] for o in outcomes(run(home, eager, lazy))] == ["unknown"] * 4
    assert account.reads["denied"] == 2, "once for each resource"


def test_a_read_that_fails_is_unknown_and_what_came_before_it_counts(account: Account, home: Region) -> None:
    account.broken["listed"] = Unknown("sqs:ListQueues was denied: grant sqs:ListQueues")
    events = run(home, check(account.listed, odd_fails), check(account.global_, odd_fails, id="t.other"))
    assert outcomes(events)[:2] == [
        ("t.check", "eu-west-1", "", "unknown"),
        ("t.check", "eu-west-1", "arn:listed-1", "fail"),
    ]
    assert [o.text for o in events if isinstance(o, Outcome) and o.status is Status.UNKNOWN] == [
        "sqs:ListQueues was denied: grant sqs:ListQueues"
    ]
    complete = {done.checks[0].id: done.complete for done in events if isinstance(done, UnitDone)}
    assert complete == {"t.check": False, "t.other": True}, "the rest of the scan goes on"


def test_a_join_shares_the_failure_of_what_it_joins(account: Account, home: Region) -> None:
    account.broken["listed"] = Unknown("denied")
    events = run(home, check(account.listed, odd_fails, id="t.one"), check(account.joined, odd_fails, id="t.two"))
    assert account.reads == {"listed eu-west-1": 1}
    assert [o[3] for o in outcomes(events)] == ["unknown", "unknown"]


def raising(error: Exception) -> Any:
    def judge(*_: Any) -> Verdict:
        raise error

    return judge


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotApplicable("is AWS's own"), Status.NOT_APPLICABLE),
        (Unknown("was not there"), Status.UNKNOWN),
        (KeyError("Encrypted"), Status.UNKNOWN),
        (TypeError("None"), Status.UNKNOWN),
        (RecursionError(), Status.UNKNOWN),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_judge_raises_is_never_a_pass_or_a_fail(
    account: Account, home: Region, error: Exception, status: Status
) -> None:
    assert {o[3] for o in outcomes(run(home, check(account.listed, raising(error))))} == {status.value}
    extra: Extra[Any, None] = Extra((), lambda aws, r: raising(error)())
    assert {o[3] for o in outcomes(run(home, check(account.listed, odd_fails, extra)))} == {status.value}


def test_an_empty_verdict_is_still_a_fail(account: Account, home: Region) -> None:
    """A judge that says "" found something wrong and said it badly: that must not pass."""
    assert {o[3] for o in outcomes(run(home, check(account.listed, lambda r: "")))} == {"fail"}


def test_a_resource_without_what_names_it_is_unknown(home: Region) -> None:
    nameless: Collector[Any] = Collector(("sqs:ListQueues",), lambda aws: iter([{"n": 1}]), "arn:{id}")
    (outcome,) = [e for e in run(home, check(nameless, odd_fails)) if isinstance(e, Outcome)]
    assert (outcome.status, outcome.resource) == (Status.UNKNOWN, "")


def test_a_service_that_aws_does_not_offer_in_a_region_is_skipped_and_said(home: Region) -> None:
    absent: Collector[Any] = Collector(("apprunner:ListServices",), lambda aws: iter(()), "arn:{id}")
    (outcome,) = [e for e in run(home, check(absent, odd_fails), regions=("eu-north-1",)) if isinstance(e, Outcome)]
    assert (outcome.status, outcome.text) == (
        Status.NOT_APPLICABLE,
        "AWS does not offer apprunner in eu-north-1",
    )


def test_thresholds_of_the_settings_reach_the_judge(account: Account, home: Region) -> None:
    def limit(resource: dict[str, Any], *, most: int = 1) -> Verdict:
        return "is too much" if resource["n"] > most else None

    lenient = scan(home, [check(account.listed, limit)], ["eu-west-1"], {"t.check": {"most": 5}})
    assert [o[3] for o in outcomes(run(home, check(account.listed, limit)))] == ["pass", "fail"]
    assert [o[3] for o in outcomes(list(lenient))] == ["pass", "pass"]


def test_progress_counts_every_unit_once(account: Account, home: Region) -> None:
    events = run(home, check(account.listed, odd_fails), regions=("eu-west-1", "eu-west-2", "eu-west-3"))
    assert [(e.done, e.total) for e in events if isinstance(e, UnitDone)] == [(1, 3), (2, 3), (3, 3)]


def test_a_bug_in_the_engine_itself_is_raised_where_the_scan_is_consumed(account: Account, home: Region) -> None:
    crooked = check(account.listed, odd_fails)
    object.__setattr__(crooked, "extras", None)
    with pytest.raises(TypeError):
        run(home, crooked)


def test_closing_a_scan_stops_its_reads(home: Region) -> None:
    asked = Counter[str]()

    def endless(aws: Aws) -> Iterator[dict[str, Any]]:
        while True:
            asked["n"] += 1
            yield {"id": asked["n"], "n": 1}

    events = scan(home, [check(Collector(("sqs:ListQueues",), endless, "arn:{id}"), odd_fails)], ["eu-west-1"])
    next(iter(events))
    events.close()  # type: ignore[attr-defined]
    settled = asked["n"]
    time.sleep(0.3)
    assert asked["n"] <= settled + 1
