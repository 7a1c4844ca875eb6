"""Every failure becomes a sentence for the person, and an id under which the log tells the rest."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Mapping
from typing import Any

from bot.aws_errors import CallError
from bot.blocks.parts import Message, say, sentence
from bot.blocks.text import plain
from bot.ids import Stale
from bot.people import Person
from bot.post import PostError
from bot.recording import CannotScan
from bot.remediate import Refusal
from bot.store import StoreError

log = logging.getLogger(__name__)

COMMAND = re.compile(r"'(/?aws-sec(?: [\w.=]+)*)'")
"""What to type, as our refusals name it: code again, once the backticks of strangers are gone."""


class HalfDone(Exception):
    """The database failed while a change was being made: whether it was made is for AWS to say."""


def words(error: BaseException) -> Message:
    """What to tell the person. What nobody foresaw is logged with its trace, without what the person typed."""
    match error:
        case Stale():
            text = "this button is from an older version or was tampered with: ask for it again; nothing was changed"
        case Refusal():
            text = str(error)
        case CannotScan() | CallError():
            text = f"AWS could not be read: {error}"
        case StoreError():
            log.error("%s", error)
            text = f"{error}; nothing was changed"
        case HalfDone():
            log.error("%s", error)
            text = f"{error}; the change may have been made: look at the resource. The next start tells the rest"
        case PostError():
            log.warning("%s", error)
            text = f"{error}; nothing was lost, try again"
        case _:
            incident = secrets.token_hex(4)
            log.error("incident %s", incident, exc_info=error)
            text = f"something went wrong that nobody foresaw; the bot's log has it as incident {incident}"
    return refusal(text)


def unheard(who: Person, error: BaseException) -> None:
    """Nobody can be told: the log has who waits for an answer, and why there is none."""
    if isinstance(error, PostError):
        log.warning("%s was not answered: %s", who, error)
    else:
        words(error)


async def in_modal(title: str, work: Awaitable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The modal that the work ends with; one that says why not when it fails."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001  # the boundary to a person: every failure is told
        return say(title, words(error).text)


def refusal(text: str) -> Message:
    """No, and why."""
    said = COMMAND.sub(r"`\1`", plain(text, 1500).rstrip("."))
    end = "" if said.endswith("?") else "."
    return sentence(f"🚫 {said[:1].upper()}{said[1:]}{end}")
