"""The doctor warns when there are too few people to approve what the rules want approved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from bot.doctor import Health, approving, examine
from bot.quorum import quorum
from bot.settings import load
from tests.slack.desk import APPROVALS, CHANNEL
from tests.slack.fake import APP_TOKEN, BOT_TOKEN, Slack

ANA, BEN, CHI, DAN = "U0ANA", "U0BEN", "U0CHI", "U0DAN"
GROUPS = {"S0SEC": [BEN, CHI, DAN], "S0EMPTY": []}
ONE_IS_ENOUGH = {"two_approvers_for": [], "second_approver_above": 20}
NO_TWO = "what needs two approvers (AWS_SEC_TWO_APPROVERS_FOR, AWS_SEC_SECOND_APPROVER_ABOVE) nobody can approve"


@pytest.mark.parametrize(
    ("given", "short"),
    [
        ({"approvers": [BEN, CHI, DAN]}, ""),
        ({"approvers": ["S0SEC"]}, ""),
        ({"approvers": [BEN, CHI], "requesters": [ANA]}, ""),
        ({"approvers": [BEN, CHI], **ONE_IS_ENOUGH}, ""),
        ({"approvers": [BEN, CHI]}, f"{NO_TWO} when one of them asks for it"),
        ({"approvers": [BEN, CHI], "requesters": [ANA, "S0SEC"]}, f"{NO_TWO} when one of them asks for it"),
        ({"approvers": [BEN, CHI], "two_approvers_for": []}, f"{NO_TWO} when one of them asks for it"),
        ({"approvers": [BEN, CHI], "limits": [{"who": [BEN, CHI], "may": ["approve"]}]}, ""),
        ({"approvers": ["S0SEC"], "limits": [{"who": [DAN], "may": ["request"]}]}, f"{NO_TWO} when one of them asks for it"),
        ({"approvers": [BEN]}, NO_TWO),
        ({"approvers": [BEN], **ONE_IS_ENOUGH}, "what they ask for themselves nobody can approve"),
        ({"approvers": [BEN], "requesters": [ANA], **ONE_IS_ENOUGH}, "while they are away nobody can approve"),
    ],
)  # fmt: skip
def test_whatever_nobody_can_approve_is_said(given: Mapping[str, Any], short: str) -> None:
    found = quorum(load(**given), GROUPS)
    assert found
    assert found.shortage == short
    (said,) = approving(load(**given), GROUPS)
    assert (said.health, said.found.partition(": ")[2]) == (Health.WEAK if short else Health.GOOD, short)


@pytest.mark.parametrize(
    "given", [{}, {"approvers": ["S0EMPTY"]}, {"approvers": [BEN], "limits": [{"who": [BEN], "may": ["request"]}]}]
)
def test_without_anybody_who_may_approve_something_is_to_mend(given: Mapping[str, Any]) -> None:
    (said,) = approving(load(**given), GROUPS)
    assert (said.health, said.found) == (Health.BAD, "nobody may approve a fix")


def test_who_is_in_a_group_that_slack_does_not_tell_is_not_counted() -> None:
    (said,) = approving(load(approvers=[BEN, CHI, DAN, "S0GONE"]), GROUPS)
    assert said.health is Health.OPEN


@pytest.mark.asyncio
async def test_the_doctor_asks_slack_who_is_in_a_group(
    slack: Slack, moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack.groups["S0SEC"] = [BEN]
    given = {
        "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_API_URL": f"{slack.url}/api/",
        "AWS_SEC_CHANNEL": CHANNEL, "AWS_SEC_APPROVALS_CHANNEL": APPROVALS, "AWS_SEC_APPROVERS": '["S0SEC"]',
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    found = {result.what: result for result in await asyncio.to_thread(lambda: [*examine()])}
    assert found["user group S0SEC"].found == "1 member"
    assert found["approvers"].found == f"there is one: {NO_TWO}"
    assert found["approvers"].health is Health.WEAK
