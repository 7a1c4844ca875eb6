"""A team's digest in its own channel and a message to an owner, once each, also over a power cut."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.e2e.conftest import MakeStage
from tests.e2e.stage import ago, until
from tests.e2e.test_digests import slot

pytestmark = pytest.mark.e2e


def test_a_team_and_an_owner_hear_of_theirs_once(make_stage: MakeStage) -> None:
    stage = make_stage(
        AWS_SEC_DIGEST_TIME=slot(timedelta(minutes=1)),
        AWS_SEC_TIMEZONE="UTC",
        AWS_SEC_DIGEST_LATE="send",
        AWS_SEC_DIGESTS=json.dumps([{"channel": "C01SEC", "owner": "team-a"}]),
        AWS_SEC_OWNERS=json.dumps({"team-a": "U03CAROL"}),
    )
    bucket = stage.account.bucket()
    finding = stage.finding(bucket)
    (found,) = stage.rows("SELECT * FROM findings WHERE id = ?", finding)
    stage.write("INSERT OR REPLACE INTO owners VALUES (?, ?, 'team-a')", found["account"], found["resource"])
    stage.write("INSERT INTO finding_events (finding_id, at, kind) VALUES (?, ?, 'opened')", finding, ago(60))
    for route, channel in (("", "C04DIG"), ("C01SEC team-a", "C01SEC"), ("owner U03CAROL", "U03CAROL")):
        earlier = (route, "2026-01-01 09:00", channel, "2026-01-01T09:00:00.000+00:00")
        stage.write(
            "INSERT INTO digests (route, slot, channel, state, claimed_at) VALUES (?, ?, ?, 'skipped', ?)", *earlier
        )
    stage.start()
    posted = "SELECT route, channel, ts FROM digests WHERE state = 'posted'"
    until(lambda: len(stage.rows(posted)) == 3, "all three are out", seconds=30, now=lambda: stage.rows(posted))
    stage.restart()
    stage.settle(1)
    said = [one.content for one in stage.slack.messages("security") if "Digest of" in one.content]
    assert len(said) == 1
    assert "what team-a owns" in said[0]
    assert bucket in said[0]
    to_carol = [call for call in stage.slack.calls("chat.postMessage") if "Yours in AWS account" in str(call)]
    assert len(to_carol) == 1
    assert bucket in str(to_carol[0])
