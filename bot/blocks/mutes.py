"""Mutes with a scope: what they hide, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta, tzinfo
from typing import Any

from slack_sdk.models.blocks import Block

from bot.blocks.parts import Message, button, choice, context, modal, section, text_input
from bot.blocks.text import code, mention, moment, plain
from bot.ids import Action, Input, OfMute, OfTag, View
from bot.store.mutes import Mute
from bot.words import plural

SHOWN = 30
MUTES: Mapping[str, str] = {"1": "a day", "7": "a week", "30": "a month", "90": "three months"}
"""Days -> words. No mute is for ever."""
MUTE_DEFAULT = "7"
WHERE_SHOWN = "Shown wherever the finding is hidden, and in the audit log."


def mutes_page(mutes: Sequence[Mute], zone: tzinfo) -> Message:
    """Each with what it hides, who wanted it and why, and a button that ends it; what hides most first."""
    if not mutes:
        words = "No mute hides more than one finding. `/aws-sec findings muted` lists what is muted one by one."
        return Message(words, [section(words)])
    blocks: list[Block] = [section("*Mutes*: what they hide, now and when it is found later, counts as accepted.")]
    for one in sorted(mutes, key=lambda one: -one.hides)[:SHOWN]:  # so that no crowd of others keeps one from sight
        end = button("End it", Action.END_MUTE, OfMute(mute=one.id))
        hidden = f"mute {one.id}  ·  hides {plural(one.hides, 'finding')} until *{moment(one.until, zone)}*"
        blocks.append(section(f"🔕 {scope(one)}\n{hidden}\n{mention(one.by)}: {plain(one.reason, 150)}", end))
    if len(mutes) > SHOWN:
        blocks.append(
            context(
                f"and {len(mutes) - SHOWN} more, which hide no more than these: they are listed when others have ended"
            )
        )
    blocks.append(context("`/aws-sec findings muted` lists what is hidden, also what is muted one by one."))
    return Message(f"Mutes: {len(mutes)}", blocks)


def scope(mute: Mute) -> str:
    """What a mute hides."""
    if mute.tag:
        return f"Everything that has the tag {code(mute.tag, 200)}"
    owned = f" that {code(mute.owner, 60)} owns" if mute.owner else ""
    return f"All of {code(mute.check_id, 80)}{owned}"


def tag_modal(tag: str, origin: str) -> dict[str, Any]:
    """Asks for the reason and the end of a mute of all that has a tag."""
    blocks = [
        section(f"Hide all findings on what has the tag {code(tag, 200)}, of every check, now and found later."),
        text_input(Input.REASON, "Why is this acceptable?", WHERE_SHOWN),
        choice(Input.UNTIL, "Hide it for", MUTES, MUTE_DEFAULT),
        context(
            "It comes back by itself, and a digest says so before it does. Which resources have the tag is read now and"
            " with each scan. What is hidden cannot be fixed. `/aws-sec mutes` ends it."
        ),
    ]
    value = OfTag(tag=tag, origin=origin)
    return modal(View.MUTE_TAG, "Mute a tag", blocks, submit="Mute", close="Cancel", value=value)


def mute_length(days: str | None) -> timedelta:
    """How long a mute lasts; the one that is shown first when the menu was left alone."""
    return timedelta(days=int(days if days and days in MUTES else MUTE_DEFAULT))
