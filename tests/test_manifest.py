"""The Slack app's manifest: valid, and asking for no more than it needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.doctor import SCOPES
from bot.ids import Shortcut

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT.parent / "shared" / "slack" / "manifest.schema.json"  # Slack's own; here only beside the project


@pytest.fixture
def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text())
    return loaded


def test_it_has_the_shape_slack_asks_for(manifest: dict[str, Any]) -> None:
    assert 1 <= len(manifest["display_information"]["name"]) <= 35
    assert len(manifest["display_information"]["description"]) <= 140
    assert manifest["features"]["bot_user"]["display_name"]
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == "/aws-sec"
    if SCHEMA.exists():
        jsonschema.validate(manifest, json.loads(SCHEMA.read_text()))


def test_it_asks_for_the_fewest_scopes_and_says_why_for_each(manifest: dict[str, Any]) -> None:
    scopes = manifest["oauth_config"]["scopes"]
    assert scopes == {
        "bot": [
            "app_mentions:read",
            "commands",
            "chat:write",
            "files:write",
            "users:read",
            "usergroups:read",
            "channels:read",
            "groups:read",
            "channels:history",
            "groups:history",
        ]
    }
    assert scopes["bot"] == [*SCOPES], "the doctor asks for the same"
    lines = [line for line in (ROOT / "manifest.yml").read_text().splitlines() if line.strip().startswith("- ")]
    for scope in scopes["bot"]:
        (line,) = [line for line in lines if line.split("#")[0].strip() == f"- {scope}"]
        assert "#" in line, f"{scope} says why"


def test_it_listens_to_what_it_answers(manifest: dict[str, Any]) -> None:
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert events == ["app_home_opened", "app_mention", "member_joined_channel"]
    assert {one["callback_id"] for one in manifest["features"]["shortcuts"]} == {*Shortcut}
    assert manifest["settings"]["socket_mode_enabled"]
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
