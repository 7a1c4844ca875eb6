"""What stands between an approved plan and AWS when the world around it does not behave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from bot.execute import pauses
from bot.recording import connect, record, select, target
from bot.remediate import Refusal, can_undo
from bot.store import Store
from bot.store.fix_request import FixRequest, State, plan_hash, plan_of
from checks import backup_coverage, ec2_security_groups
from tests.aws_answers import answer_instead, error, register_on_every_client
from tests.checks.test_backup_assignments import assign, instance_without_backups
from tests.checks.test_ec2_security_groups import open_group
from tests.checks.test_metric_filters import unalarmed
from tests.conftest import ACCOUNT
from tests.test_remediate import ANA, APPROVERS, BEN, BUCKET, World

PROTECTED = {"protected_tags": ["stage=prod"]}
NAMELESS = b"<ListAllMyBucketsResult><Buckets><Bucket/></Buckets></ListAllMyBucketsResult>"


@pytest.fixture
def world(moto_url: str, store: Store) -> Iterator[World]:
    world = World(store)
    yield world
    assert store.audit.verify().ok


class RuleWorld(World):
    """A security group with a rule that fails its check."""

    def scan(self) -> None:
        session = boto3.Session(region_name="eu-west-1")
        self.ec2: Any = session.client("ec2")
        open_group(session, 22)
        only = select(self.settings, [ec2_security_groups.rule_keeps_admin_ports_closed.id])
        where = target(self.settings, connect(self.settings), ["eu-west-1"])
        record(self.settings, self.store, where, only, requested_by="test", complete_scope=False)

    @property
    def rule(self) -> dict[str, str]:
        found = self.ec2.describe_security_group_rules()["SecurityGroupRules"]
        return next(rule for rule in found if rule["SecurityGroupRuleId"] in self.resource)

    @property
    def resource(self) -> str:
        row = self.store.db.row("SELECT resource FROM findings WHERE id = 1")
        assert row
        return str(row["resource"])

    def asked(self) -> FixRequest:
        return self.bot.request(1, self.bot.propose(1, ANA).plan_hash, ANA, "open to all")


@pytest.fixture
def rules(moto_url: str, store: Store) -> RuleWorld:
    return RuleWorld(store, regions=["us-east-1", "eu-west-1"])


def tag(world: RuleWorld, resource: str, value: str) -> None:
    world.ec2.create_tags(Resources=[resource], Tags=[{"Key": "stage", "Value": value}])


def test_a_tag_of_a_rule_does_not_lift_the_protection_of_its_group(
    rules: RuleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto's tagging API knows no rules: this is AWS's answer when both have the tag."""
    group = f"{rules.resource.rpartition(':')[0]}:security-group/{rules.rule['GroupId']}"
    found = [
        {"ResourceARN": arn, "Tags": [{"Key": "stage", "Value": value}]}
        for arn, value in ((rules.resource, "dev"), (group, "prod"))
    ]
    answer = json.dumps({"ResourceTagMappingList": found}).encode()
    answer_instead(monkeypatch, "resource-groups-tagging-api", "GetResources", 200, answer)
    with pytest.raises(Refusal, match="protected by its tag stage=prod"):
        rules.restarted(**PROTECTED).propose(1, ANA)


def test_what_was_part_of_a_protected_group_is_not_made_again(rules: RuleWorld) -> None:
    rules.bot = rules.restarted(**PROTECTED)
    group, asked = rules.rule["GroupId"], rules.asked()
    rules.bot.approve(asked.id, asked.plan_hash, BEN, APPROVERS)
    fixed = rules.bot.run(asked.id)
    assert can_undo(fixed), fixed.result
    tag(rules, group, "prod")
    with pytest.raises(Refusal, match="protected by its tag stage=prod"):
        rules.bot.undo(fixed.id, BEN, APPROVERS, "oops")


def test_a_bucket_of_another_region_is_protected_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tagging API says nothing of a bucket in another region than the one it is asked in."""
    world.s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "stage", "Value": "prod"}]})
    nothing = b'{"ResourceTagMappingList": []}'
    answer_instead(monkeypatch, "resource-groups-tagging-api", "GetResources", 200, nothing)
    with pytest.raises(Refusal, match="protected by its tag stage=prod"):
        world.restarted(**PROTECTED).propose(world.finding.id, ANA)


def test_nothing_in_an_account_with_a_protected_tag_is_changed(world: World) -> None:
    prod = world.restarted(**PROTECTED, account_tags={ACCOUNT: {"stage": "prod"}})
    with pytest.raises(Refusal, match=r"protected by its tag stage=prod \[rule: protected account\]"):
        prod.propose(world.finding.id, ANA)


@pytest.mark.parametrize("status", [403, 500])
def test_a_bucket_whose_tags_cannot_be_read_is_not_changed(
    world: World, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    answer_instead(monkeypatch, "s3", "GetBucketTagging", status, b"<Error><Code>Weather</Code></Error>")
    with pytest.raises(Refusal, match="tags could not be read, so it may be protected"):
        world.restarted(**PROTECTED).propose(world.finding.id, ANA)


def test_an_answer_that_is_not_understood_ends_a_request_before_the_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved = world.approved()
    answer_instead(monkeypatch, "s3", "ListBuckets", 200, NAMELESS)
    ended = world.bot.run(approved.id)
    assert ended.state is State.FAILED
    assert "it cannot be read now: AWS's answer could not be understood" in ended.result


def test_an_answer_that_is_not_understood_keeps_no_bot_from_starting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved = world.approved()
    world.store.requests.move(approved.id, State.APPROVED, State.RUNNING, actor="bot", at=world.now)
    world.store.requests.begin_step(approved, "do", 0, approved.plan.do[0], actor="T1/UBEN", at=world.now)
    answer_instead(monkeypatch, "s3", "ListBuckets", 200, NAMELESS)
    (ended,) = world.restarted().recover()
    assert ended.state is State.FAILED
    assert "the result could not be checked" in ended.result


def test_a_request_that_another_process_closed_makes_no_further_call(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second bot that starts on the database takes what the first is doing for what a crash left."""
    approved = world.approved()

    def meanwhile(params: Any, **_: Any) -> None:
        world.restarted().recover()

    register_on_every_client(monkeypatch, "provide-client-params.sts.AssumeRole", meanwhile)
    ended = world.bot.run(approved.id)
    assert ended.state is State.FAILED
    assert "nothing was changed" in ended.result
    assert world.block() is None


def test_undo_calls_altered_in_the_database_are_not_made(world: World) -> None:
    fixed = world.fixed()
    row = world.store.db.row("SELECT plan FROM requests")
    assert row
    forged = row["plan"].replace(BUCKET, "somebody-elses")
    changed = [forged, plan_hash(plan_of(forged))]
    world.store.db.write("UPDATE requests SET plan = ?, plan_hash = ?", changed)
    with pytest.raises(Refusal, match="is not the approved one"):
        world.bot.undo(fixed.id, BEN, APPROVERS, "oops")
    assert [row[0] for row in world.audited()].count("aws.write") == 2, "those of the fix"


class AlarmWorld(World):
    """An account without an alarm on the root user: its plan makes a metric filter, then an alarm, and undoes them."""

    def scan(self) -> None:
        unalarmed(boto3.Session(region_name="eu-west-1"))
        only = select(self.settings, ["metric_filters.root_use_raises_alarm"])
        record(
            self.settings,
            self.store,
            target(self.settings, connect(self.settings)),
            only,
            requested_by="test",
            complete_scope=False,
        )

    def filters(self) -> list[str]:
        found = boto3.client("logs", region_name="eu-west-1").describe_metric_filters()["metricFilters"]
        return [str(one["filterName"]) for one in found]


def test_of_what_was_made_in_part_that_part_is_undone(
    moto_url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = AlarmWorld(store, regions=["us-east-1", "eu-west-1"])
    before, approved = world.filters(), world.approved()
    assert [call.call for call in approved.plan.undo] == ["cloudwatch:DeleteAlarms", "logs:DeleteMetricFilter"]
    with monkeypatch.context() as full:
        answer_instead(full, "cloudwatch", "PutMetricAlarm", 400, error("LimitExceeded"))
        made = world.bot.run(approved.id)
    assert (made.state, can_undo(made), world.filters() == before) == (State.FAILED, True, False)
    answer_instead(monkeypatch, "cloudwatch", "DeleteAlarms", 404, error("ResourceNotFound"))
    undone = world.bot.undo(made.id, BEN, APPROVERS, "oops")
    assert (undone.state, world.filters()) == (State.UNDONE, before), undone.result
    assert "cloudwatch:DeleteAlarms" in undone.result


@pytest.mark.parametrize(
    ("patience", "expected"),
    [(0, [0]), (15, [0, 1, 2, 4, 8]), (60, [0, 1, 2, 4, 8, 16, 16])],
)
def test_a_result_is_looked_for_ever_less_often_until_patience_ends(patience: int, expected: list[float]) -> None:
    assert list(pauses(patience)) == expected
    assert sum(expected) <= patience


class BackupWorld(RuleWorld):
    """A database that no backup plan finds, as it lacks the tag that one asks for."""

    def scan(self) -> None:
        self.session = boto3.Session(region_name="eu-west-1")
        instance_without_backups(self.session)
        only = select(self.settings, [backup_coverage.db_instance_is_backed_up.id])
        where = target(self.settings, connect(self.settings), ["eu-west-1"])
        record(self.settings, self.store, where, only, requested_by="test", complete_scope=False)


def test_a_change_that_shows_later_is_made_the_finding_stays_and_it_can_be_undone_even_then(
    moto_url: str, store: Store
) -> None:
    world = BackupWorld(store, regions=["us-east-1", "eu-west-1"], fix_inputs={"backup_tag": "backup=daily"})
    asked = world.asked()
    world.bot.approve(asked.id, asked.plan_hash, BEN, APPROVERS)
    made = world.bot.run(asked.id)
    assert made.state is State.FIXED
    assert "the change is made; plan nightly backs it up when it runs next" in made.result
    assert world.finding.state == "open"
    with pytest.raises(Refusal, match="no plan fits here: plan nightly backs it up when it runs next"):
        world.bot.propose(world.finding.id, ANA)
    assign(world.session, "by hand", Resources=[world.resource])  # and as the emulator has it, that was last night
    undone = world.bot.undo(made.id, BEN, APPROVERS, "not this one")
    assert undone.state is State.UNDONE, undone.result
