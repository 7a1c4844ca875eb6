"""Direct messages to owners about theirs, and what is said when somebody wants no more of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from slack_sdk.models.blocks import Block, ButtonElement

from bot.blocks.findings import finding_line, fix_button
from bot.blocks.parts import Message, actions, button, context, header, section
from bot.blocks.text import code, moment, visible
from bot.ids import Action, OfList, OfPerson
from bot.store.findings import Finding

SHOWN = 5
"""Findings that a message names before it only counts."""
OWNERS = 3
"""Owners whose lists have a button each."""
LONGEST = 100
"""Of an owner's name that a button carries."""


class Note(Protocol):
    """What the message tells, as `bot.owner_notes` has it."""

    @property
    def account(self) -> str: ...
    @property
    def owners(self) -> Sequence[str]: ...
    @property
    def opened(self) -> Sequence[Finding]: ...
    @property
    def reopened(self) -> Sequence[Finding]: ...
    @property
    def ending(self) -> Sequence[Finding]: ...


def owner_note(note: Note, user: str, *, fixes: Collection[str], now: datetime, zone: tzinfo) -> Message:
    """What is new of theirs, five at most, with what can be done; the rest for the asking; a way to hear no more."""
    counts = ((len(note.opened), "new"), (len(note.reopened), "back again"), (len(note.ending), "soon muted no longer"))
    summary = ", ".join(f"{count:,} {word}" for count, word in counts if count)
    told = [*(("🆕 *New*", f, "") for f in note.opened), *(("🔁 *Back again*", f, "") for f in note.reopened)]
    told += [("🔔 *Its mute ends*", f, f" {moment(f.muted_until, zone)}") for f in note.ending]
    blocks: list[Block] = [header(f"Yours in AWS account {note.account}: {summary}")]
    blocks += [
        section(f"{title}{when}\n{finding_line(one, now)}", fix_button(one, fixes, now))
        for title, one, when in told[:SHOWN]
    ]
    if len(told) > SHOWN:
        blocks.append(section(f"and {len(told) - SHOWN:,} more: ask for all that is open below"))
    blocks.append(
        actions(
            *(
                button(f"All of {visible(owner)}", Action.PAGE, list_of(owner), suffix=f".{number}")
                for number, owner in enumerate(note.owners[:OWNERS], 1)
            ),
            _no_more(user),
        )
    )
    named = ", ".join(code(owner, 60) for owner in note.owners[:OWNERS])
    more = f" and {len(note.owners) - OWNERS} more" if len(note.owners) > OWNERS else ""
    blocks.append(context(f"You are told because tags say that {named}{more} owns them. Once a day at most."))
    return Message(f"Yours in AWS account {note.account}: {summary}", blocks)


def stopped(user: str) -> Message:
    """Said when somebody wants no more of them."""
    words = "🔕 You get no more of these messages. What is yours is still in the digests."
    return Message(
        words, [section(words), actions(button("Send them again", Action.RESUME_NOTES, OfPerson(user=user)))]
    )


def resumed(user: str) -> Message:
    """Said when somebody wants them again."""
    words = "🔔 You get these messages again: once a day at most, when something of yours is new."
    return Message(words, [section(words), actions(_no_more(user))])


def _no_more(user: str) -> ButtonElement:
    return button("No more of these", Action.STOP_NOTES, OfPerson(user=user))


def list_of(owner: str) -> OfList:
    """The list of what an owner has; of a name too long for a button, of all whose names have its beginning."""
    return OfList(owner=owner[:LONGEST], whole=0 < len(owner) <= LONGEST)
