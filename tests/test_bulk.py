"""The same fix on several buckets: one request, one decision, one by one until one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

import checks
from bot.bulk import Bulk
from bot.remediate import Refusal
from bot.scan import Outcome, Status, UnitDone
from bot.settings import Limit
from bot.store import Store
from bot.store.findings import Filter
from bot.store.fix_request import Batch, State
from checks import s3
from tests.aws_answers import answer_instead
from tests.test_remediate import ANA, APPROVERS, BEN, BUCKET, CHECK, CHIARA, DAN, World

NAMES = [BUCKET, "northwind-invoices", "northwind-photos"]


class Shop(World):
    """Three buckets that fail."""

    def __init__(self, store: Store, **settings: Any) -> None:
        for name in NAMES[1:]:
            boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=name)
        super().__init__(store, **settings)
        self.bulk = Bulk(self.settings, store, self.bot, lambda: self.now)

    def ids(self, *names: str) -> set[int]:
        found = self.store.findings.search(Filter(check_id=CHECK), self.now)
        return {finding.id for finding in found if finding.name in (names or NAMES)}

    def asked(self, *names: str) -> Batch:
        shown = self.bulk.propose(CHECK, ANA).plan_hash
        return self.bulk.request(CHECK, shown, self.ids(*names), ANA, "exports hold customer data")

    def approved(self, *names: str) -> Batch:  # type: ignore[override]
        batch = self.asked(*names)
        return self.bulk.approve(batch.id, batch.plan_hash, BEN, APPROVERS)

    def ran(self) -> list[State]:
        *_, batch = self.bulk.run(self.approved().id)
        return [request.state for request in batch.requests]

    def blocked(self) -> list[str]:
        found = []
        for name in NAMES:
            try:
                self.s3.get_public_access_block(Bucket=name)
            except self.s3.exceptions.ClientError:
                continue
            found.append(name)
        return found


@pytest.fixture
def shop(moto_url: str, store: Store) -> Iterator[Shop]:
    shop = Shop(store)
    yield shop
    assert store.audit.verify().ok


def test_one_request_one_approval_every_bucket(shop: Shop) -> None:
    batch = shop.asked()
    assert [request.name for request in batch.requests] == NAMES
    assert {request.batch for request in batch.requests} == {batch.id}
    assert shop.blocked() == []
    approved = shop.bulk.approve(batch.id, batch.plan_hash, BEN, APPROVERS)
    assert {request.state for request in approved.requests} == {State.APPROVED}
    faces = [one.face for one in shop.bulk.run(batch.id)]
    assert faces[0] == "fixed approved approved"
    assert faces[-1] == "fixed fixed fixed"
    assert shop.blocked() == NAMES
    *_, undone = shop.bulk.undo(batch.id, {r.id for r in approved.requests[1:]}, BEN, APPROVERS, "photos are public")
    assert [request.state for request in undone.requests] == [State.FIXED, State.UNDONE, State.UNDONE]
    assert shop.blocked() == NAMES[:1]


def test_only_what_was_chosen(shop: Shop) -> None:
    batch = shop.approved(BUCKET, "northwind-photos")
    [*shop.bulk.run(batch.id)]
    assert shop.blocked() == [BUCKET, "northwind-photos"]


def test_the_first_failure_is_the_last_attempt(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = shop.approved()
    answer_instead(monkeypatch, "s3", "PutPublicAccessBlock", 403, b"<Error><Code>AccessDenied</Code></Error>")
    *_, ended = shop.bulk.run(batch.id)
    assert [request.state for request in ended.requests] == [State.FAILED] * 3
    first, second, third = (request.result for request in ended.requests)
    assert "grant s3:PutBucketPublicAccessBlock" in first
    assert second == third == f"not tried, because request {batch.requests[0].id} did not go well; nothing was changed"
    assert [row for row in shop.audited() if row[0] == "aws.write"] == [
        ("aws.write", "T1/UBEN", "intent"),
        ("aws.write", "T1/UBEN", "failed"),
    ]


def test_what_cannot_be_fixed_is_left_out_and_said(shop: Shop) -> None:
    shop.s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "keep", "Value": "1"}]})
    (photos,) = shop.ids("northwind-photos")
    shop.store.findings.mute(photos, until=shop.now + timedelta(days=1), reason="x", actor="T1/UANA", at=shop.now)
    guarded = shop.restarted(protected_tags=["keep"])
    proposal = Bulk(shop.settings, shop.store, guarded, lambda: shop.now).propose(CHECK, ANA)
    assert [one.finding.name for one in proposal.proposals] == ["northwind-invoices"]
    assert proposal.left == {BUCKET: "it is protected by its tag keep [rule: protected tag]"}


def test_a_resource_with_an_open_request_is_left_out(shop: Shop) -> None:
    batch = shop.asked(BUCKET)
    proposal = shop.bulk.propose(CHECK, ANA)
    assert proposal.left == {BUCKET: f"fix request {batch.requests[0].id} is still open"}


def test_a_request_is_for_so_many_at_most(moto_url: str, store: Store) -> None:
    shop = Shop(store, batch_size=2)
    proposal = shop.bulk.propose(CHECK, ANA)
    assert len(proposal.proposals) == 2
    assert "ask again for the rest" in proposal.left["northwind-photos"]


def test_many_that_are_gone_do_not_stand_before_those_that_are_not(shop: Shop) -> None:
    check = checks.load()[0][CHECK]
    gone = [
        Outcome(check, "123456789012", "us-east-1", f"arn:aws:s3:::gone-{n}", f"gone-{n}", Status.FAIL, "is open")
        for n in range(60)
    ]
    scan = shop.store.scans.begin("123456789012", at=shop.now, complete_scope=False, requested_by="test")
    done = UnitDone((check,), "123456789012", "us-east-1", False, 1, 1, "s3")
    shop.store.findings.record(scan, done, gone, {}, shop.now)
    proposal = shop.bulk.propose(CHECK, ANA)
    assert [one.finding.name for one in proposal.proposals] == NAMES
    assert proposal.left["gone-7"].startswith("the resource is gone")


@pytest.mark.parametrize(("limit", "needed"), [(2, 2), (3, 1)])
def test_many_resources_need_two_approvers(moto_url: str, store: Store, limit: int, needed: int) -> None:
    shop = Shop(store, second_approver_above=limit)
    batch = shop.approved()
    assert {request.needed for request in batch.requests} == {needed}
    assert batch.waits == (needed == 2)
    if batch.waits:
        assert [*shop.bulk.run(batch.id)][-1].waits
        assert shop.blocked() == []
        assert not shop.bulk.approve(batch.id, batch.plan_hash, CHIARA, APPROVERS).waits


def test_the_whole_is_denied_or_taken_back(shop: Shop) -> None:
    first = shop.asked()
    assert {r.state for r in shop.bulk.deny(first.id, BEN, APPROVERS, "not today").requests} == {State.DENIED}
    second = shop.asked()
    assert {r.state for r in shop.bulk.cancel(second.id, ANA).requests} == {State.CANCELLED}
    with pytest.raises(Refusal, match="decided on already"):
        shop.bulk.deny(second.id, BEN, APPROVERS, "no")


@pytest.mark.parametrize(
    ("person", "approvers", "shown", "words"),
    [
        (ANA, APPROVERS | {"UANA"}, "", "somebody else must approve"),
        (DAN, APPROVERS, "", "only an approver"),
        (BEN, APPROVERS, "0" * 64, "another plan"),
    ],
)
def test_a_batch_is_approved_by_whom_a_single_fix_would_be(
    shop: Shop, person: Any, approvers: frozenset[str], shown: str, words: str
) -> None:
    batch = shop.asked()
    with pytest.raises(Refusal, match=words):
        shop.bulk.approve(batch.id, shown or batch.plan_hash, person, approvers)
    assert shop.store.batches.get(batch.id).waits
    assert ("fix.approved", str(person), "refused") in shop.audited()


def test_what_was_not_shown_is_not_asked_for(shop: Shop) -> None:
    shown = shop.bulk.propose(CHECK, ANA).plan_hash
    shop.s3.put_public_access_block(
        Bucket=BUCKET,
        PublicAccessBlockConfiguration=dict.fromkeys(s3.FLAGS, True),  # type: ignore[arg-type]
    )
    with pytest.raises(Refusal, match="something changed since you looked"):
        shop.bulk.request(CHECK, shown, shop.ids(), ANA, "because")
    with pytest.raises(Refusal, match="choose at least one"):
        shop.bulk.request(CHECK, shop.bulk.propose(CHECK, ANA).plan_hash, {999}, ANA, "because")


def test_limits_hold_for_batches_too(shop: Shop) -> None:
    low, shown = [Limit(who=["U0ANA"], up_to="low")], shop.bulk.propose(CHECK, ANA).plan_hash
    with pytest.raises(Refusal, match="fixes up to low"):
        shop.bulk.request(CHECK, shown, shop.ids(), ANA, "because", low)


def test_after_a_restart_what_was_left_is_closed_and_not_made(shop: Shop) -> None:
    batch = shop.approved()
    running = shop.bulk.run(batch.id)
    next(running)
    shop.restarted().recover()
    states = [request.state for request in shop.store.batches.get(batch.id).requests]
    assert states == [State.FIXED, State.FAILED, State.FAILED]
    assert shop.blocked() == [BUCKET]


def test_one_of_a_batch_is_not_decided_on_alone(shop: Shop) -> None:
    batch = shop.asked()
    one = batch.requests[0]
    decisions: list[Callable[[], object]] = [
        lambda: shop.bot.approve(one.id, one.plan_hash, BEN, APPROVERS),
        lambda: shop.bot.deny(one.id, BEN, APPROVERS, "no"),
        lambda: shop.bot.cancel(one.id, ANA),
        lambda: shop.bot.break_glass(one.id, ANA, {ANA.user}, "now"),
    ]
    for decide in decisions:
        with pytest.raises(Refusal, match=f"is part of batch {batch.id}"):
            decide()
    assert shop.store.batches.get(batch.id).waits


def test_an_undo_that_stops_says_how_far_it_got(shop: Shop) -> None:
    batch = shop.approved()
    *_, done = shop.bulk.run(batch.id)
    shop.s3.delete_public_access_block(Bucket=NAMES[1])  # in the middle: the last is undone first
    undoing = shop.bulk.undo(batch.id, {request.id for request in done.requests}, BEN, APPROVERS, "back")
    with pytest.raises(Refusal, match=f"1 of 3 undone, {NAMES[1]} not: the resource changed after the fix"):
        list(undoing)
    with pytest.raises(Refusal, match="choose at least one change that can be undone"):
        next(shop.bulk.undo(batch.id, {999}, BEN, APPROVERS, "back"))
    assert ("fix.undoing", "T1/UBEN", "refused") in shop.audited()
