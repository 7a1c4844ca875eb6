"""What Slack delivers again is acknowledged again, and done once.

Slack sends an event up to three times more when it did not hear the acknowledgement, the last time after five minutes:
https://docs.slack.dev/apis/events-api/#retries
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from itertools import takewhile
from typing import Any

from slack_bolt import BoltResponse

log = logging.getLogger(__name__)

REMEMBERED_SECONDS = 600.0

Next = Callable[[], Awaitable[BoltResponse]]
Middleware = Callable[[Mapping[str, Any], Next], Awaitable[BoltResponse]]


def once(clock: Callable[[], float] = time.monotonic) -> Middleware:
    """Middleware that lets each event, click, command and modal through the first time it comes."""
    seen: dict[str, float] = {}  # oldest first

    async def first_time_only(body: Mapping[str, Any], next_: Next) -> BoltResponse:
        id = body.get("event_id") or body.get("trigger_id")
        if not isinstance(id, str):  # what Slack gives no id, as a modal that is closed
            return await next_()
        now = clock()
        for old in [*takewhile(lambda one: seen[one] <= now - REMEMBERED_SECONDS, seen)]:
            del seen[old]
        if id in seen:
            log.info("Slack delivered %s again", body.get("type") or "a command")
            return BoltResponse(status=200, body="")
        seen[id] = now
        return await next_()

    return first_time_only
