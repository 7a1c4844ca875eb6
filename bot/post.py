"""Posts and updates messages, paced to Slack's limits. A message is never posted twice for want of an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks.parts import Message
from bot.blocks.text import cut
from bot.natives import Natives
from bot.slack_errors import GONE, SLACK_ERRORS, error_code, is_certain, sentence
from bot.turns import Turns

POST_SECONDS = 1.0
"""Between two messages to one channel. Source: https://docs.slack.dev/apis/web-api/rate-limits"""
RATE_LIMITED_TRIES = 3
FAILED_TRIES = 2
"""How many times more a call is made that got no answer: one time is not enough when Slack has a bad minute."""
HISTORY = 100
PICTURES = 5
"""Pictures that are drawn or wait for it: each takes a process of 90 MB for a second or two."""
ALT_TEXT = 1000
"""Source: https://docs.slack.dev/reference/methods/files.getUploadURLExternal"""
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far ahead of Slack's clock the host's may be: what was posted must be found all the same."""


class PostError(Exception):
    """Slack did not take a message. `certain`: it is known not to be there; else it may be.

    `gone`: the message that was to be updated is out of reach for good. `code`: Slack's, or the class of what failed.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(sentence(error))
        self.certain = is_certain(error)
        self.code = error_code(error)
        self.gone = self.code in GONE


def repeatable_client(token: str, api_url: str, tries: int = FAILED_TRIES) -> AsyncWebClient:
    """A client for calls that may be made again: reads, updates, views."""
    handlers = [
        AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMITED_TRIES),
        AsyncConnectionErrorRetryHandler(max_retry_count=tries),
        AsyncServerErrorRetryHandler(max_retry_count=tries),
    ]
    return AsyncWebClient(token=token, base_url=api_url, retry_handlers=handlers)


class Post:
    """The bot's voice."""

    def __init__(self, token: str, api_url: str) -> None:
        self.web = repeatable_client(token, api_url)
        self._quick = repeatable_client(token, api_url, tries=1)  # a trigger lives for three seconds
        # A 429 was certainly not posted; any other failure may have been, so it is not tried again.
        once: list[AsyncRetryHandler] = [AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMITED_TRIES)]
        self._once = AsyncWebClient(token=token, base_url=api_url, retry_handlers=once)
        self.natives = Natives()
        self.pictures = Turns(PICTURES)
        self._turns: dict[str, asyncio.Lock] = {}
        self._last: dict[str, float] = {}

    async def post(self, channel: str, message: Message) -> str:
        """The new message's timestamp. Raises PostError."""
        _, ts = await self.posted(channel, message)
        return ts

    async def posted(self, channel: str, message: Message) -> tuple[str, str]:
        """The new message's channel and timestamp: given a user's id, Slack says which direct messages it is in.

        Raises PostError.
        """

        async def once(form: Message) -> Any:
            await asyncio.sleep(max(0.0, self._last.get(channel, -POST_SECONDS) + POST_SECONDS - time.monotonic()))
            try:
                return await self._once.chat_postMessage(channel=channel, **form.payload())
            finally:
                self._last[channel] = time.monotonic()

        async with self._turns.setdefault(channel, asyncio.Lock()):
            try:
                answer = await self.natives.send(message, once)
            except SLACK_ERRORS as error:
                raise PostError(error) from error
        return str(answer["channel"]), str(answer["ts"])

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """Show something else in place of a message. Raises PostError."""
        await self._show("chat_update", message, channel=channel, ts=ts)

    async def whisper(self, channel: str, user: str, message: Message) -> None:
        """A message only one person in a channel sees. Raises PostError."""
        await self._show("chat_postEphemeral", message, channel=channel, user=user)

    async def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        """What `update_view` finds the modal by that was opened. Raises PostError."""
        try:
            answer = await self._quick.views_open(trigger_id=trigger_id, view={**view, "external_id": trigger_id})
        except SLACK_ERRORS as error:
            if error_code(error) == "exchanged_trigger_id":  # it is open, and the answer that said so got lost
                return trigger_id
            raise PostError(error) from error
        return str(answer["view"]["id"])

    async def publish_home(self, user: str, view: Mapping[str, Any]) -> None:
        """Show a person's Home tab. Raises PostError."""
        await self._call("views_publish", user_id=user, view=view)

    async def update_view(self, id: str, view: Mapping[str, Any]) -> None:
        """Show something else in an open modal. Raises PostError, also when the person closed it."""
        await self._call("views_update", **{"view_id" if id.startswith("V") else "external_id": id}, view=view)

    async def group_members(self, group: str) -> frozenset[str]:
        """User ids in a user group, now. Raises PostError."""
        answer = await self._call("usergroups_users_list", usergroup=group)
        return frozenset(answer["users"])

    async def profile(self, user: str) -> Mapping[str, Any]:
        """What Slack knows of a user, now: https://docs.slack.dev/reference/objects/user-object. Raises PostError."""
        answer = await self._call("users_info", user=user)
        found: Mapping[str, Any] = answer["user"]
        return found

    async def upload(self, channel: str, thread: str, file: Path | bytes, name: str, title: str, alt: str = "") -> None:
        """Put a file, or its content, into a thread; `alt`: what a picture shows, in words. Raises PostError."""
        await self._call(
            "files_upload_v2", channel=channel, thread_ts=thread, filename=name, title=title,
            file=file if isinstance(file, bytes) else str(file),
            **({"alt_txt": cut(alt, ALT_TEXT)} if alt else {}),
        )  # fmt: skip

    async def find_block(self, channel: str, block_id: str, since: datetime) -> str | None:
        """The timestamp of a message with this block, posted at or after a moment. Raises PostError."""
        cursor, oldest = "", f"{(since - CLOCKS_DIFFER).timestamp():.6f}"
        while True:
            page = await self._call(
                "conversations_history", channel=channel, oldest=oldest, limit=HISTORY,
                **({"cursor": cursor} if cursor else {}),
            )  # fmt: skip
            for message in page["messages"]:
                if any(block.get("block_id") == block_id for block in message.get("blocks", [])):
                    return str(message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return None

    async def is_there(self, channel: str, ts: str) -> bool:
        """Whether a message was not deleted. Raises PostError."""
        page = await self._call("conversations_history", channel=channel, oldest=ts, latest=ts, inclusive=True, limit=1)
        return any(message["ts"] == ts for message in page["messages"])

    async def _show(self, method: str, message: Message, **where: str) -> None:
        async def once(form: Message) -> None:
            await getattr(self.web, method)(**where, **form.payload())

        try:
            await self.natives.send(message, once)
        except SLACK_ERRORS as error:
            raise PostError(error) from error

    async def _call(self, method: str, **arguments: Any) -> Any:
        try:
            return await getattr(self.web, method)(**arguments)
        except SLACK_ERRORS as error:
            raise PostError(error) from error
