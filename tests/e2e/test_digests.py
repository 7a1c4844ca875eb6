"""The daily digest: once for each slot, whatever dies or fails in between; late ones say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.conftest import MakeStage
from tests.e2e.stage import Message, Stage, ago, until

pytestmark = pytest.mark.e2e


def slot(ago: timedelta) -> str:
    """The digest's time of day, so that it was due this long ago, in the time zone UTC."""
    return f"{datetime.now(UTC) - ago:%H:%M}"


def digests(stage: Stage) -> list[Message]:
    return [message for message in stage.slack.messages("security-digest") if "Digest of" in message.content]


def posted(stage: Stage) -> Message:
    """The one digest, when the database knows of it as well."""
    until(lambda: stage.rows("SELECT * FROM digests WHERE state = 'posted'"), "a digest is posted", seconds=30)
    stage.settle(0.5)
    (digest,) = digests(stage)
    return digest


def due(make_stage: MakeStage, ago: timedelta = timedelta(minutes=1), **env: str) -> Stage:
    given = {"AWS_SEC_DIGEST_TIME": slot(ago), "AWS_SEC_TIMEZONE": "UTC", "AWS_SEC_DIGEST_LATE": "send"} | env
    stage = make_stage(**given)
    # The bot ran before: at its very first start no digest is owed.
    earlier = ("2026-01-01 09:00", "C04DIG", "skipped", "2026-01-01T09:00:00.000+00:00")
    stage.write("INSERT INTO digests (slot, channel, state, claimed_at) VALUES (?, ?, ?, ?)", *earlier)
    return stage


def test_what_is_due_is_posted_once_and_not_again_at_the_next_start(make_stage: MakeStage) -> None:
    stage = due(make_stage)
    stage.start()
    assert "late" not in posted(stage).content
    stage.restart()
    stage.settle(1)
    assert len(digests(stage)) == 1


def test_a_digest_that_is_late_says_so(make_stage: MakeStage) -> None:
    stage = due(make_stage, timedelta(hours=3, minutes=1))
    stage.start()
    assert "3 hours late: the bot was down" in posted(stage).content


def test_a_late_digest_is_left_out_where_that_is_wanted(make_stage: MakeStage) -> None:
    stage = due(make_stage, timedelta(hours=3, minutes=1), AWS_SEC_DIGEST_LATE="skip")
    stage.start()
    skipped = "SELECT * FROM digests WHERE state = 'skipped'"
    until(lambda: len(stage.rows(skipped)) == 2, "the slot is skipped")
    assert not digests(stage)


def test_the_first_start_owes_no_digest_even_after_a_scan(make_stage: MakeStage) -> None:
    given = {"AWS_SEC_DIGEST_TIME": slot(timedelta(hours=3)), "AWS_SEC_TIMEZONE": "UTC", "AWS_SEC_DIGEST_LATE": "send"}
    stage = make_stage(**given)
    stage.start()
    until(lambda: stage.rows("SELECT * FROM digests WHERE state = 'skipped'"), "the slot is skipped")
    assert not digests(stage)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_kill_while_a_digest_is_on_its_way_loses_and_doubles_nothing(make_stage: MakeStage, phase: str) -> None:
    stage = due(make_stage)
    hang = {"do": "timeout", "seconds": 20, "phase": phase}
    stage.slack.fault("api", match="chat.postMessage", **hang)
    stage.start()
    until(lambda: stage.rows("SELECT * FROM digests WHERE state = 'claimed'"), "the slot is claimed")
    until(lambda: stage.slack.calls("chat.postMessage"), "the message is on its way")
    if phase == "after":
        until(lambda: digests(stage), "Slack has the message")
    stage.kill()
    stage.slack.clear_faults()
    stage.write("UPDATE digests SET claimed_at = ?", ago(61))  # too old to be on its way still
    stage.start()
    assert "Audit head" in posted(stage).content


def test_a_digest_that_slack_did_not_take_is_posted_when_it_does(make_stage: MakeStage) -> None:
    stage = due(make_stage)
    stage.slack.fault("api", "error", "chat.postMessage", error="is_archived", times=0)
    stage.start()
    until(lambda: stage.slack.calls("chat.postMessage"), "it was tried")
    until(lambda: not stage.rows("SELECT * FROM digests WHERE state = 'claimed'"), "the claim is given back")
    stage.slack.clear_faults()
    stage.restart()
    posted(stage)


def test_a_digest_tells_what_changed_since_the_last_one(make_stage: MakeStage) -> None:
    stage = due(make_stage)
    stage.start()
    assert "the first digest" in posted(stage).content
    bucket = stage.account.bucket()
    stage.ask(bucket)
    stage.approve(bucket)
    stage.ends(bucket, "fixed")
    stage.carol.command("/aws-sec", "digest", channel="security")
    second = until(lambda: digests(stage)[1:], "there is another digest")[0]
    assert "1 resolved" in second.content
    assert f"`{bucket}`" in second.content
    assert "fixed by <@U01ALICE> and <@U02BOB>" in second.content
