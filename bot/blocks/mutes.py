"""Mutes with a scope: what they hide, and the list of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from slack_sdk.models.blocks import Block

from bot.blocks.parts import Message, button, context, section
from bot.blocks.text import code, mention, moment, plain
from bot.ids import Action, OfMute
from bot.store.mutes import Mute
from bot.words import plural

SHOWN = 30


def mutes_page(mutes: Sequence[Mute], zone: tzinfo) -> Message:
    """Each with what it hides, who wanted it and why, and a button that ends it."""
    if not mutes:
        words = "No mute hides more than one finding. `/aws-sec findings muted` lists what is muted one by one."
        return Message(words, [section(words)])
    blocks: list[Block] = [section("*Mutes*: what they hide, now and when it is found later, counts as accepted.")]
    for one in mutes[:SHOWN]:
        end = button("End it", Action.END_MUTE, OfMute(mute=one.id))
        hidden = f"mute {one.id}  ·  hides {plural(one.hides, 'finding')} until *{moment(one.until, zone)}*"
        blocks.append(section(f"🔕 {scope(one)}\n{hidden}\n{mention(one.by)}: {plain(one.reason, 150)}", end))
    if len(mutes) > SHOWN:
        blocks.append(context(f"and {len(mutes) - SHOWN} more"))
    blocks.append(context("`/aws-sec findings muted` lists what is hidden, also what is muted one by one."))
    return Message(f"Mutes: {len(mutes)}", blocks)


def scope(mute: Mute) -> str:
    """What a mute hides."""
    owned = f" that {code(mute.owner, 60)} owns" if mute.owner else ""
    return f"All of {code(mute.check_id, 80)}{owned}"
