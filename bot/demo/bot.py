"""`python -m bot.demo.bot`: `aws-sec`, with what the demo's Slack does not draw said in words.

The local Slack shows Slack's dates as they are written, `<!date^…|2026-03-02 09:00 GMT>`: here it gets their fallback.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook import WebhookResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.cli import main

DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
"""Source: https://docs.slack.dev/messaging/formatting-message-text#date-formatting"""


def in_words(payload: Any) -> Any:
    """The same message or view, with each date as its fallback says it."""
    return json.loads(DATE.sub(r"\1", json.dumps(payload)))


def say_dates_in_words() -> None:
    """Teaches slack_sdk's clients, in this process, what the local Slack cannot."""
    call, send = AsyncWebClient.api_call, AsyncWebhookClient.send_dict

    async def call_in_words(client: AsyncWebClient, method: str, **given: Any) -> Any:
        return await call(client, method, **given | {"json": in_words(given.get("json"))})

    async def send_in_words(client: AsyncWebhookClient, body: dict[str, Any], *rest: Any) -> WebhookResponse:
        return await send(client, in_words(body), *rest)

    AsyncWebClient.api_call = call_in_words  # type: ignore[method-assign,assignment]
    AsyncWebhookClient.send_dict = send_in_words  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    say_dates_in_words()
    sys.exit(main())
