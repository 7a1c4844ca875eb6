"""What the bot is for: a question in Slack, a fix that a second person approves, the way back, the digest, the proof."""

from __future__ import annotations

import re

import pytest

from checks.kit import Practice
from tests.e2e.stage import CHECK, REASON, Account, Message, Stage

pytestmark = pytest.mark.e2e


def test_status_in_the_channel_tells_everybody_how_the_twelve_practices_stand(stage: Stage) -> None:
    assert stage.alice.command("/aws-sec", "status", channel="security").outcome == "acked"
    seen = stage.bob.wait_message("security", "Security status of AWS account 123456789012", "status.practice")
    assert all(practice.value in seen.content for practice in Practice)
    assert "Worst first" in seen.content
    assert re.search(r"Scanned .* ago|Scanned just now", seen.content)
    assert "ephemeral" not in seen.get("subtype", "")


def test_status_elsewhere_is_for_the_asker_alone(stage: Stage) -> None:
    stage.alice.command("/aws-sec", "status", channel="general")
    assert stage.alice.wait_message("general", "Security status")["subtype"] == "ephemeral"
    assert not stage.bob.messages("general")


def opens(message: Message) -> list[str]:
    """What the buttons beside the lines of a page lead to."""
    return [block["accessory"]["value"] for block in message["blocks"] if "accessory" in block]


def test_a_status_opens_in_place_down_to_one_resource_and_back_where_one_came_from(stage: Stage) -> None:
    def shown(words: str, action: str) -> Message:
        message = stage.alice.wait_message("general", words, action)
        assert message.ts == status.ts
        return message

    stage.alice.command("/aws-sec", "status region=us-east-1", channel="general")
    status = stage.alice.wait_message("general", "Security status", "status.practice")
    stage.alice.click(status, "status.practice", "least_privilege")
    practice = shown("need a look", "spot.open")
    assert "*Only* in `us-east-1`" in practice.content
    stage.alice.click(practice, "spot.open.more")
    practice = shown("9 to ", "spot.open.back")
    stage.alice.click(practice, "spot.open.back")
    practice = shown("1 to 8 of", "spot.open")

    (button,) = [
        block["accessory"] for block in practice["blocks"] if f'"check":"{CHECK}"' in str(block.get("accessory"))
    ]
    made = stage.click(stage.alice, practice, "spot.open")
    made["actions"][0]["value"] = button["value"]
    stage.deliver(made)
    check = shown(CHECK, "spot.open.more")
    assert "1 to 8 of" in check.content
    stage.alice.click(check, "spot.open.more")
    check = shown("9 to 16 of", "spot.open.back")
    stage.alice.click(check, "spot.open")
    resource = shown("AWS console", "finding.explain")
    assert "*Owner*" in resource.content
    assert "*Since*" in resource.content
    stage.alice.click(resource, "finding.explain")
    explained = str(stage.alice.wait_view("say")["blocks"])
    assert "What to do" in explained
    assert "docs.aws.amazon.com" in explained
    stage.alice.close()
    stage.alice.click(resource, "spot.open.up")
    assert opens(shown("9 to 16 of", "spot.open.back")) == opens(check)
    stage.alice.click(check, "spot.open.up")
    assert opens(shown("need a look", "spot.open")) == opens(practice)
    stage.alice.click(practice, "spot.open.up")
    again = shown("Security status", "spot.open.clear")
    assert "*Only* in `us-east-1`" in again.content
    assert len(stage.alice.messages("general")) == 1


def test_a_fix_goes_from_the_question_to_the_change_and_back(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.alice.command("/aws-sec", f"findings {bucket}", channel="security")
    page = stage.alice.wait_message("security", bucket, "fix.plan")
    assert stage.alice.click(page, "fix.plan").outcome == "acked"

    plan = str(stage.alice.wait_view("fix.request", timeout=10)["blocks"])
    assert "BlockPublicAcls:  off  →  *on*" in plan
    assert f's3:PutPublicAccessBlock {{"Bucket": "{bucket}"' in plan
    assert f's3:DeletePublicAccessBlock {{"Bucket": "{bucket}"' in plan
    assert not account.writes(bucket)

    assert stage.alice.submit({"reason": ""}).result == "invalid"  # Slack's own client
    assert stage.alice.submit({"reason": REASON}).result == "updated"
    asked = stage.alice.wait_view("say")
    assert "<#C02APPR> has your request" in str(asked["blocks"])
    card = stage.card(bucket)
    assert REASON in card.content
    assert "<@U01ALICE> asked, because:" in card.content
    assert "cuts access" in card.content or "Risk" in card.content
    notice = stage.alice.wait_message("security", "Waiting for approval")
    assert "fix.approve" not in notice.action_ids
    assert not account.writes(bucket)

    assert stage.bob.click(card, "fix.approve").outcome == "acked"
    stage.ends(bucket, "fixed")
    assert account.is_blocked(bucket)
    assert account.writes(bucket) == 1
    card = stage.card(bucket, "✅ Fixed")
    assert "<@U02BOB> approved it." in card.content
    assert {"fix.approve", "fix.deny"}.isdisjoint(card.action_ids)
    notice = stage.alice.wait_message("security", "✅ Fixed", "fix.undo")
    assert bucket in notice.content
    assert (
        stage.rows("SELECT state FROM findings WHERE name = ? AND check_id = ?", bucket, CHECK)[0]["state"]
        == "resolved"
    )

    assert stage.bob.click(card, "fix.undo").outcome == "acked"
    assert "DeletePublicAccessBlock" in str(stage.bob.wait_view("fix.undo.reason")["blocks"])
    stage.bob.submit({"reason": "the partner cannot read it any more"})
    stage.ends(bucket, "undone")
    assert not account.is_blocked(bucket)
    assert account.writes(bucket) == 2
    assert "Undone" in str(stage.bob.wait_view("say")["blocks"])
    assert "<@U02BOB> undid it." in stage.card(bucket, "↩️ Undone").content
    assert stage.alice.wait_message("security", "↩️ Undone").ts == notice.ts
    assert stage.rows("SELECT state FROM findings WHERE name = ? AND check_id = ?", bucket, CHECK)[0]["state"] == "open"


def test_the_digest_shows_the_audit_head_and_the_log_proves_itself_against_it(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.ask(bucket)
    stage.carol.command("/aws-sec", "digest", channel="security")
    digest = stage.carol.wait_message("security-digest", "Worth doing today", "findings.page")
    head = re.search(r"Audit head (\d+):[0-9a-f]{64}", digest.content)
    assert head
    assert "Waiting for an approver" in digest.content
    stage.carol.wait_message("security", "The digest is in <#C04DIG>")
    stage.carol.command("/aws-sec", f"audit {stage.request(bucket)['id']}", channel="security")
    assert REASON in stage.carol.wait_message("security", "Audit log of request").content
    stage.carol.command("/aws-sec", "audit", channel="security")
    assert "fix.requested" in stage.carol.wait_message("security", "newest first").content
    stage.carol.command("/aws-sec", "audit verify", channel="security")
    proof = stage.carol.wait_message("security", "The audit log is as it was written")
    assert f"holds head {head[1]} of the last digest" in proof.content
    stage.carol.click(digest, "status.open")
    assert stage.carol.wait_message("security-digest", "Security status")["subtype"] == "ephemeral"
