"""Who decides: two people where it interrupts, one alone with the glass broken, limits by severity and account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.people import Person
from bot.remediate import Refusal
from bot.settings import Limit
from bot.store import Store
from bot.store.fix_request import FixRequest, State
from tests.aws_answers import answer_instead
from tests.test_remediate import ANA, APPROVERS, BEN, BUCKET, CHIARA, DAN, World

TWO: dict[str, Any] = {"two_approvers_for": ["cuts_access"]}
GLASS = frozenset({"UANA", "UDAN"})


@pytest.fixture
def world(moto_url: str, store: Store) -> Iterator[World]:
    world = World(store, **TWO)
    yield world
    assert store.audit.verify().ok


def approve(world: World, request: FixRequest, person: Any, **more: Any) -> FixRequest:
    return world.bot.approve(request.id, request.plan_hash, person, APPROVERS, **more)


def test_what_needs_two_waits_for_the_second_and_runs_once(world: World) -> None:
    asked = world.requested()
    assert asked.needed == 2
    first = approve(world, asked, BEN)
    assert (first.state, first.approvals) == (State.WAITING, ["T1/UBEN"])
    assert world.bot.run(asked.id).state is State.WAITING, "one approval runs nothing"
    assert world.block() is None
    second = approve(world, asked, CHIARA)
    assert (second.state, second.approvals) == (State.APPROVED, ["T1/UBEN", "T1/UCHI"])
    assert world.bot.run(asked.id).state is State.FIXED
    assert [row for row in world.audited() if row[0].startswith("fix.app")] == [
        ("fix.approval", "T1/UBEN", "ok"),
        ("fix.approved", "T1/UCHI", "ok"),
    ]


def test_a_second_click_after_the_end_says_how_it_ended(world: World) -> None:
    asked = world.requested()
    approve(world, asked, BEN)
    approve(world, asked, CHIARA)
    world.bot.run(asked.id)
    with pytest.raises(Refusal, match="the request is fixed already"):
        approve(world, asked, BEN)


def test_nobody_is_two_people(world: World) -> None:
    asked = world.requested()
    approve(world, asked, BEN)
    with pytest.raises(Refusal, match="you approved already"):
        approve(world, asked, BEN)
    with pytest.raises(Refusal, match="somebody else must approve"):
        world.bot.approve(asked.id, asked.plan_hash, ANA, APPROVERS | {"UANA"})
    assert world.store.requests.get(asked.id).state is State.WAITING


def test_either_of_them_may_still_say_no(world: World) -> None:
    asked = world.requested()
    approve(world, asked, BEN)
    assert world.bot.deny(asked.id, CHIARA, APPROVERS, "not now").state is State.DENIED
    with pytest.raises(Refusal, match="is denied already"):
        approve(world, asked, CHIARA)


def test_messages_are_edited_after_the_first_approval(world: World) -> None:
    asked = world.requested()
    assert approve(world, asked, BEN).face != asked.face


def test_a_fix_that_interrupts_nothing_needs_one(moto_url: str, store: Store) -> None:
    assert World(store).requested().needed == 1


def test_who_may_break_the_glass_approves_alone_even_their_own(world: World) -> None:
    asked = world.requested()
    alone = world.bot.break_glass(asked.id, ANA, GLASS, " customers' data is read as we speak ")
    assert (alone.state, alone.approver, alone.broke_glass) == (
        State.APPROVED,
        "T1/UANA",
        "customers' data is read as we speak",
    )
    assert world.bot.run(asked.id).state is State.FIXED
    (row,) = [row for row in world.store.audit.rows() if row["action"] == "fix.approved"]
    assert row["detail"] == {"broke_glass": "customers' data is read as we speak"}


@pytest.mark.parametrize(
    ("person", "allowed", "reason", "words"),
    [
        (BEN, GLASS, "because", "you may not approve alone"),
        (ANA, frozenset[str](), "because", "you may not approve alone"),
        (DAN, GLASS, " ", "a reason is needed"),
    ],
)
def test_the_glass_is_not_for_everybody(world: World, person: Any, allowed: Any, reason: str, words: str) -> None:
    asked = world.requested()
    with pytest.raises(Refusal, match=words):
        world.bot.break_glass(asked.id, person, allowed, reason)
    assert world.store.requests.get(asked.id).state is State.WAITING
    assert ("fix.broke_glass", str(person), "refused") in world.audited()


def test_the_glass_breaks_no_other_rule(world: World) -> None:
    asked = world.requested()
    world.store.freezes.begin("", world.now + timedelta(hours=1), "the sale", by="T1/UBEN", at=world.now)
    world.bot.break_glass(asked.id, ANA, GLASS, "because")
    ended = world.bot.run(asked.id)
    assert (ended.state, world.block()) == (State.FAILED, None)
    assert "the sale [rule: freeze]" in ended.result


def test_what_was_decided_or_has_expired_has_no_glass(world: World) -> None:
    asked = world.requested()
    world.now += timedelta(hours=25)
    with pytest.raises(Refusal, match="has expired"):
        world.bot.break_glass(asked.id, ANA, GLASS, "because")
    world.now -= timedelta(hours=25)
    with pytest.raises(Refusal, match="is expired already"):
        world.bot.break_glass(asked.id, ANA, GLASS, "because")


def test_limits_hold_for_asking_and_for_approving(world: World) -> None:
    low = [Limit(who=["U0ANA"], up_to="low")]
    plan = world.proposed().plan_hash
    with pytest.raises(Refusal, match="you may request fixes up to low"):
        world.bot.request(world.finding.id, plan, ANA, "because", low)
    asked = world.requested()
    with pytest.raises(Refusal, match="you may approve fixes up to low"):
        approve(world, asked, BEN, limits=low)
    assert world.store.requests.get(asked.id).approvals == []


def test_a_freeze_of_a_tag_holds_until_it_is_ended(world: World) -> None:
    world.s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "env", "Value": "prod"}]})
    until = world.now + timedelta(days=1)
    other = world.store.freezes.begin("env=test", until, "tests", by="T1/UBEN", at=world.now)
    assert world.proposed().plan.do
    begun = world.store.freezes.begin("env=prod", until, "the sale", by="T1/UBEN", at=world.now)
    assert begun is not None
    assert other is not None
    with pytest.raises(Refusal, match="the sale"):
        world.proposed()
    ended = world.store.freezes.end(begun.id, by="T1/UCHI", at=world.now)
    assert ended is not None
    assert (ended.id, ended.tag, ended.reason) == (begun.id, "env=prod", "the sale")
    assert world.store.freezes.end(begun.id, by="T1/UCHI", at=world.now) is None
    assert world.proposed().plan.do
    assert [one.id for one in world.store.freezes.current(world.now)] == [other.id]
    assert world.store.freezes.current(until) == []
    assert [row[:2] for row in world.audited() if row[0].startswith("freeze")] == [
        ("freeze.begun", "T1/UBEN"),
        ("freeze.begun", "T1/UBEN"),
        ("freeze.ended", "T1/UCHI"),
    ]


def test_failures_open_the_circuit(moto_url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(store, failures_per_hour=1)
    approved = world.approved()
    with monkeypatch.context() as denied:
        answer_instead(denied, "s3", "PutPublicAccessBlock", 403, b"<Error><Code>AccessDenied</Code></Error>")
        assert world.bot.run(approved.id).state is State.FAILED
    with pytest.raises(Refusal, match=r"1 fixes failed in the last hour.*\[rule: circuit breaker\]"):
        world.proposed()
    world.now += timedelta(minutes=61)
    assert world.proposed().plan.do


def test_what_no_scan_saw_for_days_is_scanned_again_first(world: World) -> None:
    world.now += timedelta(hours=80)
    with pytest.raises(Refusal, match=r"no scan has seen this finding for 3 days.*\[rule: finding age\]"):
        world.proposed()


def test_limits_hold_for_who_breaks_the_glass(world: World) -> None:
    asked = world.requested()
    with pytest.raises(Refusal, match="fixes up to low"):
        world.bot.break_glass(asked.id, ANA, GLASS, "because", [Limit(who=["U0ANA"], up_to="low")])
    assert world.store.requests.get(asked.id).waits


def test_one_person_is_one_approver_in_every_workspace(world: World) -> None:
    asked = world.requested()
    approve(world, asked, BEN)
    with pytest.raises(Refusal, match="approved already"):
        approve(world, asked, Person("T2", BEN.user))
    assert world.store.requests.get(asked.id).waits
