"""Everything that is decided or done about a fix has its row in the audit log, whatever becomes of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from bot.bulk import Bulk
from bot.remediate import Refusal
from bot.store import Store
from bot.store.fix_request import FixRequest, State
from tests.aws_answers import answer_instead, register_on_every_client
from tests.test_remediate import ANA, APPROVERS, BEN, BUCKET, CHECK, CHIARA, DAN, World

NOT_SHOWN = {State.WAITING: "fix.requested"}
KINDS = {
    *[NOT_SHOWN.get(state, f"fix.{state}") for state in State],
    *("fix.proposed", "fix.approval", "aws.write intent", "aws.write ok", "aws.write failed", "aws.write unknown"),
    *(f"fix.{act} refused" for act in ("proposed", "requested", "approved", "broke_glass", "denied", "cancelled")),
    "fix.undoing refused",
}  # fmt: skip


class Died(Exception):
    pass


@pytest.fixture
def world(moto_url: str, store: Store) -> Iterator[World]:
    world = World(store, fixes_per_hour=100, failures_per_hour=100)
    yield world
    assert store.audit.verify().ok


def open_again(world: World) -> None:
    world.s3.delete_public_access_block(Bucket=BUCKET)
    world.scan()


def approved(world: World) -> FixRequest:
    open_again(world)
    return world.approved()


def ended_well(world: World) -> None:
    two = world.restarted(two_approvers_for=["cuts_access"])
    asked = two.request(1, two.propose(1, ANA).plan_hash, ANA, "because")
    for person in (BEN, CHIARA):
        two.approve(asked.id, asked.plan_hash, person, APPROVERS)
    world.bot.run(asked.id)
    world.bot.undo(asked.id, BEN, APPROVERS, "oops")
    alone = world.requested()
    world.bot.break_glass(alone.id, ANA, {"UANA"}, "now")
    world.bot.run(alone.id)


def not_made(world: World) -> None:
    open_again(world)
    world.bot.deny(world.requested().id, BEN, APPROVERS, "no")
    world.bot.cancel(world.requested().id, ANA)
    world.bot.expire(world.requested().expires_at)
    moot = world.approved()
    world.s3.put_public_access_block(**moot.plan.do[0].params)
    world.bot.run(moot.id)
    changed = approved(world)
    some: Any = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }
    world.s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=some)
    world.bot.run(changed.id)
    open_again(world)
    world.restarted(fix_mode="dry-run").run(world.approved().id)


def ended_badly(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = approved(world)
    with monkeypatch.context() as denied:
        answer_instead(denied, "s3", "PutPublicAccessBlock", 403, b"<Error><Code>AccessDenied</Code></Error>")
        world.bot.run(failing.id)
    fixed = world.bot.run(approved(world).id)
    with monkeypatch.context() as denied:
        answer_instead(denied, "s3", "DeletePublicAccessBlock", 403, b"<Error><Code>AccessDenied</Code></Error>")
        world.bot.undo(fixed.id, BEN, APPROVERS, "oops")
    dying = approved(world)
    with monkeypatch.context() as death, contextlib.suppress(Died):

        def die(**_: Any) -> None:
            raise Died

        register_on_every_client(death, "before-send.s3.PutPublicAccessBlock", die)
        world.bot.run(dying.id)
    world.restarted().recover()


def refused(world: World) -> None:
    open_again(world)
    bulk = Bulk(world.settings, world.store, world.bot, lambda: world.now)
    shown, asked = world.proposed().plan_hash, world.requested()
    for attempt in (
        lambda: world.bot.propose(99, ANA),
        lambda: world.bot.request(1, shown, ANA, "because"),
        lambda: world.bot.approve(asked.id, asked.plan_hash, ANA, APPROVERS),
        lambda: world.bot.break_glass(asked.id, DAN, (), "now"),
        lambda: world.bot.deny(asked.id, DAN, APPROVERS, "no"),
        lambda: world.bot.cancel(asked.id, BEN),
        lambda: world.bot.undo(asked.id, BEN, APPROVERS, "oops"),
        lambda: bulk.propose(CHECK, ANA),
        lambda: bulk.approve(9, "", BEN, APPROVERS),
        lambda: bulk.deny(9, BEN, APPROVERS, "no"),
        lambda: [*bulk.undo(9, (), BEN, APPROVERS, "oops")],
    ):
        before = world.store.audit.head().seq
        with pytest.raises(Refusal):
            attempt()
        assert world.store.audit.head().seq == before + 1, "one row for each"


def test_every_kind_of_decision_and_every_end_has_its_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ended_well(world)
    not_made(world)
    ended_badly(world, monkeypatch)
    refused(world)
    rows = world.store.audit.rows(last=1000)
    plain = {"ok": "", "intent": " intent"}
    found = {
        row["action"] + (f" {row['result']}" if row["action"] == "aws.write" else plain.get(row["result"], " refused"))
        for row in rows
    }
    assert found >= KINDS, KINDS - found
    for row in rows:
        assert row["actor"]
        assert row["result"] != "refused" or row["detail"]["why"]
    ends = [row for row in rows if row["action"] in ("fix.fixed", "fix.failed", "fix.undone", "fix.undo_failed")]
    assert all("checked again: " in row["detail"]["result"] or "nothing" in row["detail"]["result"] for row in ends)


@pytest.mark.parametrize("works", [True, False])
def test_what_aws_calls_a_write_is_in_its_row(world: World, monkeypatch: pytest.MonkeyPatch, works: bool) -> None:
    """CloudTrail has the same number, whether AWS did it or not."""
    seen: list[str] = []

    def before(**_: Any) -> None:
        if not works:
            world.s3.delete_bucket(Bucket=BUCKET)

    def after(parsed: Any, **_: Any) -> None:
        seen.append(parsed["ResponseMetadata"]["RequestId"])

    ready = world.approved()
    register_on_every_client(monkeypatch, "before-send.s3.PutPublicAccessBlock", before)
    register_on_every_client(monkeypatch, "after-call.s3.PutPublicAccessBlock", after)
    world.bot.run(ready.id)
    [row] = [row for row in world.store.audit.rows() if row["action"] == "aws.write" and row["result"] != "intent"]
    assert row["detail"]["answer"] == seen[0] != ""
    assert row["result"] == ("ok" if works else "failed")
    assert works or "NoSuchBucket" in row["detail"]["why"]
