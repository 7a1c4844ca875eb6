"""Many people who do at random what people do with the bot, while much between it and Slack goes wrong.

One seed gives each person the same sequence of choices; what they meet there also depends on who was first.
"""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from typing import Any

from strictslack.driver import SlackFailure

from tests.e2e.stage import REASON, Account, Delivery, Message, Result, Stage, User

FOREIGN = "T66OTHER"
FAULTS_IN_A_HUNDRED = 25
IN_A_ROW = 2
"""Faults of one method: the third try of a call that may be repeated is the last."""
LOOKS = 40
"""How often memory is looked at."""
REPEATABLE = ("chat.update", "views.update", "views.publish", "usergroups.users.list")
"""Calls that the bot may make again, so that it may lose the answer to one, too."""
WORDS = (
    "help", "status", "status", "findings", "findings network", "findings spare", "explain 1", "explain 5", "audit",
    "mutes", "compliance cis_5.0", "staus", "findings \u202eevil", "explain 99999", "unmute 1",
)  # fmt: skip
CALM = (
    "finding.explain", "spot.open", "spot.open.up", "spot.open.more", "spot.open.back", "spot.open.filter", "steps.open", "mutes.open", "status.open", "status.scan",
)  # fmt: skip
"""Buttons that show something, or scan."""


def faults(risky: bool) -> Iterator[dict[str, Any]]:
    """What may go wrong once. `risky`: also what is made up for only half a minute later."""
    for method in (*REPEATABLE, "chat.postEphemeral", "chat.postMessage"):
        yield {"on": "api", "match": method, "do": "rate_limit", "retry_after": 1}
    for method in (*REPEATABLE, "chat.postEphemeral", "views.open"):
        yield {"on": "api", "match": method, "do": "http_error", "status": 503}
        yield {"on": "api", "match": method, "do": "reset"}
    for method in REPEATABLE:
        yield {"on": "api", "match": method, "do": "timeout", "seconds": 0.5}
        yield {"on": "api", "match": method, "do": "reset", "phase": "after"}
        yield {"on": "api", "match": method, "do": "delay", "seconds": 1}
    for do in ("rate_limit", "http_error", "reset"):
        yield {"on": "response_url", "do": do}
    for kind in ("slash_commands", "interactive", "events_api"):
        yield {"on": "delivery", "match": kind, "do": "duplicate", "count": 2}
        yield {"on": "delivery", "match": kind, "do": "delay", "seconds": 0.7}
        yield {"on": "delivery", "match": kind, "do": "reorder", "seconds": 0.7}
        yield {"on": "delivery", "match": kind, "do": "disconnect", "reason": "refresh_requested"}
    for kind in ("slash_commands", "interactive"):
        yield {"on": "delivery", "match": kind, "do": "drop"}
    if risky:
        for do, phase in (("http_error", "before"), ("http_error", "after"), ("timeout", "before"), ("reset", "after")):
            yield {"on": "api", "match": "chat.postMessage", "do": do, "phase": phase, "seconds": 0.5}


class Crowd:
    """Alice asks; Bob and Carol ask and approve; Mallory may only look; a stranger of another workspace clicks too."""

    def __init__(self, stage: Stage, account: Account, *, count: int, seed: int, risky: bool) -> None:
        self.stage, self.account, self.count = stage, account, count
        self.faults = [*faults(risky)]
        self.injected: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.repeated = 0
        self.saved: list[tuple[User, dict[str, Any]]] = []
        """Clicks that were made, and that come again later, when others have decided."""
        self._seed = seed
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._still = threading.Condition()
        self._busy = 0
        self._held = False

    # --- all of them -------------------------------------------------------------------

    def act(self, halfway: Callable[[], None], look: Callable[[], None]) -> None:
        """Do so many interactions; `halfway` is called in the middle, while nobody does anything, and `look` often."""
        people = (self.stage.alice, self.stage.bob, self.stage.carol, self.stage.mallory)
        looks, was_there = 0, False
        with ThreadPoolExecutor(len(people)) as pool:
            going = [pool.submit(self._live, who) for who in people]
            while not all(one.done() for one in going):
                if self.total >= self.count // 2 and not was_there:
                    was_there = True
                    with self.nobody_acting():
                        halfway()
                elif self.total * LOOKS > self.count * looks:
                    looks += 1
                    look()
                time.sleep(0.02)
            for one in going:
                one.result()

    @property
    def total(self) -> int:
        return self.done.total()

    @contextmanager
    def nobody_acting(self) -> Iterator[None]:
        """Waits until every interaction on its way is acknowledged, and lets none begin."""
        with self._still:
            self._still.wait_for(lambda: not self._held)
            self._held = True
            self._still.wait_for(lambda: not self._busy)
        try:
            yield
        finally:
            with self._still:
                self._held = False
                self._still.notify_all()

    @contextmanager
    def _acting(self) -> Iterator[None]:
        with self._still:
            self._still.wait_for(lambda: not self._held)
            self._busy += 1
        try:
            yield
        finally:
            with self._still:
                self._busy -= 1
                self._still.notify_all()

    # --- one of them -------------------------------------------------------------------

    def _live(self, who: User) -> None:
        chance = Random(f"{self._seed} {who.name}")
        choices: list[tuple[int, Callable[[User, Random], None]]] = [
            (34, self._command), (20, self._click), (8, self._mention), (6, self._home), (6, self._shortcut),
            (4, self._mute), (3, self._stranger),
        ]  # fmt: skip
        if who.name != "mallory":
            choices += [(6, self._ask)]
        if who.name in ("bob", "carol"):
            choices += [(14, self._decide), (5, self._late)]
        weights, acts = zip(*choices, strict=True)
        while self.total < self.count:
            self._trouble(chance)
            try:
                chance.choices(acts, weights)[0](who, chance)
            except SlackFailure:  # what they wanted to click or fill in is not there: they do something else
                continue

    def _trouble(self, chance: Random) -> None:
        if chance.randrange(100) >= FAULTS_IN_A_HUNDRED:
            return
        if chance.randrange(20) == 0:
            with self.nobody_acting():  # whatever was on its way over the socket would be lost with it
                self.stage.slack.disconnect("")
            self.injected["socket dropped"] += 1
            return
        fault = chance.choice(self.faults)
        waiting = [
            one for one in self.stage.strict.faults.rules if one.match == fault.get("match", "*") and not one.fired
        ]
        if len(waiting) < IN_A_ROW:
            self.stage.slack.fault(**fault)

    def _certainly(self, what: str, act: Callable[[], Result | Delivery]) -> Result | Delivery:
        """Do it, and as a person would do it again when Slack says that it did not arrive."""
        for attempt in range(10):
            try:
                with self._acting():
                    result = act()
            except ZeroDivisionError:  # strictslack's, when the only connection ends at this very moment
                continue
            if result.outcome == "acked" or getattr(result, "delivered", True) is False:
                with self._lock:
                    self.done[what] += 1
                    self.repeated += attempt
                return result
        raise AssertionError(f"{what} was not acknowledged in ten attempts")

    def _command(self, who: User, chance: Random) -> None:
        word, channel = chance.choice(WORDS), self._channel(who, chance)
        self._certainly("command", lambda: who.command("/aws-sec", word, channel))

    def _click(self, who: User, chance: Random) -> None:
        message = self._seen(who, chance, self._channel(who, chance), CALM)
        action = chance.choice([id for id in message.action_ids if id in CALM])
        self._certainly("click", lambda: who.click(message, action))

    def _mention(self, who: User, chance: Random) -> None:
        word = chance.choice(("status", "help", "findings network", "explain 1", "stats"))
        channel = self.stage.slack.channel(self._channel(who, chance))
        number = next(self._numbers)
        event = {"type": "app_mention", "user": who.id, "text": f"<@U0BOT> {word}", "channel": channel,
                 "ts": f"1.{number:06}", "event_ts": f"1.{number:06}", "team": "T01TEST"}  # fmt: skip
        body = {"type": "event_callback", "team_id": "T01TEST", "api_app_id": "A01APP",
                "event_id": f"Ev{uuid.uuid4().hex}", "event": event}  # fmt: skip
        self._certainly("mention", lambda: self.stage.deliver(body, "events_api"))

    def _home(self, who: User, chance: Random) -> None:
        body = {"type": "event_callback", "team_id": "T01TEST", "api_app_id": "A01APP",
                "event_id": f"Ev{uuid.uuid4().hex}",
                "event": {"type": "app_home_opened", "user": who.id, "tab": "home", "channel": "D1"}}  # fmt: skip
        self._certainly("home", lambda: self.stage.deliver(body, "events_api"))

    def _shortcut(self, who: User, chance: Random) -> None:
        if chance.randrange(2):
            self._certainly("shortcut", lambda: who.shortcut("shortcut.status"))
            return
        message = self._seen(who, chance, self._channel(who, chance), ("finding.explain", "fix.plan"))
        self._certainly("shortcut", lambda: who.message_shortcut(message, "shortcut.explain"))

    def _mute(self, who: User, chance: Random) -> None:
        finding = chance.randrange(1, 12)
        self._certainly("command", lambda: who.command("/aws-sec", f"mute {finding}", self._channel(who, chance)))
        who.wait_view("finding.mute.reason", timeout=6)
        self._certainly("modal", lambda: who.submit({"reason": "for a while"}))

    def _ask(self, who: User, chance: Random) -> None:
        with self._lock:
            if len(self.account.spare) < 3:
                return
            bucket = self.account.bucket()
        finding = self.stage.finding(bucket)
        self._certainly("command", lambda: who.command("/aws-sec", f"fix {finding}", "security"))
        who.wait_view("fix.request", timeout=8)
        self._certainly("modal", lambda: who.submit({"reason": REASON}))

    def _decide(self, who: User, chance: Random) -> None:
        action = chance.choice(("fix.approve", "fix.approve", "fix.approve", "fix.deny", "fix.undo"))
        card = self._seen(who, chance, "security-approvals", (action,))
        self.saved.append((who, self.stage.click(who, card, action)))
        self._certainly("decision", lambda: who.click(card, action))
        if action != "fix.approve":
            who.wait_view(f"{action}.reason", timeout=6)
            self._certainly("modal", lambda: who.submit({"reason": "not now"}))

    def _late(self, who: User, chance: Random) -> None:
        """A click from a while ago, on a card that says something else by now."""
        if self.saved:
            payload = chance.choice(self.saved)[1]
            self._certainly("late click", lambda: self.stage.deliver(self._anew(payload)))

    def _stranger(self, who: User, chance: Random) -> None:
        """Somebody of another workspace, whose user id is an approver's."""
        if self.saved:
            made = self._anew(chance.choice(self.saved)[1])
            made["user"] = made["user"] | {"team_id": FOREIGN}
            self._certainly("stranger", lambda: self.stage.deliver(made))

    def _anew(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The same, as a click of its own."""
        user, channel = payload["user"]["id"], payload["channel"]["id"]

        async def fresh() -> dict[str, str]:
            return {
                "trigger_id": self.stage.strict.state.add_trigger(user),
                "response_url": self.stage.strict.interactions.response_url(user, channel, None),
            }

        own: dict[str, str] = self.stage.on_strictslack(fresh())
        return payload | own

    def _channel(self, who: User, chance: Random) -> str:
        return "general" if who.name == "mallory" else chance.choice(("general", "general", "security"))

    def _seen(self, who: User, chance: Random, channel: str, actions: tuple[str, ...]) -> Message:
        """One of the newest messages with such a button."""
        seen = [one for one in who.messages(channel) if {*one.action_ids} & {*actions}]
        if not seen:
            raise SlackFailure(f"{who.name} sees none of {actions}")
        return chance.choice(seen[-12:])
