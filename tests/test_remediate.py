"""The life of a fix on an emulated account: who may, once only, exactly what was approved, truthful after a crash."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

import checks
from bot import permissions
from bot.fixing import FixAws
from bot.ownership import Owner
from bot.people import Person
from bot.recording import connect, record, select, target
from bot.remediate import Proposal, Refusal, Remediator, can_undo
from bot.settings import Settings, load
from bot.store import Store
from bot.store.findings import Filter, Finding
from bot.store.fix_request import FixRequest, State
from checks import s3
from tests.aws_answers import answer_instead, register_on_every_client
from tests.test_ownership import STACK

ANA, BEN, CHIARA, DAN = (Person("T1", user) for user in ("UANA", "UBEN", "UCHI", "UDAN"))
APPROVERS = frozenset({"UBEN", "UCHI"})
ROLE = "arn:aws:iam::123456789012:role/aws-sec-fix"
BUCKET = "northwind-exports"
CHECK = s3.bucket_blocks_public_access.id


class World:
    """A bucket that fails its check, and a bot that may fix it."""

    def __init__(self, store: Store, **settings: Any) -> None:
        self.store = store
        self.now = datetime.now(UTC)
        self.given: dict[str, Any] = {"fix_mode": "on", "fix_role_arn": ROLE, "regions": ["us-east-1"]} | settings
        self.settings: Settings = load(**self.given)
        self.s3 = boto3.client("s3", region_name="us-east-1")
        self.s3.create_bucket(Bucket=BUCKET)
        self.scan()
        self.bot = self.restarted()

    def restarted(self, **settings: Any) -> Remediator:
        changed = load(**self.given | settings)
        aws = FixAws(changed, lambda: connect(changed))
        return Remediator(changed, self.store, checks.load()[1], aws, now=lambda: self.now, pause=lambda _: None)

    def scan(self) -> None:
        where = target(self.settings, connect(self.settings))
        only = select(self.settings, [CHECK])
        record(self.settings, self.store, where, only, requested_by="test", complete_scope=True)

    @property
    def finding(self) -> Finding:
        (finding,) = self.store.findings.search(Filter(state="", muted=None), self.now)
        return finding

    def proposed(self) -> Proposal:
        return self.bot.propose(self.finding.id, ANA)

    def requested(self) -> FixRequest:
        return self.bot.request(self.finding.id, self.proposed().plan_hash, ANA, "exports hold customer data")

    def approved(self) -> FixRequest:
        request = self.requested()
        return self.bot.approve(request.id, request.plan_hash, BEN, APPROVERS)

    def fixed(self) -> FixRequest:
        return self.bot.run(self.approved().id)

    def block(self) -> dict[str, bool] | None:
        try:
            got = self.s3.get_public_access_block(Bucket=BUCKET)
        except self.s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchPublicAccessBlockConfiguration":
                raise
            return None
        return dict(got["PublicAccessBlockConfiguration"])  # type: ignore[arg-type]

    def audited(self) -> list[tuple[str, str, str]]:
        rows = self.store.audit.rows(last=100)
        return [(row["action"], row["actor"], row["result"]) for row in reversed(rows)]


@pytest.fixture
def world(moto_url: str, store: Store) -> Iterator[World]:
    world = World(store)
    yield world
    assert store.audit.verify().ok


def test_the_whole_life_of_a_fix(world: World) -> None:
    proposal = world.proposed()
    assert proposal.plan.before["BlockPublicAcls"] == "off"
    request = world.requested()
    assert request.state is State.WAITING
    assert world.block() is None, "nothing is written before the approval"
    approved = world.bot.approve(request.id, request.plan_hash, BEN, APPROVERS)
    assert (approved.state, approved.approver) == (State.APPROVED, "T1/UBEN")
    assert world.block() is None, "an approval alone writes nothing"

    fixed = world.bot.run(request.id)
    assert (fixed.state, fixed.result) == (State.FIXED, "checked again: it is as it should be")
    assert world.block() == dict.fromkeys(s3.FLAGS, True)
    assert world.finding.state == "resolved"
    assert can_undo(fixed)

    undone = world.bot.undo(request.id, BEN, APPROVERS, "the partner needs it until Friday")
    assert undone.state is State.UNDONE
    assert world.block() is None, "as it was before"
    assert world.finding.state == "open"
    assert not can_undo(undone)
    assert world.audited() == [
        ("fix.proposed", "T1/UANA", "ok"),
        ("fix.proposed", "T1/UANA", "ok"),
        ("fix.requested", "T1/UANA", "ok"),
        ("fix.approved", "T1/UBEN", "ok"),
        ("fix.running", "aws-sec/bot", "ok"),
        ("aws.write", "T1/UBEN", "intent"),
        ("aws.write", "T1/UBEN", "ok"),
        ("fix.fixed", "aws-sec/bot", "ok"),
        ("fix.undoing", "T1/UBEN", "ok"),
        ("aws.write", "T1/UBEN", "intent"),
        ("aws.write", "T1/UBEN", "ok"),
        ("fix.undone", "aws-sec/bot", "ok"),
    ]


def test_the_write_is_made_with_a_session_of_this_plan_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    # A botocore event sees what is really sent; moto accepts any session policy.
    register_on_every_client(
        monkeypatch, "provide-client-params.sts.AssumeRole", lambda params, **_: asked.append(params)
    )
    world.bot = world.restarted(fix_external_id="another-text-of-your-own")
    request = world.fixed()
    (session,) = asked
    assert (session["RoleArn"], session["ExternalId"]) == (ROLE, "another-text-of-your-own")
    assert session["RoleSessionName"] == session["SourceIdentity"] == f"aws-sec-fix-{request.id}"
    assert json.loads(session["Policy"])["Statement"] == [
        {"Effect": "Allow", "Action": ["s3:PutBucketPublicAccessBlock"], "Resource": f"arn:aws:s3:::{BUCKET}"},
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": ["arn:aws:account::*", "arn:aws:iam::*", "arn:aws:organizations::*"],
        },
    ]


def test_a_plan_too_big_for_one_session_is_refused_before_anybody_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved = world.approved()
    monkeypatch.setattr(permissions, "SESSION_LIMIT", 100)
    with pytest.raises(Refusal, match="touches too much for one change"):
        world.restarted().propose(world.finding.id, ANA)
    ended = world.bot.run(approved.id)
    assert (ended.state, ended.result.partition(":")[0]) == (State.FAILED, "it touches too much for one change")
    assert world.block() is None


Refused = Callable[[World], object]


def request(world: World, *, plan: str = "", reason: str = "because") -> FixRequest:
    return world.bot.request(world.finding.id, plan or world.proposed().plan_hash, ANA, reason)


def decide(world: World, person: Person) -> FixRequest:
    asked = world.requested()
    return world.bot.approve(asked.id, asked.plan_hash, person, APPROVERS)


def decide_again(world: World) -> FixRequest:
    return world.bot.approve(1, world.store.requests.get(1).plan_hash, CHIARA, APPROVERS)


def self_approval(world: World) -> FixRequest:
    asked = world.requested()
    return world.bot.approve(asked.id, asked.plan_hash, ANA, APPROVERS | {"UANA"})


def expired(world: World) -> FixRequest:
    asked = world.requested()
    world.now += timedelta(hours=25)
    return world.bot.approve(asked.id, asked.plan_hash, BEN, APPROVERS)


REFUSALS: list[tuple[str, Refused, str, str]] = [
    ("one's own approval", self_approval, "somebody else must approve", "fix.approved"),
    ("not an approver", lambda w: decide(w, DAN), "only an approver may decide", "fix.approved"),
    ("denial by somebody else", lambda w: w.bot.deny(w.requested().id, DAN, APPROVERS, "no"), "only an approver", "fix.denied"),
    ("denial without a reason", lambda w: w.bot.deny(w.requested().id, BEN, APPROVERS, " "), "a reason is needed", "fix.denied"),
    ("a forged plan", lambda w: w.bot.approve(w.requested().id, "0" * 64, BEN, APPROVERS), "another plan", "fix.approved"),
    ("a request without a reason", lambda w: request(w, reason=" "), "a reason is needed", "fix.requested"),
    ("a plan nobody was shown", lambda w: request(w, plan="0" * 64), "changed since you looked", "fix.requested"),
    ("a second request", lambda w: (w.requested(), w.requested()), "fix request 1 for ", "fix.requested"),
    ("a finding that does not exist", lambda w: w.bot.propose(99, ANA), "there is no finding 99", "fix.proposed"),
    ("taking back another's request", lambda w: w.bot.cancel(w.requested().id, BEN), "only who asked", "fix.cancelled"),
    ("a second approval", lambda w: (w.approved(), decide_again(w)), "is approved already", "fix.approved"),
    ("an undo by a stranger", lambda w: w.bot.undo(w.fixed().id, DAN, APPROVERS, "x"), "may undo it", "fix.undoing"),
    ("an undo of nothing", lambda w: w.bot.undo(w.requested().id, BEN, APPROVERS, "x"), "nothing to undo", "fix.undoing"),
    ("approving what does not exist", lambda w: w.bot.approve(9, "", BEN, APPROVERS), "no fix request 9", "fix.approved"),
    ("denying what does not exist", lambda w: w.bot.deny(9, BEN, APPROVERS, "no"), "no fix request 9", "fix.denied"),
    ("an expired request", expired, "has expired", "fix.approved"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "words", "action"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_a_refusal_says_why_changes_nothing_and_is_audited(world: World, act: Refused, words: str, action: str) -> None:
    with pytest.raises(Refusal, match=words):
        act(world)
    writes = [row for row in world.audited() if row[0] == "aws.write"]
    assert (world.block() is None) or len(writes) == 2, "nothing but an approved fix was written"
    refused = [row for row in world.audited() if row[2] == "refused"]
    assert [row[0] for row in refused] == [action]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fix_mode": "off"}, "switched off"),
        ({"fix_accounts": ["999999999999"]}, "not allowed in account 123456789012"),
        ({"fix_role_arn": "arn:aws:iam::999999999999:role/aws-sec-fix"}, "the write role is of another account"),
        ({"protected_tags": ["do-not-touch"]}, "protected by its tag"),
        ({"protected_tags": ["do-not-touch=true"]}, "protected by its tag"),
        ({"freezes": [{"from": "2000-01-01T00:00", "until": "2100-01-01T00:00", "reason": "year end"}]}, "year end"),
    ],
)
def test_each_guard_stands_before_the_plan_and_before_the_write(
    world: World, settings: dict[str, Any], words: str
) -> None:
    world.s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "do-not-touch", "Value": "true"}]})
    with pytest.raises(Refusal, match=words):
        world.restarted(**settings).propose(world.finding.id, ANA)
    approved = world.approved()
    ended = world.restarted(**settings).run(approved.id)
    assert ended.state is State.FAILED
    assert words in ended.result
    assert ended.result.endswith("nothing was changed")
    assert world.block() is None


def test_a_tag_with_another_value_protects_nothing(world: World) -> None:
    world.s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "do-not-touch", "Value": "false"}]})
    assert world.restarted(protected_tags=["do-not-touch=true"]).propose(world.finding.id, ANA).plan.do


def test_a_muted_finding_is_not_fixed(world: World) -> None:
    world.store.findings.mute(1, until=world.now + timedelta(days=1), reason="website", actor="T1/UANA", at=world.now)
    with pytest.raises(Refusal, match=r"is muted \(website\)"):
        world.proposed()


def test_what_a_mute_of_its_whole_check_hides_is_not_fixed_even_when_approved_before(world: World) -> None:
    approved, until, hidden = world.approved(), world.now + timedelta(days=1), world.finding
    world.store.mutes.begin(hidden.account, hidden.check_id, "", until=until, reason="x", by="T1/UANA", at=world.now)
    ended = world.bot.run(approved.id)
    assert (ended.state, world.block()) == (State.FAILED, None)
    assert "end mute 1 in `/aws-sec mutes` first [rule: muted]" in ended.result
    with pytest.raises(Refusal, match=r"is muted \(x\)"):
        world.proposed()


def test_the_hourly_cap_stops_the_next_fix_but_not_an_undo(world: World) -> None:
    world.bot = world.restarted(fixes_per_hour=1)
    fixed = world.fixed()
    assert world.bot.undo(fixed.id, BEN, APPROVERS, "oops").state is State.UNDONE
    with pytest.raises(Refusal, match="1 fixes were made in the last hour"):
        world.proposed()


def test_a_dry_run_goes_all_the_way_but_writes_nothing(world: World) -> None:
    world.bot = world.restarted(fix_mode="dry-run")
    ended = world.fixed()
    assert ended.state is State.REHEARSED
    assert world.block() is None
    assert ("aws.write", "T1/UBEN", "intent") not in world.audited()


def test_a_request_made_in_dry_run_stays_one_when_the_mode_changes(world: World) -> None:
    world.bot = world.restarted(fix_mode="dry-run")
    approved = world.approved()
    assert world.restarted(fix_mode="on").run(approved.id).state is State.REHEARSED
    assert world.block() is None


def test_what_changed_since_the_approval_is_not_touched(world: World) -> None:
    approved = world.approved()
    mine = dict.fromkeys(s3.FLAGS, True) | {"BlockPublicAcls": False}
    world.s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=mine)  # type: ignore[arg-type]
    ended = world.bot.run(approved.id)
    assert ended.state is State.CHANGED
    assert world.block() == mine


def test_what_is_fixed_already_or_gone_is_left_alone(world: World) -> None:
    approved = world.approved()
    world.s3.delete_bucket(Bucket=BUCKET)
    ended = world.bot.run(approved.id)
    assert (ended.state, ended.result) == (State.MOOT, "it is gone; nothing was changed")


def test_an_undo_is_refused_when_the_resource_drifted(world: World) -> None:
    fixed = world.fixed()
    drifted = dict.fromkeys(s3.FLAGS, False)
    world.s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=drifted)  # type: ignore[arg-type]
    with pytest.raises(Refusal, match="changed after the fix"):
        world.bot.undo(fixed.id, BEN, APPROVERS, "oops")
    assert world.block() == drifted


def test_no_undo_is_written_in_dry_run(world: World) -> None:
    fixed = world.fixed()
    with pytest.raises(Refusal, match="dry run"):
        world.restarted(fix_mode="dry-run").undo(fixed.id, BEN, APPROVERS, "oops")


def test_a_plan_runs_once_however_often_it_is_asked_to(world: World) -> None:
    approved = world.approved()
    for _ in range(3):
        assert world.bot.run(approved.id).state is State.FIXED
    assert [row for row in world.audited() if row[0] == "aws.write"] == [
        ("aws.write", "T1/UBEN", "intent"),
        ("aws.write", "T1/UBEN", "ok"),
    ]


def test_a_plan_altered_in_the_database_is_not_run(world: World) -> None:
    approved = world.approved()
    world.store.db.write("UPDATE requests SET plan = replace(plan, 'northwind-exports', 'somebody-elses')")
    assert world.bot.run(approved.id).state is State.CHANGED
    assert world.block() is None


def test_a_denied_write_is_said_and_nothing_is_claimed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    approved = world.approved()
    answer_instead(monkeypatch, "s3", "PutPublicAccessBlock", 403, b"<Error><Code>AccessDenied</Code></Error>")
    ended = world.bot.run(approved.id)
    assert ended.state is State.FAILED
    assert "grant s3:PutBucketPublicAccessBlock" in ended.result
    assert world.finding.state == "open"


Left = Callable[[World, FixRequest], None]


def died_before_the_first_write(world: World, approved: FixRequest) -> None:
    pass


def died_after_the_intent(world: World, approved: FixRequest) -> None:
    world.store.requests.move(approved.id, State.APPROVED, State.RUNNING, actor="bot", at=world.now)
    call = approved.plan.do[0]
    world.store.requests.begin_step(approved, "do", 0, call, actor="T1/UBEN", at=world.now)


def died_after_the_write(world: World, approved: FixRequest) -> None:
    died_after_the_intent(world, approved)
    world.s3.put_public_access_block(**approved.plan.do[0].params)


@pytest.mark.parametrize(
    ("left", "state", "words", "written"),
    [
        (died_before_the_first_write, State.FAILED, "stopped before the change; nothing was changed", False),
        (died_after_the_intent, State.FAILED, "stopped in the middle; checked again: it still", False),
        (died_after_the_write, State.FIXED, "stopped in the middle; checked again: it is as it should be", True),
    ],
)
def test_after_a_crash_the_request_ends_as_aws_shows_and_no_call_is_made_again(
    world: World, left: Left, state: State, words: str, written: bool
) -> None:
    approved = world.approved()
    left(world, approved)
    before = world.block()
    (ended,) = world.restarted().recover()
    assert (ended.state, words in ended.result) == (state, True), ended.result
    assert world.block() == before
    assert (before is not None) is written
    assert world.restarted().recover() == []


def test_requests_nobody_decided_on_expire(world: World) -> None:
    asked = world.requested()
    assert world.bot.expire(asked.expires_at - timedelta(seconds=1)) == []
    (ended,) = world.bot.expire(asked.expires_at)
    assert (ended.state, ended.result) == (State.EXPIRED, "nobody decided in time; nothing was changed")
    assert world.requested().state is State.WAITING, "and the resource is free for another"


def test_the_owner_of_the_infrastructure_is_named(world: World) -> None:
    world.s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "managed-by", "Value": "Terraform"}]})
    proposal = world.proposed()
    assert proposal.owner == Owner("Terraform")
    for typed in ("", "yes", BUCKET):
        with pytest.raises(Refusal, match="Terraform manages this resource: change it there"):
            world.bot.request(world.finding.id, proposal.plan_hash, ANA, "because", directly=typed)
    refused = [row for row in world.audited() if row[2] == "refused"]
    assert refused == [("fix.requested", "T1/UANA", "refused")] * 3
    asked = world.bot.request(world.finding.id, proposal.plan_hash, ANA, "the module is frozen", directly="directly")
    assert asked.plan.notes[0].startswith("⚠️ Terraform manages this resource, and who asks wants it changed directly")
    (row,) = world.store.audit.rows(last=1)
    assert row["detail"] | {"owner": "Terraform", "directly": True} == row["detail"]
    world.bot.approve(asked.id, asked.plan_hash, BEN, APPROVERS)
    assert world.bot.run(asked.id).state is State.FIXED


def test_a_stack_owns_what_has_no_tags_if_it_can_be_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world.proposed().owner is None, "the emulator refuses the question, and that is no error"
    status, body = "CREATE_COMPLETE", STACK.replace("exporter", BUCKET)
    answer_instead(monkeypatch, "cloudformation", "DescribeStackResources", 200, body.format(status).encode())
    assert world.proposed().owner == Owner("CloudFormation", "shop")


def test_a_fix_of_many_leaves_out_what_code_owns(world: World) -> None:
    world.s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "stack", "Value": "shop"}]})
    ours = world.restarted(managed_by={"stack": "Pulumi"})
    with pytest.raises(Refusal, match="Pulumi manages it: change it there, or ask for it alone with `/aws-sec fix 1`"):
        ours.proposals(CHECK, ANA)
    world.s3.create_bucket(Bucket="northwind-imports")
    world.scan()
    found, left = ours.proposals(CHECK, ANA)
    assert [one.finding.name for one in found] == ["northwind-imports"]
    assert [*left] == [BUCKET]
