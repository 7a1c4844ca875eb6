"""Freezes: the list of them, and what everybody is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from slack_sdk.models.blocks import Block

from bot.blocks.parts import Message, button, context, section, sentence
from bot.blocks.text import code, mention, moment, plain
from bot.ids import Action, OfFreeze
from bot.settings import Freeze
from bot.store.freezes import Frozen
from bot.words import when

SHOWN = 40


def freezes_page(declared: Sequence[Frozen], planned: Sequence[Freeze], zone: tzinfo) -> Message:
    """Those declared in Slack, each with a button that ends it, then those of the settings."""
    if not declared and not planned:
        words = "No freeze: fixes may be made. `/aws-sec freeze until Monday 09:00 because …` declares one."
        return Message(words, [section(words)])
    blocks: list[Block] = [section("*Freezes*: no fix is made, and none is undone, while one holds.")]
    for one in declared[:SHOWN]:
        end = button("End it", Action.UNFREEZE, OfFreeze(freeze=one.id))
        blocks.append(section(f"❄️ {_what(one)} until *{moment(one.until, zone)}*\n{_why(one)}", end))
    for window in planned[: max(0, SHOWN - len(declared))]:
        between = f"{moment(window.start, zone)} to {moment(window.until, zone)}"
        blocks.append(section(f"❄️ Everything, {between}\n{plain(window.reason)} (set in the bot's settings)"))
    if hidden := max(0, len(declared) + len(planned) - SHOWN):
        blocks.append(context(f"and {hidden} more"))
    return Message(f"Freezes: {len(declared) + len(planned)}", blocks)


def frozen(one: Frozen, zone: tzinfo, ended_by: str = "") -> Message:
    """What everybody is told when a freeze begins, or ends before its time."""
    if not ended_by:
        return Message(_begun(one, when(one.until, zone)), [section(_begun(one, f"*{moment(one.until, zone)}*"))])
    return sentence(f"{mention(ended_by)} ended a freeze, so fixes may be made again. It was: {_what(one)}.")


def _begun(one: Frozen, until: str) -> str:
    return f"❄️ No fixes until {until}: {_what(one)}.\n{_why(one)}"


def _what(one: Frozen) -> str:
    return f"What has the tag {code(one.tag, 300)}" if one.tag else "Everything"


def _why(one: Frozen) -> str:
    return f"{mention(one.by)}, because {plain(one.reason, 1000)}"
