"""What Slack says when a call does not work, in words a person can act on."""

from __future__ import annotations

import asyncio

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

SLACK_ERRORS = (SlackClientError, aiohttp.ClientError, asyncio.TimeoutError, OSError)
"""Everything a Web API call raises when it did not work."""

ADVICE = {
    "invalid_auth": "copy the token again from the app's pages at api.slack.com/apps",
    "not_authed": "set it: see docs/settings.md",
    "account_inactive": "the app was removed from the workspace: install it again",
    "token_revoked": "the token was revoked: install the app again and copy the new token",
    "not_allowed_token_type": "SLACK_BOT_TOKEN begins with xoxb-, SLACK_APP_TOKEN with xapp-",
    "missing_scope": "add the scopes of manifest.yml to the app and install it again",
    "channel_not_found": "check the id; in a private channel, invite the bot first: /invite @aws-sec",
    "not_in_channel": "invite the bot there: /invite @aws-sec",
    "is_archived": "the channel is archived: set another one",
    "no_such_subteam": "check the id of the user group",
    "ratelimited": "Slack asks to slow down: it is tried again",
}
"""Slack's error codes -> what to do. Source: https://docs.slack.dev/reference/methods/auth.test (and the others')."""


class CannotRun(Exception):
    """The bot did not start, or stopped; says why and what to do."""


def error_code(error: Exception) -> str:
    """Slack's error code, or the class of an error that never got an answer of Slack's own."""
    if isinstance(error, SlackApiError) and is_answer(error):
        return str(error.response.get("error", "an unknown error"))
    return type(error).__name__


def is_answer(error: Exception) -> bool:
    """Whether Slack itself said no: then nothing happened. Anything else may have taken effect.

    A 5xx answers with a page that is not JSON, which slack_sdk puts where the code would be.
    """
    if isinstance(error, aiohttp.ClientConnectorError):
        return True
    return isinstance(error, SlackApiError) and " " not in str(error.response.get("error", " "))


def sentence(error: Exception) -> str:
    """What happened and what to do."""
    code = error_code(error)
    if isinstance(error, SlackApiError) and is_answer(error):
        advice = ADVICE.get(code)
        return f"Slack answered {code}" + (f": {advice}" if advice else "")
    return f"Slack could not be reached ({code}): check the network"
