"""Lives of fixes that die: `python -m tests.crash_walk LIFE` kills one at its first point, at its second, and so on.

A point is each database commit and each AWS write, just before and just after it. Each death is a process of its own,
killed with SIGKILL; a fresh one opens the file that it left. Prints a line of JSON for each death: where, what is wrong.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import pytest

import checks
from bot.aws import Clients, Reads, Region
from bot.bulk import Bulk
from bot.fixing import FixAws
from bot.people import Person
from bot.recording import Target, record, select
from bot.remediate import STOPPED, Refusal, Remediator, can_undo
from bot.settings import load
from bot.store import Store, open_store
from bot.store.findings import Filter
from bot.store.fix_request import MOVES, OPEN, FixRequest, State
from checks import network_acls, s3
from tests.aws_answers import register_on_every_client
from tests.checks.test_network_acls import open_acl
from tests.models import parsed_once

ANA, BEN, CHIARA = (Person("T1", user) for user in ("UANA", "UBEN", "UCHI"))
APPROVERS = frozenset({"UBEN", "UCHI"})
ACCOUNT = "123456789012"
ROLE = "arn:aws:iam::123456789012:role/aws-sec-fix"
RULES: Mapping[int, dict[str, str]] = {100: {"CidrBlock": "0.0.0.0/0"}, 101: {"Ipv6CidrBlock": "::/0"}}
BUCKETS = ("northwind-exports", "northwind-invoices")
TEMPLATE, DATABASE, WRITES, POINTS = (Path(name) for name in ("template.sqlite", "life.sqlite", "writes", "points"))


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


# --- who lives -----------------------------------------------------------------------


class Living:
    """A bot on the database, as a process that was just started has it."""

    def __init__(self, life: Life) -> None:
        given = {
            "fix_mode": "on",
            "fix_role_arn": ROLE,
            "regions": [life.subject.region],
            "two_approvers_for": life.two,
        }
        self.check = life.subject.check
        self.settings = load(**given)
        self.store: Store = open_store(DATABASE)
        self.late = timedelta()
        fixes = checks.load()[1]
        aws = FixAws(self.settings, lambda: replace(life.home, reads=Reads()))
        self.bot = Remediator(self.settings, self.store, fixes, aws, now=self.now, pause=lambda _: None)
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
    # commits: proposed, asked, approved; for each half: begun, two around each write, ended. Then the writes themselves.
    "fixed_and_undone": Life(fixed_and_undone, Acl(), 3 + 2 * (2 + 2 * 2) + 2 * 2),
    "batch_fixed_and_undone": Life(batch_fixed_and_undone, BOTH, 4 + 3 * (2 + 2) + 3, two=["cuts_access"]),
    "glass_broken": Life(glass_broken, ONE, 3 + 4 + 1),
    "recovered": Life(recovered, BOTH, 2, before=stopped),
    "nobody_agrees": Life(nobody_agrees, BOTH, 3 * 2 + 1 + 1 + 2),
}


# --- how it dies ---------------------------------------------------------------------


class Death:
    """Comes at the nth point."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._count = 0
        self.near = False

    def point(self, where: str) -> None:
        self._count += self.near
        if self._count == self._at:
            POINTS.write_text(where)
            os.kill(os.getpid(), signal.SIGKILL)


def mortal(death: Death, writes: set[str]) -> None:
    """Lets death into this process: at each commit, and at each AWS call that is one of `writes`."""

    class Connection(sqlite3.Connection):
        def commit(self) -> None:
            death.point("before a commit")
            super().commit()
            death.point("after a commit")

    def before_send(request: Any, event_name: str, **_: Any) -> None:
        if (operation := event_name.rpartition(".")[2]) in writes:
            death.point(f"before {operation}")
            note(sent=f"{operation} {request.url} {request.body!r}")

    def after_call(parsed: Any, event_name: str, **_: Any) -> None:
        if (operation := event_name.rpartition(".")[2]) in writes:
            note(answered=parsed["ResponseMetadata"]["RequestId"])
            death.point(f"after {operation}")

    patch = pytest.MonkeyPatch()  # for this process only, which does not live to undo it
    patch.setattr("bot.store.database.sqlite3.connect", partial(sqlite3.connect, factory=Connection))
    register_on_every_client(patch, "before-send", before_send)
    register_on_every_client(patch, "after-call", after_call)


def note(**what: str) -> None:
    with WRITES.open("a") as file:
        file.write(json.dumps(what) + "\n")


# --- what must be true afterwards ----------------------------------------------------


def wrong(at: Living, life: Life) -> Iterator[str]:
    """Everything that is not as it should be, after the start that follows a death."""
    at.bot.recover()
    first = at.table()
    if at.bot.recover() or at.table() != first:
        yield "a second recovery changed something"
    requests, now = at.requests(), {request.id: life.subject.now(request.name) for request in at.requests()}
    for request in requests:
        yield from untrue(request, now[request.id], at)
    yield from unrecorded(at, requests)
    yield from undecided(at)
    recovered = [request for request in requests if STOPPED in request.result and can_undo(request)]
    for request in recovered:
        ended = at.bot.undo(request.id, BEN, APPROVERS, "what a crash left half done can be taken back")
        if (ended.state, life.subject.now(request.name)) != (State.UNDONE, "before"):
            yield f"its undo ended {ended.state}: {ended.result}"


def untrue(request: FixRequest, now: str, at: Living) -> Iterator[str]:
    """What a request says that AWS does not show."""
    nothing = "nothing was changed" in request.result
    true = {
        State.FIXED: now == "done",
        State.FAILED: now == "before" if nothing else now != "done",
        State.UNDONE: now == "before",
        State.UNDO_FAILED: now == "done" if nothing else now != "before",
    }
    if request.state in OPEN and request.state is not State.WAITING:
        yield f"request {request.id} is left {request.state}"
    elif not true.get(request.state, now == "before"):
        yield f"request {request.id} is {request.state} ({request.result}), and AWS shows {now}"
    if request.state is State.FAILED and can_undo(request) and now == "before":
        yield f"request {request.id} offers to undo what is not there"
    if request.state is State.UNDO_FAILED and nothing:
        yield f"request {request.id} can never be undone, because a crash came before the first call"
    finding = at.store.findings.get(request.finding_id)
    if (finding.state == "resolved") != (now == "done"):
        yield f"finding {finding.id} is {finding.state}, and AWS shows {now}"


def unrecorded(at: Living, requests: Sequence[FixRequest]) -> Iterator[str]:
    """What was done and is not in the log, or was done twice."""
    found = at.store.audit.verify()
    if not found.ok:
        yield found.problem
    lines = [json.loads(line) for line in WRITES.read_text().splitlines()] if WRITES.exists() else []
    sent = Counter(line["sent"] for line in lines if "sent" in line)
    answers = {line["answered"] for line in lines if "answered" in line}
    yield from (f"made twice: {call}" for call, times in sent.items() if times > 1)
    rows = [row for row in reversed(at.store.audit.rows(last=1000)) if row["result"] != "refused"]
    made = [row for row in rows if row["action"] == "aws.write"]
    steps = [(row["request_id"], row["detail"]["phase"], row["detail"]["position"], row["result"]) for row in made]
    begun, ended = ([step[:3] for step in steps if (step[3] == "intent") is wanted] for wanted in (True, False))
    unknown = [step for step in steps if step[3] == "unknown"]
    if len(set(begun)) != len(begun) or sorted(begun) != sorted(ended) or len(unknown) > 1:
        yield f"writes begun: {begun}; ended: {ended}; unknown: {unknown}"
    if not len(begun) - len(unknown) <= len(sent) <= len(begun):
        yield f"{len(sent)} writes were sent, {len(begun)} are in the log, {len(unknown)} of them unknown"
    noted = [row["detail"]["answer"] for row in made if row["result"] == "ok"]
    if not (answers.issuperset(noted) and all(noted) and len(noted) == len(ended) - len(unknown)):
        yield f"AWS's request ids: {answers}; in the log: {noted}"
    for request in requests:
        yield from not_as_logged(request, [row["action"] for row in rows if row["request_id"] == request.id])


def not_as_logged(request: FixRequest, actions: Sequence[str]) -> Iterator[str]:
    """Moves without a row, and rows without a move."""
    names = [name.removeprefix("fix.") for name in actions if name not in ("aws.write", "fix.approval")]
    states = [State.WAITING, *map(State, names[1:])]
    stepwise = all(new in MOVES.get(old, ()) for old, new in pairwise(states))
    if names[0] != "requested" or not stepwise or states[-1] is not request.state:
        yield f"request {request.id} is {request.state}, and its rows say {names}"
    if actions.count("fix.approval") + (State.APPROVED in states) * (not request.broke_glass) != len(request.approvals):
        yield f"approvals {request.approvals}, and its rows say {actions}"


def undecided(at: Living) -> Iterator[str]:
    """Batches that nobody can decide on any more, requests that cannot be decided on or asked for again."""
    for row in at.store.db.rows("SELECT id FROM batches"):
        states = {request.state for request in at.store.batches.get(row["id"]).requests}
        if State.WAITING in states and len(states) > 1 and State.EXPIRED not in states:
            yield f"batch {row['id']} is in several minds: {sorted(states)}"
    waiting = {request.finding_id for request in at.requests() if request.state is State.WAITING}
    for finding in at.store.findings.search(Filter(check_id=at.check), at.now()):
        if finding.id not in waiting:
            try:
                at.bot.propose(finding.id, ANA)
            except Refusal as error:
                yield f"finding {finding.id} cannot be asked for again: {error}"


# --- the walk ------------------------------------------------------------------------


def forked(act: Callable[[], object]) -> int:
    """How a process of its own that did this ended."""
    pid = os.fork()
    if not pid:
        try:
            act()
            os._exit(0)
        finally:  # whatever it raised is on stderr by then
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def prepare(life: Life) -> None:
    life.subject.make()
    at = Living(life)
    where = Target(life.home, (life.subject.region,), ())
    only = select(at.settings, [life.subject.check])
    record(at.settings, at.store, where, only, requested_by="test", complete_scope=True)
    at.store.close()
    DATABASE.rename(TEMPLATE)


def live(life: Life, death: Death) -> None:
    life.subject.restore()
    for path in Path.cwd().glob(f"{DATABASE}*"):
        path.unlink()
    for path in (WRITES, POINTS):
        path.unlink(missing_ok=True)
    shutil.copy(TEMPLATE, DATABASE)
    mortal(death, {call.split(":")[1] for call in checks.load()[1][life.subject.check].calls})
    at = Living(life)
    life.before(at)
    death.near = True
    life.act(at)


def examine(life: Life) -> None:
    at = Living(life)
    where = POINTS.read_text() if POINTS.exists() else "nowhere"
    sys.stdout.write(json.dumps({"died": where, "wrong": [*wrong(at, life)]}) + "\n")
    sys.stdout.flush()
    at.store.close()


def main(life: Life) -> None:
    with parsed_once():
        checks.load()
        # Made here, where it costs once; used only in forks, because sockets are not to be shared.
        boto3.client("sts"), life.home, life.subject.client
        gc.freeze()  # what is there already need not be looked through, and so copied, in each fork
        assert forked(partial(prepare, life)) == 0
        for number in range(1, 1000):
            ended = forked(partial(live, life, Death(number)))
            assert ended in (0, -signal.SIGKILL), ended
            assert forked(partial(examine, life)) == 0
            if ended == 0:
                return


if __name__ == "__main__":
    main(LIVES[sys.argv[1]])
