"""What several people do together: many fixes at once, two approvers, break-glass, freezes, files, and the guide."""

from __future__ import annotations

import csv
import io
import urllib.request

import pytest

from tests.e2e.conftest import MakeStage
from tests.e2e.stage import CHECK, REASON, Account, Stage, until

pytestmark = pytest.mark.e2e

CHANNELS = ("security", "security-approvals", "security-digest")


def heard(stage: Stage, channel: str, text: str) -> list[str]:
    """What everybody in a channel reads about something."""
    said = [m for m in stage.slack.messages(channel) if not m.get("ephemeral_to")]
    return [m.content for m in said if text in m.content]


def test_several_buckets_are_asked_for_approved_fixed_and_one_is_undone(stage: Stage, account: Account) -> None:
    buckets = [account.spare.pop(0) for _ in range(3)]
    batch = stage.ask_for_all(*buckets)
    card = stage.card(buckets[0])
    assert {"batch.approve", "batch.deny"} <= set(card.action_ids)
    for bucket in buckets:
        assert f's3:PutPublicAccessBlock {{"Bucket": "{bucket}"' in card.content
    notice = stage.alice.wait_message("security", "Waiting for approval", "batch.cancel")
    assert not any(map(account.writes, buckets))

    assert stage.bob.click(card, "batch.approve").outcome == "acked"
    until(lambda: stage.states(batch) == ["fixed"] * 3, "all are fixed", now=lambda: stage.states(batch))
    done = stage.card(buckets[0], "✅ Fixed")
    assert "<@U02BOB> approved it." in done.content
    assert done.ts == card.ts
    edits = [str(call["args"]["blocks"]) for call in stage.slack.calls("chat.update")]
    assert any("1 of 3" in edit for edit in edits), "people see how far it is"
    assert [account.writes(bucket) for bucket in buckets] == [1, 1, 1]
    assert stage.alice.wait_message("security", "✅ Fixed", "batch.undo").ts == notice.ts

    assert stage.bob.click(done, "batch.undo").outcome == "acked"
    view = stage.bob.wait_view("batch.undo.reason")
    (chosen,) = (block["element"] for block in view["blocks"] if block.get("block_id") == "chosen")
    one = next(option["value"] for option in chosen["options"] if buckets[1] in option["text"]["text"])
    stage.bob.submit({"chosen": [one], "reason": "a partner reads it"})
    until(lambda: stage.states(batch) == ["fixed", "undone", "fixed"], "one is undone")
    assert [account.is_blocked(bucket) for bucket in buckets] == [True, False, True]
    assert [account.writes(bucket) for bucket in buckets] == [1, 2, 1]
    assert "1 undone" in stage.card(buckets[1], "2 of 3 done").content
    assert "2 of 3 done" in str(stage.bob.wait_view("say", timeout=10)["blocks"])


def test_two_people_approve_and_one_may_break_the_glass(make_stage: MakeStage, account: Account) -> None:
    stage = make_stage(
        AWS_SEC_TWO_APPROVERS_FOR='["safe", "cuts_access", "interrupts"]',
        AWS_SEC_SECOND_APPROVER_ABOVE="1",
        AWS_SEC_BREAK_GLASS='["U01ALICE"]',
    )
    stage.start()
    bucket = account.bucket()
    card = stage.ask(bucket)
    assert "It needs 2 people's approval; 0 so far." in card.content
    stage.approve(bucket)
    assert "<@U02BOB> approved it." in stage.card(bucket, "1 so far").content
    assert not account.writes(bucket)
    stage.approve(bucket)
    stage.whispered(stage.bob, "You approved already")
    stage.approve(bucket, "carol")
    stage.ends(bucket, "fixed")
    assert "<@U02BOB> and <@U03CAROL> approved it." in stage.card(bucket, "✅ Fixed").content

    several = [account.spare.pop(0) for _ in range(2)]
    batch = stage.ask_for_all(*several)
    for number, who in enumerate((stage.bob, stage.carol)):
        assert not any(map(account.writes, several))
        who.click(stage.card(several[0], f"{number} so far"), "batch.approve")
    until(lambda: stage.states(batch) == ["fixed"] * 2, "both are fixed", now=lambda: stage.states(batch))

    urgent = account.bucket()
    card = stage.ask(urgent)
    why = "customer data is read as we speak"
    stage.alice.click(card, "fix.glass", force=True)  # alice is not in the approvers' channel: a link brought her here
    assert "You approve this *alone*" in str(stage.alice.wait_view("fix.glass.reason")["blocks"])
    stage.alice.submit({"reason": why})
    stage.ends(urgent, "fixed")
    assert account.writes(urgent) == 1
    for channel in CHANNELS:
        until(lambda channel=channel: heard(stage, channel, why), f"{channel} is told")  # type: ignore[misc]
        assert any("<@U01ALICE> approved request" in text and "*alone*" in text for text in heard(stage, channel, why))
    assert "approved it alone (break-glass)" in stage.card(urgent, "✅ Fixed").content
    assert why in stage.audited(urgent, "fix.approved", "ok")[0]["detail"]


def test_a_freeze_is_told_to_everybody_holds_and_ends_by_its_button(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    card = stage.ask(bucket)
    stage.mallory.command("/aws-sec", "freeze until tomorrow because I say so", channel="general")
    stage.mallory.wait_message("general", "Only an approver may freeze")
    stage.bob.command("/aws-sec", "freeze until tomorrow because of the sale", channel="security")
    for channel in CHANNELS:
        until(lambda channel=channel: heard(stage, channel, "No fixes until"), f"{channel} is told")  # type: ignore[misc]
        assert "of the sale" in heard(stage, channel, "No fixes until")[0]

    assert stage.alice.command("/aws-sec", f"fix {stage.finding(account.spare[-1])}", channel="security")
    until(lambda: "hanges are frozen until" in str((stage.alice.view or {}).get("blocks")), "alice is told why not")
    stage.carol.click(card, "fix.approve")
    stage.ends(bucket, "failed")
    assert "frozen until" in stage.card(bucket, "❌ Not fixed").content
    assert not account.writes(bucket)

    stage.alice.command("/aws-sec", "freeze", channel="security")
    listed = stage.alice.wait_message("security", "no fix is made, and none is undone", "freeze.end")
    stage.alice.click(listed, "freeze.end")
    stage.whispered(stage.alice, "Only an approver may freeze or unfreeze", "security")
    stage.bob.command("/aws-sec", "freeze", channel="security")
    listed = stage.bob.wait_message("security", "of the sale", "freeze.end")
    stage.bob.click(listed, "freeze.end")
    stage.bob.wait_message("security", "No freeze: fixes may be made")
    for channel in CHANNELS:
        until(lambda channel=channel: heard(stage, channel, "ended a freeze"), f"{channel} is told")  # type: ignore[misc]
    stage.ask(bucket)
    stage.approve(bucket)
    stage.ends(bucket, "fixed")


def test_findings_come_as_a_file_in_the_thread(stage: Stage) -> None:
    stage.alice.command("/aws-sec", "export csv network", channel="security")
    said = stage.alice.wait_message("security", "asked for by", timeout=20)
    assert "as `" in said.content
    assert ".csv`, asked for by <@U01ALICE>" in said.content
    (upload,) = until(lambda: stage.slack.calls("files.completeUploadExternal"), "the file is there")
    assert upload["args"]["thread_ts"] == said.ts
    assert upload["args"]["channel_id"] == said.channel
    (file,) = until(lambda: [f for m in stage.slack.messages("security") for f in m.get("files", [])], "it is shown")
    address = stage.slack.local_slack + "/" + file["url_private"].partition("//")[2].partition("/")[2]
    request = urllib.request.Request(address, headers={"Authorization": "Bearer xoxb-test-token"})
    with urllib.request.urlopen(request) as answer:
        rows = [*csv.DictReader(io.StringIO(answer.read().decode()))]
    assert f"{len(rows)} findings" in said.content
    assert {row["practice"] for row in rows} == {"network"}
    assert "=" not in {row[0] for line in rows for row in line.values() if row}, "nothing that a spreadsheet runs"
    stage.alice.command("/aws-sec", "export xls", channel="security")
    stage.alice.wait_message("security", "There is no format xls")


def test_explain_tells_how_to_do_it_by_hand_and_as_code(stage: Stage) -> None:
    stage.alice.command("/aws-sec", f"explain {CHECK}", channel="security")
    said = stage.alice.wait_message("security", "What to do").content
    for part in ("*Why*", "*In the console*", "*By aws-sec*", "aws s3api put-public-access-block", "Terraform"):
        assert part in said, part
    assert REASON not in said
