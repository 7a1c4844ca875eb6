"""`/aws-sec export`: a file in the thread of a message that says whose it is."""

from __future__ import annotations

import pytest

from tests.slack.desk import CHANNEL, ELSEWHERE, Desk
from tests.slack.fake import TEAM, refused

pytestmark = pytest.mark.asyncio


async def test_findings_arrive_as_a_file_in_the_thread(at_desk: Desk) -> None:
    await at_desk.command("export csv", channel=CHANNEL)
    (said,) = at_desk.slack.shown(CHANNEL)
    assert said.startswith("📄 2 findings as `aws-sec-")
    assert "asked for by <@UANA>" in said
    (file,) = at_desk.slack.files
    assert (file.channel, file.thread) == (CHANNEL, at_desk.slack.newest(CHANNEL))
    assert file.content.decode().count("\n") == 3
    assert "northwind-exports" in file.content.decode()
    (row,) = [row for row in at_desk.bot.store.audit.rows() if row["action"] == "findings.exported"]
    assert (row["actor"], row["detail"]) == (f"{TEAM}/UANA", {"format": "csv", "words": "", "findings": 2})


async def test_words_narrow_an_export_as_they_do_a_list(at_desk: Desk) -> None:
    await at_desk.command("export json northwind-exports", channel=CHANNEL)
    (file,) = at_desk.slack.files
    assert file.content.decode().count('"id"') == 1


async def test_where_the_bot_is_no_member_the_file_goes_to_its_own_channel(at_desk: Desk) -> None:
    at_desk.slack.trouble("chat.postMessage", refused("not_in_channel"))
    await at_desk.command("export sarif", channel=ELSEWHERE)
    (file,) = at_desk.slack.files
    assert file.channel == CHANNEL
    assert f"the file is in <#{CHANNEL}>" in at_desk.told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("export", "Say which: there is csv, json, html, ocsf, asff, sarif"),
        ("export cvs", "There is no format cvs: did you mean csv?"),
        ("export pdf", "There is no format pdf"),
    ],
)
async def test_what_is_no_format_is_said(at_desk: Desk, text: str, words: str) -> None:
    await at_desk.command(text)
    assert words in at_desk.told
    assert at_desk.slack.files == []
