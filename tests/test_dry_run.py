"""Every fix rehearsed on an emulated account: asked for, approved and run, without one call that writes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from bot.aws import Clients, Region
from bot.fixing import FixAws
from bot.people import Person
from bot.recording import Target, record, select
from bot.remediate import Proposal, Refusal, Remediator
from bot.settings import load
from bot.store import Store
from bot.store.findings import Filter
from bot.store.fix_request import State
from checks.kit import Fix
from tests.aws_answers import register_on_every_client
from tests.test_fixes import BROKEN, FIXES, TOLD, asked

ANA = Person("T1", "UANA")
WRITES = {call for fix in FIXES.values() for call in fix.calls}


def proposed(bot: Remediator, finding: int) -> Proposal | None:
    try:
        return bot.propose(finding, ANA)
    except Refusal:
        return None


@pytest.mark.parametrize("fix", FIXES.values(), ids=list(FIXES))
def test_a_dry_run_writes_nothing(fix: Fix, aws: Region, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    BROKEN[fix.repairs.id](aws.clients.session)
    sent: list[str] = []

    def note(model: Any, **_: Any) -> None:
        sent.append(f"{model.service_model.service_name}:{model.name}")

    register_on_every_client(monkeypatch, "before-call", note)
    settings = load(
        fix_mode="dry-run",
        regions=["eu-west-1", "us-east-1"],
        protected_tags=[],
        limits=[],
        fix_inputs=TOLD,
        thresholds=asked(fix),
    )
    home = Region(Clients(boto3.Session()), aws.account, "us-east-1")
    only = select(settings, [fix.repairs.id])
    record(
        settings, store, Target(home, ("eu-west-1", "us-east-1"), ()), only, requested_by="test", complete_scope=False
    )
    hands = FixAws(settings, lambda: Region(home.clients, home.account, home.region))
    bot = Remediator(settings, store, FIXES, hands, pause=lambda _: None)
    found = store.findings.search(Filter(check_id=fix.repairs.id), datetime.now(UTC))
    # what was broken is in one region; in the other the check may fail for a reason that has no fix
    finding, shown = next((one, plan) for one in found if (plan := proposed(bot, one.id)))
    request = bot.request(finding.id, shown.plan_hash, ANA, "to see", directly="directly")
    for approver in ("UBEN", "UCARL"):
        if (
            bot.approve(request.id, request.plan_hash, Person("T1", approver), {"UBEN", "UCARL"}).state
            is State.APPROVED
        ):
            break
    ended = bot.run(request.id)
    assert (ended.state, ended.after_state) == (State.REHEARSED, None), ended.result
    assert sent, "what is made is seen"
    assert not WRITES & {*sent}
    assert not store.requests.steps(request.id)
