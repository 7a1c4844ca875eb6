"""Lives of fixes: what is fixed, by whom, with which bot. `tests.crash_walk` ends them early."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest

import checks
from bot.aws import Clients, Reads, Region
from bot.blocks.parts import Message
from bot.bulk import Bulk
from bot.fixing import FixAws
from bot.glass import POSTING, Glass
from bot.people import Person
from bot.remediate import Remediator
from bot.settings import load
from bot.store import Store, open_store
from bot.store.findings import Filter
from bot.store.fix_request import FixRequest
from checks import network_acls, s3
from tests.checks.test_network_acls import open_acl

ANA, BEN, CHIARA = (Person("T1", user) for user in ("UANA", "UBEN", "UCHI"))
APPROVERS = frozenset({"UBEN", "UCHI"})
ACCOUNT = "123456789012"
ROLE = "arn:aws:iam::123456789012:role/aws-sec-fix"
RULES: Mapping[int, dict[str, str]] = {100: {"CidrBlock": "0.0.0.0/0"}, 101: {"Ipv6CidrBlock": "::/0"}}
BUCKETS = ("northwind-exports", "northwind-invoices")
DATABASE, CHANNELS = Path("life.sqlite"), Path("channels")
CHANNEL, APPROVALS = "C0CHANNEL", "C0APPROVALS"


# --- what is fixed -------------------------------------------------------------------


class Buckets:
    """Buckets that do not block public access."""

    check = s3.bucket_blocks_public_access.id
    region = "us-east-1"

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    @cached_property
    def client(self) -> Any:
        return boto3.client("s3", region_name=self.region)

    def make(self) -> None:
        for name in self.names:
            self.client.create_bucket(Bucket=name)

    def restore(self) -> None:
        for name in self.names:
            self.client.delete_public_access_block(Bucket=name)

    def now(self, name: str) -> str:
        try:
            self.client.get_public_access_block(Bucket=name)
        except self.client.exceptions.ClientError:
            return "before"
        return "done"


class Acl:
    """A network ACL with two rules to remove: a plan with two writes."""

    check = network_acls.acl_keeps_admin_ports_closed.id

    region = "eu-west-1"

    @cached_property
    def client(self) -> Any:
        return boto3.client("ec2", region_name=self.region)

    @cached_property
    def id(self) -> str:
        found = self.client.describe_network_acls()["NetworkAcls"]
        return next(str(acl["NetworkAclId"]) for acl in found if not acl["IsDefault"])

    def make(self) -> None:
        open_acl(boto3.Session())

    def restore(self) -> None:
        for number in RULES.keys() - self._there():
            self._open(number)

    def now(self, name: str) -> str:
        there = self._there()
        return "before" if there == set(RULES) else "half" if there else "done"

    def _there(self) -> set[int]:
        [acl] = self.client.describe_network_acls(NetworkAclIds=[self.id])["NetworkAcls"]
        return {one["RuleNumber"] for one in acl["Entries"] if not one["Egress"]} & set(RULES)

    def _open(self, number: int) -> None:
        ssh: Any = {"Protocol": "6", "RuleAction": "allow", "Egress": False, "PortRange": {"From": 22, "To": 22}}
        which: Any = {"NetworkAclId": self.id, "RuleNumber": number, **RULES[number]}
        self.client.create_network_acl_entry(**which, **ssh)


class Channels:
    """Slack, as what was posted: a line for each message in a file that outlives the bot."""

    async def post(self, channel: str, message: Message) -> str:
        self.keep([channel, message.payload()["blocks"][0]["block_id"]])
        return "1.1"

    async def find_block(self, channel: str, block_id: str, since: datetime) -> str | None:
        return "1.1" if [channel, block_id] in self.posted() else None

    @staticmethod
    def keep(line: list[str | None]) -> None:
        with CHANNELS.open("a") as file:
            file.write(json.dumps(line) + "\n")

    @staticmethod
    def posted() -> list[list[str]]:
        return [json.loads(line) for line in CHANNELS.read_text().splitlines()] if CHANNELS.exists() else []


# --- who lives -----------------------------------------------------------------------


class Living:
    """A bot on the database, as a process that was just started has it."""

    def __init__(self, life: Life) -> None:
        given = {
            "fix_mode": "on",
            "fix_role_arn": ROLE,
            "regions": [life.subject.region],
            "two_approvers_for": life.two,
            "channel": CHANNEL,
            "approvals_channel": APPROVALS,
        }
        self.check = life.subject.check
        self.settings = load(**given)
        self.store: Store = open_store(DATABASE)
        self.late = timedelta()
        fixes = checks.load()[1]
        aws = FixAws(self.settings, lambda: replace(life.home, reads=Reads()))
        self.bot = Remediator(self.settings, self.store, fixes, aws, now=self.now, pause=lambda _: None)
        self.glass = Glass(self.store, fixes, Channels(), self.now)
        self.bulk = Bulk(self.settings, self.store, self.bot, self.now)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.late

    def asked(self) -> FixRequest:
        return self.bot.request(1, self.bot.propose(1, ANA).plan_hash, ANA, "it is open to all")

    def batch(self) -> int:
        found = self.store.findings.search(Filter(check_id=self.check), self.now())
        shown = self.bulk.propose(self.check, ANA).plan_hash
        return self.bulk.request(self.check, shown, {one.id for one in found}, ANA, "they are open to all").id

    def requests(self) -> list[FixRequest]:
        return [self.store.requests.get(row["id"]) for row in self.store.db.rows("SELECT id FROM requests ORDER BY id")]

    def table(self) -> list[str]:
        """All there is, as text."""
        with sqlite3.connect(DATABASE) as other:
            found = [*other.iterdump()]
        other.close()
        return found


def fixed_and_undone(at: Living) -> None:
    request = at.asked()
    at.bot.approve(request.id, request.plan_hash, BEN, APPROVERS)
    at.bot.run(request.id)
    at.bot.undo(request.id, BEN, APPROVERS, "the partner needs it")


def batch_fixed_and_undone(at: Living) -> None:
    id = at.batch()
    for person in (BEN, CHIARA):
        at.bulk.approve(id, at.store.batches.get(id).plan_hash, person, APPROVERS)
    [*at.bulk.run(id)]
    [*at.bulk.undo(id, {at.requests()[0].id}, BEN, APPROVERS, "the partner needs the exports")]


def glass_broken(at: Living) -> None:
    request = at.asked()
    at.bot.break_glass(request.id, ANA, {"UANA"}, "it is being read as we speak")
    asyncio.run(at.glass.tell(request.id))
    at.bot.run(request.id)


def nobody_agrees(at: Living) -> None:
    at.bulk.deny(at.batch(), BEN, APPROVERS, "not today")
    at.bulk.cancel(at.batch(), ANA)
    at.batch()
    at.late = timedelta(days=2)
    at.bot.expire(at.now())


def stopped(at: Living) -> None:
    """The bot stops in the middle of a batch: the first was made, the second was not."""

    class Stopped(Exception):
        pass

    def stop(*_: Any, **__: Any) -> None:
        raise Stopped

    id = at.batch()
    at.bulk.approve(id, at.store.batches.get(id).plan_hash, BEN, APPROVERS)
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Stopped):
        patch.setattr(at.store.requests, "end_step", stop)
        [*at.bulk.run(id)]


def caught_up(at: Living) -> None:
    """The first minute of a bot that was started a while later."""
    at.late = 2 * POSTING
    asyncio.run(at.glass.catch_up())


def recovered(at: Living) -> None:
    at.bot.recover()


@dataclass(frozen=True)
class Life:
    """What is done, to what. `at_least`: the commits and writes that it is known to have; each is two points."""

    act: Callable[[Living], None]
    subject: Buckets | Acl
    at_least: int
    two: Sequence[str] = ()
    before: Callable[[Living], None] = lambda _: None
    """What it has behind it, undying."""

    @cached_property
    def home(self) -> Region:
        """The account, with clients that are made once, before all forks, and used in none but these."""
        clients = Clients(boto3.Session())
        for service in ("s3", "ec2", "resourcegroupstaggingapi"):
            clients.get(service, self.subject.region)
        return Region(clients, ACCOUNT, "us-east-1")


ONE, BOTH = Buckets(BUCKETS[:1]), Buckets(BUCKETS)
LIVES: Mapping[str, Life] = {
    # The glass is broken: two channels hear of it, and each is crossed out.
    # commits: proposed, asked, approved; for each half: begun, two around each write, ended. Then the writes themselves.
    "fixed_and_undone": Life(fixed_and_undone, Acl(), 3 + 2 * (2 + 2 * 2) + 2 * 2),
    "batch_fixed_and_undone": Life(batch_fixed_and_undone, BOTH, 4 + 3 * (2 + 2) + 3, two=["cuts_access"]),
    "glass_broken": Life(glass_broken, ONE, 3 + 2 * 2 + 4 + 1),
    "recovered": Life(recovered, BOTH, 2, before=stopped),
    "nobody_agrees": Life(nobody_agrees, BOTH, 3 * 2 + 1 + 1 + 2),
}
