"""Interactions that nobody's client would send, by the button or modal they pretend to be, and the sentence each gets.

`Scene` names what there is to attack; a value is made of it when it is needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.ids import LARGEST, Action, View

TAMPERED = "older version or was tampered with"
NOT_APPROVER = "Only an approver may decide"
ANOTHER_PLAN = "This button belongs to another plan"
ANOTHER_WORKSPACE = "you belong to another workspace"
OURS, FOREIGN = "T01TEST", "T66OTHER"
REASON = {"reason": {"reason": {"type": "plain_text_input", "value": "a good one"}}}
FIRST = 1
"""A finding that there is."""


@dataclass(frozen=True)
class Asked:
    """A request or a batch as its buttons point at it."""

    id: int
    plan: str

    def packed(self, kind: str = "request", **changes: object) -> str:
        return json.dumps({kind: self.id, "plan": self.plan} | changes)


@dataclass(frozen=True)
class Scene:
    """Requests in every state that a person sees, and a freeze. `member`: of the batch `batch`."""

    waiting: Asked
    other: Asked
    fixed: Asked
    denied: Asked
    batch: Asked
    member: Asked
    freeze: int


Value = Callable[[Scene], Any]


@dataclass(frozen=True)
class Forged:
    """`what`: the button's action or the modal's callback id. `state`: what the modal's inputs hold."""

    name: str
    who: str
    what: str
    value: Value
    words: str
    team: str = OURS
    state: Any = field(default_factory=lambda: REASON)

    @property
    def is_modal(self) -> bool:
        return self.what in {*View} or self.what.startswith("modal:")

    @property
    def id(self) -> str:
        return f"{self.what[:20]} {self.name} by {self.who}"


def always(value: Any) -> Value:
    return lambda _: value


POINTERS: Mapping[Action, str] = {
    Action.APPROVE: "request", Action.DENY: "request", Action.CANCEL: "request", Action.UNDO: "request",
    Action.GLASS: "request", Action.AUDIT: "request", Action.EXPLAIN: "finding", Action.FIX: "finding",
    Action.STEPS: "finding", Action.RECHECK: "finding", Action.MUTE: "finding", Action.UNMUTE: "finding",
    Action.APPROVE_ALL: "batch", Action.DENY_ALL: "batch", Action.CANCEL_ALL: "batch", Action.UNDO_ALL: "batch",
    Action.UNFREEZE: "freeze", Action.END_MUTE: "mute",
}  # fmt: skip
"""Buttons that point at something, and what they call it."""
CARRIERS: Mapping[Action, str] = {
    Action.FIX_ALL: "check", Action.MUTES: "mute", Action.OPEN: "finding", Action.SCAN: "finding",
    Action.PAGE: "page", Action.TRY: "text", Action.TREND: "days", Action.STOP_NOTES: "user",
    Action.RESUME_NOTES: "user",
}  # fmt: skip
"""Buttons that carry something else, and a part of it."""
RIGHT = {
    *((action, "empty") for action in (Action.OPEN, Action.SCAN, Action.PAGE)),  # the first page of all
    (Action.PAGE, "zero"),
    *((what, name) for what in (Action.TRY, View.MUTE_TAG) for name in ("digits as text", "digits of another script")),
}
"""Shapes that are no wrong ones of these."""
UNFORGEABLE = {Action.STOP, Action.STATUS}
"""Buttons that do the same whatever they carry."""

MODALS: Mapping[View, str] = {
    View.REQUEST: "finding", View.MUTE: "finding", View.STEPS: "finding", View.DENY: "request", View.UNDO: "request",
    View.GLASS: "request", View.DENY_ALL: "batch", View.UNDO_ALL: "batch", View.REQUEST_ALL: "check",
    View.MUTE_TAG: "tag",
}  # fmt: skip

GONE: Mapping[str, str] = {
    "request": "there is no fix request",
    "finding": "no finding",
    "batch": "there is no batch",
    "freeze": "this freeze is over already",
    "mute": "this mute is over already",
}


def shapes(key: str) -> dict[str, Any]:
    """Values of the wrong shape, by what is wrong with them."""
    value = 1 if key != "check" else "s3.bucket_blocks_public_access"
    return {
        "nothing": "",
        "empty": "{}",
        "null": "null",
        "no JSON": "not JSON",
        "no text but a number": 7,
        "no text but a list": [1],
        "no text but an object": {key: value},
        "a list": f"[{json.dumps(value)}]",
        "text in text": json.dumps(json.dumps({key: value})),
        "negative": json.dumps({key: -1}),
        "zero": json.dumps({key: 0}),
        "infinite": f'{{"{key}": 1e999}}',
        "a fraction": json.dumps({key: 1.5}),
        "a round fraction": json.dumps({key: 1.0}),
        "true": json.dumps({key: True}),
        "null inside": json.dumps({key: None}),
        "a list inside": json.dumps({key: [value]}),
        "SQL": json.dumps({key: ["1; DROP TABLE requests"]}),
        "digits as text": json.dumps({key: "1" if key != "check" else 1}),
        "digits of another script": json.dumps({key: "１" if key != "check" else 1.0}, ensure_ascii=False),  # noqa: RUF001
        "too large": json.dumps({key: LARGEST + 1}),
        "far too large": f'{{"{key}": {"9" * 5000}}}',
        "another key": json.dumps({"other": value}),
        "one key too many": json.dumps({key: value, "approved": True}),
        "a long plan": json.dumps({key: value, "plan": "x" * 5000}),
        "a plan that is no text": json.dumps({key: value, "plan": ["0"]}),
        "an origin that is no text": json.dumps({key: value, "origin": {"a": 1}}),
        "deep": "[" * 1000,
        "deeper": '{"a":' * 900,
        "NUL": "\u0000",
        "half a character": "\ud800",
    }


def shapeless() -> Iterator[Forged]:
    """Every button and modal that carries something, with everything that it never carries."""
    for action, key in {**POINTERS, **CARRIERS}.items():
        for name, value in shapes(key).items():
            if (action, name) not in RIGHT:
                yield Forged(name, "bob", action, always(value), TAMPERED)
    for view, key in MODALS.items():
        for name, value in shapes(key).items():
            if isinstance(value, str) and (view, name) not in RIGHT:  # Slack keeps a modal's as text
                yield Forged(name, "bob", view, always(value), TAMPERED)
    for name in ("", "fix", "fix.explode", "fix.approve.more.more", "FIX.APPROVE", "x" * 255, "fix.approve\n"):
        yield Forged(f"an action that is none ({name[:12]!r})", "bob", name, lambda s: s.waiting.packed(), TAMPERED)
    for name in ("", "fix.everything", "fix.approve", "x" * 255):
        yield Forged("a modal that is none", "bob", f"modal:{name}", lambda s: s.waiting.packed(), TAMPERED)
    for value in ("", "no practice", [1], {"a": 1}, 7):
        yield Forged(f"{value!r}", "bob", Action.PRACTICE, always(value), "this menu is from an older version")


def pointless() -> Iterator[Forged]:
    """Pointers at what does not exist."""
    for value in ("*", "us-east-1", "x" * 5000, "", [1]):  # a menu's block is nobody's spot
        for action in (Action.FILTER, f"{Action.FILTER}.region"):
            yield Forged(f"{str(value)[:12]!r}", "bob", action, always(value), TAMPERED)
    for number in (999_999, LARGEST):
        yield Forged(f"{number}", "bob", Action.OPEN, always(json.dumps({"finding": number})), GONE["finding"])
        yield Forged(f"{number}", "bob", Action.SCAN, always(json.dumps({"finding": number})), GONE["finding"])
    for action, key in POINTERS.items():
        for number in (999_999, LARGEST) if action is not Action.AUDIT else ():  # it shows that there is nothing
            yield Forged(f"{number}", "bob", action, always(json.dumps({key: number})), GONE[key])
    for view, key in MODALS.items():
        if key not in ("check", "tag"):
            for number in (999_999, LARGEST):
                value = json.dumps({key: number, "plan": "0" * 64})
                yield Forged(f"{number}", "bob", view, always(value), GONE[key])
    for check in ("", "s3", "s3.no_such_check", "<!channel>", "' OR 1=1 --", "s3.bucket_blocks_public_access\n"):
        value = json.dumps({"check": check, "plan": "0" * 64})
        yield Forged(f"check {check!r}", "alice", Action.FIX_ALL, always(value), "there is no fix for this one")
        yield Forged(f"check {check!r}", "alice", View.REQUEST_ALL, always(value), "there is no fix for this one")


def senseless() -> Iterator[Forged]:
    """Values of the right shape that mean nothing."""
    for days in (1, 8, 1000):
        yield Forged(f"{days} days", "bob", f"{Action.TREND}.1", always(json.dumps({"days": days})), TAMPERED)
    for text in ("xyzzy", "fix 999999", "<!channel>", "explain"):
        yield Forged(f"{text!r}", "bob", Action.TRY, always(json.dumps({"text": text})), "🚫")
    for tag in ("=", " ", "=x", "x" * 129, "x=" + "y" * 257):
        yield Forged(f"tag {tag[:9]!r}", "alice", View.MUTE_TAG, always(json.dumps({"tag": tag})), "say which tag")


def by_the_wrong_person() -> Iterator[Forged]:
    """Whole and well-made buttons, clicked by who may not."""

    def single(scene: Scene) -> str:
        return scene.waiting.packed()

    def batch(scene: Scene) -> str:
        return scene.batch.packed("batch")

    for who in ("alice", "mallory"):
        yield Forged("who is no approver", who, Action.APPROVE, single, NOT_APPROVER)
        yield Forged("who is no approver", who, Action.APPROVE_ALL, batch, NOT_APPROVER)
        yield Forged("who is no approver", who, View.DENY, single, NOT_APPROVER)
        yield Forged("who is no approver", who, View.DENY_ALL, batch, NOT_APPROVER)
        yield Forged("who may not freeze", who, Action.UNFREEZE, lambda s: json.dumps({"freeze": s.freeze}),
                     "only an approver may freeze or unfreeze")  # fmt: skip
    yield Forged("one's own request", "bob", Action.APPROVE, lambda s: s.other.packed(), "somebody else must approve")
    for who in ("bob", "carol", "mallory"):
        yield Forged("who did not ask", who, Action.CANCEL, single, "Only who asked may take the request back")
        yield Forged("who did not ask", who, Action.CANCEL_ALL, batch, "Only who asked may take the request back")
    yield Forged("a stranger", "mallory", View.UNDO, lambda s: s.fixed.packed(), "Only who asked for the fix or an")
    for action in (Action.STOP_NOTES, Action.RESUME_NOTES):
        yield Forged(
            "another's messages", "mallory", action, always('{"user": "U0ANOTHER"}'), "for whom the message is"
        )
    for who in ("alice", "bob", "mallory"):
        yield Forged("whom the settings do not let", who, View.GLASS, single, "you may not approve alone")


def of_another_workspace() -> Iterator[Forged]:
    """The same user id, with the id of another workspace, or with none."""
    targets: list[tuple[str, Value]] = [
        *((action, lambda s: s.waiting.packed()) for action, key in POINTERS.items() if key == "request"),
        *((action, always(json.dumps({"finding": FIRST}))) for action, key in POINTERS.items() if key == "finding"),
        *((action, lambda s: s.batch.packed("batch")) for action, key in POINTERS.items() if key == "batch"),
        (Action.UNFREEZE, lambda s: json.dumps({"freeze": s.freeze})),
        (Action.MUTES, always('{"mute": 1}')),
        (Action.END_MUTE, always('{"mute": 1}')),
        (Action.TRY, always('{"text": "status"}')),
        (Action.TREND, always('{"days": 7}')),
        (Action.STOP_NOTES, always('{"user": "U0BOB"}')),
        (Action.RESUME_NOTES, always('{"user": "U0BOB"}')),
        (Action.FIX_ALL, always('{"check": "s3.bucket_blocks_public_access"}')),
        (View.REQUEST_ALL, always('{"check": "s3.bucket_blocks_public_access"}')),
        (View.MUTE_TAG, always('{"tag": "env=prod"}')),
        (Action.SCAN, always("")),
        (Action.STOP, always("")),
        (Action.STATUS, always("")),
        (Action.PRACTICE, always("network")),
        (Action.PAGE, always("{}")),
        (Action.OPEN, always("{}")),
        (f"{Action.FILTER}.region", always("*")),
        *((view, lambda s: s.waiting.packed()) for view, key in MODALS.items() if key == "request"),
        *((view, lambda s: s.batch.packed("batch")) for view, key in MODALS.items() if key == "batch"),
        *((view, always(json.dumps({"finding": FIRST}))) for view, key in MODALS.items() if key == "finding"),
    ]
    for what, value in targets:
        for team in (FOREIGN, "", "t01test", "T01TEST ", "E01TEST"):
            yield Forged(f"workspace {team!r}", "bob", what, value, ANOTHER_WORKSPACE, team)


def mixed_up() -> Iterator[Forged]:
    """Real numbers and hashes, put together as they do not belong together."""
    for name, plan in {
        "no plan": always(""),
        "zeros": always("0" * 64),
        "the plan of another request": lambda s: s.other.plan,
        "the plan of a batch": lambda s: s.batch.plan,
        "the plan in capitals": lambda s: s.waiting.plan.upper(),
        "half of the plan": lambda s: s.waiting.plan[:32],
        "a space for a digit": lambda s: s.waiting.plan[:-1] + " ",
    }.items():
        yield Forged(name, "bob", Action.APPROVE, _with(plan, "request"), ANOTHER_PLAN)
        if name != "the plan of a batch":
            yield Forged(name, "bob", Action.APPROVE_ALL, _with(plan, "batch"), ANOTHER_PLAN)
    part = "is part of batch"
    for who, what in (("bob", Action.APPROVE), ("bob", View.DENY), ("alice", Action.CANCEL), ("bob", Action.DENY)):
        yield Forged("one of a batch alone", who, what, lambda s: s.member.packed(), part)
    yield Forged("one of a batch alone", "bob", Action.GLASS, lambda s: s.member.packed(), part)
    for what in (Action.APPROVE, Action.DENY, Action.CANCEL, Action.UNDO, Action.GLASS, View.DENY, View.UNDO):
        yield Forged("a batch's value", "bob", what, lambda s: s.batch.packed("batch"), TAMPERED)
    for what in (Action.APPROVE_ALL, Action.DENY_ALL, Action.CANCEL_ALL, Action.UNDO_ALL, View.DENY_ALL, View.UNDO_ALL):
        yield Forged("a single request's value", "bob", what, lambda s: s.waiting.packed(), TAMPERED)
    for state in ("fixed", "denied"):
        old = _of(state)
        for what in (Action.APPROVE, Action.DENY, Action.GLASS, View.DENY):
            yield Forged(f"what is {state}", "carol", what, old, f"The request is {state} already")
        yield Forged(f"what is {state}", "alice", Action.CANCEL, old, f"The request is {state} already")
    for name in ("waiting", "denied"):
        for undo in (Action.UNDO, View.UNDO):
            yield Forged(f"what is {name}", "bob", undo, _of(name), "There is nothing to undo")
    whole: Value = lambda s: s.batch.packed("batch")  # noqa: E731
    yield Forged("a batch that waits", "bob", Action.UNDO_ALL, whole, "There is nothing to undo")
    yield Forged("a batch that waits", "bob", View.UNDO_ALL, whole, "choose at least one")
    yield Forged("a batch that waits", "mallory", View.UNDO_ALL, whole, "choose at least one")
    far = {"chosen": _chosen("9" * 5000, "-1", "１２", "²", "", "1; DROP"), **REASON}  # noqa: RUF001
    yield Forged("choices that are none", "bob", View.UNDO_ALL, whole, "choose at least one", state=far)


def misfilled() -> Iterator[Forged]:
    """Modals whose inputs hold what inputs do not hold: asked for again, or told off."""
    again = "reason is needed"
    filled: dict[str, Any] = {
        "no inputs": {},
        "inputs that are none": None,
        "a list of inputs": [],
        "no reason": {"reason": {"reason": {"type": "plain_text_input", "value": None}}},
        "a reason of spaces": {"reason": {"reason": {"type": "plain_text_input", "value": " \n\t"}}},
        "a reason that is a list": {"reason": {"reason": {"type": "plain_text_input", "value": ["x"]}}},
        "a reason that is an object": {"reason": {"reason": {"type": "plain_text_input", "value": {"x": 1}}}},
        "a reason that is a number": {"reason": {"reason": {"type": "plain_text_input", "value": 7}}},
        "a block that is a list": {"reason": ["x"]},
        "an input that is text": {"reason": {"reason": "x"}},
        "a choice that is text": {"reason": {"reason": {"selected_option": "x"}}},
        "choices without a value": {"reason": {"reason": {"selected_options": [{"text": "x"}]}}},
    }
    for name, state in filled.items():
        yield Forged(name, "bob", View.DENY, lambda s: s.waiting.packed(), again, state=state)
        yield Forged(name, "bob", View.UNDO, lambda s: s.fixed.packed(), again, state=state)


def everything() -> list[Forged]:
    kinds = (shapeless, pointless, senseless, by_the_wrong_person, of_another_workspace, mixed_up, misfilled)
    return [forged for kind in kinds for forged in kind()]


def _of(state: str) -> Value:
    def packed(scene: Scene) -> str:
        target: Asked = getattr(scene, state)
        return target.packed()

    return packed


def _with(plan: Value, kind: str) -> Value:
    def packed(scene: Scene) -> str:
        target = scene.waiting if kind == "request" else scene.batch
        return target.packed(kind, plan=plan(scene))

    return packed


def _chosen(*values: str) -> dict[str, Any]:
    return {"chosen": {"type": "multi_static_select", "selected_options": [{"value": value} for value in values]}}
