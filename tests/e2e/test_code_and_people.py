"""What code owns is changed in the code first; what only a person can do is sent to one as a list of steps."""

from __future__ import annotations

import pytest

from tests.e2e.stage import REASON, Account, Stage, until

pytestmark = pytest.mark.e2e

CONTACT = "account.account_has_security_contact"


def test_a_bucket_that_terraform_owns_is_offered_as_code_first(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    tags = {"TagSet": [{"Key": "managed-by", "Value": "terraform"}]}
    account.client("s3").put_bucket_tagging(Bucket=bucket, Tagging=tags)
    offered = str(stage.propose(bucket)["blocks"])
    assert "Terraform manages this resource" in offered
    assert offered.index("aws_s3_bucket_public_access_block") < offered.index("What changes")

    assert stage.alice.submit({"reason": REASON}).result == "invalid"  # Slack's own client: an input is empty
    assert stage.alice.submit({"reason": REASON, "directly": "yes"}).result == "errors"
    assert stage.request(bucket)["state"] == ""
    assert stage.alice.submit({"reason": REASON, "directly": "directly"}).result == "updated"
    card = stage.card(bucket)
    assert "Terraform manages this resource, and who asks wants it changed directly" in card.content
    stage.approve(bucket)
    stage.ends(bucket, "fixed")
    assert account.is_blocked(bucket)
    (asked,) = stage.audited(bucket, "fix.requested", "ok")
    assert '"directly": true' in asked["detail"].replace('":true', '": true')


def test_a_person_gets_the_steps_does_them_and_has_them_checked(stage: Stage, account: Account) -> None:
    (found,) = stage.rows("SELECT id, state FROM findings WHERE check_id = ?", CONTACT)
    assert found["state"] == "open"
    stage.alice.command("/aws-sec", f"explain {found['id']}", channel="security")
    explained = stage.alice.wait_message("security", "Steps", "steps.open")
    assert stage.alice.click(explained, "steps.open").outcome == "acked"
    steps = stage.alice.wait_view("steps.send")
    assert "Alternate contacts" in str(steps["blocks"])

    assert stage.alice.submit({"person": "U0BOT", "reason": REASON}).result == "updated"
    until(lambda: "is a bot" in str((stage.alice.view or {}).get("blocks")), "a bot is refused")
    stage.alice.close()
    stage.alice.click(explained, "steps.open")
    stage.alice.wait_view("steps.send")
    assert stage.alice.submit({"person": "U03CAROL", "reason": REASON}).result == "updated"
    until(lambda: "has the steps" in str((stage.alice.view or {}).get("blocks")), "alice is told")
    (task,) = until(lambda: [m for m in stage.carol.dm() if REASON in m.content], "carol is asked")
    assert "<@U01ALICE> asks you" in task.content

    stage.carol.click(task, "steps.recheck")
    until(lambda: any("Not yet" in m.content for m in stage.carol.dm()), "it is not done", seconds=60)
    contact = {
        "Name": "Security",
        "Title": "Team",
        "EmailAddress": "security@example.com",
        "PhoneNumber": "+1 555 0100",
    }
    account.client("account", "us-east-1").put_alternate_contact(AlternateContactType="SECURITY", **contact)
    stage.carol.click(task, "steps.recheck")
    until(lambda: any("as it should be now" in m.content for m in stage.carol.dm()), "it is done", seconds=60)
    (now,) = stage.rows("SELECT state FROM findings WHERE check_id = ?", CONTACT)
    assert now["state"] == "resolved"
    done = stage.rows("SELECT action, result FROM audit WHERE action LIKE 'checklist.%' ORDER BY seq")
    assert [(row["action"], row["result"]) for row in done] == [
        ("checklist.sent", "refused"),
        ("checklist.sent", "intent"),
        ("checklist.sent", "ok"),
        ("checklist.rechecked", "ok"),
        ("checklist.rechecked", "ok"),
    ]
