"""`python -m bot.demo.bot`: `aws-sec`, with what the demo's Slack does not draw said in words.

The local Slack shows Slack's dates as they are written, `<!date^…|2026-03-02 09:00 GMT>`: here it gets their fallback.
It takes Slack's own charts and tables and shows a red `[data_table]`: here it refuses them, as a workspace does that
has not got them yet, and gets a picture and text.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook import WebhookResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.blocks import charts
from bot.cli import main

DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
"""Source: https://docs.slack.dev/messaging/formatting-message-text#date-formatting"""

NOT_DRAWN = ("data_visualization", "data_table")
REFUSAL = {"ok": False, "error": "invalid_blocks"}


def in_words(payload: Any) -> Any:
    """The same message or view, with each date as its fallback says it."""
    return json.loads(DATE.sub(r"\1", json.dumps(payload)))


def draws(payload: Any) -> bool:
    """Whether the local Slack draws all blocks of a message or view."""
    blocks = payload.get("blocks") if isinstance(payload, dict) else None
    return not any(block["type"] in NOT_DRAWN for block in blocks or [])


def teach() -> None:
    """Teaches slack_sdk's clients, in this process, what the local Slack cannot."""
    call, send = AsyncWebClient.api_call, AsyncWebhookClient.send_dict

    async def call_in_words(client: AsyncWebClient, method: str, **given: Any) -> Any:
        if not draws(given.get("json")):
            raise SlackApiError("refused by the demo", AsyncSlackResponse(  # type: ignore[no-untyped-call]
                client=client, http_verb="POST", api_url=method, req_args={}, data=REFUSAL, headers={}, status_code=200,
            ))  # fmt: skip
        return await call(client, method, **given | {"json": in_words(given.get("json"))})

    async def send_in_words(client: AsyncWebhookClient, body: dict[str, Any], *rest: Any) -> WebhookResponse:
        if not draws(body):
            return WebhookResponse(url=client.url, status_code=404, body=json.dumps(REFUSAL), headers={})
        return await send(client, in_words(body), *rest)

    AsyncWebClient.api_call = call_in_words  # type: ignore[method-assign,assignment]
    AsyncWebhookClient.send_dict = send_in_words  # type: ignore[method-assign,assignment]


def tell_what_is_made_up() -> None:
    """Below charts, in this process: the days before the demo began are in `bot.demo.history`."""
    note = charts.note
    charts.note = lambda trend: f"{note(trend)} In this demo the days before today are made up."


if __name__ == "__main__":
    teach()
    tell_what_is_made_up()
    sys.exit(main())
