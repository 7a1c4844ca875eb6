"""Every failure becomes a sentence for the person, and an id under which the log tells the rest."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Mapping
from typing import Any

from bot.aws_errors import CallError
from bot.blocks.parts import Message, say, sentence
from bot.blocks.text import plain
from bot.ids import Stale
from bot.post import PostError
from bot.recording import CannotScan
from bot.remediate import Refusal
from bot.store import StoreError

log = logging.getLogger(__name__)


def words(error: BaseException) -> Message:
    """What to tell the person. What nobody foresaw is logged with its trace, without what the person typed."""
    if isinstance(error, Stale):
        return refusal(
            "this button is from an older version or was tampered with: ask for it again; nothing was changed"
        )
    if isinstance(error, Refusal):
        return refusal(str(error))
    if isinstance(error, CannotScan | CallError):
        return refusal(f"AWS could not be read: {error}")
    if isinstance(error, StoreError):
        log.error("%s", error)
        return refusal(f"{error}; nothing was changed")
    if isinstance(error, PostError):
        log.warning("%s", error)
        return refusal(f"{error}; nothing was lost, try again")
    incident = secrets.token_hex(4)
    log.error("incident %s", incident, exc_info=error)
    return refusal(f"something went wrong that nobody foresaw; the bot's log has it as incident {incident}")


async def in_modal(title: str, work: Awaitable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The modal that the work ends with; one that says why not when it fails."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001  # the boundary to a person: every failure is told
        return say(title, words(error).text)


def refusal(text: str) -> Message:
    """No, and why."""
    said = plain(text, 1500).rstrip(".")
    end = "" if said.endswith("?") else "."
    return sentence(f"🚫 {said[:1].upper()}{said[1:]}{end}")
