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
    "message_not_found": "somebody deleted the message",
    "expired_trigger_id": "the window did not open within three seconds",
    "restricted_action": "an administrator of the workspace must let the app post there",
    "user_disabled": "their account is deactivated: choose somebody else",
    "cannot_dm_bot": "that is a bot: choose a person",
    "user_not_found": "choose somebody of this workspace",
    "user_not_visible": "choose somebody of this workspace",
    "no_such_subteam": "check the id of the user group",
    "ratelimited": "Slack asks to slow down: it is tried again",
}
"""Slack's error codes -> what to do. Source: https://docs.slack.dev/reference/methods/auth.test (and the others')."""

OF_AN_ORGANIZATION = "is of an app that a whole organization has: install it in the one workspace whose people approve"
"""Who may approve is a matter of one workspace, so the bot serves one."""

HALF_DONE = ("internal_error", "fatal_error")
"""Codes with which "some aspect of the operation" may have succeeded.
Source: https://docs.slack.dev/reference/methods/chat.postMessage#errors"""
GONE = ("message_not_found", "channel_not_found", "cant_update_message", "edit_window_closed", "is_archived")
"""Codes of chat.update that no other try will change.
Source: https://docs.slack.dev/reference/methods/chat.update#errors"""
TOO_MANY_REQUESTS = 429


class CannotRun(Exception):
    """The bot did not start, or stopped; says why and what to do."""


def error_code(error: Exception) -> str:
    """Slack's error code, or the class of an error that never got an answer of Slack's own."""
    return _answered(error) or type(error).__name__


def is_certain(error: Exception) -> bool:
    """Whether it is known that nothing happened: Slack said no, or was not reached. Anything else may have happened."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return True
    if isinstance(error, SlackApiError) and getattr(error.response, "status_code", 0) == TOO_MANY_REQUESTS:
        return True
    return _answered(error) not in {"", *HALF_DONE}


def sentence(error: Exception) -> str:
    """What happened and what to do."""
    code = error_code(error)
    if _answered(error):
        advice = ADVICE.get(code)
        return f"Slack answered {code}" + (f": {advice}" if advice else "")
    if isinstance(error, SlackApiError):
        status = getattr(error.response, "status_code", "?")
        return f"Slack answered HTTP {status} and no more: look at slack-status.com"
    return f"Slack could not be reached ({code}): check the network"


def _answered(error: Exception) -> str:
    """Slack's own error code, or "": a page that is not JSON comes as text, as {} or as a sentence."""
    data = getattr(error.response, "data", None) if isinstance(error, SlackApiError) else None
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) and " " not in code else ""
