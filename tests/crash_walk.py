"""Lives of fixes that die: `python -m tests.crash_walk LIFE` kills one at its first point, at its second, and so on.

A point is each database commit, each AWS write and each message, just before and just after it. Each death is a process of its own,
killed with SIGKILL; a fresh one opens the file that it left. Prints a line of JSON for each death: where, what is wrong.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import pytest

import checks
from bot.blocks.parts import Message
from bot.recording import Target, record, select
from bot.remediate import STOPPED, Refusal, can_undo
from bot.store.findings import Filter
from bot.store.fix_request import MOVES, OPEN, FixRequest, State
from tests.aws_answers import register_on_every_client
from tests.crash_lives import (
    ANA,
    APPROVALS,
    APPROVERS,
    BEN,
    CHANNEL,
    CHANNELS,
    DATABASE,
    LIVES,
    Channels,
    Life,
    Living,
    caught_up,
)
from tests.models import parsed_once

TEMPLATE, WRITES, POINTS = (Path(name) for name in ("template.sqlite", "writes", "points"))


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

    post = Channels.post

    async def mortal_post(channels: Channels, channel: str, message: Message) -> str:
        death.point("before a message")
        ts = await post(channels, channel, message)
        death.point("after a message")
        return ts

    patch = pytest.MonkeyPatch()  # for this process only, which does not live to undo it
    patch.setattr("bot.store.database.sqlite3.connect", partial(sqlite3.connect, factory=Connection))
    patch.setattr(Channels, "post", mortal_post)
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
    yield from unheard(at, requests)
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


def unheard(at: Living, requests: Sequence[FixRequest]) -> Iterator[str]:
    """Channels that were not told of a broken glass, or were told twice."""
    caught_up(at)
    caught_up(at)
    alone = [request.id for request in requests if request.broke_glass]
    due = [[channel, f"glass:{id}"] for id in alone for channel in (APPROVALS, CHANNEL)]
    if sorted(Channels.posted()) != due:
        yield f"told: {Channels.posted()}, and due is {due}"


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
    for path in (WRITES, POINTS, CHANNELS):
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
