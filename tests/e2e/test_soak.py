"""A crowd uses the bot at random while Slack fails, and the bot is killed in the middle: nothing is lost, nothing twice.

`make soak` lets it last for 2,000 interactions and prints what came of them.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

import pytest

from bot.ids import OfRequest, unpack
from bot.store import Store, open_store
from tests.e2e.conftest import MakeStage
from tests.e2e.crowd import FOREIGN, Crowd
from tests.e2e.stage import Account, Delivery, Stage, ago, until

pytestmark = pytest.mark.e2e

SHORT = 150
"""Interactions of a soak that need not wait for what is made up for half a minute later."""
CUT_OFF = 10.0
"""Seconds before the kill in which work may have begun whose answer the bot did not live to give."""
HOME = "D1"
CARDS = ("request:", "batch:")
DECISIONS = ("fix.approved", "fix.denied", "fix.cancelled")
WRITES = {"fixed": 1, "undone": 2}
"""State of a request -> writes to its bucket; of others none."""
PROMISE = re.compile(r"has your request (\d+)|Request (\d+) is noted")
MEMORY_MAY_GROW = 60
"""Megabytes, in the second half of a life."""


@dataclass
class Group:
    """One interaction with all its deliveries."""

    first: Delivery
    copies: list[Delivery] = field(default_factory=list)
    answers: int = 0

    @property
    def acked(self) -> bool:
        return any(one.outcome == "acked" for one in self.copies)

    @property
    def user(self) -> str:
        return str(_user(self.first.payload))

    @property
    def channel(self) -> str:
        payload = self.first.payload
        where = payload.get("event", payload).get("channel") or payload.get("channel_id") or ""
        return str(where["id"] if isinstance(where, dict) else where)

    def __str__(self) -> str:
        payload = self.first.payload
        said = payload.get("text") or payload.get("event", {}).get("text") or payload.get("actions") or ""
        sent = [f"{one.outcome} at {one.at:.1f}" for one in self.copies]
        return f"{self.first.kind} {self.first.name} of {self.user} in {self.channel}: {said} ({', '.join(sent)})"

    @property
    def names(self) -> list[str]:
        """What its answers are found by."""
        payload = self.first.payload
        response = payload.get("response_url", "").rpartition("/")[2]
        found = [response, payload.get("trigger_id"), (payload.get("view") or {}).get("id")]
        if payload.get("actions") and self.request is None:
            found.append(payload["container"].get("message_ts"))
        return [name for name in found if name]

    @property
    def is_status(self) -> bool:
        """Whether its answer is a message for all."""
        payload = self.first.payload
        said = payload.get("text") or payload.get("event", {}).get("text", "").partition("> ")[2]
        return self.channel == "C01SEC" and said == "status"

    @property
    def request(self) -> int | None:
        """The request that it approves."""
        (action, *_) = self.first.payload.get("actions") or [{}]
        return unpack(OfRequest, action["value"]).request if action.get("action_id") == "fix.approve" else None


def about(message: dict[str, Any]) -> str:
    """The id of its first block, which says what a card is about."""
    return str((message.get("blocks") or [{}])[0].get("block_id", ""))


def _user(payload: dict[str, Any]) -> Any:
    user = payload.get("user_id") or payload.get("user") or payload["event"]["user"]
    return user["id"] if isinstance(user, dict) else user


class Tally:
    """What came of everything, as strictslack, the database and the account saw it."""

    def __init__(self, stage: Stage, killed_at: float) -> None:
        self.stage, self.killed_at = stage, killed_at
        self.deliveries = [*stage.strict.recorder.deliveries]
        self.calls = [*stage.strict.recorder.calls]
        self.groups: dict[str, Group] = {}
        for one in self.deliveries:
            id = one.payload.get("event_id") or one.payload["trigger_id"]
            self.groups.setdefault(id, Group(one)).copies.append(one)
        self.approved = {
            (row["actor"].partition("/")[2], row["request_id"])
            for row in stage.rows("SELECT actor, request_id FROM audit WHERE action = 'fix.approved' AND result = 'ok'")
        }
        self._match()

    def _match(self) -> None:
        """Give each answer to the interaction it answers: first what names it, then what only names the person."""
        heard, beside = self._named(), self._beside()
        statuses = len([message for message in self.messages("C01SEC") if not about(message).startswith(CARDS)])
        self.status_twice = statuses - len([g for g in self.groups.values() if g.is_status and g.acked])
        # Who may have been cut off takes what the others leave; so does a modal, which may be answered in any channel.
        heard_of = [group for group in self.groups.values() if group.acked]
        for group in sorted(heard_of, key=lambda group: (self.may_be_cut(group), not group.channel)):
            group.answers = sum(heard[name] for name in group.names)
            if group.request is not None and (group.user, group.request) in self.approved:
                group.answers += 1
            if not group.answers and group.is_status and statuses:
                statuses -= 1
                group.answers = 1
            mine = [one for one in sorted(beside) if one[0] == group.user and one[1] != HOME]  # a direct message first
            for place in [(group.user, group.channel), *(one for one in mine if group.channel in ("", one[1]))]:
                if not group.answers and beside[place]:
                    beside[place] -= 1
                    group.answers = 1

    def _named(self) -> Counter[str]:
        """Answers by response URL, trigger and modal."""
        heard: Counter[str] = Counter(r["id"] for r in self.stage.strict.recorder.responses if r["status"] == 200)
        heard.update(c.args["trigger_id"] for c in self.calls if c.ok and c.method == "views.open")
        updates = [c.args for c in self.calls if c.ok and c.method == "views.update"]
        heard.update(c.args["ts"] for c in self.calls if c.ok and c.method == "chat.update")
        heard.update(args.get("view_id") or args.get("external_id") or "" for args in updates)
        return heard

    def _beside(self) -> Counter[tuple[str, str]]:
        """Other answers by person and channel; "" is a direct message."""
        beside: Counter[tuple[str, str]] = Counter()
        for call in (call for call in self.calls if call.ok):
            if call.method == "chat.postEphemeral":
                beside[call.args["user"], call.args["channel"]] += 1
            elif call.method == "views.publish":
                beside[call.args["user_id"], HOME] += 1
            elif call.method == "chat.postMessage" and call.args["channel"][0] == "U":
                beside[call.args["channel"], ""] += 1
        return beside

    def messages(self, channel: str) -> list[Any]:
        return [m for m in self.stage.slack.messages(channel) if not m.get("ephemeral_to")]

    @property
    def unacknowledged(self) -> list[Group]:
        """Those that Slack delivered and heard nothing of."""
        return [group for group in self.groups.values() if any(c.outcome == "timeout" for c in group.copies)]

    @property
    def unanswered(self) -> list[Group]:
        return [group for group in self.groups.values() if group.acked and not group.answers]

    @property
    def cut_off(self) -> list[Group]:
        """Acknowledged just before the bot was killed."""
        return [group for group in self.unanswered if self.may_be_cut(group)]

    def may_be_cut(self, group: Group) -> bool:
        return bool(self.killed_at - CUT_OFF < group.first.at < self.killed_at)

    @property
    def given_up(self) -> Counter[str]:
        """How often the log says that Slack did not take the answer to a person, after the last try."""
        return Counter(re.findall(r"/(\w+) was not answered: ", self.stage.log()))

    @property
    def lost(self) -> list[Group]:
        """Acknowledged, and neither answered nor in the log."""
        cut, given_up, lost = {id(group) for group in self.cut_off}, self.given_up, []
        for group in self.unanswered:
            if id(group) in cut:
                continue
            if given_up[group.user]:
                given_up[group.user] -= 1
            else:
                lost.append(group)
        return lost

    @property
    def promised(self) -> set[int]:
        """The requests that people were told are noted."""
        views = [str(call.args["view"]) for call in self.calls if call.method == "views.update"]
        return {int(number) for view in views for pair in PROMISE.findall(view) for number in pair if number}

    @property
    def posted_twice(self) -> list[str]:
        """Messages about the same thing in one channel, and what one response URL got twice."""
        shown = [(channel, about(message)) for channel in ("C01SEC", "C02APPR") for message in self.messages(channel)]
        cards = Counter(f"{channel} {block}" for channel, block in shown if block.startswith(CARDS))
        said = Counter(
            f"{r['id']} {json.dumps(r['body'])}" for r in self.stage.strict.recorder.responses if r["status"] == 200
        )
        return [what for what, times in (cards + said).items() if times > 1]

    def ack_ms(self, kinds: tuple[str, ...], spans: list[tuple[float, float]] | None = None) -> list[float]:
        """Milliseconds until each acknowledgement, of those delivered within the spans."""
        return [
            one.ms
            for one in self.deliveries
            if one.kind in kinds and one.outcome == "acked" and one.ms is not None
            and (spans is None or any(begun <= one.at <= ended for begun, ended in spans))
        ]  # fmt: skip


@contextmanager
def stored(stage: Stage) -> Iterator[Store]:
    store = open_store(stage.database)
    try:
        yield store
    finally:
        store.close()


def memory(stage: Stage) -> int:
    """Megabytes that the bot has in memory."""
    status = Path(f"/proc/{stage.bots[-1].process.pid}/status").read_text()
    (resident,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(resident) // 1024


def spread(samples: list[int]) -> str:
    """Ten of them at most."""
    return " ".join(map(str, samples[:: max(1, len(samples) // 9)]))


def quiet(stage: Stage, seconds: float) -> None:
    """Wait until all is done and every card is true."""
    working = "SELECT id FROM requests WHERE state IN ('approved', 'running', 'undoing')"
    until(lambda: not stage.rows(working), "every change has ended", seconds=seconds)

    def lagging() -> list[Any]:
        with stored(stage) as store:
            return [(r.id, r.state, r.cards) for r in store.requests.outdated_cards(datetime.now(UTC) - timedelta(1))]

    until(lambda: not lagging(), "every card is true", seconds=seconds, now=lagging)
    until(lambda: not stage.rows("SELECT id FROM scans WHERE state = 'running'"), "no scan runs", seconds=seconds)
    stage.settle(1.0)


def cuts(milliseconds: list[float]) -> str:
    if len(milliseconds) < 2:
        return f"{len(milliseconds)} acknowledged"
    percent = quantiles(milliseconds, n=100)
    worst = max(milliseconds)
    return f"p50 {percent[49]:.0f} ms, p99 {percent[98]:.0f} ms, slowest {worst:.0f} ms of {len(milliseconds)}"


def scans(stage: Stage) -> list[tuple[float, float]]:
    """From when to when each scan ran."""
    rows = stage.rows("SELECT started_at, ended_at FROM scans WHERE ended_at IS NOT NULL")
    return [tuple(datetime.fromisoformat(row[at]).timestamp() for at in ("started_at", "ended_at")) for row in rows]  # type: ignore[misc]


@pytest.mark.allow_violations(
    "expired_trigger_id",  # of a click that came late to a busy machine: the person is told
    "ack_timeout",  # of what was on its way over a connection that ended: the person did it again, and few may
)
def test_nothing_is_lost_and_nothing_comes_twice(
    make_stage: MakeStage, account: Account, request: pytest.FixtureRequest
) -> None:
    count, seed = request.config.getoption("--interactions"), request.config.getoption("--seed")
    stage = make_stage(AWS_SEC_TWO_APPROVERS_FOR="[]")
    stage.start()
    crowd = Crowd(stage, account, count=count, seed=seed, risky=count > SHORT)
    lives: list[list[int]] = [[memory(stage)], []]  # of the bot before the kill, and of the one after
    killed: list[float] = []

    def halfway() -> None:
        lives[0].append(memory(stage))
        killed.append(time.time())
        stage.kill()
        if count <= SHORT:  # what waiting would bring: a request that nobody was shown is shown half a minute later
            stage.write("UPDATE requests SET created_at = ?", ago(61))
        stage.start()
        lives[1].append(memory(stage))

    began = time.monotonic()
    crowd.act(halfway, lambda: lives[-1 if killed else 0].append(memory(stage)))
    took = time.monotonic() - began
    fired = stage.slack.report()["faults_fired"]
    stage.slack.clear_faults()
    lives[1].append(memory(stage))
    if count <= SHORT:  # cards that lag behind are caught up with each minute, and at a start
        stage.stop()
        stage.start()
    quiet(stage, 150 if count > SHORT else 20)

    tally = Tally(stage, killed[0])
    requests = stage.rows("SELECT * FROM requests")
    table = {
        "interactions": f"{crowd.total} in {took:.0f} s ({', '.join(f'{n} {what}' for what, n in crowd.done.items())})",
        "deliveries": f"{len(tally.deliveries)}, of which {crowd.repeated} done again by the person as Slack lost them",
        "faults": f"{sum(fired.values()) + crowd.injected.total()}, a SIGKILL",
        "acknowledged": cuts(tally.ack_ms(("slash_commands", "interactive", "events_api"))),
        "while a scan ran": cuts(tally.ack_ms(("slash_commands", "interactive", "events_api"), scans(stage))),
        "not within 3 s": f"{len(tally.unacknowledged)}, done again by the person",
        "messages": sum(call.ok and call.method.startswith("chat.post") for call in tally.calls)
        + len(stage.strict.recorder.responses),
        "requests": f"{len(requests)}: {dict(Counter(row['state'] for row in requests))}",
        "posted twice": len(tally.posted_twice) + max(0, tally.status_twice),
        "lost": len(tally.lost),
        "Slack took no answer": f"{tally.given_up.total()}, after the last try, each in the log",
        "cut off by the kill": len(tally.cut_off),
        "memory, MB": f"{spread(lives[0])}; after the restart {spread(lives[1])}",
        "against Slack's rules": Counter(v["code"] for v in stage.slack.violations()) or "nothing",
    }
    print("\n" + "\n".join(f"{what:22} {value}" for what, value in table.items()))  # noqa: T201  # with -s
    print(json.dumps(fired))  # noqa: T201

    assert len(tally.unacknowledged) <= count // 100, "\n".join(map(str, tally.unacknowledged))
    assert not tally.lost, f"killed at {killed[0]:.1f}\n" + "\n".join(map(str, tally.lost))
    assert not tally.posted_twice
    assert tally.status_twice <= 0
    assert tally.promised <= {row["id"] for row in requests}
    assert len(requests) == len({row["name"] for row in requests}), "no bucket was asked for twice"
    once_each(stage, account, requests)
    strangers_did_nothing(stage)
    with stored(stage) as store:
        assert store.audit.verify(store.digests.witnessed()).ok
    if count > SHORT:  # until then what is needed is loaded for the first time
        assert lives[1][-1] - lives[1][len(lives[1]) // 2] < MEMORY_MAY_GROW


def once_each(stage: Stage, account: Account, requests: list[dict[str, Any]]) -> None:
    """Each request is decided once at most, changed what it says, and is in the audit log."""
    rows = stage.rows("SELECT request_id, action FROM audit WHERE result = 'ok' AND request_id IS NOT NULL")
    written = defaultdict(list)
    for row in rows:
        written[row["request_id"]].append(row["action"])
    for asked in requests:
        decided = [action for action in written[asked["id"]] if action in DECISIONS]
        assert len(decided) == (asked["state"] != "waiting"), (asked, written[asked["id"]])
        assert account.writes(asked["name"]) == WRITES.get(asked["state"], 0), asked


def strangers_did_nothing(stage: Stage) -> None:
    rows = stage.rows("SELECT result FROM audit WHERE actor LIKE ?", f"{FOREIGN}/%")
    assert {row["result"] for row in rows} <= {"refused"}
