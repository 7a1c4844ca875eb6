"""Every word after /aws-sec, and words that are none."""

from __future__ import annotations

import pytest

from tests.e2e.stage import CHECK, Account, Stage

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", "What I can do"),
        ("help", "never by who asked"),
        ("HELP", "What I can do"),
        ("  help  ", "What I can do"),
        ("staus", "There is no `/aws-sec staus`: did you mean `/aws-sec status`?"),
        ("finding", "did you mean `/aws-sec findings`?"),
        ("xyzzy", "try one of"),
        ("<!channel>", "There is no /aws-sec &lt;!channel&gt;"),
        ("findings", "Open findings"),
        ("findings network", "Open findings (Network controls)"),
        ("findings critical", "Open findings (critical)"),
        ("findings muted", "No muted findings."),
        ("findings no-such-thing", "No open findings"),
        (f"explain {CHECK}", "With all four blocks on"),
        ("explain s3.bucket_block_public_access", f"did you mean {CHECK}?"),
        ("explain 99999", "no finding 99999"),
        ("explain", "Say which check"),
        ("explain ²", "Say which finding"),
        ("fix", "Say which finding"),
        ("fix twelve", "Say which finding"),
        ("mute 99999", "no finding 99999"),
        ("unmute", "Say which finding"),
        ("check", "Say which check"),
        ("check s3.bucket_block_public_access", f"did you mean {CHECK}?"),
        ("audit 99999", "there is nothing"),
        ("audit yesterday", "Say `/aws-sec audit`"),
        ("audit verify", "is as it was written"),
        (f"explain {'9' * 400}", "Say which finding"),
        (f"findings {'x' * 3000}", "No open findings"),
    ],
)  # fmt: skip
def test_each_word_is_answered_to_the_asker_alone(stage: Stage, typed: str, answer: str) -> None:
    assert stage.alice.command("/aws-sec", typed, channel="general").outcome == "acked"
    said = stage.alice.wait_message("general", answer)
    assert said["subtype"] == "ephemeral"
    assert not stage.bob.messages("general")


def test_a_list_turns_its_pages_in_place(stage: Stage) -> None:
    stage.alice.command("/aws-sec", "findings network", channel="general")
    first = stage.alice.wait_message("general", "1 to 5 of", "spot.open.more")
    assert "spot.open.back" not in first.action_ids
    stage.alice.click(first, "spot.open.more")
    second = stage.alice.wait_message("general", "6 to 10 of", "spot.open.back")
    assert second.ts == first.ts
    stage.alice.click(second, "spot.open.back")
    assert stage.alice.wait_message("general", "1 to 5 of", "spot.open.more").ts == first.ts
    assert len(stage.alice.messages("general")) == 1


def test_a_finding_explains_itself_by_its_number(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.alice.command("/aws-sec", f"explain {stage.finding(bucket)}", channel="general")
    assert CHECK in stage.alice.wait_message("general", f"arn:aws:s3:::{bucket}").content


def test_one_check_runs_now_and_says_what_it_found(stage: Stage) -> None:
    stage.alice.command("/aws-sec", f"check {CHECK}", channel="general")
    assert "fail" in stage.alice.wait_message("general", "S3 bucket blocks public access", timeout=20).content
    assert [m for m in stage.alice.messages("general") if "Running" in m.content]


def test_a_fix_that_is_not_possible_is_explained_in_the_modal(stage: Stage) -> None:
    (missing,) = stage.rows("SELECT max(id) + 1 AS id FROM findings")
    stage.alice.command("/aws-sec", f"fix {missing['id']}", channel="general")
    assert "no finding" in str(stage.alice.wait_view("say")["blocks"])


def test_a_protected_resource_is_refused_by_name_of_the_rule(stage: Stage) -> None:
    stage.alice.command("/aws-sec", f"fix {stage.finding('northwind-traders-press-kit')}", channel="general")
    assert "It is protected by its tag do-not-touch=true" in str(stage.alice.wait_view("say")["blocks"])


def test_a_finding_is_muted_with_a_reason_listed_and_shown_again(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    finding = stage.finding(bucket)
    stage.alice.command("/aws-sec", f"mute {finding}", channel="general")
    stage.alice.wait_view("finding.mute.reason")
    assert stage.alice.submit({"reason": "accepted until the audit", "until": "30"}).result == "updated"
    assert "hidden for 30 days" in str(stage.alice.wait_view("say")["blocks"])
    stage.alice.command("/aws-sec", f"findings {bucket} muted", channel="general")
    listed = stage.alice.wait_message("general", "Muted by <@U01ALICE>", "finding.unmute")
    assert "accepted until the audit" in listed.content
    stage.alice.command("/aws-sec", f"fix {finding}", channel="general")
    assert "unmute it first" in str(stage.alice.wait_view("say")["blocks"])
    stage.alice.click(listed, "finding.unmute")
    stage.alice.wait_message("general", "shown again from now on")
    actions = stage.rows("SELECT action FROM audit WHERE subject = ? ORDER BY seq", f"arn:aws:s3:::{bucket}")
    assert [row["action"] for row in actions if "mute" in row["action"]] == ["finding.muted", "finding.unmuted"]


def test_a_mute_by_button_lasts_a_week_when_the_menu_is_left_alone(stage: Stage, account: Account) -> None:
    bucket = account.bucket()
    stage.alice.command("/aws-sec", f"findings {bucket}", channel="general")
    stage.alice.click(stage.alice.wait_message("general", bucket, "finding.mute"), "finding.mute")
    stage.alice.wait_view("finding.mute.reason")
    stage.alice.submit({"reason": "a test"})
    assert "hidden for 7 days" in str(stage.alice.wait_view("say")["blocks"])
    stage.alice.command("/aws-sec", f"unmute {stage.finding(bucket)}", channel="general")
    stage.alice.wait_message("general", "shown again from now on")


def test_a_scan_is_started_by_its_button_and_its_message_follows(stage: Stage) -> None:
    stage.alice.command("/aws-sec", "status", channel="security")
    status = stage.alice.wait_message("security", "Security status", "status.scan")
    stage.alice.click(status, "status.scan")
    assert stage.alice.wait_message("security", "a new scan runs, this message follows").ts == status.ts
    done = stage.alice.wait_message("security", "Scanned just now", "status.scan", timeout=30)
    assert done.ts == status.ts
    assert len(stage.alice.messages("security")) == 1
