"""`/aws-sec help`, what may be tried from it by a click, and the greeting in a channel that the bot is invited to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.blocks import help as blocks
from bot.people import Rights
from bot.post import PostError
from handlers import errors
from handlers.ask import Ask, Parts


async def show_help(ask: Ask) -> None:
    """What the command understands, what the person may do and whom to ask."""
    await ask.whisper(blocks.help_page(ask.bot.settings.approvers, await _rights(ask)))


async def greet(parts: Parts, event: Mapping[str, Any], team: str, myself: str | None) -> None:
    """Say in a channel what the bot is for, when it is the bot that joined, at home. Nothing is raised.

    Source: https://docs.slack.dev/reference/events/member_joined_channel
    """
    if event.get("user") != myself or team != parts.bot.team:
        return
    try:
        await parts.bot.post.post(str(event["channel"]), blocks.greeting(str(event.get("inviter", ""))))
    except PostError as error:  # it was thrown out again, or may not write there
        errors.words(error)


async def _rights(ask: Ask) -> Rights | None:
    try:
        return await ask.parts.access.rights(ask.who)
    except PostError as error:  # help is most wanted when something fails
        errors.words(error)
        return None
