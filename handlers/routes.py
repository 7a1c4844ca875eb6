"""Which handler answers which word, button and modal; each is acknowledged first, and answered whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import html
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncRespond

from bot.blocks.help import did_you_mean
from bot.blocks.parts import wait
from bot.ids import Action, Input, OfCommand, OfFinding, Shortcut, Stale, View, unpack
from bot.nearest import nearest
from bot.ownership import DIRECTLY, means_directly
from bot.people import Person
from bot.post import PostError
from bot.remediate import Refusal
from handlers import (
    audit,
    batches,
    checklists,
    drill,
    errors,
    exports,
    findings,
    fixes,
    freezes,
    mutes,
    owner_notes,
    status,
    trend,
)
from handlers.ask import Ask, Parts, Place
from handlers.help import greet, show_help
from handlers.home import show_home
from handlers.once import once

Handler = Callable[[Ask], Awaitable[None]]
Submitted = Callable[[Ask], Awaitable[Mapping[str, Any]]]
T = TypeVar("T")


async def tried(ask: Ask) -> None:
    """A command that was clicked and not typed."""
    word, _, rest = ask.carried(OfCommand).text.partition(" ")
    await _command(replace(ask, text=rest.strip()), word.lower())


COMMANDS: Mapping[str, Handler] = {
    "status": status.status,
    "trend": trend.from_command,
    "findings": findings.findings,
    "explain": findings.explain,
    "check": status.check,
    "fix": fixes.fix,
    "freeze": freezes.freeze,
    "mute": findings.mute,
    "unmute": findings.unmute,
    "mutes": mutes.mutes,
    "compliance": findings.compliance,
    "export": exports.export,
    "audit": audit.audit,
    "digest": status.digest,
    "help": show_help,
}
ACTIONS: Mapping[Action, Handler] = {
    Action.TRY: tried,
    Action.SCAN: status.scan_now,
    Action.STOP: status.stop,
    Action.STATUS: status.show,
    Action.TREND: trend.from_button,
    Action.PRACTICE: drill.practice,
    Action.OPEN: drill.open_spot,
    Action.FILTER: drill.narrow,
    Action.PAGE: findings.page,
    Action.EXPLAIN: findings.explain_finding,
    Action.FIX: fixes.plan,
    Action.STEPS: checklists.steps,
    Action.RECHECK: checklists.recheck,
    Action.MUTE: findings.mute_finding,
    Action.UNMUTE: findings.unmute_finding,
    Action.MUTES: mutes.show,
    Action.END_MUTE: mutes.end,
    Action.APPROVE: fixes.approve,
    Action.DENY: fixes.deny,
    Action.CANCEL: fixes.cancel,
    Action.UNDO: fixes.undo,
    Action.GLASS: fixes.glass,
    Action.FIX_ALL: batches.plan_from_button,
    Action.APPROVE_ALL: batches.approve,
    Action.DENY_ALL: batches.deny,
    Action.CANCEL_ALL: batches.cancel,
    Action.UNDO_ALL: batches.undo,
    Action.UNFREEZE: freezes.unfreeze,
    Action.AUDIT: audit.of_request,
    Action.STOP_NOTES: owner_notes.stop,
    Action.RESUME_NOTES: owner_notes.resume,
}
SUBMISSIONS: Mapping[View, Submitted] = {
    View.REQUEST: fixes.asked,
    View.DENY: fixes.denied,
    View.UNDO: fixes.undone,
    View.GLASS: fixes.glass_broken,
    View.REQUEST_ALL: batches.asked,
    View.DENY_ALL: batches.denied,
    View.UNDO_ALL: batches.undone,
    View.MUTE: findings.muted,
    View.MUTE_TAG: mutes.tag_muted,
    View.STEPS: checklists.send,
}
SHORTCUTS: Mapping[Shortcut, Handler] = {
    Shortcut.STATUS: status.in_window,
    Shortcut.EXPLAIN: findings.explain_message,
}
NEED_A_WINDOW = ("fix", "mute")
WAITING = "Working on it… You may close this; the answer comes anyway."
SHOWN_SECONDS = 0.5
"""Between acknowledging a modal with `WAITING` and filling it: a faster answer could arrive before the
acknowledgement, which would then hide it for good."""


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to the command, every button and every modal."""

    async def command(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        word, _, rest = body.get("text", "").strip().partition(" ")
        who = Person(body["team_id"], body["user_id"])
        place = Place(body["channel_id"])
        ask = Ask(parts, who, place, respond, trigger=body["trigger_id"], text=rest.strip())
        await answer(ask, lambda ask: _command(ask, word.lower()))

    async def action(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await ack()
        ask = _click(parts, body, context.respond if body.get("response_url") else None)
        await answer(ask, lambda ask: _noted(ask, ask.action, _action(ask)))

    async def submission(ack: AsyncAck, body: dict[str, Any]) -> None:
        ask = _submission(parts, body)
        if missing := _missing(ask.inputs):
            await ack(response_action="errors", errors=missing)
            return
        await ack(response_action="update", view=wait(WAITING))
        await answer_in_view(ask, body["view"]["callback_id"])

    async def shortcut(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        place = Place((body.get("channel") or {}).get("id", ""))
        ask = Ask(parts, _person(body), place, None, trigger=body["trigger_id"], value=_finding_in(body))
        await answer(ask, lambda ask: _shortcut(ask, body["callback_id"]))

    app.middleware(once())
    everything = re.compile(r".*", re.DOTALL)
    app.shortcut(everything)(shortcut)
    app.command("/aws-sec")(command)
    app.action(everything)(action)
    app.view(everything)(submission)
    _listen_to_events(app, parts)


def _listen_to_events(app: AsyncApp, parts: Parts) -> None:
    """Bolt acknowledges these itself."""

    async def mention(event: dict[str, Any], body: dict[str, Any]) -> None:
        await _on_mention(parts, event, body)

    async def home_opened(event: dict[str, Any], body: dict[str, Any]) -> None:
        if event["tab"] == "home":
            parts.begun()
            who = Person(body["team_id"], event["user"])
            try:
                await show_home(parts.bot, parts.access, who)
            except Exception as error:  # noqa: BLE001  # there is nobody to tell but the log
                errors.unheard(who, error)

    async def joined(event: dict[str, Any], body: dict[str, Any], context: AsyncBoltContext) -> None:
        await greet(parts, event, body["team_id"], context.bot_user_id)

    app.event("app_mention")(mention)
    app.event("app_home_opened")(home_opened)
    app.event("member_joined_channel")(joined)


async def answer(ask: Ask, work: Handler) -> None:
    """Do the work; whatever goes wrong becomes an answer too.

    Nothing may be raised after an acknowledgement: Bolt would take the acknowledgement back.
    """
    ask.parts.begun()
    try:
        ask = await ask.known()
        await ask.parts.access.may_view(ask.who)
        await work(ask)
    except Exception as error:  # noqa: BLE001  # the boundary to a person: every failure is told
        await _tell(ask, error)


async def answer_in_view(ask: Ask, callback_id: str) -> None:
    """The same, in the modal that was submitted."""
    ask.parts.begun()
    acknowledged = time.monotonic()
    view = await errors.in_modal("Not done", _by_member(ask, callback_id))
    await asyncio.sleep(acknowledged + SHOWN_SECONDS - time.monotonic())
    try:
        await ask.fill(view)
    except PostError as error:
        errors.unheard(ask.who, error)


async def _command(ask: Ask, word: str) -> None:
    if not word:
        await show_help(ask)
        return
    if word not in COMMANDS:
        if near := nearest(word, COMMANDS):
            await ask.whisper(did_you_mean(word, near, ask.text))
            return
        raise Refusal(f"there is no /aws-sec {word}: try one of {', '.join(COMMANDS)}")
    await COMMANDS[word](ask)


async def _on_mention(parts: Parts, event: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    if "user" not in event:  # an app's message: there is nobody to answer
        return
    word, rest = _mentioned(event["text"])
    place = Place(event["channel"], event.get("thread_ts", ""))
    ask = Ask(parts, _writer(event, body), place, None, text=rest)
    await answer(ask, lambda ask: _from_mention(ask, word))


async def _from_mention(ask: Ask, word: str) -> None:
    if word in NEED_A_WINDOW:
        raise Refusal(f"`/aws-sec {word}` opens a window, which Slack allows from the command only")
    await _command(ask, word)


async def _shortcut(ask: Ask, callback_id: str) -> None:
    if callback_id not in {*SHORTCUTS}:
        raise Stale
    await SHORTCUTS[Shortcut(callback_id)](ask)


async def _action(ask: Ask) -> None:
    name = ask.action if ask.action in {*ACTIONS} else ask.action.rpartition(".")[0]  # it may have a suffix
    if name not in {*ACTIONS}:
        raise Stale
    await ACTIONS[Action(name)](ask)


async def _by_member(ask: Ask, callback_id: str) -> Mapping[str, Any]:
    ask = await ask.known()
    return await _noted(ask, callback_id, _submitted(ask, callback_id))


async def _submitted(ask: Ask, callback_id: str) -> Mapping[str, Any]:
    await ask.parts.access.may_view(ask.who)
    if callback_id not in {*SUBMISSIONS}:
        raise Stale
    return await SUBMISSIONS[View(callback_id)](ask)


async def _noted(ask: Ask, what: str, work: Awaitable[T]) -> T:
    """The work; a button or modal that is refused leaves a row in the audit log, unless the refusal left one."""
    try:
        return await work
    except (Refusal, Stale) as error:
        if isinstance(error, Stale) or not error.audited:
            detail = {"why": errors.words(error).text, "value": ask.value[:200]}
            append, who = ask.bot.store.audit.append, str(ask.who)
            await asyncio.to_thread(
                append, "button.refused", actor=who, subject=what[:255], result="refused", detail=detail
            )
        raise


async def _tell(ask: Ask, error: Exception) -> None:
    message = errors.words(error)
    try:
        await ask.whisper(message)
    except PostError as unheard:
        errors.unheard(ask.who, unheard)


def _mentioned(text: str) -> tuple[str, str]:
    """The word and the rest of `@aws-sec status prod`, as one would type them after the command."""
    said = re.sub(r"<@[^>]+>", "", html.unescape(text), count=1).strip()
    word, _, rest = said.partition(" ")
    return word.lower(), rest.strip()


def _finding_in(body: Mapping[str, Any]) -> str:
    """The first finding that a message's buttons point at, packed; of others a value that says nothing."""
    for block in (body.get("message") or {}).get("blocks", []):
        for element in [*block.get("elements", []), block.get("accessory") or {}]:
            with contextlib.suppress(Stale):
                return OfFinding(finding=unpack(OfFinding, element.get("value")).finding).pack()
    return ""


def _click(parts: Parts, body: Mapping[str, Any], respond: AsyncRespond | None) -> Ask:
    container = body.get("container", {})
    clicked = body["actions"][0]
    option, view = _object(clicked.get("selected_option")), body.get("view") or {}
    return Ask(
        parts,
        _person(body),
        Place(
            (body.get("channel") or {}).get("id", "") or container.get("channel_id", ""),
            container.get("message_ts", ""),
            bool(container.get("is_ephemeral")),
        ),
        respond,
        action=clicked["action_id"],
        trigger=body["trigger_id"],
        value=_text(option.get("value")) or _text(clicked.get("value")),
        block=_text(clicked.get("block_id")),
        view=view["id"] if view.get("type") == "modal" else "",
    )


def _missing(inputs: Mapping[str, str]) -> dict[str, str]:
    """Input -> what is wrong with it, to be said while the modal stays open; whoever decides looks again."""
    if not inputs.get(Input.REASON, "").strip():
        return {Input.REASON.value: "A reason is needed: it is read later."}
    if not means_directly(inputs.get(Input.DIRECTLY, DIRECTLY)):
        return {Input.DIRECTLY.value: f"Type {DIRECTLY}, or change the code instead."}
    return {}


def _submission(parts: Parts, body: Mapping[str, Any]) -> Ask:
    view = body["view"]
    blocks = _object(_object(view.get("state")).get("values")).values()
    inputs = {action: _typed(_object(element)) for block in blocks for action, element in _object(block).items()}
    carried = _text(view.get("private_metadata"))
    return Ask(
        parts, _person(body), Place(_origin(carried)), None, value=carried, inputs=inputs, view=view["id"]
    )  # fmt: skip


def _typed(element: Mapping[str, Any]) -> str:
    """What a person typed or chose; several choices are parted by spaces."""
    if isinstance(several := element.get("selected_options"), list):
        return " ".join(_text(_object(option).get("value")) for option in several)
    one = _text(_object(element.get("selected_option")).get("value"))
    return one or _text(element.get("selected_user")) or _text(element.get("value"))


def _text(found: object) -> str:
    """What is text; nothing of what Slack would not send."""
    return found if isinstance(found, str) else ""


def _object(found: object) -> Mapping[str, Any]:
    """The same of what is an object."""
    return found if isinstance(found, dict) else {}


def _origin(carried: str) -> str:
    """Where to answer once the modal is closed; a value that was tampered with is refused by whoever reads it."""
    found = re.search(r'"origin":"([CGD][A-Z0-9]+)"', carried)
    return found[1] if found else ""


def _writer(event: Mapping[str, Any], body: Mapping[str, Any]) -> Person:
    """Who wrote a message: in a channel shared with another workspace, `user_team` or `team` says whose they are.

    The event's own `team_id` is ours there, too. Source: Bolt's `extract_actor_team_id`,
    https://docs.slack.dev/apis/slack-connect
    """
    return Person(event.get("user_team") or event.get("team") or body["team_id"], event["user"])


def _person(body: Mapping[str, Any]) -> Person:
    user, team = body["user"], body.get("team") or {}
    return Person(user.get("team_id") or team.get("id", ""), user["id"])
