"""Names that people outside choose: whatever they write is shown as they wrote it and does nothing."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.e2e import more
from tests.e2e.stage import Stage

pytestmark = pytest.mark.e2e

ACTIVE = re.compile(r"<(?!@U0|#C0|https://docs\.aws\.amazon\.com/|!date\^\d+\^|!subteam\^S01APPROVERS>)")
"""What opens a mention, a link or a command in mrkdwn, but for those of our own making."""
RULE = "ec2_security_groups.rule_keeps_admin_ports_closed"


def texts(node: Any) -> list[str]:
    """Every mrkdwn text in blocks, as Slack gets it."""
    if isinstance(node, list):
        return [text for item in node for text in texts(item)]
    if not isinstance(node, dict):
        return []
    own = [str(node["text"])] if node.get("type") == "mrkdwn" else []
    return own + [text for item in node.values() for text in texts(item)]


def harmless(blocks: Any) -> str:
    """All mrkdwn of the blocks, in which nothing hostile is markup."""
    found = "\n".join(texts(blocks))
    assert not ACTIVE.search(found.replace("<@U01ALICE>", "").replace("<@U02BOB>", "")), found
    assert "<@U02BOB> :fire:" not in found
    outside_code = re.sub(r"`[^`\n]*`", "", found)
    for markup in ("*pay*", "*bold*", "_slant_", ":fire:"):
        assert markup not in outside_code, found
    assert "\u202e" not in json.dumps(blocks, ensure_ascii=False)
    return found


def test_a_hostile_name_is_only_a_name_wherever_it_shows(stage: Stage) -> None:
    (found,) = stage.rows("SELECT id FROM findings WHERE check_id = ? AND name LIKE '<!channel>%'", RULE)
    stage.alice.command("/aws-sec", "findings <!channel>", channel="security")
    page = stage.alice.wait_message("security", "&lt;!channel&gt; *pay* 'now'", "fix.plan")
    harmless(page["blocks"])

    stage.alice.click(page, "finding.explain")
    assert "&lt;!channel&gt;" in harmless(stage.alice.wait_view("say")["blocks"])

    stage.alice.command("/aws-sec", f"fix {found['id']}", channel="security")
    plan = harmless(stage.alice.wait_view("fix.request", timeout=10)["blocks"])
    assert "&lt;!here&gt; \u2217bold\u2217" in plan  # the description, in what changes
    stage.alice.submit({"reason": "<!channel> *now* <https://evil.example|click> :fire:", "directly": "directly"})

    card = stage.bob.wait_message("security-approvals", "Waiting for approval", "fix.approve")
    harmless(card["blocks"])
    reason = next(b for b in card["blocks"] if b["type"] == "section" and b["text"]["type"] == "plain_text")
    assert reason["text"]["text"] == "<!channel> *now* <https://evil.example|click> :fire:"
    assert reason["text"]["emoji"] is False
    assert "<!channel>" not in card["text"]
    stage.bob.click(card, "fix.deny")
    assert "&lt;!channel&gt;" in harmless(stage.bob.wait_view("fix.deny.reason")["blocks"])
    stage.bob.submit({"reason": "*no* <!everyone>"})
    denied = stage.bob.wait_message("security-approvals", "🚫 Denied")
    assert "\u2217no\u2217 &lt;!everyone&gt;" in harmless(denied["blocks"])

    stage.alice.command("/aws-sec", f"mute {found['id']}", channel="security")
    stage.alice.wait_view("finding.mute.reason")
    stage.alice.submit({"reason": "<!here> *fine*"})
    stage.alice.wait_view("say")
    stage.alice.command("/aws-sec", "findings muted", channel="security")
    assert "&lt;!here&gt; \u2217fine\u2217" in harmless(stage.alice.wait_message("security", "Muted by")["blocks"])
    stage.alice.command("/aws-sec", "audit", channel="security")
    harmless(stage.alice.wait_message("security", "Audit log, newest first")["blocks"])
    stage.alice.command("/aws-sec", f"unmute {found['id']}", channel="security")
    harmless(stage.alice.wait_message("security", "shown again from now on")["blocks"])


def test_status_and_digest_show_a_hostile_name_harmlessly(stage: Stage) -> None:
    stage.alice.command("/aws-sec", f"check {RULE}", channel="security")
    harmless(stage.alice.wait_message("security", "Security group rule keeps", "findings.page", timeout=20)["blocks"])
    stage.alice.command("/aws-sec", "status", channel="security")
    harmless(stage.alice.wait_message("security", "Security status")["blocks"])
    stage.alice.command("/aws-sec", "digest", channel="security")
    digest = stage.alice.wait_message("security-digest", "Digest of")
    harmless(digest["blocks"])


@pytest.mark.parametrize("typed", [more.NAME, more.WHY, "<!subteam^S01APPROVERS>", "`*_~", "&lt;!here&gt;"])
def test_what_people_type_comes_back_as_text(stage: Stage, typed: str) -> None:
    for word in ("findings", "explain", "check", ""):
        stage.alice.command("/aws-sec", f"{word} {typed}".strip(), channel="general")
    stage.settle(0.5)
    answers = stage.alice.messages("general")
    assert len(answers) >= 4
    for answer in answers:
        harmless(answer["blocks"])
        assert not ACTIVE.search(answer["text"]), answer["text"]
